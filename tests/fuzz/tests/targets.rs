//! Every target holds for its seeds, its corpus and a bounded number of mutated inputs.

use sluice_fuzz::run;
use sluice_fuzz::targets::{cursors, delta, events, formats, frames, names, receipts, requests, stores};

macro_rules! targets {
    ($($name:ident: $target:path),+ $(,)?) => {$(
        #[test]
        fn $name() {
            assert_eq!($target.name, stringify!($name));
            run(&$target);
        }
    )+};
}

targets! {
    call: requests::CALL,
    checkpoint: formats::CHECKPOINT,
    content_type: names::CONTENT_TYPE,
    extent: frames::EXTENT,
    file_path: names::FILE_PATH,
    frame: frames::FRAME,
    frame_table: formats::FRAME_TABLE,
    id: names::ID,
    landing_message: events::LANDING_MESSAGE,
    list_cursor: cursors::LIST_CURSOR,
    login: names::LOGIN,
    manifest: formats::MANIFEST,
    migration_rules: stores::MIGRATION_RULES,
    notification: events::NOTIFICATION,
    object_key: events::OBJECT_KEY,
    pack_index: formats::PACK_INDEX,
    pack_manifest: delta::PACK_MANIFEST,
    plan_cursor: cursors::PLAN_CURSOR,
    receipt: receipts::RECEIPT,
    request: requests::REQUEST,
    stores: stores::STORES,
    timestamp: names::TIMESTAMP,
    upload_request: requests::UPLOAD_REQUEST,
    worker_event: events::WORKER_EVENT,
}
