//! Shows an error with everything that caused it.

use std::error::Error;
use std::fmt;

/// An error and its sources, for logs. A source that the text before already ends with is left out.
pub struct Chain<'a>(pub &'a (dyn Error + 'a));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.0.to_string();
        f.write_str(&text)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let source = error.to_string();
            if !text.ends_with(&source) {
                write!(f, ": {source}")?;
            }
            text = source;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::StorageError;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("a pack could not be read")]
    struct Outer(#[source] StorageError);

    #[test]
    fn every_cause_is_shown_once() {
        let inner = StorageError::unavailable("s3:GetObject", io::Error::other("broken pipe"));
        let shown = Chain(&Outer(inner)).to_string();
        assert_eq!(shown, "a pack could not be read: s3:GetObject: broken pipe");
    }

    #[test]
    fn an_error_without_a_source_is_shown_as_it_is() {
        assert_eq!(Chain(&io::Error::other("broken pipe")).to_string(), "broken pipe");
    }
}
