//! Passwords as people choose them. `auth::passwords` hashes them.

use std::fmt;

use super::{FieldError, text};

/// Common passwords, which guessing starts with: one a line, in lower case. They are those of the 10,000
/// most common that are long enough (`scripts/common-passwords.mjs`). Comparing with all of them takes
/// microseconds; the hash that follows takes milliseconds.
const COMMON: &str = include_str!("common_passwords.txt");

/// A password that may be set: 8 to 72 bytes, no NUL, not one of the common ones. It is kept in Normalization
/// Form C, so that an `é` is one letter from whichever keyboard (RFC 8265 §4.2.2).
///
/// bcrypt reads 72 bytes and stops at a NUL. A password that it would cut is refused, never cut. There
/// are no composition rules (NIST SP 800-63B §3.1.1.2). `Debug` does not show the password.
pub struct Password(String);

impl Password {
    /// The fewest bytes of a password.
    pub const MIN_BYTES: usize = 8;
    /// The most bytes of a password, which is what bcrypt reads.
    pub const MAX_BYTES: usize = 72;

    /// Reads a password from the field named `field`.
    ///
    /// # Errors
    /// `too_short`, `too_long`, `invalid_characters` or `too_common`.
    pub fn parse(field: &'static str, typed: &str) -> Result<Self, FieldError> {
        let text = text::nfc(typed);
        if text.len() < Self::MIN_BYTES {
            return Err(FieldError::new(field, "too_short", "Use at least 8 bytes."));
        }
        if text.len() > Self::MAX_BYTES {
            return Err(FieldError::new(field, "too_long", "Use at most 72 bytes."));
        }
        if text.contains('\0') {
            return Err(FieldError::new(field, "invalid_characters", "A NUL cannot be part of a password."));
        }
        let lower = text.to_lowercase();
        if COMMON.lines().any(|common| common == lower) {
            return Err(FieldError::new(
                field,
                "too_common",
                "This is one of the most common passwords; choose another.",
            ));
        }
        Ok(Self(text))
    }

    /// The password itself, for the hash function.
    #[must_use]
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

    fn code(text: &str) -> Option<String> {
        Password::parse("password", text).err().map(|error| error.code.into_owned())
    }

    #[test]
    fn eight_to_seventy_two_bytes_are_accepted() {
        assert_eq!(code(&"ü".repeat(4)), None);
        assert_eq!(code(&"x".repeat(72)), None);
        assert_eq!(code("seven77").as_deref(), Some("too_short"));
        assert_eq!(code(&"x".repeat(73)).as_deref(), Some("too_long"));
        assert_eq!(code(&"ü".repeat(37)).as_deref(), Some("too_long"));
    }

    #[test]
    fn what_bcrypt_would_ignore_is_refused() {
        assert_eq!(code("before\0after").as_deref(), Some("invalid_characters"));
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for text in ["password", "Password1", "12345678", "QWERTYUIOP"] {
            assert_eq!(code(text).as_deref(), Some("too_common"), "{text}");
        }
        assert_eq!(code("SecurePassword123"), None);
    }

    #[test]
    fn every_line_of_the_list_can_be_met() {
        let lines: Vec<_> = COMMON.lines().collect();
        assert!(lines.len() >= 3_000, "OWASP ASVS 5.0 6.2.4 asks for 3,000, here are {}", lines.len());
        for line in lines {
            assert_eq!(code(line).as_deref(), Some("too_common"), "{line:?}");
        }
    }
}
