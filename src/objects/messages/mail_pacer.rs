//! The questions to the pacer and its answers. Times in answers are milliseconds from now, so clocks need not
//! agree.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// A question or a message for the pacer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Asks for slots.
    Ask(Ask),
    /// The provider wants no mail for this long.
    Slowed {
        /// Milliseconds.
        for_ms: u32,
    },
}

/// What an object wants to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Who asks; the same name each time.
    pub waiter: String,
    /// Requests that are ready to leave.
    pub requests: u32,
    /// When the most urgent mail in them should leave.
    pub leave_by: Timestamp,
    /// How many requests per second the provider accepts.
    pub per_second: u32,
}

/// What the pacer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// How much may be sent.
    Slots(Slots),
    /// Acknowledged.
    Done,
}

/// Evenly spaced times at which a request may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slots {
    /// How many slots; no more than were asked for.
    pub granted: u32,
    /// Milliseconds until the first.
    pub first_in_ms: u32,
    /// Milliseconds between two slots.
    pub apart_ms: u32,
    /// Milliseconds after which to ask for the slots that were not granted.
    pub again_in_ms: u32,
}
