//! Events that the operator hides.

use serde::{Deserialize, Serialize};

use super::fields::Status;

/// Marks an event that the operator hides from everybody but its organizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// The status that the organizer has set.
    pub status: Status,
    /// Whether the event itself was taken down, rather than its organizer suspended.
    pub taken_down: bool,
}
