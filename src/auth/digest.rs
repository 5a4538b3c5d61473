//! SHA-256 in base64url: tokens are stored and accounts are found by it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::domain::{AccountKey, Email};

/// The digest's 32 bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The digest in base64url without padding: 43 characters.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(sha256(bytes))
}

/// The name of the Account object for an address.
#[must_use]
pub fn account_key(email: &Email) -> Option<AccountKey> {
    AccountKey::parse(&text(email.ascii().as_bytes()))
}
