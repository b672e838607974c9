//! Decides by rules which blobs migrate to another store.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::blob::Blob;
use crate::time::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// A migration rule. All its conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The name of the target store.
    pub to: String,
    /// Minimum age of the blob in days.
    #[serde(default)]
    pub min_age_days: u32,
    /// Minimum number of days since the blob was last read, or created if it was never read.
    #[serde(default)]
    pub unread_days: u32,
    /// Minimum size in bytes.
    #[serde(default)]
    pub min_size: u64,
    /// Maximum size in bytes.
    #[serde(default)]
    pub max_size: Option<u64>,
    /// A current version with this blob has a path with this prefix.
    #[serde(default)]
    pub prefix: Option<String>,
}

impl Rule {
    /// Whether the rule applies to packs as soon as they are written: it has no condition of age, reads or
    /// path.
    pub fn is_immediate(&self) -> bool {
        self.min_age_days == 0 && self.unread_days == 0 && self.prefix.is_none()
    }

    /// Whether `size` bytes are within the rule's limits.
    pub fn allows_size(&self, size: u64) -> bool {
        size >= self.min_size && self.max_size.is_none_or(|max_size| size <= max_size)
    }

    /// Whether the blob meets all conditions except `prefix` and is not in the target store yet.
    pub fn takes(&self, blob: &Blob, now: Timestamp) -> bool {
        let read_at = blob.read_at.unwrap_or(blob.created_at).max(blob.created_at);
        blob.migrated_to.as_ref() != Some(&self.to)
            && self.allows_size(blob.size)
            && blob.created_at.until(now) >= DAY * self.min_age_days
            && read_at.until(now) >= DAY * self.unread_days
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::{Attachment, Life};
    use crate::hash::{Sha1, Sha256};
    use crate::id::AccountId;

    fn blob(created: u64, read: Option<u64>, size: u64) -> Blob {
        let day = |days: u64| Timestamp::from_unix_milliseconds(0).after(DAY * days as u32);
        Blob {
            blob_id: String::new(),
            account_id: AccountId::from_bytes([1; 16]),
            sha256: Sha256::of(b""),
            sha1: Sha1::of(b""),
            size,
            life: Life::Live,
            references: 1,
            object_key: None,
            manifest: Attachment::Inline(Vec::new()),
            read_at: read.map(day),
            migrated_to: None,
            created_at: day(created),
        }
    }

    fn rule(json: &str) -> Rule {
        serde_json::from_str(json).expect("a rule")
    }

    #[test]
    fn age_size_and_last_read_must_all_match() {
        let now = Timestamp::from_unix_milliseconds(0).after(DAY * 100);
        let old = rule(r#"{"to":"oss","min_age_days":30,"min_size":10}"#);
        assert!(old.takes(&blob(70, Some(99), 10), now));
        assert!(!old.takes(&blob(71, None, 10), now), "too young");
        assert!(!old.takes(&blob(70, None, 9), now), "too small");
        let unread = rule(r#"{"to":"oss","unread_days":7,"max_size":10}"#);
        assert!(unread.takes(&blob(1, Some(93), 10), now));
        assert!(!unread.takes(&blob(1, Some(94), 10), now), "read lately");
        assert!(!unread.takes(&blob(94, None, 10), now), "written lately");
        assert!(!unread.takes(&blob(1, None, 11), now), "too large");
        let there = Blob { migrated_to: Some("oss".to_owned()), ..blob(1, None, 10) };
        assert!(!unread.takes(&there, now), "it is there");
    }

    #[test]
    fn a_rule_that_waits_for_nothing_is_immediate() {
        assert!(rule(r#"{"to":"oss","min_size":5}"#).is_immediate());
        assert!(!rule(r#"{"to":"oss","prefix":"a/"}"#).is_immediate());
        assert!(!rule(r#"{"to":"oss","min_age_days":1}"#).is_immediate());
        assert!(serde_json::from_str::<Rule>(r#"{"to":"oss","min_age":1}"#).is_err(), "misspelt");
    }
}
