//! An isolate's memory of tokens whose signatures it has verified: parsing a token and checking its signature
//! took a twelfth of a call that asks an object.
//!
//! A token is found by its claims, which are not secret, and its signature is compared in constant time. The
//! caller must check again whether the claims are currently valid.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use subtle::ConstantTimeEq;

use crate::domain::Secret;

/// Claims by the signed text; the least recently used entry makes room.
pub(super) struct Verified<C>(Mutex<LruCache<Box<str>, Signed<C>>>);

struct Signed<C> {
    signature: Secret<Box<str>>,
    claims: C,
}

/// The most tokens that are remembered; each takes about half a kilobyte.
const TOKENS_MAX: usize = 4_096;

impl<C: Clone> Verified<C> {
    /// The token's claims, if its signature has been verified before.
    pub(super) fn recall(&self, token: &str) -> Option<C> {
        let (text, signature) = token.rsplit_once('.')?;
        let mut tokens = self.tokens();
        let known = tokens.get(text)?;
        let same: bool = known.signature.reveal().as_bytes().ct_eq(signature.as_bytes()).into();
        same.then(|| known.claims.clone())
    }

    /// Remembers that the token's signature is valid.
    pub(super) fn note(&self, token: &str, claims: C) {
        if let Some((text, signature)) = token.rsplit_once('.') {
            self.tokens().put(text.into(), Signed { signature: Secret::new(signature.into()), claims });
        }
    }

    fn tokens(&self) -> MutexGuard<'_, LruCache<Box<str>, Signed<C>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> Default for Verified<C> {
    fn default() -> Self {
        let most = NonZeroUsize::new(TOKENS_MAX).unwrap_or(NonZeroUsize::MIN);
        Self(Mutex::new(LruCache::new(most)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_signature_too() {
        let verified = Verified::default();
        verified.note("header.claims.signature", 1);
        assert_eq!(verified.recall("header.claims.signature"), Some(1));
        for other in ["header.claims.Signature", "header.claims.", "header.claims", "header.claim.signature"]
        {
            assert_eq!(verified.recall(other), None, "{other}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let verified = Verified::default();
        (0..=TOKENS_MAX).for_each(|number| verified.note(&format!("{number}.signature"), number));
        assert_eq!(verified.tokens().len(), TOKENS_MAX);
        assert_eq!(verified.recall("0.signature"), None);
        assert_eq!(verified.recall(&format!("{TOKENS_MAX}.signature")), Some(TOKENS_MAX));
    }
}
