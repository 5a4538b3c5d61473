//! What an Event object is asked and what it answers.

use serde::{Deserialize, Serialize};

use super::account_change::AccountChange;
use super::maintenance::{Maintenance, MaintenanceReply};
use crate::domain::account::Name;
use crate::domain::email_status::is_zero;
use crate::domain::event::Hidden;
use crate::domain::event::{Details, EventPatch, Organizer};
use crate::domain::roster::Seats;
use crate::domain::{AccountKey, Email, EmailStatus, EventId, RegistrationId, Timestamp, UserId};

/// A question or an order for an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Creates the event, or finds the one that the same `Idempotency-Key` created before.
    Create(Box<Create>),
    /// The current state of the event. The caller decides who may see what of it.
    Read,
    /// Changes some fields.
    Update {
        /// Who wants it.
        by: UserId,
        /// Which fields.
        patch: Box<EventPatch>,
        /// Only at one of these versions.
        if_match: Option<IfMatch>,
    },
    /// Deletes the event.
    Delete {
        /// Who wants it.
        by: UserId,
        /// Only at one of these versions.
        if_match: Option<IfMatch>,
    },
    /// Gives the participant a seat, or a place on the waitlist.
    Register {
        /// The id for the registration, if a new one is made.
        id: RegistrationId,
        /// Who registers.
        participant: Box<Participant>,
    },
    /// The registration of a user, and the event.
    Mine {
        /// The participant.
        user: UserId,
    },
    /// Ends the registration of a user.
    Leave {
        /// The participant.
        user: UserId,
    },
    /// A page of the registrations, in the order of arrival.
    List {
        /// Who asks.
        by: UserId,
        /// Only registrations with this status.
        status: Option<SeatStatus>,
        /// Only those after this position in the order of arrival.
        after: Option<u64>,
        /// How many at most.
        limit: u32,
    },
    /// The organizer ends a participant's registration.
    Remove {
        /// Who wants it.
        by: UserId,
        /// Which one.
        id: RegistrationId,
    },
    /// Marks a participant as attending, or removes the mark.
    CheckIn {
        /// Who wants it.
        by: UserId,
        /// Which registration.
        id: RegistrationId,
        /// Whether the participant is present.
        present: bool,
    },
    /// This user's registration, even if it has ended, and the event.
    Record(UserId),
    /// Something has happened to a user. Everything that names the user is updated.
    #[serde(rename = "notice")]
    AccountChange(Box<AccountChange>),
    /// Lets a participant in and marks them as attending.
    Join {
        /// The participant.
        user: UserId,
    },
    /// Ends a registration for whoever holds the link from its mail.
    Withdraw {
        /// Which one.
        id: RegistrationId,
    },
    /// Stops the reminders, for whoever holds the link from one.
    Unremind {
        /// Of which registration.
        id: RegistrationId,
    },
    /// The registration that a link in a mail is for, or the one that its user has made since, and the event.
    Linked {
        /// Which one.
        id: RegistrationId,
    },
    /// A request from an operator.
    Admin(AdminOrder),
}

impl Command {
    /// Whether a popular event gets many of these at once, so that it pays to send them together.
    #[must_use]
    pub const fn comes_in_crowds(&self) -> bool {
        matches!(self, Self::Register { .. } | Self::Leave { .. } | Self::Join { .. } | Self::CheckIn { .. })
    }
}

/// A new event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Create {
    /// Its id.
    pub id: EventId,
    /// The organizer.
    pub organizer: Organizer,
    /// The details.
    pub details: Details,
    /// A digest of the request, if it came with an `Idempotency-Key`.
    pub fingerprint: Option<String>,
}

/// The condition of an `If-Match` header (RFC 9110 §13.1.1), as far as events have versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IfMatch {
    /// `*`: whatever the version is.
    Any,
    /// One of these.
    Versions(Vec<u64>),
}

impl IfMatch {
    /// Whether the condition holds at `version`.
    #[must_use]
    pub fn admits(&self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

/// The person who registers, with what is known at that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// The user.
    pub id: UserId,
    /// The key of the account.
    pub account: AccountKey,
    /// What the user wants to be called.
    pub name: Option<Name>,
    /// The address for mail.
    pub email: Email,
    /// The base URL for links in mail, without a trailing slash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Whether mail reaches the address.
    #[serde(default, skip_serializing_if = "EmailStatus::is_ok")]
    pub email_status: EmailStatus,
    /// How often that has changed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub email_status_changes: u64,
}

/// The current state of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are those of the contract")]
pub struct Snapshot {
    pub id: EventId,
    pub organizer: Organizer,
    pub details: Details,
    pub seats: Seats,
    /// Set while the operator hides the event from everybody except its organizer. Its details are then those
    /// of a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Hidden>,
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The status of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatStatus {
    /// Has a seat.
    Confirmed,
    /// Waiting for a seat.
    Waitlisted,
    /// Ended.
    Cancelled,
}

impl SeatStatus {
    /// The status as the API spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Waitlisted => "waitlisted",
            Self::Cancelled => "cancelled",
        }
    }

    /// Parses a status as the API spells it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Confirmed, Self::Waitlisted, Self::Cancelled]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// The current state of a registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are those of the contract")]
pub struct Registration {
    pub id: RegistrationId,
    pub event: EventId,
    pub user: UserId,
    pub name: Option<Name>,
    pub email: Email,
    pub status: SeatStatus,
    pub position: Option<u32>,
    pub registered_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    pub checked_in_at: Option<Timestamp>,
    /// Only for the confirmed participant, never in a list.
    pub join_url: Option<String>,
    /// Whether mail reaches the address; for the organizer.
    #[serde(default, skip_serializing_if = "EmailStatus::is_ok")]
    pub email_status: EmailStatus,
}

/// What an event answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The event.
    Event(Box<Snapshot>),
    /// It is done.
    Done,
    /// A registration.
    Registration {
        /// Whether this command created it.
        new: bool,
        /// The current state.
        registration: Box<Registration>,
    },
    /// A user's registration and the event.
    Mine {
        /// The current state of the registration.
        registration: Box<Registration>,
        /// The event.
        event: Box<Snapshot>,
    },
    /// A page of registrations.
    Page {
        /// In the order of arrival.
        registrations: Vec<Registration>,
        /// Where the next page begins, if there is one.
        next: Option<u64>,
    },
    /// Where the event takes place.
    Join {
        /// The organizer's link.
        join_url: String,
    },
    /// The answer to a request that every object understands.
    #[serde(rename = "upkeep")]
    Maintenance(MaintenanceReply),
}

/// A question or an order from an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminOrder {
    /// Takes the event down.
    TakeDown,
    /// Restores the event.
    PutBack,
    /// Reports everything to the Catalog again, under a version newer than the one the Catalog knows.
    ReportAgain {
        /// The version that the Catalog knows; 0 if it knows none.
        known: u64,
    },
    /// A request that every object understands.
    #[serde(rename = "upkeep")]
    Maintenance(Maintenance),
}
