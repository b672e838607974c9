//! Finds keys that the target store cannot have.

use sluice_storage::stores::StoreKind;

const LONGEST_KEY_BYTES: usize = 1024;

/// <https://www.alibabacloud.com/help/en/oss/user-guide/object-naming-conventions>
const LONGEST_OSS_KEY_BYTES: usize = 1023;

/// The prefix of Sluice's own packs in the target bucket.
const PACK_PREFIX: &str = "packs/";

/// Why an object cannot have this key in a store of this kind, with what to do about it.
pub(super) fn problem(kind: StoreKind, key: &str) -> Option<&'static str> {
    let longest = if kind == StoreKind::Oss { LONGEST_OSS_KEY_BYTES } else { LONGEST_KEY_BYTES };
    if key.starts_with(PACK_PREFIX) {
        return Some("packs/ in this bucket is reserved for packs; use --to-prefix");
    }
    if kind == StoreKind::Oss && key.starts_with(['/', '\\']) {
        return Some("OSS allows no keys that begin with / or \\; use --to-prefix");
    }
    if key.len() > longest {
        return Some("the key is too long for the store; rename the object, or use a shorter --to-prefix");
    }
    // HTTP clients and stores based on a file system treat such a segment as a folder.
    if key.split('/').any(|segment| segment == "." || segment == "..") {
        return Some("the key has a segment . or .., which clients and stores resolve; rename the object");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusual_keys_are_accepted_and_impossible_ones_are_reported() {
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
