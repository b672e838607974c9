//! Keys that cannot be taken over as they are.

use sluice_storage::stores::StoreKind;

/// The longest key of Amazon S3 and those like it, in bytes.
const LONGEST_KEY_BYTES: usize = 1024;

/// The longest key of OSS, in bytes (<https://www.alibabacloud.com/help/en/oss/user-guide/object-naming-conventions>).
const LONGEST_OSS_KEY_BYTES: usize = 1023;

/// Where packs lie in the bucket to which objects are brought.
const OF_PACKS: &str = "packs/";

/// Why an object cannot have this key in a store of this kind, and what to do.
pub(super) fn problem(kind: StoreKind, key: &str) -> Option<&'static str> {
    let longest = if kind == StoreKind::Oss { LONGEST_OSS_KEY_BYTES } else { LONGEST_KEY_BYTES };
    if key.starts_with(OF_PACKS) {
        return Some("packs lie under packs/ in this bucket; bring it with --to-prefix");
    }
    if kind == StoreKind::Oss && key.starts_with(['/', '\\']) {
        return Some("OSS has no keys that begin with / or \\; bring it with --to-prefix");
    }
    if key.len() > longest {
        return Some("the key is too long for the store; rename it, or use a shorter --to-prefix");
    }
    // HTTP clients and stores that keep files take such a segment for a folder.
    if key.split('/').any(|segment| segment == "." || segment == "..") {
        return Some("a part of the key is . or .., which clients and stores resolve; rename it");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_keys_are_fine_and_impossible_ones_are_told() {
        for key in ["a b+c", "ä/日本.txt", "a//b", "x/", "...", "a%2Fb", &"k".repeat(1023)] {
            assert_eq!(problem(StoreKind::Oss, key), None, "{key}");
        }
        for key in ["/a", "\\a", &"k".repeat(1024), "packs/a", "a/../b", "./a"] {
            assert!(problem(StoreKind::Oss, key).is_some(), "{key}");
        }
        assert_eq!(problem(StoreKind::Ceph, "/a"), None);
        assert_eq!(problem(StoreKind::Ceph, &"k".repeat(1024)), None);
    }
}
