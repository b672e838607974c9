//! Tests clients that lie about packs, chunks, lengths and hashes: they are refused, and other accounts are
//! unaffected.

use serde_json::{Value, json};
use sluice_contracts::event::UploadEvent;
use sluice_contracts::files::VersionView;
use sluice_contracts::packs::{HooksFound, HooksLookup, ManifestTerm, PackManifest, PackReference};
use sluice_contracts::problem::Code;
use sluice_domain::id::PackId;
use sluice_domain::upload::UploadState;
use sluice_domain::version::RejectReason;
use sluice_tests::{Client, available, bytes, live, paused};

use crate::delta_client::Delta;
use crate::support::{Landed, Worker, created, unhurried};

const MIB: usize = 1 << 20;

/// Uploads a file, and prepares an edit of it that is not sent yet.
async fn edit(user: &Client, seed: u64) -> (VersionView, Delta) {
    let base = bytes(seed, MIB);
    let file = user.upload("file", &base).await;
    let edited = [&base[..], &bytes(seed + 1, 100_000)].concat();
    let delta = Delta::against(user, &file, &base, "file", &edited).await;
    (file, delta)
}

/// Uploads a delta that must be rejected, and returns the reason. Checks that the file is unchanged.
async fn rejected(user: &Client, file: &VersionView, delta: &Delta) -> RejectReason {
    let before = user.usage().await;
    let upload = user.wait_until_finished(delta.upload(user).await).await;
    assert_eq!(upload.state, UploadState::Rejected, "{upload:?}");
    assert_eq!(user.usage().await, before, "the quota is free again");
    assert_eq!(user.file("file").await.version_id, file.version_id);
    upload.reason.expect("a reason")
}

#[tokio::test]
async fn a_manifest_of_other_bytes_is_rejected() {
    let user = Client::register(live()).await;
    let (file, mut delta) = edit(&user, 500).await;
    // The same chunks in another order: every length is right, and only the hash of the whole is wrong.
    delta.manifest.terms.swap(0, 1);
    assert_eq!(rejected(&user, &file, &delta).await, RejectReason::Sha256Mismatch);
}

#[tokio::test]
async fn a_pack_of_another_account_looks_like_a_missing_one() {
    let stack = live();
    let owner = Client::register(stack).await;
    let thief = Client::register(stack).await;
    let secret = bytes(510, MIB);
    let hidden = owner.upload("secret", &secret).await;
    let term = owner.plan(hidden.file_id, "?detail=terms").await.terms.remove(0);
    let (file, _) = edit(&thief, 512).await;
    for pack_id in [term.pack_id, PackId::from_bytes([0; 16])] {
        let stolen = ManifestTerm {
            pack: PackReference::Stored(pack_id),
            first_chunk: 0,
            chunk_count: term.chunk_count,
            length: term.length as u32,
        };
        let delta = Delta {
            path: file.path.clone(),
            content: secret.clone(),
            pack: Vec::new(),
            manifest: PackManifest { packs: Vec::new(), terms: vec![stolen] },
        };
        assert_eq!(rejected(&thief, &file, &delta).await, RejectReason::PackGone);
    }
    assert!(owner.read_by_plan(hidden.file_id).await == secret);
    // The index does not reveal what others have either, and there is no plan of their files.
    let hooks = sluice_domain::dedup::hooks(&crate::delta_client::cut(&secret));
    let lookup = HooksLookup { hooks };
    let found = async |user: &Client| user.post("/lookups/hooks", &lookup).await.parse::<HooksFound>(200);
    assert!(!found(&owner).await.packs.is_empty());
    assert!(found(&thief).await.packs.is_empty());
    thief.get(&format!("/files/{}/plan", hidden.file_id)).await.expect_problem(404, Code::NotFound);
}

#[tokio::test]
async fn terms_beyond_a_stored_pack_are_rejected() {
    let user = Client::register(live()).await;
    let (file, delta) = edit(&user, 520).await;
    let mut beyond = delta.clone();
    beyond.manifest.terms[0].first_chunk = 16_000;
    // The first term is longer and the next one shorter by as much, so that the sum is right.
    let mut longer = delta.clone();
    longer.manifest.terms[0].length += 1;
    longer.manifest.terms[1].length -= 1;
    for delta in [beyond, longer] {
        assert_eq!(rejected(&user, &file, &delta).await, RejectReason::InvalidManifest);
    }
}

#[tokio::test]
async fn an_inconsistent_manifest_is_refused_at_once() {
    let user = Client::register(live()).await;
    let (_, delta) = edit(&user, 530).await;
    let plan = delta.send(&user).await;
    let complete = async |completion: &Value| user.complete(plan.upload_id, completion).await;
    let right = json!(delta.completion());
    let mut wrong = Vec::new();
    let mut with = |change: &dyn Fn(&mut Value)| {
        let mut completion = right.clone();
        change(&mut completion["manifest"]);
        wrong.push(completion);
    };
    with(&|manifest| manifest["packs"] = json!([]));
    with(&|manifest| manifest["packs"][0][0] = json!(1));
    with(&|manifest| manifest["packs"][0] = json!([delta.pack.len()]));
    with(&|manifest| manifest["packs"][0] = json!([]));
    with(&|manifest| drop(manifest["terms"].as_array_mut().expect("terms").pop()));
    with(&|manifest| manifest["terms"][0]["chunk_count"] = json!(0));
    with(&|manifest| manifest["terms"][0]["first_chunk"] = json!(u32::MAX));
    with(&|manifest| manifest["terms"][0]["pack"] = json!(2));
    with(&|manifest| manifest["terms"][0]["pack"] = json!(0));
    wrong.push(json!({ "parts": [] }));
    for completion in wrong {
        complete(&completion).await.expect_problem(400, Code::InvalidManifest);
    }
    for malformed in [json!("a pack"), json!(-1), json!(1.5), json!(null), json!(1_u64 << 40)] {
        let mut completion = right.clone();
        completion["manifest"]["terms"][0]["pack"] = malformed;
        let reply = complete(&completion).await;
        assert!((400..500).contains(&reply.status), "{}", reply.body);
    }
    // After all these, the right one is still accepted.
    complete(&right).await.expect(202);
    available(user.wait_until_finished(plan.upload_id).await);
}

#[tokio::test]
async fn impossible_packs_are_refused_when_the_upload_begins() {
    let user = Client::register(live()).await;
    let sha256 = "0".repeat(64);
    let pack = |size: u64| json!({ "size": size, "sha256": sha256 });
    let request = |packs: Value| json!({ "path": "file", "size": 100, "sha256": sha256, "packs": packs });
    for packs in [
        json!([pack(0)]),
        json!([pack((64 << 20) + 1)]),
        json!([pack(1 << 40)]),
        json!(vec![pack(1); 91]),
        // More than is reserved.
        json!([pack(60), pack(41)]),
    ] {
        user.post("/uploads", &request(packs)).await.expect_problem(400, Code::InvalidRequest);
    }
    let mut unnamed = request(json!([]));
    unnamed.as_object_mut().expect("an object").remove("sha256");
    user.post("/uploads", &unnamed).await.expect_problem(400, Code::InvalidRequest);
    let mut parts = request(json!([]));
    parts["part_size"] = json!(5 << 20);
    user.post("/uploads", &parts).await.expect_problem(400, Code::InvalidRequest);
}

#[tokio::test]
async fn the_bucket_refuses_a_pack_that_differs_from_the_declared_one() {
    let user = Client::register(live()).await;
    let (_, delta) = edit(&user, 540).await;
    let plan = user.post("/uploads", &delta.request()).await.plan();
    let part = &plan.parts[0];
    let mut other = delta.pack.clone();
    other[0] ^= 1;
    let reply = user.put_part(part, other).await;
    if !sluice_tests::verifies_checksums() {
        // Such a store accepts it. The next story tests that the worker rejects it.
        assert_eq!(reply.status, 200, "{}", reply.body);
        return;
    }
    assert!((400..500).contains(&reply.status), "{} {}", reply.status, reply.body);
    // Another length breaks the signature.
    let headers = part.headers.iter().map(|(name, value)| (&**name, &**value));
    let headers: Vec<_> = headers.filter(|(name, _)| *name != "content-length").collect();
    for wrong in [delta.pack[1..].to_vec(), [&delta.pack[..], b"!"].concat()] {
        let reply = user.put_to(&part.url, &headers, wrong).await;
        assert_eq!(reply.status, 403, "{}", reply.body);
    }
    let early = user.complete(plan.upload_id, &delta.completion()).await;
    early.expect_problem(409, Code::PartsMissing);
    assert_eq!(user.put_part(part, delta.pack.clone()).await.status, 200);
    user.complete(plan.upload_id, &delta.completion()).await.expect(202);
    available(user.wait_until_finished(plan.upload_id).await);
}

#[tokio::test]
async fn the_worker_rejects_a_wrong_pack_that_the_bucket_accepted() {
    let worker = Worker::new(paused());
    let user = Client::register(worker.stack).await;
    let base = Landed::of(user.clone(), "file", bytes(550, MIB), &Value::Null).await;
    worker.receive(&created(&base.key), 1, unhurried()).await;
    let file = base.version().await;
    let edited = [&base.content[..], &bytes(551, 100_000)].concat();
    let delta = Delta::against(&user, &file, &base.content, "file", &edited).await;
    let before = worker.vault_keys(base.account_id).await;
    let plan = user.post("/uploads", &delta.request()).await.plan();
    let id = plan.upload_id;
    let mut other = delta.pack.clone();
    other[0] ^= 1;
    worker.put_in_landing(&format!("packs/{}/{id}/1", base.account_id), other).await;
    user.complete(id, &delta.completion()).await.expect(202);
    let event = UploadEvent::UploadReceived { account_id: base.account_id, upload_id: id }.to_json();
    assert_eq!(worker.receive(&event, 1, unhurried()).await, Vec::<String>::new());
    let upload = user.show_upload(id).await;
    assert_eq!((upload.state, upload.reason), (UploadState::Rejected, Some(RejectReason::PackMismatch)));
    assert_eq!(worker.vault_keys(base.account_id).await, before, "nothing is stored");
    assert_eq!(worker.landing_keys(base.account_id).await, Vec::<String>::new());
}

#[tokio::test]
async fn damage_in_the_vault_is_not_published() {
    let worker = Worker::new(paused());
    let user = Client::register(worker.stack).await;
    let base = Landed::of(user.clone(), "file", bytes(560, MIB), &Value::Null).await;
    worker.receive(&created(&base.key), 1, unhurried()).await;
    let file = base.version().await;
    let edited = [&base.content[..], &bytes(561, 100_000)].concat();
    let delta = Delta::against(&user, &file, &base.content, "file", &edited).await;
    let upload_id = delta.upload(&user).await;
    let object = worker.vault_keys(base.account_id).await.into_iter().find(|key| key.starts_with("objects/"));
    let mut damaged = base.content.clone();
    damaged[500_000] ^= 1;
    worker.overwrite_in_vault(&object.expect("an object"), damaged).await;
    let event = UploadEvent::UploadReceived { account_id: base.account_id, upload_id }.to_json();
    // It is retried, because the fault may be temporary.
    assert_eq!(worker.receive(&event, 1, unhurried()).await.len(), 1);
    assert_eq!(user.show_upload(upload_id).await.state, UploadState::Pending);
}
