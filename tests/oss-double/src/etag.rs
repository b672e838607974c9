//! Converts the store's `ETag`s to OSS's, and conditions back.

use md5::{Digest as _, Md5};

/// The `ETag` that OSS would return, in quotes.
///
/// The MD5 of a plain object becomes upper-case. The `ETag` of a multipart object becomes a value that is
/// unlike S3's and always the same.
pub(crate) fn to_oss(of_store: &str) -> String {
    let bare = bare(of_store);
    if is_md5(bare) {
        return format!("\"{}\"", bare.to_ascii_uppercase());
    }
    let parts = bare.rsplit_once('-').map_or("0", |(_, parts)| parts);
    let mixed = Md5::new_with_prefix("multipart in OSS").chain_update(bare).finalize();
    format!("\"{}-{parts}M\"", hex::encode_upper(mixed))
}

/// An `ETag` without its quotes.
pub(crate) fn bare(etag: &str) -> &str {
    etag.trim().trim_matches('"')
}

/// Converts a condition's `ETag`s to the store's. `current` is the store's `ETag` of the existing object.
///
/// Matching is exact, as on OSS: a lower-case MD5 matches nothing.
pub(crate) fn condition_for_store(condition: &str, current: Option<&str>) -> String {
    let current_in_oss = current.map(to_oss);
    let tokens = condition.split(',').map(str::trim).map(|token| {
        let matches = current_in_oss.as_deref().is_some_and(|known| bare(known) == bare(token));
        match current {
            _ if token == "*" => token.to_owned(),
            Some(current) if matches => format!("\"{}\"", bare(current)),
            _ => "\"matches-nothing\"".to_owned(),
        }
    });
    tokens.collect::<Vec<_>>().join(", ")
}

fn is_md5(bare: &str) -> bool {
    bare.len() == 32 && bare.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "\"900150983cd24fb0d6963f7d28e17f72\"";

    #[test]
    fn a_plain_etag_becomes_upper_case() {
        assert_eq!(to_oss(PLAIN), PLAIN.to_ascii_uppercase());
        assert_eq!(to_oss(bare(PLAIN)), PLAIN.to_ascii_uppercase());
    }

    #[test]
    fn a_multipart_etag_is_unlike_s3s_and_always_the_same() {
        let of_store = "900150983cd24fb0d6963f7d28e17f72-3";
        assert_eq!(to_oss(of_store), to_oss(of_store));
        assert!(to_oss(of_store).ends_with("-3M\""));
        assert!(!to_oss(of_store).contains("900150983CD24FB0D6963F7D28E17F72"));
    }

    #[test]
    fn conditions_match_only_in_upper_case() {
        assert_eq!(condition_for_store(&to_oss(PLAIN), Some(PLAIN)), PLAIN);
        assert_eq!(condition_for_store(PLAIN, Some(PLAIN)), "\"matches-nothing\"");
        assert_eq!(condition_for_store("*", Some(PLAIN)), "*");
        assert_eq!(condition_for_store(PLAIN, None), "\"matches-nothing\"");
    }
}
