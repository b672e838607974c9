//! Checks, hashes and verifies passwords.

mod guessable;
mod hash;

use std::fmt;
use unicode_normalization::UnicodeNormalization;

use crate::account::Username;

pub use hash::{HashError, SALT_LENGTH, hash, matches};

/// The longest text that is normalised as a password, in bytes.
pub const PASSWORD_INPUT_MAX_BYTES: usize = 4096;

/// A password as it is hashed: NFC, 12 to 256 characters, no control characters (RFC 8265's `OpaqueString`
/// profile). `Debug` does not show it.
#[derive(Clone)]
pub struct Password(String);

/// Why a password was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    /// The password has fewer than 12 characters.
    #[error("a password has at least 12 characters")]
    TooShort,
    /// The password has more than 256 characters.
    #[error("a password has at most 256 characters")]
    TooLong,
    /// The password contains a control character.
    #[error("a password has no control characters")]
    ControlCharacter,
    /// Little is left of the password without what guessers try first.
    #[error(
        "this password is easy to guess: it is mostly the user name, a common password, a row of keys or a \
         repetition"
    )]
    Guessable,
}

impl Password {
    /// Parses and normalises a password as the user typed it. Spaces of any script become the ASCII space, as
    /// `OpaqueString` requires.
    ///
    /// # Errors
    /// [`InvalidPassword`] names the rule that the password breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidPassword> {
        if text.len() > PASSWORD_INPUT_MAX_BYTES {
            return Err(InvalidPassword::TooLong);
        }
        let spaced = |c: char| if c.is_whitespace() && !c.is_control() { ' ' } else { c };
        let password: String = text.chars().map(spaced).nfc().collect();
        match password.chars().count() {
            0..=11 => Err(InvalidPassword::TooShort),
            257.. => Err(InvalidPassword::TooLong),
            _ if password.chars().any(char::is_control) => Err(InvalidPassword::ControlCharacter),
            _ => Ok(Self(password)),
        }
    }

    /// Parses a new password of this user, which must not be easy to guess.
    ///
    /// # Errors
    /// [`InvalidPassword`] names the rule that the password breaks.
    pub fn choose(text: &str, username: &Username) -> Result<Self, InvalidPassword> {
        let password = Self::parse(text)?;
        if guessable::is_guessable(&password.0, username.as_str()) {
            return Err(InvalidPassword::Guessable);
        }
        Ok(password)
    }

    /// Makes a password for somebody to use once: 24 letters and digits in groups of four.
    pub fn generate(random: &[u8; 24]) -> Self {
        // No letter or digit that looks like another: 32 symbols, so that each byte gives one fairly.
        const SYMBOLS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let symbols: Vec<char> =
            random.iter().map(|byte| char::from(SYMBOLS[usize::from(byte % 32)])).collect();
        let groups: Vec<String> = symbols.chunks(4).map(|group| group.iter().collect()).collect();
        Self(groups.join("-"))
    }

    /// The normalised password, to be shown to whoever gets it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_normalised_and_bounded() {
        let composed = Password::parse("pässword long enough").expect("valid");
        let decomposed = Password::parse("pa\u{308}ssword\u{a0}long enough").expect("valid");
        assert_eq!(composed.reveal(), decomposed.reveal());
        assert_eq!(Password::parse("short").err(), Some(InvalidPassword::TooShort));
        assert_eq!(Password::parse(&"x".repeat(257)).err(), Some(InvalidPassword::TooLong));
        assert_eq!(Password::parse("line one\nline two").err(), Some(InvalidPassword::ControlCharacter));
        assert_eq!(format!("{composed:?}"), "Password(…)");
    }

    #[test]
    fn a_password_that_is_easy_to_guess_cannot_be_chosen() {
        let username = Username::parse("alexandria").expect("a name");
        let chosen = |text: &str| Password::choose(text, &username).map(drop);
        for guessable in [
            "passwordpassword",
            "P@ssw0rd2024!",
            "aaaaaaaaaaaa",
            "123456789012",
            "abcabcabcabc",
            "xq!xq!xq!xq!xq!",
            "qwertyuiop12",
            "1q2w3e4r5t6y",
            "iloveyou1234",
            "Alexandria1!",
            "alexandriaalexandria",
            "welcome99999",
            "demo-password",
            "            ",
        ] {
            assert_eq!(chosen(guessable), Err(InvalidPassword::Guessable), "{guessable}");
            assert!(Password::parse(guessable).is_ok(), "one who has it can still log in: {guessable}");
        }
        for good in
            ["correct horse battery", "the password of alexandria", "пароль для примера", "x7#kQ!v9Lw2$"]
        {
            assert_eq!(chosen(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn a_generated_password_can_be_chosen() {
        let username = Username::parse("ada").expect("a name");
        let random: [u8; 24] = std::array::from_fn(|index| (index * 37) as u8);
        let password = Password::generate(&random);
        assert_eq!(password.reveal().len(), 29);
        assert!(Password::choose(password.reveal(), &username).is_ok(), "{}", password.reveal());
    }
}
