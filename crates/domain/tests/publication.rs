//! What becomes of an upload, for every outcome of its verification.

use proptest::prelude::*;
use sluice_domain::account::{ROW_BYTES, Username};
use sluice_domain::blob::{Attachment, Blob};
use sluice_domain::content_pass::ContentDigest;
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::{AccountId, FileId, PackId, UploadId, VersionId};
use sluice_domain::path::FilePath;
use sluice_domain::publication::{
    Arrival, Outcome, QuotaChange, Reference, StoredBlob, Target, arrival, publication,
};
use sluice_domain::time::Timestamp;
use sluice_domain::upload::{Upload, UploadState};
use sluice_domain::version::{File, RejectReason, Version, VersionState};

const BEGUN: u64 = 1_000_000;

fn at(milliseconds: u64) -> Timestamp {
    Timestamp::from_unix_milliseconds(milliseconds)
}

fn version_id(milliseconds: u64) -> VersionId {
    VersionId::new(at(milliseconds), [0; 10])
}

fn upload(size: u64) -> Upload {
    let upload_id = UploadId::new(at(BEGUN), [1; 10]);
    let created_at = at(BEGUN);
    Upload {
        upload_id,
        account_id: AccountId::from_bytes([2; 16]),
        username: Username::parse("anna").expect("a user name"),
        file_id: Upload::new_file_id(created_at, upload_id),
        version_id: version_id(BEGUN),
        path: FilePath::parse("a/b").expect("a path"),
        size,
        sha256: None,
        sha1: None,
        content_type: "text/plain".to_owned(),
        metadata: [("key".to_owned(), "value".to_owned())].into(),
        part_size: size,
        part_sha256: false,
        multipart_id: None,
        expected_version: None,
        packs: None,
        base_sha256: None,
        state: UploadState::Open,
        reason: None,
        row_bytes: ROW_BYTES,
        enqueue_count: 0,
        created_at,
        expires_at: at(BEGUN + 1),
        due_at: at(BEGUN + 1),
    }
}

fn stored(upload: &Upload, new_bytes: u64) -> Outcome {
    let digest =
        ContentDigest { sha256: Sha256::of(b"new"), sha1: Sha1::of(b"new"), size_bytes: upload.size };
    let manifest = Attachment::Inline(Vec::new());
    let blob = Blob::new(upload.account_id, &digest, manifest, upload.created_at);
    let packs = vec![PackId::from_bytes([3; 16])];
    Outcome::Stored(Box::new(StoredBlob { blob, packs, new_bytes, stored_bytes: new_bytes }))
}

fn linked() -> Outcome {
    Outcome::Linked { sha256: Sha256::of(b"held"), sha1: Sha1::of(b"held") }
}

/// A file at the upload's path with a current version of this time.
fn other_file(upload: &Upload, current: Option<u64>) -> Target {
    let file = File::new(upload.account_id, FileId::from_bytes([4; 16]), upload.path.clone());
    let current = current.map(|made| Version {
        file_id: file.file_id,
        version_id: version_id(made),
        state: VersionState::Available,
        ..upload.pending_version()
    });
    Target { file: File { current, ..file }, exists: true }
}

#[test]
fn new_bytes_use_the_quota_that_was_reserved_for_them() {
    let upload = upload(100);
    let now = at(BEGUN + 5);
    let target = Target::at_path(&upload, None);
    let outcome = stored(&upload, 70);
    let plan = publication(&upload, &target, &outcome, now);
    assert_eq!(plan.state(), UploadState::Available);
    let QuotaChange { reserved_bytes, used_bytes, stored_bytes, .. } = plan.quota;
    assert_eq!((reserved_bytes, used_bytes, stored_bytes), (100, 100, 70));
    assert_eq!(plan.quota.freed_bytes(), 0);
    assert!(matches!(plan.reference, Some(Reference::New(blob)) if blob.packs.len() == 1));
    let version = &plan.version;
    assert_eq!((version.new_bytes, version.shared_bytes, version.stored_bytes), (70, 30, 70));
    assert_eq!((version.sha256, version.updated_at), (Some(Sha256::of(b"new")), now));
    assert_eq!(plan.file.and_then(|file| file.current), Some(plan.version));
    assert!(!target.exists, "the file is new");
}

#[test]
fn bytes_that_the_account_holds_cost_no_quota() {
    let upload = upload(100);
    let outcome = linked();
    let plan = publication(&upload, &Target::at_path(&upload, None), &outcome, at(BEGUN + 5));
    assert_eq!(plan.state(), UploadState::Available);
    assert_eq!(plan.quota.freed_bytes(), 100);
    assert!(matches!(plan.reference, Some(Reference::Held(sha256)) if sha256 == Sha256::of(b"held")));
    assert_eq!((plan.version.new_bytes, plan.version.shared_bytes), (0, 100));
}

#[test]
fn an_open_upload_goes_to_the_file_that_has_its_path_by_then() {
    let upload = upload(100);
    let target = other_file(&upload, Some(BEGUN - 1));
    let outcome = linked();
    let plan = publication(&upload, &target, &outcome, at(BEGUN + 5));
    assert_ne!(target.file.file_id, upload.file_id);
    assert_eq!(plan.version.file_id, target.file.file_id);
    assert_eq!(plan.file.map(|file| file.file_id), Some(target.file.file_id));
}

#[test]
fn an_outdated_version_is_rejected_unless_its_bytes_are_wrong_anyway() {
    let upload = Upload { expected_version: Some(version_id(BEGUN - 2)), ..upload(100) };
    let current = other_file(&upload, Some(BEGUN - 1));
    let now = at(BEGUN + 5);
    for outcome in [stored(&upload, 1), linked()] {
        let plan = publication(&upload, &current, &outcome, now);
        assert_eq!(plan.state(), UploadState::Rejected);
        assert_eq!(plan.version.reason, Some(RejectReason::PreconditionFailed));
        let expected = other_file(&upload, Some(BEGUN - 2));
        assert_eq!(publication(&upload, &expected, &outcome, now).state(), UploadState::Available);
        let gone = other_file(&upload, None);
        assert_eq!(publication(&upload, &gone, &outcome, now).state(), UploadState::Rejected);
    }
    let wrong = Outcome::Rejected(RejectReason::SizeMismatch);
    let plan = publication(&upload, &current, &wrong, now);
    assert_eq!(plan.version.reason, Some(RejectReason::SizeMismatch));
}

#[test]
fn an_upload_whose_bytes_have_arrived_is_bound_to_its_file() {
    let upload = upload(100);
    let target = other_file(&upload, None);
    let Arrival { upload: pending, version } = arrival(&upload, &target, at(BEGUN + 9));
    assert_eq!((pending.state, pending.due_at), (UploadState::Pending, at(BEGUN + 9)));
    assert_eq!((version.state, version.version_id), (VersionState::Pending, upload.version_id));
    assert_eq!(pending.file_id, target.file.file_id);
    assert_eq!(version.file_id, target.file.file_id);
    let changed = Upload { file_id: upload.file_id, state: upload.state, due_at: upload.due_at, ..pending };
    assert_eq!(changed, upload, "nothing else changes");
}

#[test]
fn init_remembers_whether_the_path_was_free() {
    let new = upload(100);
    assert_eq!(Target::as_at_init(&new), Target::new_file(&new));
    let next = Upload { file_id: FileId::from_bytes([4; 16]), ..new };
    assert_eq!(Target::as_at_init(&next), other_file(&next, None));
}

fn outcomes(upload: Upload) -> impl Strategy<Value = (Upload, Outcome)> {
    let reject = Outcome::Rejected(RejectReason::Sha256Mismatch);
    prop_oneof![
        (0..=upload.size).prop_map({
            let upload = upload.clone();
            move |new_bytes| stored(&upload, new_bytes)
        }),
        Just(linked()),
        Just(reject),
    ]
    .prop_map(move |outcome| (upload.clone(), outcome))
}

fn cases() -> impl Strategy<Value = (Upload, Outcome, Target)> {
    let around = || prop::option::of(BEGUN - 2..BEGUN + 3);
    (0..1_u64 << 40, around(), around(), any::<bool>()).prop_flat_map(|(size, expected, current, exists)| {
        let upload = Upload { expected_version: expected.map(version_id), ..upload(size) };
        let target = if exists { other_file(&upload, current) } else { Target::new_file(&upload) };
        outcomes(upload).prop_map(move |(upload, outcome)| (upload, outcome, target.clone()))
    })
}

#[test]
fn the_row_of_an_upload_becomes_that_of_its_version() {
    let now = at(BEGUN + 5);
    let counted = upload(100);
    let ended = QuotaChange::release(&counted);
    let (row, none) = (ROW_BYTES.cast_signed(), 0);
    assert_eq!(
        (ended.charged_row_bytes(), ended.freed_bytes(), ended.finished_uploads()),
        (-row, 100 + row, 1)
    );
    let plan = |upload| publication(upload, &Target::new_file(upload), &linked(), now).quota;
    let linked = plan(&counted);
    assert_eq!((linked.charged_row_bytes(), linked.freed_bytes(), linked.finished_uploads()), (none, 100, 1));
    let older = Upload { row_bytes: 0, ..counted.clone() };
    let ended = QuotaChange::release(&older);
    assert_eq!((ended.charged_row_bytes(), ended.freed_bytes(), ended.finished_uploads()), (none, 100, 0));
    let linked = plan(&older);
    assert_eq!(
        (linked.charged_row_bytes(), linked.freed_bytes(), linked.finished_uploads()),
        (row, 100 - row, 0)
    );
}

proptest! {
    #[test]
    fn every_reserved_byte_is_used_or_freed((upload, outcome, target) in cases()) {
        let plan = publication(&upload, &target, &outcome, at(BEGUN + 5));
        let QuotaChange { reserved_bytes, used_bytes, stored_bytes, .. } = plan.quota;
        prop_assert_eq!(reserved_bytes, upload.size);
        let freed_and_charged = plan.quota.freed_bytes() + plan.quota.charged_row_bytes();
        prop_assert_eq!(used_bytes.cast_signed() + freed_and_charged, upload.size.cast_signed());
        prop_assert_eq!(plan.quota.version_row_bytes, ROW_BYTES, "its version has a row, even if rejected");
        let is_new = matches!(plan.reference, Some(Reference::New(_)));
        prop_assert_eq!(used_bytes, if is_new { upload.size } else { 0 });
        prop_assert_eq!(stored_bytes, plan.version.stored_bytes);
    }

    #[test]
    fn a_version_takes_a_reference_exactly_if_it_is_available((upload, outcome, target) in cases()) {
        let plan = publication(&upload, &target, &outcome, at(BEGUN + 5));
        let is_available = plan.version.state == VersionState::Available;
        prop_assert_eq!(plan.reference.is_some(), is_available);
        prop_assert_eq!(plan.version.reason.is_none(), is_available);
        prop_assert_eq!(plan.version.sha256.is_some(), is_available);
        prop_assert_eq!(plan.state().is_final(), true);
        if is_available {
            prop_assert_eq!(plan.version.new_bytes + plan.version.shared_bytes, upload.size);
            prop_assert!(upload.expected_version.is_none_or(|id| target.file.current_id() == Some(id)));
        } else {
            prop_assert!(plan.file.is_none(), "readers see no difference");
        }
    }

    #[test]
    fn a_later_version_stays_the_current_one((upload, outcome, target) in cases()) {
        let plan = publication(&upload, &target, &outcome, at(BEGUN + 5));
        let before = target.file.current_id();
        let after = plan.file.as_ref().unwrap_or(&target.file);
        prop_assert!(after.current_id() >= before);
        prop_assert_eq!(&after.path, &target.file.path);
        if plan.version.state == VersionState::Available {
            prop_assert_eq!(after.current_id(), before.max(Some(plan.version.version_id)));
        }
    }
}
