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
        /// Whether to include registrations that have ended.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ended: bool,
    },
    /// Whether this user organizes a published event that is not over.
    Organizes(UserId),
    /// The state of one event.
    Report(Box<Report>),
    /// What has happened to a user, and events that it may concern in addition to those the Catalog knows:
    /// the user was about to register for them.
    #[serde(rename = "notice")]
    AccountChange(AccountChange, Vec<EventId>),
    /// How late recent reports have arrived.
    ReportLag,
    /// A request from an operator.
    Admin(AdminOrder),
    /// Where the deployment stores its data, according to the Catalog outside any jurisdiction.
    Residence,
    /// The same, but decides it with this value if it has not been decided yet.
    Reside(Option<Jurisdiction>),
}

/// The state of one event at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Which event.
    pub event: EventId,
    /// The version of its details.
    pub version: u64,
    /// When this was true, by the clock of the event's object.
    pub as_of: Timestamp,
    /// Whether this version may be new to the Catalog. If not, only seats have changed, which no lease
    /// protects.
    #[serde(rename = "news")]
    pub changed: bool,
    /// The event, without its join link; `None` if it was deleted.
    pub entry: Option<Snapshot>,
    /// Registrations that have recently begun or ended, in that order.
    #[serde(default)]
    pub participations: Vec<Participation>,
    /// How many milliseconds the oldest change in the report has waited.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub waited_ms: i64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(ms: &i64) -> bool {
    *ms == 0
}

/// Whether a registration is active or has ended. For one user and event, the entry with the higher `seq` is
/// newer; for one registration, the end comes last. So entries may arrive late or more than once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participation {
    /// Numbers the beginnings and ends of registrations at the event.
    pub change: u64,
    /// The participant.
    pub user: UserId,
    /// Its place in the order of arrival.
    pub seq: u64,
    /// Whether it is active.
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
    /// Only those after this position in the order.
    pub after: Option<Cursor>,
    /// How many at most.
    pub limit: u32,
}

/// Whose view a list shows.
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
    /// Earliest start first.
    StartsAt,
    /// Latest start first.
    StartsAtDescending,
    /// Oldest first.
    CreatedAt,
    /// Newest first.
    CreatedAtDescending,
}

/// A position in an order: the last event of the previous page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cursor {
    /// Whether all title matches of [`Order::Relevance`] have been listed.
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
    /// The longest wait of a report in the last ten minutes, in milliseconds.
    ReportLag(i64),
    /// Events that the Catalog knows, with the version it knows.
    Known {
        /// In the order of their ids.
        events: Vec<(EventId, u64)>,
        /// Whether more follow.
        more: bool,
    },
    /// The answer to a request that every object understands.
    #[serde(rename = "upkeep")]
    Maintenance(MaintenanceReply),
}

/// A question or an order from an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminOrder {
    /// A page of the events that the Catalog knows, including deleted ones.
    Known {
        /// Only those after this one.
        after: Option<EventId>,
        /// How many at most.
        limit: u32,
    },
    /// Which of these events it knows.
    KnownOf(Vec<EventId>),
    /// Forgets events that do not exist.
    Forget(Vec<EventId>),
    /// A request that every object understands.
    #[serde(rename = "upkeep")]
    Maintenance(Maintenance),
}
