//! When requests may leave, and who is next: a token bucket that holds one token, and a queue in the
//! order of urgency.
//!
//! Slots are evenly spread (the generic cell rate algorithm): bursts of four, once a second, would put
//! eight requests into one second as soon as some of them are late by a moment. A slot is given when
//! it lies no more than [`HORIZON_MS`] ahead, so that little is promised that something more urgent
//! could want, and so that nobody has to be woken twice for a wait of a moment.

use std::collections::BTreeMap;

use crate::domain::Timestamp;
use crate::objects::messages::mail_pacer::{Ask, Slots};

/// How far ahead slots are given.
const HORIZON_MS: i64 = 1_000;
/// How long before its slot somebody is told to come: no slot is lost to an alarm that is a little late.
const LEAD_MS: i64 = 500;
/// The shortest and the longest time after which somebody is told to come again.
const AGAIN_MS: (i64, i64) = (50, 60_000);
/// How long after that time a place in the queue is kept for somebody who has not come.
const GRACE_MS: i64 = 2_000;
/// The longest pause that one word of the provider brings. It is asked again after that.
const PAUSE_MAX_MS: i64 = 60 * 60 * 1000;
/// Places in the queue. Whoever finds none is told to come again, and asks anew.
const WAITERS_MAX: usize = 4_096;

/// A place in the queue: the more urgent first.
type Place = (Timestamp, String);

/// Requests that somebody waits to send, and until when the place is kept.
#[derive(Debug, Clone, Copy)]
struct Wait {
    requests: u32,
    kept_until: Timestamp,
}

/// The slots of a deployment.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// The first slot that nobody has. Nothing is known of the slots that were given before a restart.
    next_slot: Option<Timestamp>,
    /// The provider wants no mail before.
    paused_until: Timestamp,
    waiting: BTreeMap<Place, Wait>,
}

impl Schedule {
    /// Gives slots, as many as are free and not wanted by anybody more urgent.
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

    /// The provider wants a pause, which is everybody's.
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

/// How many slots lie between two instants, both included.
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
