//! The settings of a deployment on the services in memory.

use std::collections::BTreeMap;

use crate::tables;

/// A second store that packs can move to.
pub const COLD_STORE: &str = "cold";

const QUEUES: [&str; 4] = ["LANDING", "COMPRESS", "MIGRATE", "MATERIALIZE"];
const BUCKETS: [&str; 3] = ["LANDING", "VAULT", "CACHE"];

const OTHERS: [(&str, &str); 10] = [
    ("QUEUE_MAX_RECEIVE_COUNT", "3"),
    ("MIGRATION_BYTES_PER_SECOND", "0"),
    ("MIGRATION_PACKS_IN_FLIGHT", "8"),
    ("RETIRED_OBJECT_GRACE_SECONDS", "7200"),
    ("CACHED_BLOB_TTL_SECONDS", "604800"),
    ("PRESIGNED_URL_TTL_SECONDS", "3600"),
    ("UPLOAD_TTL_SECONDS", "604800"),
    ("RECEIPT_SIGNING_KEY", "env:SLUICE_TEST_RECEIPT_KEY"),
    ("TEST_RECEIPT_KEY", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
    (
        "STORES",
        r#"{"cold":{"kind":"aws","region":"us-east-1","credentials":"own","buckets":{"cold":"cold"}}}"#,
    ),
];

/// Settings for every function, by name.
pub fn settings() -> BTreeMap<String, String> {
    let queues = QUEUES.iter().flat_map(|queue| {
        let name = queue.to_lowercase();
        [(format!("{queue}_QUEUE_URL"), name.clone()), dead_letters(queue, &name)]
    });
    let buckets = BUCKETS.iter().map(|bucket| (format!("{bucket}_BUCKET"), bucket.to_lowercase()));
    let others = OTHERS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let table_prefix = [("TABLE_PREFIX".to_owned(), tables::PREFIX.to_owned())];
    let all = queues.chain(buckets).chain(others).chain(table_prefix);
    all.map(|(name, value)| (format!("SLUICE_{name}"), value)).collect()
}

fn dead_letters(queue: &str, name: &str) -> (String, String) {
    (format!("{queue}_DEAD_LETTER_QUEUE_URL"), format!("{name}-dead-letters"))
}
