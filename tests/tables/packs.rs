//! Packs, the chunk index, moves and receipts.

use sluice_deployment::clock;
use sluice_domain::blob::{Pack, Placement};
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::id::PackId;
use sluice_domain::pack_move::{ObjectOwner, Receipt, ReceiptObject, RetiredObject, Verification};
use sluice_domain::time::Timestamp;
use sluice_storage::tables::{DUE_SHARDS, PlacementChange, PlacementChanged, Update};
use sluice_storage::{ErrorKind, Tables};
use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::{account, eventually, pack, unique};

const GRACE: Duration = Duration::from_hours(2);

async fn read(tables: &Tables, pack: &Pack) -> Option<Pack> {
    tables.packs(&[pack.pack_id]).await.expect("a read").pop()
}

fn object_of(pack: &Pack, key: &str, due_at: Timestamp) -> RetiredObject {
    RetiredObject {
        store: "cold".to_owned(),
        key: key.to_owned(),
        account_id: pack.account_id,
        owner: ObjectOwner::Pack(pack.pack_id),
        due_at,
    }
}

/// The retired objects of a pack that are due at `now`, in all shards.
async fn due(tables: &Tables, pack: &Pack, now: Timestamp) -> Vec<String> {
    let mut keys = Vec::new();
    for shard in 0..DUE_SHARDS {
        let due = tables.due_objects(shard, now, 1000).await.expect("a read");
        let own = due.into_iter().filter(|object| object.owner == ObjectOwner::Pack(pack.pack_id));
        keys.extend(own.map(|object| object.key));
    }
    keys
}

pub async fn a_row_keeps_numbers_bytes_and_nested_values(tables: &Tables) {
    let pack = pack(&account(tables).await);
    tables.create_pack(&pack).await.expect("a write");
    assert_eq!(read(tables, &pack).await, Some(pack));
}

pub async fn a_row_is_created_once(tables: &Tables) {
    let pack = pack(&account(tables).await);
    tables.create_pack(&pack).await.expect("a write");
    tables.create_pack(&Pack { size: 1, ..pack.clone() }).await.expect("it is left as it is");
    assert_eq!(read(tables, &pack).await, Some(pack));
}

pub async fn only_an_unreferenced_pack_is_deleted_and_its_row_returned(tables: &Tables) {
    let account = account(tables).await;
    let unused = pack(&account);
    let used = Pack { references: 1, ..pack(&account) };
    for pack in [&unused, &used] {
        tables.create_pack(pack).await.expect("a write");
    }
    let deleted = tables.delete_unreferenced_pack(unused.pack_id).await.expect("a write");
    assert_eq!(deleted, Some(unused.clone()));
    assert_eq!(tables.delete_unreferenced_pack(used.pack_id).await.expect("a write"), None);
    assert_eq!(tables.delete_unreferenced_pack(unused.pack_id).await.expect("a write"), None);
    assert_eq!((read(tables, &unused).await, read(tables, &used).await), (None, Some(used)));
}

pub async fn more_rows_than_a_batch_are_written_and_read(tables: &Tables) {
    let account = account(tables).await;
    let hooks: Vec<(ChunkId, PackId)> = (0..130_u32)
        .map(|number| (ChunkId::of(&number.to_be_bytes()), PackId::new(clock::now(), unique())))
        .collect();
    tables.put_hooks(account.account_id, &hooks).await.expect("a write");
    let chunks: Vec<ChunkId> =
        hooks.iter().map(|(chunk, _)| *chunk).chain([ChunkId::of(b"unknown")]).collect();
    let mut expected: Vec<PackId> = hooks.iter().map(|(_, pack)| *pack).collect();
    expected.sort_unstable();
    eventually(expected, async || {
        let mut found = tables.find_hooks(account.account_id, &chunks).await.expect("a read");
        found.sort_unstable();
        found
    })
    .await;
}

pub async fn an_absent_number_counts_from_zero(tables: &Tables) {
    let account = account(tables).await;
    assert_eq!(tables.saved_bytes(account.account_id).await.expect("a read"), 0);
    for bytes in [100, -250] {
        tables.count_saved(account.account_id, bytes).await.expect("a write");
    }
    assert_eq!(tables.saved_bytes(account.account_id).await.expect("a read"), -150);
}

pub async fn a_pack_moves_only_from_the_placement_that_was_read(tables: &Tables) {
    let pack = pack(&account(tables).await);
    tables.create_pack(&pack).await.expect("a write");
    let now = clock::now();
    let moved = async |key: &str| {
        let due_at = now.after(Duration::from_hours(24));
        tables.retire_unplaced(&object_of(&pack, key, due_at)).await.expect("a write");
        let placement = Placement {
            store: "cold".to_owned(),
            key: key.to_owned(),
            generation: 1,
            ..pack.placement.clone()
        };
        let change = PlacementChange { pack: &pack, placement, grace: GRACE, receipt: None, now };
        tables.change_placement(&change).await.expect("an answer")
    };
    let [first, second] = ["first", "second"].map(|name| format!("{name}-{}", pack.pack_id));
    assert_eq!(moved(&first).await, PlacementChanged::Done);
    assert_eq!(moved(&second).await, PlacementChanged::Overtaken);
    let row = read(tables, &pack).await.expect("a pack");
    assert_eq!((&row.placement.key, row.placement.generation), (&first, 1));
    assert_eq!(row.former.map(|former| former.placement), Some(pack.placement.clone()));
    let later = now.after(Duration::from_hours(48));
    let former_and_unused = BTreeSet::from([pack.placement.key.clone(), second]);
    eventually(former_and_unused, async || due(tables, &pack, later).await.into_iter().collect()).await;
}

pub async fn a_retired_object_is_due_until_it_is_forgotten(tables: &Tables) {
    let pack = pack(&account(tables).await);
    let now = clock::now();
    let object = object_of(&pack, &format!("retired-{}", pack.pack_id), now);
    tables.retire_unplaced(&object).await.expect("a write");
    let before = Timestamp::from_unix_milliseconds(now.unix_milliseconds() - 1);
    assert_eq!(due(tables, &pack, before).await, Vec::<String>::new());
    eventually(vec![object.key.clone()], async || due(tables, &pack, now).await).await;
    let later = RetiredObject { due_at: now.after(GRACE), ..object.clone() };
    assert_eq!(tables.condemn_object(&later).await.expect("a write"), Update::Refused, "it has another time");
    assert_eq!(tables.condemn_object(&object).await.expect("a write"), Update::Done);
    let again = tables.retire_unplaced(&object).await.expect_err("it is being deleted");
    assert_eq!(again.kind, ErrorKind::Conflict);
    tables.forget_object(&object).await.expect("a write");
    eventually(vec![], async || due(tables, &pack, now).await).await;
    tables.retire_unplaced(&object).await.expect("the name is free again");
}

pub async fn receipts_are_listed_in_order_page_by_page(tables: &Tables) {
    let pack = pack(&account(tables).await);
    let scope = format!("import#{}", pack.pack_id);
    let object = |store: &str| ReceiptObject {
        store: store.to_owned(),
        bucket: store.to_owned(),
        key: "key".to_owned(),
        offset: 0,
        etag: "\"etag\"".to_owned(),
    };
    for receipt_id in ["b", "c", "a"] {
        let receipt = Receipt {
            scope: scope.clone(),
            receipt_id: receipt_id.to_owned(),
            pack_id: None,
            source: object("vault"),
            target: object("cold"),
            size: 1,
            sha256: Sha256::of(b"bytes"),
            crc64: None,
            verified_by: Verification::Sha256,
            moved_at: clock::now(),
            public_key: String::new(),
            signature: String::new(),
        };
        tables.put_receipt(&receipt).await.expect("a write");
    }
    let (first, cursor) = tables.receipts(Some(&scope), None, 2).await.expect("a read");
    let (second, _) = tables.receipts(Some(&scope), cursor, 2).await.expect("a read");
    let ids: Vec<_> = first.iter().chain(&second).map(|receipt| &*receipt.receipt_id).collect();
    assert_eq!((first.len(), ids), (2, vec!["a", "b", "c"]));
    assert!(tables.receipt(&scope, "b").await.expect("a read").is_some());
}
