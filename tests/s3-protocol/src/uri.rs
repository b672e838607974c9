//! Encodes and decodes paths and queries as S3's signatures require.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Characters to encode in a query: all but letters, digits and `-_.~`.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// Characters to encode in a path: the same, except slashes.
const PATH: &AsciiSet = &COMPONENT.remove(b'/');

/// Encodes a text for a query.
pub fn encode_component(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

/// Encodes a text for a path.
pub fn encode_path(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

/// Decodes a text; `None` if it is not UTF-8.
pub fn decode(raw: &str) -> Option<String> {
    percent_decode_str(raw).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// The decoded parameters of a query, in their order.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Parses a raw query; `None` if it is not UTF-8. A parameter without `=` has an empty value.
    pub fn parse(raw: &str) -> Option<Self> {
        let pairs = raw.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((decode(name)?, decode(value)?))
            })
            .collect::<Option<Vec<_>>>()
            .map(Self)
    }

    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter exists, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The parameters for the store: without those of the signature and of the SDKs.
    #[must_use]
    pub fn for_store(&self) -> Self {
        let own = |name: &str| name.to_ascii_lowercase().starts_with("x-amz-") || name == "x-id";
        Self(self.0.iter().filter(|(name, _)| !own(name)).cloned().collect())
    }

    /// The query with one parameter only.
    #[must_use]
    pub fn only(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(known, _)| known == name).cloned().collect())
    }

    /// The query without one parameter.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(known, _)| known != name).cloned().collect())
    }

    /// The encoded and sorted query, as it is signed and sent.
    pub fn to_canonical(&self) -> String {
        let encode = |(name, value): &(String, String)| (encode_component(name), encode_component(value));
        let mut pairs: Vec<_> = self.0.iter().map(encode).collect();
        pairs.sort();
        let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Query {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_canonical_when_encoded_and_sorted() {
        let query = Query::parse("prefix=a%2Fb+c&delete&a=%C3%A9").unwrap();
        assert_eq!(query.to_canonical(), "a=%C3%A9&delete=&prefix=a%2Fb%2Bc");
        assert!(Query::parse("a=%FF").is_none());
    }

    #[test]
    fn parameters_of_the_signature_are_not_for_the_store() {
        let query = Query::parse("X-Amz-Signature=1&x-id=GetObject&versionId=2").unwrap();
        assert_eq!(query.for_store().to_canonical(), "versionId=2");
    }
}
