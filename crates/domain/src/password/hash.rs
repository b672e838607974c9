//! Hashes and verifies passwords with Argon2id (RFC 9106): 19 MiB, two passes and one lane, the first choice
//! of OWASP's Password Storage Cheat Sheet.

use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};

use super::Password;

/// The length of a salt in bytes.
pub const SALT_LENGTH: usize = 16;

/// Stands in for the hash of an unknown user. Without it, a faster answer would reveal that the user does not
/// exist. It has the parameters below, and no known password has this hash.
const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2x1aWNlLW5vYm9keS0wMQ$5xDdDk0xTCsN5x+6Wm0lR3N8yT1S2G0aVpPaVQmO1bw";

/// A password could not be hashed, or a stored hash is none. The message contains nothing of the password.
#[derive(Debug, thiserror::Error)]
#[error("a password could not be hashed")]
pub struct HashError(#[from] Error);

fn argon2() -> Result<Argon2<'static>, Error> {
    let parameters = Params::new(19 * 1024, 2, 1, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

/// Hashes a new password with a random salt. The result is in PHC string format.
///
/// # Errors
/// If the library fails, for example without memory.
pub fn hash(password: &Password, salt: &[u8; SALT_LENGTH]) -> Result<String, HashError> {
    let hash: PasswordHash = argon2()?.hash_password_with_salt(password.0.as_bytes(), salt)?;
    Ok(hash.to_string())
}

/// Whether the password matches `hash`. Without a hash, does the same work and returns false.
///
/// # Errors
/// If `hash` is no PHC string.
pub fn matches(password: &Password, hash: Option<&str>) -> Result<bool, HashError> {
    let parsed = PasswordHash::new(hash.unwrap_or(DUMMY_HASH)).map_err(Error::from)?;
    let is_right = argon2()?.verify_password(password.0.as_bytes(), &parsed).is_ok();
    Ok(is_right && hash.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_matches() {
        let right = Password::parse("correct horse battery").expect("valid");
        let wrong = Password::parse("incorrect horse battery").expect("valid");
        let hash = hash(&right, &[7; SALT_LENGTH]).expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(matches(&right, Some(&hash)).expect("verified"));
        assert!(!matches(&wrong, Some(&hash)).expect("verified"));
    }

    #[test]
    fn nothing_matches_for_an_unknown_user_and_that_costs_the_same_work() {
        let dummy = PasswordHash::new(DUMMY_HASH).expect("a PHC string");
        let params = Params::try_from(&dummy).expect("parameters");
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (19 * 1024, 2, 1));
        assert!(!matches(&Password::parse("anything at all").expect("valid"), None).expect("verified"));
    }
}
