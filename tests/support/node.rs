//! One object as the runtime keeps it: a database and an alarm that outlive it, and the object's
//! memory, which does not.

use event_platform::domain::{AccountKey, EventId, Timestamp};
use event_platform::objects::account::Account;
use event_platform::objects::catalog::Catalog;
use event_platform::objects::command_queue::{
    CommandQueue, Completed, Failed, ObjectQueue, Submission, Ticket,
};
use event_platform::objects::event::{Event, SizedEvent};
use event_platform::objects::outbox::{Delivery, OutboxEntry, OutboxMessage, Pace};
use event_platform::objects::sql::SqlError;
use event_platform::objects::{Host, Object};

use super::post::Post;
use super::sqlite::Sqlite;

/// Milliseconds after which the outbox is tried again when the storage failed.
const STORAGE_PAUSE_MS: i64 = 5_000;

/// Where an object is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Address {
    Account(AccountKey),
    Event(EventId),
    Catalog,
}

/// How much of an event its object keeps in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventMemory {
    /// As much as in production.
    Usual,
    /// So little that every event of more than four registrations is a large one.
    Tiny,
}

/// A large event as soon as it has five registrations.
pub(crate) type TinyEvent = SizedEvent<4, 2>;

impl EventMemory {
    /// What `EVENT_MEMORY` asks for: the tests of the API run with either.
    pub(crate) fn from_env() -> Self {
        let tiny = std::env::var("EVENT_MEMORY").is_ok_and(|memory| memory == "tiny");
        if tiny { Self::Tiny } else { Self::Usual }
    }
}

impl Address {
    /// The object that is found here at first: nothing was ever written to it.
    pub(crate) fn found(&self, longest_lease_ms: u32, memory: EventMemory) -> Node {
        match self {
            Self::Account(_) => Node::new::<Account>(longest_lease_ms),
            Self::Event(_) if memory == EventMemory::Tiny => Node::new::<TinyEvent>(longest_lease_ms),
            Self::Event(_) => Node::new::<Event>(longest_lease_ms),
            Self::Catalog => Node::new::<Catalog>(longest_lease_ms),
        }
    }
}

type AnyQueue = Box<dyn CommandQueue + Send>;

/// An object, its database and its alarm.
pub(crate) struct Node {
    pub(crate) sql: Sqlite,
    queue: AnyQueue,
    fresh: Box<dyn Fn() -> AnyQueue + Send>,
    alarm_at: Option<Timestamp>,
    /// The alarm that is being dealt with: it rings again if the object crashes meanwhile.
    ringing: Option<Timestamp>,
    resting_until: Timestamp,
    pace: Pace,
}

impl Node {
    fn new<O: Object<Command: Send> + Send + 'static>(longest_lease_ms: u32) -> Self {
        let pace = Post::new().pace();
        let fresh =
            move || -> AnyQueue { Box::new(ObjectQueue::new(Host::<O>::new(longest_lease_ms).paced(pace))) };
        Self {
            sql: Sqlite::in_memory(),
            queue: fresh(),
            fresh: Box::new(fresh),
            alarm_at: None,
            ringing: None,
            resting_until: Timestamp::default(),
            pace,
        }
    }

    /// Forgets everything that is not in the database, commands that wait included.
    pub(crate) fn crash(&mut self) {
        self.queue = (self.fresh)();
        self.resting_until = Timestamp::default();
        self.alarm_at = [self.alarm_at, self.ringing.take()].into_iter().flatten().min();
    }

    pub(crate) fn receive(
        &mut self,
        now: Timestamp,
        text: &str,
        again: bool,
    ) -> Result<Submission, SqlError> {
        self.queue.receive(&self.sql, now, text, again)
    }

    pub(crate) fn ready(&mut self, ticket: Ticket) {
        self.queue.ready(ticket);
    }

    pub(crate) fn withdraw(&mut self, ticket: Ticket) {
        self.queue.withdraw(ticket);
    }

    pub(crate) fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    /// Gives the object its batch; the alarm is set in the same commit.
    pub(crate) fn run_batch(&mut self, now: Timestamp) -> Result<Vec<Completed>, Failed> {
        let settled = self.queue.run_batch(&self.sql, now)?;
        self.arm_alarm();
        Ok(settled)
    }

    pub(crate) fn hold_leases(&mut self, now: Timestamp) -> Result<u32, SqlError> {
        self.queue.hold_leases(&self.sql, now)
    }

    pub(crate) fn leases_remaining_ms(&self, now: Timestamp) -> u32 {
        self.queue.leases_remaining_ms(now)
    }

    pub(crate) fn release_leases(&mut self, now: Timestamp, changed: bool) {
        self.queue.release_leases(now, changed);
    }

    /// When the runtime will wake the object, if at all.
    pub(crate) const fn alarm_at(&self) -> Option<Timestamp> {
        self.alarm_at
    }

    /// The alarm rings: what is due; nothing if the storage has failed.
    pub(crate) fn wake(&mut self, now: Timestamp) -> Option<Vec<OutboxEntry>> {
        self.ringing = self.alarm_at.take();
        let Ok(due) = self.queue.due(&self.sql, now) else {
            self.try_later(now);
            return None;
        };
        self.resting_until = now.plus_ms(self.pace.rest_ms(&due));
        if due.is_empty() {
            self.acknowledge(now, &[]);
        }
        Some(due)
    }

    /// Notes how tries ended; whether that worked.
    pub(crate) fn acknowledge(&mut self, now: Timestamp, results: &[(OutboxEntry, Delivery)]) -> bool {
        if !results.is_empty() && self.queue.acknowledge(&self.sql, now, results).is_err() {
            self.try_later(now);
            return false;
        }
        self.ringing = None;
        self.arm_alarm();
        true
    }

    fn try_later(&mut self, now: Timestamp) {
        self.ringing = None;
        self.alarm_at = Some(now.plus_ms(STORAGE_PAUSE_MS));
    }

    pub(crate) fn report(&self, now: Timestamp) -> Option<OutboxMessage> {
        self.queue.report(now)
    }

    pub(crate) fn reported(&mut self, report: &OutboxMessage) {
        self.queue.reported(report);
    }

    fn arm_alarm(&mut self) {
        let Some(due) = self.queue.next_alarm() else {
            return;
        };
        let at = due.max(self.resting_until);
        if self.alarm_at.is_none_or(|armed| at < armed) {
            self.alarm_at = Some(at);
        }
    }
}
