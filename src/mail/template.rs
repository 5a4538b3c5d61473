//! A mail: its recipient, and the template with its data.

use serde::{Deserialize, Serialize};

use crate::calendar::Method;
use crate::domain::account::Name;
use crate::domain::schedule::Schedule;
use crate::domain::{Email, EventId, RegistrationId, Secret, text};
use std::borrow::Cow;

/// A mail and its recipient, as stored in an outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The recipient's address.
    pub to: Email,
    /// The recipient's name.
    pub name: Option<Name>,
    /// The contents.
    #[serde(rename = "letter")]
    pub template: MailTemplate,
}

/// What a mail is about. Outboxes store this, so names and fields must stay readable for old rows.
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
        /// The event.
        event: EventBrief,
    },
    /// You are on the waitlist.
    Waitlisted {
        /// The event.
        event: EventBrief,
        /// The place in line, counted from 1.
        position: u32,
    },
    /// A seat has become free and is yours.
    SeatIsYours {
        /// The event.
        event: EventBrief,
    },
    /// Your registration has ended.
    RegistrationCancelled {
        /// The event.
        event: EventBrief,
        /// Whether the organizer ended it rather than the participant.
        by_organizer: bool,
        /// Whether the participant had a seat, which is then in the reader's calendar.
        #[serde(default)]
        had_seat: bool,
    },
    /// The date, time, zone or link of the event has changed.
    EventChanged {
        /// The event as it is now.
        event: EventBrief,
        /// The previous schedule, if it has changed.
        before: Option<Schedule>,
        /// The link, if it has changed; only for readers with a seat.
        link: Option<LinkChange>,
        /// Whether the reader has a seat.
        has_seat: bool,
    },
    /// The event will not take place.
    EventCancelled {
        /// The event.
        event: EventBrief,
        /// Whether the reader had a seat.
        has_seat: bool,
    },
    /// The event is gone.
    EventDeleted {
        /// The event.
        event: EventBrief,
        /// Whether the reader had a seat.
        has_seat: bool,
    },
    /// The event begins soon.
    Reminder {
        /// The event.
        event: EventBrief,
        /// How soon.
        before: RemindedBefore,
        /// The link to join.
        join_url: Option<String>,
    },
    /// Choose a new password.
    ResetPassword {
        /// The link with the one-time token.
        link: Secret<String>,
    },
    /// The password has been changed.
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
    /// The event that it is about, if any.
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

    /// How it changes the reader's calendar, which contains seats but no places on the waitlist.
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

    /// Whether it goes to all participants of an event, not only to the person who has done something.
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

    /// Whether it comes with a calendar file.
    #[must_use]
    pub const fn has_calendar(&self) -> bool {
        self.method().is_some()
    }
}

/// How long before the start a reminder is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemindedBefore {
    /// 24 hours.
    Day,
    /// 15 minutes.
    Quarter,
}

/// A changed link, a first link, or a removed one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct LinkChange {
    pub before: Option<String>,
    pub now: Option<String>,
}

/// What a mail says about an event, as it was when the mail was queued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventBrief {
    /// Which event.
    pub id: EventId,
    /// Its title.
    pub title: String,
    /// When it takes place.
    pub schedule: Schedule,
    /// Rises whenever the event changes, and with each registration that begins or ends there. So whatever a
    /// calendar is told later has a higher number. The first is 1.
    #[serde(rename = "version", default = "first", skip_serializing_if = "is_first")]
    pub sequence: u64,
    /// The organizer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizer: Option<Name>,
    /// The reader's registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationId>,
    /// The base URL of the reader's links, unless the deployment sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

impl EventBrief {
    /// The title, as a part of a line whose direction it leaves alone.
    pub(super) fn isolated_title(&self) -> Cow<'_, str> {
        text::isolated(&self.title)
    }
}

const fn first() -> u64 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_first(sequence: &u64) -> bool {
    *sequence == 1
}
