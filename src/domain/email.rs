//! E-mail addresses, in the normalised spelling that identifies an account.

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use std::fmt;

use super::FieldError;

/// A deliverable address, trimmed and in lower case, so that two spellings of one address are equal.
///
/// Addresses are ASCII (RFC 5321), because mail providers do not reliably accept others
/// (RFC 6531). Quoted local parts and bare host names are refused. `Debug` does not show the address.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    const MAX_BYTES: usize = 254;

    /// Reads an address as a person typed it.
    ///
    /// # Errors
    /// `invalid_email` if no mail could be delivered to it.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let address = text.trim().to_ascii_lowercase();
        let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
        let deliverable = address.is_ascii()
            && address.len() <= Self::MAX_BYTES
            && !address.contains('"')
            && EmailAddress::parse_with_options(&address, options).is_ok();
        if deliverable {
            Ok(Self(address))
        } else {
            Err(FieldError::new("email", "invalid_email", "Give an address like name@example.com."))
        }
    }

    /// The normalised address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_one_address_are_equal() {
        assert_eq!(Email::parse("  Ada@Example.COM "), Email::parse("ada@example.com"));
    }

    #[test]
    fn what_cannot_be_delivered_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for text in [
            "",
            " ",
            "ada",
            "@example.com",
            "ada@",
            "a@b@example.com",
            "ada@localhost",
            "a b@example.com",
            "\"a b\"@example.com",
            "ada@[127.0.0.1]",
            "Ada <ada@example.com>",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@exämple.com",
            ".ada@example.com",
            &long,
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_log_line_never_shows_the_address() {
        let email = Email::parse("ada@example.com").unwrap();
        assert!(!format!("{email:?}").contains("ada"));
    }
}
