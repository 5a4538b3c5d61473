//! One object as the runtime keeps it: a database and an alarm that outlive it, and the object's
//! memory, which does not.

use event_platform::domain::{AccountKey, EventId, Timestamp};
use event_platform::objects::account::Account;
use event_platform::objects::catalog::Catalog;
use event_platform::objects::desk::{Desk, Failed, ObjectDesk, Received, Settled, Ticket};
use event_platform::objects::event::Event;
use event_platform::objects::outbox::{Delivery, Item, Pace, Parcel};
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

impl Address {
    /// The object that is found here at first: nothing was ever written to it.
    pub(crate) fn found(&self, longest_lease_ms: u32) -> Node {
        match self {
            Self::Account(_) => Node::new::<Account>(longest_lease_ms),
            Self::Event(_) => Node::new::<Event>(longest_lease_ms),
            Self::Catalog => Node::new::<Catalog>(longest_lease_ms),
        }
    }
}

type AnyDesk = Box<dyn Desk + Send>;

/// An object, its database and its alarm.
pub(crate) struct Node {
    pub(crate) sql: Sqlite,
    desk: AnyDesk,
    fresh: Box<dyn Fn() -> AnyDesk + Send>,
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
            move || -> AnyDesk { Box::new(ObjectDesk::new(Host::<O>::new(longest_lease_ms).paced(pace))) };
        Self {
            sql: Sqlite::in_memory(),
            desk: fresh(),
            fresh: Box::new(fresh),
            alarm_at: None,
            ringing: None,
            resting_until: Timestamp::default(),
            pace,
        }
    }

    /// Forgets everything that is not in the database, commands that wait included.
    pub(crate) fn crash(&mut self) {
        self.desk = (self.fresh)();
        self.resting_until = Timestamp::default();
        self.alarm_at = [self.alarm_at, self.ringing.take()].into_iter().flatten().min();
    }

    pub(crate) fn receive(&mut self, now: Timestamp, text: &str, again: bool) -> Result<Received, SqlError> {
        self.desk.receive(&self.sql, now, text, again)
    }

    pub(crate) fn ready(&mut self, ticket: Ticket) {
        self.desk.ready(ticket);
    }

    pub(crate) fn withdraw(&mut self, ticket: Ticket) {
        self.desk.withdraw(ticket);
    }

    pub(crate) fn waiting(&self) -> usize {
        self.desk.waiting()
    }

    /// Gives the object its turn; the alarm is set in the same commit.
    pub(crate) fn turn(&mut self, now: Timestamp) -> Result<Vec<Settled>, Failed> {
        let settled = self.desk.turn(&self.sql, now)?;
        self.arm_alarm();
        Ok(settled)
    }

    pub(crate) fn hold_leases(&mut self, now: Timestamp) -> Result<u32, SqlError> {
        self.desk.hold_leases(&self.sql, now)
    }

    pub(crate) fn leases_remaining_ms(&self, now: Timestamp) -> u32 {
        self.desk.leases_remaining_ms(now)
    }

    pub(crate) fn release_leases(&mut self, now: Timestamp, changed: bool) {
        self.desk.release_leases(now, changed);
    }

    /// When the runtime will wake the object, if at all.
    pub(crate) const fn alarm_at(&self) -> Option<Timestamp> {
        self.alarm_at
    }

    /// The alarm rings: what is due; nothing if the storage has failed.
    pub(crate) fn wake(&mut self, now: Timestamp) -> Option<Vec<Item>> {
        self.ringing = self.alarm_at.take();
        let Ok(due) = self.desk.due(&self.sql, now) else {
            self.try_later(now);
            return None;
        };
        self.resting_until = now.plus_ms(self.pace.rest_ms(&due));
        if due.is_empty() {
            self.settle(now, &[]);
        }
        Some(due)
    }

    /// Notes how tries ended; whether that worked.
    pub(crate) fn settle(&mut self, now: Timestamp, results: &[(Item, Delivery)]) -> bool {
        if !results.is_empty() && self.desk.settle(&self.sql, now, results).is_err() {
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

    pub(crate) fn report(&self, now: Timestamp) -> Option<Parcel> {
        self.desk.report(now)
    }

    pub(crate) fn reported(&mut self, report: &Parcel) {
        self.desk.reported(report);
    }

    fn arm_alarm(&mut self) {
        let Some(due) = self.desk.next_alarm() else {
            return;
        };
        let at = due.max(self.resting_until);
        if self.alarm_at.is_none_or(|armed| at < armed) {
            self.alarm_at = Some(at);
        }
    }
}
