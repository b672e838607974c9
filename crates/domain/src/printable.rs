//! Makes text from others safe to print.

/// Escapes control characters and those that reorder text, so that a name can neither control the terminal
/// nor look like another one.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut printed = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_reordering(c) {
            printed.extend(c.escape_default());
        } else {
            printed.push(c);
        }
    }
    printed
}

/// Whether the character directs the order of others
/// (<https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>) or breaks the line.
fn is_reordering(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_acts_on_the_terminal_is_escaped() {
        assert_eq!(printable("a\u{1b}[31m\nb\u{7f}\u{9b}"), r"a\u{1b}[31m\nb\u{7f}\u{9b}");
        assert_eq!(printable("\u{202e}gpj.exe\u{2066}\u{200f}"), r"\u{202e}gpj.exe\u{2066}\u{200f}");
        assert_eq!(printable("日本 é שלום 🦀"), "日本 é שלום 🦀");
    }
}
