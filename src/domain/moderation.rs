//! What the operator of the platform has decided about an account or an event, whatever their
//! owners say.

use serde::{Deserialize, Serialize};

use super::event::Status;

/// Whether an account is suspended. Suspensions and restorations are numbered together: of two
/// values the one with the higher number is newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Suspension {
    /// Whether it is suspended now.
    pub suspended: bool,
    /// How often that has been changed.
    pub changes: u64,
}

impl Suspension {
    /// Whether nothing was ever decided.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The value after one more decision.
    #[must_use]
    pub const fn becoming(self, suspended: bool) -> Self {
        Self { suspended, changes: self.changes.saturating_add(1) }
    }
}

/// What is special about an event that the operator keeps from everybody but its organizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// Where the event stands in its life, as its organizer has it.
    pub status: Status,
    /// Whether the event itself was taken down, rather than its organizer suspended.
    pub taken_down: bool,
}
