//! Password hashes: Argon2id (RFC 9106) with 19 MiB, two passes and one lane, the parameters that OWASP's Password
//! Storage Cheat Sheet gives first.

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use sluice_contracts::problem::Code;
use sluice_domain::account::Password;
use sluice_lambda::Failure;

/// Verified against when there is no such user, so that both answers cost the same work: the hash of a password that
/// nobody knows, made with the parameters below.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2x1aWNlLW5vYm9keS0wMQ$5xDdDk0xTCsN5x+6Wm0lR3N8yT1S2G0aVpPaVQmO1bw";

fn argon2() -> Result<Argon2<'static>, Failure> {
    let parameters = Params::new(19 * 1024, 2, 1, None).map_err(|error| failed(&error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    // The words are the library's and hold nothing of the password.
    Failure::new(Code::Internal, format!("the password could not be hashed: {error}"))
}

/// The hash of a new password, with a salt of its own, in PHC string format.
pub fn hash(password: &Password) -> Result<String, Failure> {
    let hash = argon2()?.hash_password(password.as_bytes()).map_err(|error| failed(&error))?;
    Ok(hash.to_string())
}

/// Whether the password is the one that was hashed. Without a hash the same work is done for nothing.
pub fn verify(password: &Password, hash: Option<&str>) -> Result<bool, Failure> {
    let parsed = PasswordHash::new(hash.unwrap_or(NOBODY)).map_err(|error| failed(&error))?;
    let matches = argon2()?.verify_password(password.as_bytes(), &parsed).is_ok();
    Ok(matches && hash.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_verifies() {
        let right = Password::parse("correct horse battery").expect("valid");
        let wrong = Password::parse("incorrect horse battery").expect("valid");
        let hash = hash(&right).expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify(&right, Some(&hash)).expect("verified"));
        assert!(!verify(&wrong, Some(&hash)).expect("verified"));
    }

    #[test]
    fn nobody_never_verifies_and_costs_the_same_work() {
        let nobody = PasswordHash::new(NOBODY).expect("a PHC string");
        let params = Params::try_from(&nobody).expect("parameters");
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (19 * 1024, 2, 1));
        assert!(!verify(&Password::parse("anything at all").expect("valid"), None).expect("verified"));
    }
}
