//! When requests may be sent, and who is next: a token bucket that holds one token, and a queue in order of
//! urgency.
//!
//! Slots are evenly spread (the generic cell rate algorithm). Bursts of four per second would put eight
//! requests into one second as soon as some of them are slightly late. A slot is given only if it is at most
//! [`HORIZON_MS`] ahead. So little is promised that something more urgent could need, and nobody has to be
//! woken twice for a very short wait.

use std::collections::BTreeMap;

use crate::domain::Timestamp;
use crate::objects::messages::mail_pacer::{Ask, Slots};

/// How far ahead slots are given.
const HORIZON_MS: i64 = 1_000;
/// How long before its slot a waiter is told to ask again, so that a slightly late alarm loses no slot.
const LEAD_MS: i64 = 500;
/// The shortest and the longest time after which a waiter is told to ask again.
const AGAIN_MS: (i64, i64) = (50, 60_000);
/// How long after that time the place of a waiter that has not asked is kept.
const GRACE_MS: i64 = 2_000;
/// The longest pause that a single answer of the provider causes. After that, the provider is asked again.
const PAUSE_MAX_MS: i64 = 60 * 60 * 1000;
/// The number of places in the queue. A waiter that finds none is told to ask again later.
const WAITERS_MAX: usize = 4_096;

/// A place in the queue, most urgent first.
type Place = (Timestamp, String);

/// Requests that are waiting to be sent, and until when their place is kept.
#[derive(Debug, Clone, Copy)]
struct Wait {
    requests: u32,
    kept_until: Timestamp,
}

/// The slots of a deployment.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// The first free slot. Slots that were given before a restart are unknown.
    next_slot: Option<Timestamp>,
    /// The provider wants no mail before this time.
    paused_until: Timestamp,
    waiting: BTreeMap<Place, Wait>,
}

impl Schedule {
    /// Gives as many slots as are free and not needed for anything more urgent.
    pub(super) fn ask(&mut self, now: Timestamp, ask: &Ask) -> Slots {
        let apart_ms = i64::from(1_000_u32.div_ceil(ask.per_second.max(1)));
        self.waiting.retain(|(_, waiter), wait| wait.kept_until > now && *waiter != ask.waiter);
        // Slots that were given before a restart may lie as far ahead as the horizon.
        let known = self.next_slot.unwrap_or(now.plus_ms(HORIZON_MS));
        let next = known.max(now).max(self.paused_until);
        let free = slots_between(next, now.plus_ms(HORIZON_MS), apart_ms);
        let place = (ask.leave_by, ask.waiter.clone());
        let ahead: u32 =
            self.waiting.range(..&place).map(|(_, wait)| wait.requests).fold(0, u32::saturating_add);
        let granted = ask.requests.min(free.saturating_sub(ahead));
        let after = next.plus_ms(apart_ms.saturating_mul(granted.into()));
        self.next_slot = Some(if granted > 0 { after } else { known });
        let missing = ask.requests.saturating_sub(granted);
        let tx = after.plus_ms(apart_ms.saturating_mul(ahead.into()));
        let again_ms = tx.ms_since(now).saturating_sub(LEAD_MS).clamp(AGAIN_MS.0, AGAIN_MS.1);
        if missing > 0 {
            let kept_until = now.plus_ms(again_ms.saturating_add(GRACE_MS));
            self.enqueue(place, Wait { requests: missing, kept_until });
        }
        Slots {
            granted,
            first_in_ms: ms(next.ms_since(now)),
            apart_ms: ms(apart_ms),
            again_in_ms: if missing > 0 { ms(again_ms) } else { 0 },
        }
    }

    /// The provider wants a pause, which applies to everybody.
    pub(super) fn pause(&mut self, now: Timestamp, for_ms: u32) {
        let until = now.plus_ms(i64::from(for_ms).min(PAUSE_MAX_MS));
        self.paused_until = self.paused_until.max(until);
    }

    fn enqueue(&mut self, place: Place, wait: Wait) {
        self.waiting.insert(place, wait);
        if self.waiting.len() > WAITERS_MAX {
            self.waiting.pop_last();
        }
    }
}

/// How many slots there are between two times, both included.
fn slots_between(first: Timestamp, last: Timestamp, apart_ms: i64) -> u32 {
    let span_ms = last.ms_since(first);
    if span_ms < 0 {
        return 0;
    }
    u32::try_from(span_ms.div_euclid(apart_ms.max(1)).saturating_add(1)).unwrap_or(u32::MAX)
}

fn ms(ms: i64) -> u32 {
    u32::try_from(ms.max(0)).unwrap_or(u32::MAX)
}
