//! Tokens that are good for one thing, once: confirm an address, extend a session.
//!
//! A token names the Account object that knows it, so that no index is needed, followed by 256
//! random bits. What is stored of it is a digest: who reads the database cannot use it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::digest;
use crate::domain::{AccountKey, Secret, Timestamp};
use crate::objects::account::{Digest, OneTimeToken};

/// Random bits of a token.
pub type Entropy = [u8; 32];

/// A fresh token, to be handed out, and what is to be stored of it.
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

/// The account that a token names and the digest under which it is known there.
#[must_use]
pub fn read(token: &str) -> Option<(AccountKey, Digest)> {
    let (account, _) = token.split_once('.')?;
    Some((AccountKey::parse(account)?, digest::text(token.as_bytes())))
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
}
