//! How an object that sends mail works with the pacer: what it asks, what it does with the answer, and what
//! it does without one.
//!
//! Without the pacer, nobody knows how many other objects are sending. So an object that gets no answer waits
//! a little and asks again, twice, which is enough for a restart. Then it sends one request at a time with
//! long random pauses: fifty objects that lose the pacer at the same moment send two or three requests per
//! second together. If that is still too much, the provider says so and the pauses double (as in congestion
//! control). The pacer is asked again before each of these requests.

use std::mem;

use crate::domain::Timestamp;
use crate::objects::messages::mail_pacer::{Ask, Slots};
use crate::objects::outbox::{Delivery, OutboxEntry, batches_of};

/// Mail is sent anyway after this many unanswered questions.
const PATIENCE: u32 = 3;
/// The pauses after an unanswered question, as ranges: the first, the second, all later ones.
const PAUSES_MS: [(u32, u32); 3] = [(1_000, 3_000), (0, 20_000), (10_000, 30_000)];
/// How often the last pause may double: up to a quarter of an hour.
const STRAIN_MAX: u32 = 5;

/// What an object remembers about the pacer. It is only in memory: after a restart the object simply asks
/// again.
#[derive(Debug)]
pub struct PacerClient {
    waiter: String,
    /// Unanswered questions in a row.
    unanswered: u32,
    /// How often in a row the provider has refused mail that was sent without a slot.
    strain: u32,
}

/// Mail that is ready to be sent, grouped by request, most urgent first.
#[derive(Debug, Default)]
pub struct Ready {
    requests: Vec<Vec<OutboxEntry>>,
    /// Mail that is no longer of use. It is not sent and needs no slot.
    expired: Vec<Vec<OutboxEntry>>,
}

/// What may be sent now.
#[derive(Debug, Default)]
pub struct Departure {
    /// One entry per request.
    pub requests: Vec<Vec<OutboxEntry>>,
    /// Milliseconds until the first may be sent.
    pub first_in_ms: u32,
    /// Milliseconds between two requests.
    pub apart_ms: u32,
    /// What has to wait, if anything.
    pub rest: Option<Rest>,
}

/// Mail that has no slot yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// Milliseconds after which to ask for one.
    pub again_in_ms: u32,
    /// Mail that should be sent before this time need not wait.
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

    /// The first `granted` requests. Nothing happens to the others.
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
    /// The pacer client of the object with this name.
    #[must_use]
    pub const fn new(waiter: String) -> Self {
        Self { waiter, unanswered: 0, strain: 0 }
    }

    /// What to ask; `None` if there is nothing to send.
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

    /// What may be sent, given the pacer's answer. `chance` varies the pauses of objects that got no answer.
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

    /// What is sent when the pacer does not answer. No mail is treated as urgent, because urgent mail could
    /// be a flood, too.
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

    /// Records how the tries ended. Returns the milliseconds for which the provider wants no mail, if it has
    /// said so.
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
