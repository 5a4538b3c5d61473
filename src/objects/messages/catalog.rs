//! What the Catalog is asked and what it answers.

use serde::{Deserialize, Serialize};

use super::account_change::AccountChange;
use super::event::Snapshot;
use super::maintenance::{Maintenance, MaintenanceReply};
use crate::domain::event::Status;
use crate::domain::{EventId, Jurisdiction, Residence, Timestamp, UserId};

/// A question or a report for the Catalog.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// A page of events.
    List(Query),
    /// The events that a user takes part in, newest first.
    Participations {
        /// Who.
        user: UserId,
        /// Only events older than this one.
        before: Option<EventId>,
        /// How many at most.
        limit: u32,
        /// Whether registrations that have ended count, too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ended: bool,
    },
    /// Whether this user organizes a published event that is not over.
    Organizes(UserId),
    /// What is true of one event.
    Report(Box<Report>),
    /// What has become of a user, and events that it may concern beside those known here: where the
    /// user was lately about to register.
    #[serde(rename = "notice")]
    AccountChange(AccountChange, Vec<EventId>),
    /// How late reports have lately come in.
    ReportLag,
    /// What an operator asks.
    Admin(AdminOrder),
    /// Where the data of the deployment lives, as the Catalog outside any jurisdiction knows.
    Residence,
    /// The same, to be decided like this if it is not.
    Reside(Option<Jurisdiction>),
}

/// What is true of one event at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Which event.
    pub event: EventId,
    /// The version of its details.
    pub version: u64,
    /// When this was true, by the clock of the event's object.
    pub as_of: Timestamp,
    /// Whether the Catalog may not have heard of this version yet. Otherwise nothing but seats
    /// has changed, which no lease protects.
    #[serde(rename = "news")]
    pub changed: bool,
    /// The event, without its join link; `None` once it was deleted.
    pub entry: Option<Snapshot>,
    /// Registrations that have begun or ended lately, in the order in which they did.
    #[serde(default)]
    pub participations: Vec<Participation>,
    /// Milliseconds that the oldest of what it says had waited to be reported.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub waited_ms: i64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(ms: &i64) -> bool {
    *ms == 0
}

/// That a registration stands or has ended. Of two for one user and event the one with the higher
/// `seq` is newer, and of one registration the end comes last: so they may arrive late and
/// repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participation {
    /// Numbers what has begun and ended at the event.
    pub change: u64,
    /// Whose registration.
    pub user: UserId,
    /// Its place in the order of arrival.
    pub seq: u64,
    /// Whether it stands.
    pub stands: bool,
}

/// Which events, in which order, how many.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Query {
    /// Whose view it is.
    pub scope: Scope,
    /// Only those with all of these words; see [`crate::objects::catalog::words`].
    pub words: Option<Vec<String>>,
    /// Only those with this tag, in any case.
    pub tag: Option<String>,
    /// Only those of this organizer.
    pub organizer: Option<UserId>,
    /// Only those that start at or after this instant.
    pub from: Option<Timestamp>,
    /// Only those that start before this instant.
    pub to: Option<Timestamp>,
    /// The order.
    pub order: Order,
    /// Only those behind this place in the order.
    pub after: Option<Cursor>,
    /// How many at most.
    pub limit: u32,
}

/// Whose view a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everybody's: public events of this status.
    Public(Status),
    /// An organizer's own: every event, in every status.
    Own(UserId),
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Those with all words in the title, then the others; each by start.
    Relevance,
    /// First the one that starts first.
    StartsAt,
    /// First the one that starts last.
    StartsAtDescending,
    /// First the oldest.
    CreatedAt,
    /// First the newest.
    CreatedAtDescending,
}

/// A place in an order: the last event of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cursor {
    /// Whether the title hits of [`Order::Relevance`] are done.
    pub past_titles: bool,
    /// Its number in that order.
    pub at: i64,
}

/// What the Catalog answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It is done.
    Done,
    /// Events that a user takes part in.
    Participations {
        /// Newest first.
        events: Vec<EventId>,
        /// Whether older ones follow.
        more: bool,
    },
    /// Whether there is such an event.
    Organizes(bool),
    /// Where the data lives.
    Residence(Residence),
    /// A page of events.
    Page {
        /// In the order that was asked for.
        events: Vec<Snapshot>,
        /// Where the next page begins, if there is one.
        next: Option<Cursor>,
    },
    /// Milliseconds that the latest report of the last ten minutes had waited.
    ReportLag(i64),
    /// Events that the Catalog has heard of, with the version that it knows.
    Known {
        /// In the order of their ids.
        events: Vec<(EventId, u64)>,
        /// Whether others follow.
        more: bool,
    },
    /// What an operator has asked of it as of any object.
    #[serde(rename = "upkeep")]
    Maintenance(MaintenanceReply),
}

/// A question or an order of an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminOrder {
    /// A page of the events that the Catalog has heard of, deleted ones included.
    Known {
        /// Only those behind this one.
        after: Option<EventId>,
        /// How many at most.
        limit: u32,
    },
    /// Those of these events that it has heard of.
    KnownOf(Vec<EventId>),
    /// Forgets events that do not exist.
    Forget(Vec<EventId>),
    /// What is asked of any object.
    #[serde(rename = "upkeep")]
    Maintenance(Maintenance),
}
