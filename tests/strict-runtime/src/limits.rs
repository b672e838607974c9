//! Lambda's limits of sizes.

/// An answer of a function may have this many bytes: "6 MB", by the message that Lambda gives.
pub const ANSWER_MAX_BYTES: usize = 6_291_556;

/// Names and values of a function's variables may have this many bytes in total.
pub const VARIABLES_MAX_BYTES: usize = 4096;

/// The size of the variables that the template sets.
pub fn variables_bytes(variables: impl Iterator<Item = (String, String)>) -> usize {
    let own = variables.filter(|(name, _)| name.starts_with("SLUICE_"));
    own.map(|(name, value)| name.len() + value.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_templates_variables_count() {
        let variables = [("SLUICE_A", "12345"), ("AWS_REGION", "us-east-1"), ("PATH", "/bin")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(variables_bytes(variables.into_iter()), 13);
    }
}
