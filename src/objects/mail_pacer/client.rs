//! How an object that sends mail lives with the pacer: what it asks, what it does with the answer, and
//! what it does when there is none.
//!
//! Without a pacer nobody knows how many others send. So an object that gets no answer waits a little
//! and asks again, twice, which bridges a restart; then it sends one request at a time with long pauses
//! in between, which lie at random: fifty objects that lose the pacer in the same moment send two or
//! three requests a second together. If that is still too much, the provider says so, and the pauses
//! double (as congestion control does). The pacer is asked again before each of these requests.

use std::mem;

use crate::domain::Timestamp;
use crate::objects::messages::mail_pacer::{Ask, Slots};
use crate::objects::outbox::{Delivery, OutboxEntry, batches_of};

/// Unanswered questions after which mail leaves all the same.
const PATIENCE: u32 = 3;
/// The pauses after an unanswered question, from and to: the first, the second, all later ones.
const PAUSES_MS: [(u32, u32); 3] = [(1_000, 3_000), (0, 20_000), (10_000, 30_000)];
/// How often the last of them doubles at most: up to a quarter of an hour.
const STRAIN_MAX: u32 = 5;

/// What an object remembers of the pacer. Memory alone: after a restart it simply asks.
#[derive(Debug)]
pub struct PacerClient {
    waiter: String,
    /// Questions in a row that had no answer.
    unanswered: u32,
    /// How often in a row the provider has refused what left without a slot.
    strain: u32,
}

/// Mail that is ready to leave, a request each, the most urgent first.
#[derive(Debug, Default)]
pub struct Ready {
    requests: Vec<Vec<OutboxEntry>>,
    /// What has lost its point needs no slot: it is not sent.
    expired: Vec<Vec<OutboxEntry>>,
}

/// What may leave now.
#[derive(Debug, Default)]
pub struct Departure {
    /// A request each.
    pub requests: Vec<Vec<OutboxEntry>>,
    /// Milliseconds until the first may leave.
    pub first_in_ms: u32,
    /// Milliseconds from each to the next.
    pub apart_ms: u32,
    /// What has to wait, if anything.
    pub rest: Option<Rest>,
}

/// What has no slot yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// Milliseconds after which to ask for one.
    pub again_in_ms: u32,
    /// A mail that should leave earlier than this need not wait for that.
    pub leave_by: Timestamp,
}

impl Ready {
    /// Puts the mails that are due in order.
    #[must_use]
    pub fn new(mails: Vec<OutboxEntry>, now: Timestamp) -> Self {
        let (expired, mut requests): (Vec<_>, Vec<_>) =
            batches_of(mails).into_iter().partition(|items| items.iter().all(|item| item.is_expired(now)));
        requests.sort_by_key(|items| leave_by(items));
        Self { requests, expired }
    }

    /// What goes with the first `granted` of the requests; with the others nothing happens.
    fn take(mut self, granted: usize) -> Vec<Vec<OutboxEntry>> {
        self.requests.truncate(granted);
        self.requests.append(&mut self.expired);
        self.requests
    }
}

fn leave_by(items: &[OutboxEntry]) -> Timestamp {
    items.iter().map(|item| item.leave_by).min().unwrap_or_default()
}

impl PacerClient {
    /// For the object of this name.
    #[must_use]
    pub const fn new(waiter: String) -> Self {
        Self { waiter, unanswered: 0, strain: 0 }
    }

    /// What to ask; nothing when nothing would be sent.
    #[must_use]
    pub fn question(&self, ready: &Ready, per_second: u32) -> Option<Ask> {
        let first = ready.requests.first()?;
        Some(Ask {
            waiter: self.waiter.clone(),
            requests: u32::try_from(ready.requests.len()).unwrap_or(u32::MAX),
            leave_by: leave_by(first),
            per_second,
        })
    }

    /// What may leave, given the pacer's answer; `chance` spreads the pauses of those who got none.
    pub fn depart(&mut self, ready: Ready, answer: Option<Slots>, chance: u32) -> Departure {
        let Some(first) = ready.requests.first() else {
            return Departure { requests: ready.take(0), ..Departure::default() };
        };
        let leave_by = leave_by(first);
        let wanted = ready.requests.len();
        let Some(slots) = answer else { return self.alone(ready, chance) };
        (self.unanswered, self.strain) = (0, 0);
        let granted = usize::try_from(slots.granted).unwrap_or(usize::MAX).min(wanted);
        Departure {
            requests: ready.take(granted),
            first_in_ms: slots.first_in_ms,
            apart_ms: slots.apart_ms,
            rest: (granted < wanted).then_some(Rest { again_in_ms: slots.again_in_ms, leave_by }),
        }
    }

    /// What leaves when the pacer does not answer. No mail is urgent enough to be told from a flood.
    fn alone(&mut self, ready: Ready, chance: u32) -> Departure {
        self.unanswered = self.unanswered.saturating_add(1);
        let step = usize::try_from(self.unanswered.min(PATIENCE).saturating_sub(1)).unwrap_or(0);
        let (from, to) = PAUSES_MS.get(step).copied().unwrap_or_default();
        let pause_ms = from.saturating_add(chance.checked_rem(to.saturating_sub(from)).unwrap_or(0));
        let granted = usize::from(self.unanswered >= PATIENCE);
        Departure {
            requests: ready.take(granted),
            rest: Some(Rest {
                again_in_ms: pause_ms << self.strain.min(STRAIN_MAX),
                leave_by: Timestamp::from_ms(i64::MIN),
            }),
            ..Departure::default()
        }
    }

    /// Hears how the tries ended: milliseconds for which the provider wants no mail, if it has said so.
    pub fn tried(&mut self, results: &[(OutboxEntry, Delivery)]) -> Option<u32> {
        let asked = results.iter().filter_map(|(_, delivery)| match delivery {
            Delivery::Retry { after_ms } => *after_ms,
            _ => None,
        });
        let asked = asked.max();
        if self.unanswered >= PATIENCE && !results.is_empty() {
            let strain = mem::take(&mut self.strain);
            self.strain = if asked.is_some() { strain.saturating_add(1).min(STRAIN_MAX) } else { 0 };
        }
        asked
    }
}
