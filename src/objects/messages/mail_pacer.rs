//! What the pacer is asked and what it answers. Times in answers are milliseconds from now on, so that
//! clocks need not agree.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// A question or a word for the pacer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// May I send?
    Ask(Ask),
    /// The provider wants no mail for so long.
    Slowed {
        /// Milliseconds.
        for_ms: u32,
    },
}

/// What an object would send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Who asks: the same name each time.
    pub waiter: String,
    /// Requests that are ready to leave.
    pub requests: u32,
    /// When the most urgent mail in them should leave.
    pub leave_by: Timestamp,
    /// Requests a second that the provider takes.
    pub per_second: u32,
}

/// What the pacer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// So much may leave.
    Slots(Slots),
    /// It is noted.
    Done,
}

/// Instants at which a request may leave, evenly spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slots {
    /// How many there are; no more than were asked for.
    pub granted: u32,
    /// Milliseconds until the first.
    pub first_in_ms: u32,
    /// Milliseconds from each to the next.
    pub apart_ms: u32,
    /// Milliseconds after which to ask for those that were not granted.
    pub again_in_ms: u32,
}
