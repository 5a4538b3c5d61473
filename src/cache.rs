//! The isolate's copies of what many people read: bodies ready to be sent, each good for as long
//! as its lease.
//!
//! A copy within its lease is sent without asking anybody (`objects::lease` says why it cannot be
//! stale). Past its lease it still saves work: the object is asked with the copy's stamp and
//! mostly says "unchanged". Shortly before a lease ends one request asks early, while the others are
//! still answered from here, so that a copy in use costs one question per lease.

use bytes::Bytes;
use http::HeaderValue;
use lru::LruCache;

use crate::domain::{EventId, Timestamp, UserId};
use crate::objects::Stamp;
use crate::objects::catalog::Query;

/// What a copy is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// An event, as everybody sees it.
    Event(EventId),
    /// A page of the public list.
    List(Box<Query>),
}

/// An answer that many may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The JSON.
    pub body: Bytes,
    /// Its entity-tag, with quotes.
    pub etag: HeaderValue,
    /// The `Link` header of a list.
    pub link: Option<HeaderValue>,
    /// Who sees a body with more in it: the organizer of an event with a join link.
    pub sees_more: Option<UserId>,
}

/// What the cache has to say.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Send this. Until the moment named, if one is, it may be sent again without a look here.
    Fresh(Page, Option<Timestamp>),
    /// Ask the object; the stamp goes along, and this is sent if nothing has changed.
    Ask(Option<(Stamp, Page)>),
}

struct Copy {
    page: Page,
    stamp: Stamp,
    leased_until: Timestamp,
    lease_ms: u32,
    renewing: bool,
}

/// The copies of one isolate, the least recently used making room.
pub struct Cache {
    copies: LruCache<Key, Copy>,
    bytes: usize,
    most_bytes: usize,
    most_copies: usize,
}

impl Cache {
    /// Copies that an isolate keeps at most.
    pub const COPIES_MAX: usize = 4_096;
    /// Bytes of bodies that an isolate keeps at most.
    pub const BYTES_MAX: usize = 16 * 1024 * 1024;
    /// Milliseconds before the end of a lease, within its last third, in which the next one is asked
    /// for: longer than a question takes, and little beside a lease.
    pub const EARLY_MS: i64 = 50;
    /// Milliseconds by which a lease ends early here, or a hundredth of it if that is more.
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

    /// Keeps an answer that was asked for at `asked_at`. Without a lease it is kept for its stamp.
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

    /// The object says that nothing has changed: the copy lives on under a new lease, unless a
    /// longer one is already there.
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

    /// Drops a copy, or does nothing.
    pub fn forget(&mut self, key: &Key) {
        if let Some(dropped) = self.copies.pop(key) {
            self.bytes = self.bytes.saturating_sub(dropped.page.body.len());
        }
    }
}

/// When a copy's lease ends: a little before the object takes it for ended, because a clock may be set
/// forward by milliseconds between the answer and then.
fn end(asked_at: Timestamp, lease_ms: u32) -> Timestamp {
    let spare_ms = i64::from(lease_ms / 100).max(Cache::SPARE_MS);
    asked_at.plus_ms(i64::from(lease_ms).saturating_sub(spare_ms))
}

impl Default for Cache {
    fn default() -> Self {
        Self::new(Self::COPIES_MAX, Self::BYTES_MAX)
    }
}
