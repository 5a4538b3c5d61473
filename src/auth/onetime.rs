//! Tokens that work once, for one purpose: confirm an address, extend a session.
//!
//! A token contains the name of the Account object that knows it, so no index is needed, followed by 256
//! random bits. Only its digest is stored, so whoever reads the database cannot use it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::digest;
use crate::domain::{AccountKey, Secret, Timestamp};

/// The random bits of a token.
pub type Entropy = [u8; 32];

/// SHA-256 of a one-time token, in base64url: the only form in which tokens are stored.
pub type Digest = String;

/// A token that works once and expires.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OneTimeToken {
    /// The stored digest.
    pub digest: Digest,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A fresh token to hand out, and what to store for it.
#[must_use]
pub fn issue(
    account: &AccountKey,
    entropy: &Entropy,
    expires_at: Timestamp,
) -> (Secret<String>, OneTimeToken) {
    let token = format!("{account}.{}", URL_SAFE_NO_PAD.encode(entropy));
    let stored = OneTimeToken { digest: digest::text(token.as_bytes()), expires_at };
    (Secret::new(token), stored)
}

/// The account that a token names, and the token's digest.
#[must_use]
pub fn read(token: &str) -> Option<(AccountKey, Digest)> {
    let (account, _) = token.split_once('.')?;
    Some((AccountKey::parse(account)?, digest::text(token.as_bytes())))
}

/// A refresh token as the client sent it. A session's first one is an ordinary one-time token. Each later one
/// is the first with another 256 bits appended. So all of them prove that they belong to the same session,
/// and each is a secret of its own.
#[derive(Debug)]
pub struct Refresh {
    /// The account with the session.
    pub account: AccountKey,
    /// The digest of the part that the session's tokens share.
    pub family: Digest,
    /// Digest of the token.
    pub digest: Digest,
    stem: Secret<String>,
}

impl Refresh {
    /// Reads a refresh token.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        let (account, secrets) = token.split_once('.')?;
        let first = secrets.split('.').next()?;
        let stem = format!("{account}.{first}");
        Some(Self {
            account: AccountKey::parse(account)?,
            family: digest::text(stem.as_bytes()),
            digest: digest::text(token.as_bytes()),
            stem: Secret::new(stem),
        })
    }

    /// The next token, and what to store for it.
    #[must_use]
    pub fn next(&self, entropy: &Entropy, expires_at: Timestamp) -> (Secret<String>, OneTimeToken) {
        let token = format!("{}.{}", self.stem.reveal(), URL_SAFE_NO_PAD.encode(entropy));
        let stored = OneTimeToken { digest: digest::text(token.as_bytes()), expires_at };
        (Secret::new(token), stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Email;

    #[test]
    fn a_token_leads_back_to_its_account_and_digest() {
        let account = digest::account_key(&Email::parse("ada@example.com").unwrap()).unwrap();
        let (token, stored) = issue(&account, &[7; 32], Timestamp::from_ms(0));
        assert_eq!(read(token.reveal()), Some((account, stored.digest)));
        assert_eq!(read("nonsense"), None);
    }

    #[test]
    fn refresh_tokens_of_one_session_share_a_family_and_nothing_else() {
        let account = digest::account_key(&Email::parse("ada@example.com").unwrap()).unwrap();
        let (first, stored) = issue(&account, &[7; 32], Timestamp::from_ms(0));
        let first = Refresh::read(first.reveal()).unwrap();
        assert_eq!((&first.family, &first.digest), (&stored.digest, &stored.digest));
        let (second, stored) = first.next(&[8; 32], Timestamp::from_ms(1));
        let second = Refresh::read(second.reveal()).unwrap();
        assert_eq!((&second.family, &second.digest), (&first.family, &stored.digest));
        assert_ne!(second.digest, second.family);
        let (third, _) = second.next(&[9; 32], Timestamp::from_ms(2));
        assert_eq!(Refresh::read(third.reveal()).unwrap().family, first.family);
        assert!(Refresh::read("nonsense").is_none() && Refresh::read("short.x").is_none());
        assert!(!format!("{first:?}").contains("BwcHBw"), "{first:?}");
    }
}
