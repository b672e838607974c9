//! Makes secrets.

/// Returns 128 random bits as hexadecimal digits.
pub(crate) fn random_hex() -> String {
    let mut random = [0; 16];
    // The functions need a source of randomness too, so nothing would work without one.
    getrandom::fill(&mut random).expect("a source of randomness");
    hex::encode(random)
}
