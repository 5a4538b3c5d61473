//! What the operator of the platform has decided about an account, regardless of its owner.

use serde::{Deserialize, Serialize};

/// Whether an account is suspended. Suspending and restoring share one counter, so of two values the
/// one with the higher number is newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Suspension {
    /// Whether it is suspended now.
    pub suspended: bool,
    /// How often that has been changed.
    pub changes: u64,
}

impl Suspension {
    /// Whether the operator has never decided anything.
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
