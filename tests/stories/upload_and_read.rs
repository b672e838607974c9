//! Tests that a user uploads a file straight to the bucket and reads it back byte for byte.

use sluice_domain::hash::Sha256;
use sluice_tests::{Client, bytes, live};

const MIB: usize = 1 << 20;

#[tokio::test]
async fn files_of_every_size_come_back_unchanged() {
    let user = Client::register(live()).await;
    for (seed, size) in [0, 1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 200 * MIB].into_iter().enumerate() {
        let content = bytes(seed as u64 + 1, size);
        let path = format!("sizes/{size}");
        let version = user.upload(&path, &content).await;
        assert_eq!(version.sha256, Some(Sha256::of(&content)), "{size}");
        assert_eq!((version.size, version.new_bytes), (size as u64, size as u64), "{version:?}");
        assert!(user.read(version.file_id).await == content, "{size}: other bytes came back");
        assert_eq!(user.file(&path).await.version_id, version.version_id);
    }
    assert_eq!(user.usage().await, (215 * MIB as u64 + 1, 0));
}
