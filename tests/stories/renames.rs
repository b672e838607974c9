//! Tests renames and their effect on another file at the path and on open uploads.

use reqwest::Method;
use serde_json::json;
use sluice_contracts::files::{FileChange, Restore, VersionView};
use sluice_contracts::problem::Code;
use sluice_domain::id::FileId;
use sluice_domain::path::FilePath;
use sluice_domain::version::VersionState;
use sluice_tests::{Reply, available};

use crate::writer::Writer;

/// What becomes of a file that is at the new path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AtPath {
    Kept,
    Overwritten,
}

async fn rename(writer: &Writer, version: &VersionView, path: &str, at_path: AtPath) -> Reply {
    let change = FileChange {
        path: Some(FilePath::parse(path).expect("a path")),
        overwrite: at_path == AtPath::Overwritten,
        ..FileChange::default()
    };
    writer.user.patch(&format!("/files/{}", version.file_id), &change).await
}

async fn restore(writer: &Writer, version: &VersionView) -> Reply {
    let restore = format!("/files/{}/restore", version.file_id);
    writer.user.post(&restore, &Restore { version_id: version.version_id }).await
}

#[tokio::test]
async fn a_rename_keeps_the_file_and_its_versions() {
    let writer = Writer::new().await;
    let first = writer.put("old/name", b"first").await;
    let second = writer.put("old/name", b"second").await;
    let renamed: VersionView = rename(&writer, &first, "new/name", AtPath::Kept).await.parse(200);
    assert_eq!((renamed.file_id, renamed.version_id), (first.file_id, second.version_id));
    assert_eq!(renamed.path.as_str(), "new/name");
    assert_eq!(writer.user.stat("old/name").await, None);
    assert_eq!(writer.user.file("new/name").await, renamed);
    let versions = writer.user.versions(first.file_id).await;
    assert_eq!(versions.len(), 2);
    assert!(versions.iter().all(|version| version.path == renamed.path), "{versions:?}");
    assert_eq!(writer.read(&first).await, b"first");

    let other = writer.put("old/name", b"other").await;
    assert_ne!(other.file_id, first.file_id, "the path is free for another file");
    let same: VersionView = rename(&writer, &first, "new/name", AtPath::Kept).await.parse(200);
    assert_eq!(same.version_id, second.version_id, "a rename to its own path is none");
}

#[tokio::test]
async fn a_rename_and_an_edit_happen_together_or_not_at_all() {
    let writer = Writer::new().await;
    let first = writer.put("file", b"content").await;
    writer.put("taken", b"other").await;
    let file = format!("/files/{}", first.file_id);
    let both = |path: &str| json!({ "path": path, "metadata": { "a": "b" } });
    writer.user.patch(&file, &both("taken")).await.expect_problem(409, Code::PathInUse);
    assert_eq!(writer.user.file("file").await, first);
    let bad = json!({ "path": "free", "content_type": "none" });
    writer.user.patch(&file, &bad).await.expect_problem(400, Code::InvalidRequest);
    assert_eq!(writer.user.file("file").await, first);

    let changed: VersionView = writer.send_if(&first, Method::PATCH, &file, &both("free")).await.parse(200);
    assert_eq!(changed.path.as_str(), "free");
    assert_eq!(changed.metadata, [("a".to_owned(), "b".to_owned())].into());
    assert_eq!(writer.user.file("free").await, changed);
    assert_eq!(writer.version_ids(first.file_id).await.len(), 2);
}

#[tokio::test]
async fn an_overwritten_file_is_deleted_and_can_be_restored() {
    let writer = Writer::new().await;
    let source = writer.put("source", b"source").await;
    let target = writer.put("target", b"target").await;
    rename(&writer, &source, "target", AtPath::Kept).await.expect_problem(409, Code::PathInUse);
    assert_eq!(writer.user.file("source").await, source);
    rename(&writer, &source, "target", AtPath::Overwritten).await.expect(200);
    assert_eq!(writer.user.file("target").await.file_id, source.file_id);
    let listed = writer.user.files().await;
    assert_eq!(listed.len(), 1, "{listed:?}");

    let versions = writer.user.versions(target.file_id).await;
    assert_eq!((versions.len(), versions[0].state), (2, VersionState::Deleted));
    writer.user.get(&format!("/files/{}", target.file_id)).await.expect_problem(404, Code::NotFound);
    assert_eq!(writer.read(&target).await, b"target");
    restore(&writer, &target).await.expect_problem(409, Code::PathInUse);

    rename(&writer, &source, "away", AtPath::Kept).await.expect(200);
    let back: VersionView = restore(&writer, &target).await.parse(201);
    assert_eq!((back.path.as_str(), back.file_id), ("target", target.file_id));
    assert_eq!(writer.user.file("target").await.version_id, back.version_id);
    assert_eq!(writer.user.file("away").await.file_id, source.file_id);
}

#[tokio::test]
async fn files_deleted_at_one_path_can_be_restored_in_turn() {
    let writer = Writer::new().await;
    let one = writer.put("one", b"one").await;
    let two = writer.put("two", b"two").await;
    rename(&writer, &one, "two", AtPath::Overwritten).await.expect(200);
    let delete = |version: &VersionView| format!("/files/{}", version.file_id);
    writer.user.delete(&delete(&one)).await.expect(200);
    for (back, gone) in [(&two, &one), (&one, &two), (&two, &one)] {
        restore(&writer, back).await.expect(201);
        assert_eq!(writer.user.file("two").await.file_id, back.file_id);
        restore(&writer, gone).await.expect_problem(409, Code::PathInUse);
        writer.user.delete(&delete(back)).await.expect(200);
    }
    assert!(writer.user.files().await.is_empty());
    assert_eq!(writer.user.usage().await, (6, 0));
}

#[tokio::test]
async fn a_pending_version_follows_its_file() {
    let writer = Writer::new().await;
    let first = writer.put("file", b"first").await;
    let plan = writer.begin("file", b"second").await;
    writer.complete(&plan, b"second").await;
    rename(&writer, &first, "renamed", AtPath::Kept).await.expect(200);
    let other = writer.put("file", b"other").await;
    available(writer.verify(&plan).await);
    assert_eq!(writer.user.file("renamed").await.version_id, plan.version_id);
    assert_eq!(writer.user.file("file").await.version_id, other.version_id);
    assert_eq!(writer.version_ids(first.file_id).await.len(), 2);
}

#[tokio::test]
async fn an_open_upload_goes_to_the_path_it_named() {
    let writer = Writer::new().await;
    for complete in [true, false] {
        let path = format!("file {complete}");
        let first = writer.put(&path, b"first").await;
        let plan = writer.begin(&path, b"second").await;
        rename(&writer, &first, &format!("renamed {complete}"), AtPath::Kept).await.expect(200);
        if complete {
            writer.complete(&plan, b"second").await;
        } else {
            writer.user.send_parts(&plan, b"second").await;
        }
        let version = available(writer.verify(&plan).await);
        assert_ne!(version.file_id, first.file_id);
        assert_eq!(writer.user.file(&path).await.version_id, plan.version_id);
        assert_eq!(writer.version_ids(first.file_id).await.len(), 1);
    }
}

#[tokio::test]
async fn a_path_of_a_pending_version_is_in_use_until_it_is_overwritten() {
    let writer = Writer::new().await;
    let plan = writer.begin("path", b"on its way").await;
    let pending = writer.complete(&plan, b"on its way").await;
    let other = writer.put("other", b"other").await;
    rename(&writer, &other, "path", AtPath::Kept).await.expect_problem(409, Code::PathInUse);
    rename(&writer, &other, "path", AtPath::Overwritten).await.expect(200);
    available(writer.verify(&plan).await);
    let current = writer.user.file("path").await.file_id;
    assert_eq!(current, other.file_id, "the rename was allowed to overwrite");
    rename(&writer, &other, "other", AtPath::Kept).await.expect(200);
    let back: VersionView = restore(&writer, &pending).await.parse(201);
    assert_eq!(writer.user.file("path").await.version_id, back.version_id);
    assert_eq!(writer.read(&back).await, b"on its way");
}

#[tokio::test]
async fn of_many_renames_to_one_path_at_once_exactly_one_wins() {
    let writer = Writer::new().await;
    let mut files = Vec::new();
    for number in 0..6_u8 {
        files.push(writer.put(&format!("file {number}"), &[number; 9]).await);
    }
    let renames = files.iter().map(|file| rename(&writer, file, "goal", AtPath::Kept));
    let replies = futures::future::join_all(renames).await;
    assert!(replies.iter().all(|reply| matches!(reply.status, 200 | 409)), "{replies:?}");
    let winners = replies.into_iter().filter(|reply| reply.status == 200);
    let winners: Vec<FileId> = winners.map(|reply| reply.parse::<VersionView>(200).file_id).collect();
    assert_eq!(winners, [writer.user.file("goal").await.file_id]);
    let listed = writer.user.files().await;
    assert_eq!(listed.len(), 6, "a file is lost: {listed:?}");
}
