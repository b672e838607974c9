//! Builds `Content-Disposition` (RFC 6266) with the file's name: in ASCII for old clients, in UTF-8 for
//! others.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sluice_storage::presign::Disposition;
use std::str::FromStr;

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

/// Whether a browser saves or shows the bytes.
#[derive(Debug, Clone, Copy, Default)]
pub enum Kind {
    #[default]
    Attachment,
    Inline,
}

#[derive(Debug, thiserror::Error)]
#[error("it must be attachment or inline")]
pub struct InvalidKind;

impl FromStr for Kind {
    type Err = InvalidKind;
    fn from_str(text: &str) -> Result<Self, InvalidKind> {
        match text {
            "attachment" => Ok(Self::Attachment),
            "inline" => Ok(Self::Inline),
            _ => Err(InvalidKind),
        }
    }
}

impl Kind {
    /// The headers for a download of the file `name`.
    pub fn of(self, name: &str, content_type: &str) -> Disposition {
        let kind = match self {
            Self::Attachment => "attachment",
            Self::Inline => "inline",
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_encoded_for_old_and_new_clients() {
        let of = |name| Kind::Attachment.of(name, "text/plain").content_disposition;
        assert_eq!(of("a b.txt"), "attachment; filename=\"a b.txt\"");
        assert_eq!(of("a\"b.txt"), "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt");
        assert_eq!(of("50%.txt"), "attachment; filename=\"50_.txt\"; filename*=UTF-8''50%25.txt");
        assert_eq!(of("ü😀"), "attachment; filename=\"__\"; filename*=UTF-8''%C3%BC%F0%9F%98%80");
    }
}
