//! Certificates of the providers that sign with one.

use std::sync::{Mutex, PoisonError};

/// The keys of the most recently used certificates, by address.
#[derive(Debug, Default)]
pub(in crate::api) struct Certificates(Mutex<Vec<(String, Vec<u8>)>>);

impl Certificates {
    const KEPT_MAX: usize = 4;

    pub(in crate::api) fn get(&self, url: &str) -> Option<Vec<u8>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|(at, _)| at == url).map(|(_, key)| key.clone())
    }

    pub(in crate::api) fn keep(&self, url: &str, key: Vec<u8>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.truncate(Self::KEPT_MAX.saturating_sub(1));
        known.insert(0, (url.to_owned(), key));
    }
}
