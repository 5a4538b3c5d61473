//! A mail: who gets it, and the data of the template that says what it says.

use serde::{Deserialize, Serialize};

use crate::calendar::Method;
use crate::domain::account::Name;
use crate::domain::schedule::Schedule;
use crate::domain::{Email, EventId, RegistrationId, Secret};

/// A mail and who gets it, as it waits in an outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Where it goes.
    pub to: Email,
    /// How to address the reader.
    pub name: Option<Name>,
    /// What it says.
    #[serde(rename = "letter")]
    pub template: MailTemplate,
}

/// What a mail is about. Stored in outboxes: names and fields are a contract with old rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTemplate {
    /// Confirm your address.
    ConfirmAddress {
        /// The link with the one-time token.
        link: Secret<String>,
    },
    /// You have a seat.
    Registered {
        /// For this event.
        event: EventBrief,
    },
    /// You are on the waitlist.
    Waitlisted {
        /// For this event.
        event: EventBrief,
        /// The place in line, counted from 1.
        position: u32,
    },
    /// A seat has become free and is yours.
    SeatIsYours {
        /// For this event.
        event: EventBrief,
    },
    /// Your registration has ended.
    RegistrationCancelled {
        /// For this event.
        event: EventBrief,
        /// Whether the organizer ended it rather than the participant.
        by_organizer: bool,
        /// Whether a seat was given, which stands in the reader's calendar.
        #[serde(default)]
        had_seat: bool,
    },
    /// Date, time, zone or link of the event are others now.
    EventChanged {
        /// The event as it is now.
        event: EventBrief,
        /// When it was to take place, if that has changed.
        before: Option<Schedule>,
        /// The link, if that has changed; for readers with a seat alone.
        link: Option<LinkChange>,
        /// Whether the reader has a seat.
        has_seat: bool,
    },
    /// The event will not take place.
    EventCancelled {
        /// This one.
        event: EventBrief,
        /// Whether the reader had a seat.
        has_seat: bool,
    },
    /// The event is gone.
    EventDeleted {
        /// This one.
        event: EventBrief,
        /// Whether the reader had a seat.
        has_seat: bool,
    },
    /// The event begins soon.
    Reminder {
        /// This one.
        event: EventBrief,
        /// How soon.
        before: RemindedBefore,
        /// Where it takes place.
        join_url: Option<String>,
    },
    /// Choose a new password.
    ResetPassword {
        /// The link with the one-time token.
        link: Secret<String>,
    },
    /// The password is another one now.
    PasswordChanged,
}

impl MailTemplate {
    /// A short name: part of the idempotency key, and the only thing about a mail that is logged.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ConfirmAddress { .. } => "confirm_address",
            Self::Registered { .. } => "registered",
            Self::Waitlisted { .. } => "waitlisted",
            Self::SeatIsYours { .. } => "seat_is_yours",
            Self::RegistrationCancelled { .. } => "registration_cancelled",
            Self::EventChanged { .. } => "event_changed",
            Self::EventCancelled { .. } => "event_cancelled",
            Self::EventDeleted { .. } => "event_deleted",
            Self::Reminder { before: RemindedBefore::Day, .. } => "reminder_day",
            Self::Reminder { before: RemindedBefore::Quarter, .. } => "reminder_quarter",
            Self::ResetPassword { .. } => "reset_password",
            Self::PasswordChanged => "password_changed",
        }
    }
}

impl MailTemplate {
    /// The event that it is about, if it is about one.
    #[must_use]
    pub const fn event(&self) -> Option<&EventBrief> {
        match self {
            Self::Registered { event }
            | Self::Waitlisted { event, .. }
            | Self::SeatIsYours { event }
            | Self::RegistrationCancelled { event, .. }
            | Self::EventChanged { event, .. }
            | Self::EventCancelled { event, .. }
            | Self::EventDeleted { event, .. }
            | Self::Reminder { event, .. } => Some(event),
            Self::ConfirmAddress { .. } | Self::ResetPassword { .. } | Self::PasswordChanged => None,
        }
    }

    /// What it does to the reader's calendar: a seat stands in it, a place on the waitlist does not.
    #[must_use]
    pub const fn method(&self) -> Option<Method> {
        match self {
            Self::Registered { .. } | Self::SeatIsYours { .. } => Some(Method::Request),
            Self::EventChanged { has_seat: true, before: Some(_), .. } => Some(Method::Request),
            Self::RegistrationCancelled { had_seat: true, .. }
            | Self::EventCancelled { has_seat: true, .. }
            | Self::EventDeleted { has_seat: true, .. } => Some(Method::Cancel),
            _ => None,
        }
    }

    /// Whether it goes to all participants of an event rather than to the one who has done something.
    #[must_use]
    pub const fn is_bulk(&self) -> bool {
        matches!(
            self,
            Self::EventChanged { .. }
                | Self::EventCancelled { .. }
                | Self::EventDeleted { .. }
                | Self::Reminder { .. }
        )
    }

    /// Whether a calendar file goes with it.
    #[must_use]
    pub const fn has_calendar(&self) -> bool {
        self.method().is_some()
    }
}

/// How long before the start a reminder comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemindedBefore {
    /// 24 hours.
    Day,
    /// 15 minutes.
    Quarter,
}

/// Another link, or the first, or none any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct LinkChange {
    pub before: Option<String>,
    pub now: Option<String>,
}

/// What a mail says of an event, as it was when the mail was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventBrief {
    /// Which event.
    pub id: EventId,
    /// Its title.
    pub title: String,
    /// When it takes place.
    pub schedule: Schedule,
    /// The event's version: a calendar keeps the entry with the highest.
    #[serde(default = "first_version", skip_serializing_if = "is_first_version")]
    pub version: u64,
    /// Whose event it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizer: Option<Name>,
    /// The reader's registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationId>,
    /// Where the reader's links lead, unless the deployment says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

const fn first_version() -> u64 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_first_version(version: &u64) -> bool {
    *version == 1
}
