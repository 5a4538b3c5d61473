//! What other objects must hear of an account: that its name has changed, that mail to its address comes
//! back, that the operator has suspended or restored it, or that it is gone.
//!
//! (1) The Account puts an account change for the Catalog in its outbox, in the batch that changes or erases.
//! (2) The Catalog remembers it and, in one transaction, puts a message for each event that it concerns in
//! its own outbox. (3) Each event does what follows: the organizer's name changes, or seats are given
//! back and nothing that names the user remains. (4) An event that reports something older to the
//! Catalog (it was made, or registered for, while the account change was on its way) is told as well.
//!
//! An account change may arrive late and repeated: of two names, two suspensions or two statuses of the address the
//! one with more changes is newer, and an erasure is for good. An object of a version that does not know some
//! news yet refuses the message; it waits in the sender's outbox until it does.

use serde::{Deserialize, Serialize};

use crate::domain::account::Name;
use crate::domain::moderation::Suspension;
use crate::domain::{EmailStatus, UserId};

/// What has become of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountChange {
    /// Who.
    pub user: UserId,
    /// What.
    #[serde(rename = "news")]
    pub kind: ChangeKind,
}

impl ChangeKind {
    /// Whether it changes what leases protect at an event.
    #[must_use]
    pub const fn is_guarded(&self) -> bool {
        matches!(self, Self::Suspension(_) | Self::Erased)
    }
}

/// What can become of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Another name.
    Renamed {
        /// The name from now on.
        name: Option<Name>,
        /// How often it has been changed.
        changes: u64,
    },
    /// The operator has suspended or restored the account: its events are hidden, or shown again.
    Suspension(Suspension),
    /// Mail does or does not reach the address any more.
    EmailStatus {
        /// The status from now on.
        status: EmailStatus,
        /// How often it has changed.
        changes: u64,
    },
    /// The account was deleted: nothing that names the user may remain.
    Erased,
}
