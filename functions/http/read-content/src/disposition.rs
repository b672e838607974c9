//! Builds `Content-Disposition` (RFC 6266) with the file's name: in ASCII for old clients, in UTF-8 for
//! others.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sluice_contracts::parameters::Disposition as Kind;
use sluice_storage::presign::Disposition;

/// The characters to encode: all except RFC 8187's `attr-char`.
const EXTENDED_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The headers for a download of the file `name`.
pub fn disposition(kind: Kind, name: &str, content_type: &str) -> Disposition {
    let kind = match kind {
        Kind::Attachment => "attachment",
        Kind::Inline => "inline",
    };
    let plain = |c: char| if matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '%') { c } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    let content_disposition = if ascii == name {
        format!("{kind}; filename=\"{ascii}\"")
    } else {
        let utf8 = utf8_percent_encode(name, EXTENDED_VALUE);
        format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{utf8}")
    };
    Disposition { content_disposition, content_type: content_type.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_encoded_for_old_and_new_clients() {
        let of = |name| disposition(Kind::Attachment, name, "text/plain").content_disposition;
        assert_eq!(of("a b.txt"), "attachment; filename=\"a b.txt\"");
        assert_eq!(of("a\"b.txt"), "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt");
        assert_eq!(of("50%.txt"), "attachment; filename=\"50_.txt\"; filename*=UTF-8''50%25.txt");
        assert_eq!(of("ü😀"), "attachment; filename=\"__\"; filename*=UTF-8''%C3%BC%F0%9F%98%80");
    }
}
