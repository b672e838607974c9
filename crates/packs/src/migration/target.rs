//! Chooses the store to which packs are moved.

use sluice_domain::blob::Blob;
use sluice_domain::migration::Rule;

/// Where the packs of one message go.
#[derive(Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// All go to this store.
    Store(&'a str),
    /// Each goes where the first immediate rule for its size says.
    ByPackSize(&'a [Rule]),
    /// The packs belong to one blob and no rule applies to it.
    Unchanged,
}

impl<'a> Target<'a> {
    /// `blob` is the blob to which all packs belong, if the message is about one. The request goes before the
    /// rules.
    pub fn choose(requested: Option<&'a str>, rules: &'a [Rule], blob: Option<&Blob>) -> Self {
        match (requested, blob) {
            (Some(store), _) => Self::Store(store),
            (None, Some(blob)) => immediate_store(rules, blob.size).map_or(Self::Unchanged, Self::Store),
            (None, None) => Self::ByPackSize(rules),
        }
    }

    /// The store for a pack of `size` bytes, or nothing if it stays where it is.
    pub fn store_for(&self, size: u64) -> Option<&'a str> {
        match self {
            Self::Store(store) => Some(store),
            Self::ByPackSize(rules) => immediate_store(rules, size),
            Self::Unchanged => None,
        }
    }
}

fn immediate_store(rules: &[Rule], size: u64) -> Option<&str> {
    rules.iter().find(|rule| rule.is_immediate() && rule.allows_size(size)).map(|rule| &*rule.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::blob::{Attachment, Blob};
    use sluice_domain::content_pass::ContentDigest;
    use sluice_domain::hash::{Sha1, Sha256};
    use sluice_domain::id::AccountId;
    use sluice_domain::time::Timestamp;

    fn blob(size_bytes: u64) -> Blob {
        let digest = ContentDigest { size_bytes, sha1: Sha1::of(b""), sha256: Sha256::of(b"") };
        let manifest = Attachment::Inline(Vec::new());
        let now = Timestamp::from_unix_milliseconds(0);
        Blob::new(AccountId::from_bytes([1; 16]), &digest, manifest, now)
    }

    fn rules() -> Vec<Rule> {
        let rule = |to: &str, min_size, unread_days| Rule {
            to: to.to_owned(),
            min_age_days: 0,
            unread_days,
            min_size,
            max_size: None,
            prefix: None,
        };
        vec![rule("archive", 0, 30), rule("large", 1000, 0), rule("oss", 100, 0)]
    }

    #[test]
    fn a_request_goes_before_the_rules() {
        let rules = rules();
        let target = Target::choose(Some("vault"), &rules, Some(&blob(5000)));
        assert_eq!(target, Target::Store("vault"));
        assert_eq!(target.store_for(5000), Some("vault"));
    }

    #[test]
    fn the_packs_of_a_blob_follow_the_first_immediate_rule_for_its_size() {
        let rules = rules();
        let store = |size| Target::choose(None, &rules, Some(&blob(size))).store_for(10);
        assert_eq!((store(5000), store(500), store(50)), (Some("large"), Some("oss"), None));
    }

    #[test]
    fn other_packs_follow_the_rule_for_their_own_size() {
        let rules = rules();
        let target = Target::choose(None, &rules, None);
        assert_eq!(target.store_for(5000), Some("large"));
        assert_eq!(target.store_for(500), Some("oss"));
        assert_eq!(target.store_for(50), None);
    }
}
