//! The operator's token: one secret of the deployment, compared in constant time.

use std::fmt;

use subtle::ConstantTimeEq;

use super::digest;
use crate::domain::Secret;

/// The token is kept as a digest, so that a comparison reveals nothing, not even its length.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminToken([u8; 32]);

impl AdminToken {
    /// The shortest token in bytes.
    pub const MIN_BYTES: usize = 32;

    /// The token, unless it is too short.
    #[must_use]
    pub fn new(token: &Secret<String>) -> Option<Self> {
        let token = token.reveal().trim();
        (token.len() >= Self::MIN_BYTES).then(|| Self(digest::sha256(token.as_bytes())))
    }

    /// Whether this is the token.
    #[must_use]
    pub fn is(&self, shown: &str) -> bool {
        digest::sha256(shown.as_bytes()).ct_eq(&self.0).into()
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_is_the_token() {
        let text = "an operator's token of 32 bytes!";
        let token = AdminToken::new(&Secret::new(text.to_owned())).unwrap();
        assert!(token.is(text) && !token.is("") && !token.is(&text[1..]) && !token.is(&format!("{text}x")));
        assert!(AdminToken::new(&Secret::new(text[1..].to_owned())).is_none());
        assert_eq!(format!("{token:?}"), "AdminToken(…)");
    }
}
