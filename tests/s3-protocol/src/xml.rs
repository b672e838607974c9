//! Reads and rewrites S3's XML.

use http::StatusCode;
use quick_xml::Reader;
use quick_xml::escape::{escape, unescape};
use quick_xml::events::Event;
use serde::de::DeserializeOwned;
use std::ops::Range;

use crate::Failure;

/// Parses the body of a request. Fails with 400 `MalformedXML`.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    let malformed = |error: quick_xml::DeError| Failure::bad("MalformedXML", error.to_string());
    quick_xml::de::from_reader(body).map_err(malformed)
}

/// Returns the text of the first element with this name.
pub fn text(xml: &str, name: &str) -> Result<Option<String>, quick_xml::Error> {
    let first = inner_ranges(xml, name)?.into_iter().next();
    first.map(|inner| Ok(unescape(&xml[inner])?.trim().to_owned())).transpose()
}

/// Returns the document with the text of each element with this name replaced.
pub fn rewrite(xml: &str, name: &str, replace: impl Fn(&str) -> String) -> Result<String, quick_xml::Error> {
    let mut written = String::with_capacity(xml.len());
    let mut copied = 0;
    for inner in inner_ranges(xml, name)? {
        written += &xml[copied..inner.start];
        copied = inner.end;
        written += &escape(replace(&unescape(&xml[inner])?));
    }
    Ok(written + &xml[copied..])
}

/// For an answer of a store that is not XML: 500 `InternalError`.
impl From<quick_xml::Error> for Failure {
    fn from(error: quick_xml::Error) -> Self {
        let message = format!("the store's answer is not XML: {error}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
    }
}

/// Finds what is inside each element with this name, in order.
fn inner_ranges(xml: &str, name: &str) -> Result<Vec<Range<usize>>, quick_xml::Error> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    loop {
        match reader.read_event()? {
            Event::Start(start) if start.local_name().as_ref() == name.as_bytes() => {
                let inner = reader.read_to_end(start.name())?;
                found.push(inner.start as usize..inner.end as usize);
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "<R><P><N>1</N><ETag>&quot;a&quot;</ETag></P><P><N>2</N><ETag>b</ETag></P></R>";

    #[test]
    fn elements_are_found_by_name() {
        assert_eq!(inner_ranges(LIST, "P").unwrap().len(), 2);
        assert_eq!(text(LIST, "ETag").unwrap().as_deref(), Some("\"a\""));
        assert_eq!(text(LIST, "Missing").unwrap(), None);
    }

    #[test]
    fn elements_are_found_however_they_are_written() {
        let list = "<?xml version='1.0'?><r:R xmlns:r='x'><!-- <ETag>c</ETag> --><r:ETag a='>' >&#34;a</r:ETag></r:R>";
        assert_eq!(text(list, "ETag").unwrap().as_deref(), Some("\"a"));
        assert_eq!(rewrite(list, "ETag", |_| "<b".to_owned()).unwrap(), list.replace("&#34;a", "&lt;b"));
        assert!(rewrite("<R><ETag>a</R>", "ETag", str::to_owned).is_err());
        assert!(text("<R><ETag>a", "ETag").is_err());
    }

    #[test]
    fn rewriting_changes_nothing_else() {
        let upper = rewrite(LIST, "ETag", str::to_ascii_uppercase).unwrap();
        assert_eq!(upper, LIST.replace("&quot;a", "&quot;A").replace(">b<", ">B<"));
    }
}
