//! Reads and rewrites S3's XML: elements without attributes, by name.

/// Escapes a text for an element.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Returns the text of an element's escaped form.
pub(crate) fn unescape(text: &str) -> String {
    let quotes =
        text.replace("&quot;", "\"").replace("&#34;", "\"").replace("&apos;", "'").replace("&#39;", "'");
    quotes.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Returns the raw text inside each `<name>`, in order.
pub(crate) fn elements<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!("<{name}>");
    let close = format!("</{name}>");
    let mut rest = xml;
    let mut found = Vec::new();
    while let Some((_, after)) = rest.split_once(&open) {
        let Some((content, tail)) = after.split_once(&close) else { break };
        found.push(content);
        rest = tail;
    }
    found
}

/// Returns the text of the first `<name>`.
pub(crate) fn text(xml: &str, name: &str) -> Option<String> {
    elements(xml, name).first().map(|content| unescape(content).trim().to_owned())
}

/// Returns the document with the text of each `<name>` replaced.
pub(crate) fn rewrite(xml: &str, name: &str, replace: impl Fn(&str) -> String) -> String {
    let open = format!("<{name}>");
    let close = format!("</{name}>");
    let mut rest = xml;
    let mut written = String::with_capacity(xml.len());
    while let Some((before, after)) = rest.split_once(&open) {
        let Some((content, tail)) = after.split_once(&close) else { break };
        written.push_str(before);
        written.push_str(&open);
        written.push_str(&escape(&replace(&unescape(content))));
        written.push_str(&close);
        rest = tail;
    }
    written.push_str(rest);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "<R><P><N>1</N><ETag>&quot;a&quot;</ETag></P><P><N>2</N><ETag>b</ETag></P></R>";

    #[test]
    fn elements_are_found_by_name() {
        assert_eq!(elements(LIST, "P").len(), 2);
        assert_eq!(text(LIST, "ETag").as_deref(), Some("\"a\""));
        assert_eq!(text(LIST, "Missing"), None);
    }

    #[test]
    fn rewriting_changes_nothing_else() {
        let upper = rewrite(LIST, "ETag", str::to_ascii_uppercase);
        assert_eq!(upper, LIST.replace("&quot;a", "&quot;A").replace(">b<", ">B<"));
    }
}
