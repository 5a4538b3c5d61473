//! The isolate's copies of what many people read: response bodies that are ready to send, each valid for as
//! long as its lease.
//!
//! A copy within its lease is sent without asking the object (`objects::lease` explains why it cannot be
//! stale). After that it still saves work: the object is asked with the copy's stamp and usually replies
//! "unchanged". Shortly before a lease ends, one request asks early while the others are still answered from
//! here, so a copy in use costs one call per lease.

use bytes::Bytes;
use http::HeaderValue;
use lru::LruCache;

use crate::domain::{EventId, Timestamp, UserId};
use crate::objects::Stamp;
use crate::objects::catalog::Query;

/// What a copy shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// An event, as everybody sees it.
    Event(EventId),
    /// A page of the public list.
    List(Box<Query>),
}

/// An answer that many readers share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The JSON.
    pub body: Bytes,
    /// Its entity-tag, with quotes.
    pub etag: HeaderValue,
    /// The `Link` header of a list.
    pub link: Option<HeaderValue>,
    /// The user who sees a fuller body: the organizer of an event with a join link.
    pub sees_more: Option<UserId>,
}

/// The cache's answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Send this. Until the given moment, if there is one, it may be sent again without asking the cache.
    Fresh(Page, Option<Timestamp>),
    /// Ask the object with the stamp, and send this page if nothing has changed.
    Ask(Option<(Stamp, Page)>),
}

struct Copy {
    page: Page,
    stamp: Stamp,
    leased_until: Timestamp,
    lease_ms: u32,
    renewing: bool,
}

/// The copies of one isolate; the least recently used makes room.
pub struct Cache {
    copies: LruCache<Key, Copy>,
    bytes: usize,
    most_bytes: usize,
    most_copies: usize,
}

impl Cache {
    /// The most copies that an isolate keeps.
    pub const COPIES_MAX: usize = 4_096;
    /// The most bytes of bodies that an isolate keeps.
    pub const BYTES_MAX: usize = 16 * 1024 * 1024;
    /// Milliseconds before the end of a lease, within its last third, when the next one is requested: longer
    /// than a call takes, and short compared with a lease.
    pub const EARLY_MS: i64 = 50;
    /// Milliseconds by which a lease ends early here, or a hundredth of the lease if that is more.
    pub const SPARE_MS: i64 = 5;

    /// An empty cache with these bounds.
    #[must_use]
    pub fn new(most_copies: usize, most_bytes: usize) -> Self {
        Self { copies: LruCache::unbounded(), bytes: 0, most_bytes, most_copies }
    }

    /// What to do for a request that begins now.
    pub fn look_up(&mut self, key: &Key, now: Timestamp) -> Lookup {
        let Some(copy) = self.copies.get_mut(key) else {
            return Lookup::Ask(None);
        };
        let early_ms = Self::EARLY_MS.min(i64::from(copy.lease_ms) / 3);
        let renewed_from = copy.leased_until.plus_ms(early_ms.saturating_neg());
        if now < renewed_from {
            return Lookup::Fresh(copy.page.clone(), Some(renewed_from));
        }
        if now < copy.leased_until && copy.renewing {
            return Lookup::Fresh(copy.page.clone(), None);
        }
        copy.renewing = true;
        Lookup::Ask(Some((copy.stamp, copy.page.clone())))
    }

    /// Keeps an answer that was requested at `asked_at`. Without a lease it is kept for its stamp.
    pub fn store(&mut self, key: Key, page: Page, stamp: Stamp, lease_ms: u32, asked_at: Timestamp) {
        let leased_until = end(asked_at, lease_ms);
        self.forget(&key);
        self.bytes = self.bytes.saturating_add(page.body.len());
        self.copies.put(key, Copy { page, stamp, leased_until, lease_ms, renewing: false });
        while self.bytes > self.most_bytes || self.copies.len() > self.most_copies {
            let Some((_, dropped)) = self.copies.pop_lru() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(dropped.page.body.len());
        }
    }

    /// The object says that nothing has changed: the copy gets a new lease, unless it already has a longer
    /// one.
    pub fn renew(&mut self, key: &Key, stamp: Stamp, lease_ms: u32, asked_at: Timestamp) {
        let Some(copy) = self.copies.peek_mut(key).filter(|copy| copy.stamp == stamp) else {
            return;
        };
        let until = end(asked_at, lease_ms);
        copy.renewing = false;
        if until > copy.leased_until {
            copy.leased_until = until;
            copy.lease_ms = lease_ms;
        }
    }

    /// Removes a copy, if there is one.
    pub fn forget(&mut self, key: &Key) {
        if let Some(dropped) = self.copies.pop(key) {
            self.bytes = self.bytes.saturating_sub(dropped.page.body.len());
        }
    }
}

/// When a copy's lease ends: a little earlier than for the object, because a clock may be set forward by
/// milliseconds in between.
fn end(asked_at: Timestamp, lease_ms: u32) -> Timestamp {
    let spare_ms = i64::from(lease_ms / 100).max(Cache::SPARE_MS);
    asked_at.plus_ms(i64::from(lease_ms).saturating_sub(spare_ms))
}

impl Default for Cache {
    fn default() -> Self {
        Self::new(Self::COPIES_MAX, Self::BYTES_MAX)
    }
}
