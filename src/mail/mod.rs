//! What is written to people, and how a provider wants it.
//!
//! Objects decide *that* somebody is told and put a [`Mail`] in their outbox; the words are
//! rendered when it goes out, and one adapter per provider turns them into an HTTP request.
//! Nothing here does I/O.

mod log;
mod provider;
mod render;
mod resend;

pub use provider::{HttpRequest, HttpResponse, Plan, Provider, USER_AGENT};
pub use render::{Message, render};

use serde::{Deserialize, Serialize};

use crate::domain::account::Name;
use crate::domain::schedule::Schedule;
use crate::domain::{Email, EventId, Secret};

/// A letter and who gets it, as it waits in an outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Where it goes.
    pub to: Email,
    /// How to address the reader.
    pub name: Option<Name>,
    /// What it says.
    pub letter: Letter,
}

/// What a mail is about. Stored in outboxes: names and fields are a contract with old rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
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
    },
    /// Choose a new password.
    ResetPassword {
        /// The link with the one-time token.
        link: Secret<String>,
    },
    /// The password is another one now.
    PasswordChanged,
}

impl Letter {
    /// A short name: part of the idempotency key, and the only thing about a mail that is logged.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ConfirmAddress { .. } => "confirm_address",
            Self::Registered { .. } => "registered",
            Self::Waitlisted { .. } => "waitlisted",
            Self::SeatIsYours { .. } => "seat_is_yours",
            Self::RegistrationCancelled { .. } => "registration_cancelled",
            Self::ResetPassword { .. } => "reset_password",
            Self::PasswordChanged => "password_changed",
        }
    }
}

/// What a letter says of an event, as it was when the letter was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventBrief {
    /// Which event.
    pub id: EventId,
    /// Its title.
    pub title: String,
    /// When it takes place.
    pub schedule: Schedule,
}
