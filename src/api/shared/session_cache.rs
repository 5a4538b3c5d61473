//! The sessions that their accounts have recently confirmed, as one isolate remembers them.
//!
//! Writes and reads of personal data ask the account each time. A plain read of an event only needs to know
//! whether its organizer is asking. It trusts an answer for thirty seconds; after that, a session that was
//! ended elsewhere shows nothing more.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;

use crate::domain::{SessionId, Timestamp};

/// The memory; the least recently used entry makes room.
pub(in crate::api) struct SessionCache(Mutex<LruCache<SessionId, Timestamp>>);

impl SessionCache {
    /// Milliseconds for which an answer is trusted.
    const BELIEVED_MS: i64 = 30_000;
    /// The largest number of remembered sessions.
    const SESSIONS_MAX: usize = 4_096;

    /// Records that the account, asked at this time, confirmed the session.
    pub(in crate::api) fn note(&self, session: SessionId, asked_at: Timestamp) {
        self.sessions().put(session, asked_at);
    }

    /// The session has ended.
    pub(in crate::api) fn forget(&self, session: SessionId) {
        self.sessions().pop(&session);
    }

    /// Whether the session existed moments ago.
    pub(in crate::api) fn lately(&self, session: SessionId, now: Timestamp) -> bool {
        let asked_at = self.sessions().get(&session).copied();
        asked_at.is_some_and(|asked_at| (0..Self::BELIEVED_MS).contains(&now.ms_since(asked_at)))
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, LruCache<SessionId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for SessionCache {
    fn default() -> Self {
        let most = NonZeroUsize::new(Self::SESSIONS_MAX).unwrap_or(NonZeroUsize::MIN);
        Self(Mutex::new(LruCache::new(most)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_000_000);

    fn session(number: u16) -> SessionId {
        let mut entropy = [0; 10];
        entropy[8..].copy_from_slice(&number.to_be_bytes());
        SessionId::new(NOW, &entropy)
    }

    #[test]
    fn an_answer_is_believed_for_thirty_seconds() {
        let confirmed = SessionCache::default();
        assert!(!confirmed.lately(session(1), NOW));
        confirmed.note(session(1), NOW);
        assert!(confirmed.lately(session(1), NOW.plus_ms(29_999)));
        assert!(!confirmed.lately(session(1), NOW.plus_ms(30_000)));
        assert!(!confirmed.lately(session(1), NOW.plus_ms(-1)), "the clock was set back");
        confirmed.forget(session(1));
        assert!(!confirmed.lately(session(1), NOW));
    }

    #[test]
    fn memory_is_bounded() {
        let confirmed = SessionCache::default();
        (0..5_000).for_each(|number| confirmed.note(session(number), NOW));
        assert_eq!(confirmed.sessions().len(), 4_096);
        assert!(!confirmed.lately(session(0), NOW) && confirmed.lately(session(4_999), NOW));
    }
}
