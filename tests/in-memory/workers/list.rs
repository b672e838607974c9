//! query-files.

use query_files::{App, handle};
use sluice_contracts::files::FileList;
use sluice_deployment::clock;
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::publication::Outcome;
use sluice_storage::tables::Published;
use std::sync::Arc;

use crate::support::{Caller, Worker, World, incompressible};

/// The most queries of a page, as `docs/API.md` says.
const QUERIES_MAX: usize = 64;

/// A query finds at most two prefixes.
const PREFIXES_MAX: usize = 2 * QUERIES_MAX;

/// A world with a file in each of so many folders.
async fn with_folders(count: usize) -> World {
    let world = World::new().await;
    let content = incompressible(1, 100);
    world.send("folder/file", &content).await;
    Worker::dedup(&world).finish().await;
    for number in 1..count {
        let upload = world.new_upload(&format!("folder-{number:03}/file"), 100);
        world.begin(&upload).await;
        let linked = Outcome::Linked { sha256: Sha256::of(&content), sha1: Sha1::of(&content) };
        let published = world.tables.publish(&upload, &linked, clock::now()).await;
        assert_eq!(published.expect("an answer"), Published::Available);
    }
    world
}

#[tokio::test]
async fn a_page_of_many_folders_ends_early_and_the_next_ones_have_the_rest() {
    const FOLDERS: usize = PREFIXES_MAX + 10;
    let world = with_folders(FOLDERS).await;
    let app = Arc::new(App::new(&world.deployment).expect("an app"));
    let caller = Caller::log_in(&world).await;
    let mut prefixes = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query = vec![("delimiter", "/"), ("limit", "1000")];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let reply = handle(app.clone(), caller.get("/files", &query)).await.expect("a page");
        let page: FileList = serde_json::from_slice(reply.body()).expect("a list");
        assert!(page.common_prefixes.len() <= PREFIXES_MAX, "{} prefixes", page.common_prefixes.len());
        prefixes.extend(page.common_prefixes);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(prefixes.len(), FOLDERS);
    assert!(prefixes.is_sorted());
}
