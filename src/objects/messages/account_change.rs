//! What other objects must learn about an account: its name has changed, mail to its address bounces, the
//! operator has suspended or restored it, or it has been deleted.
//!
//! (1) The Account writes an account change for the Catalog to its outbox, in the transaction that changes or
//! erases. (2) The Catalog stores it and, in one transaction, writes a message for each event concerned to
//! its own outbox. (3) Each event applies it: it updates the organizer's name, or frees the seat and removes
//! everything that names the user. (4) An event that sends the Catalog an older state (it was created or got
//! a registration while the account change was on its way) is told as well.
//!
//! An account change may arrive late or more than once. Of two names, two suspensions or two address
//! statuses, the one with the higher number of changes is newer; an erasure is final. An object of an older
//! version that does not know this kind of change yet refuses the message, which then waits in the sender's
//! outbox.

use serde::{Deserialize, Serialize};

use crate::domain::account::Name;
use crate::domain::moderation::Suspension;
use crate::domain::{EmailStatus, UserId};

/// What has happened to a user.
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

/// What can happen to a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The name has changed.
    Renamed {
        /// The new name.
        name: Option<Name>,
        /// How often it has been changed.
        changes: u64,
    },
    /// The operator has suspended or restored the account: its events are hidden, or shown again.
    Suspension(Suspension),
    /// Mail to the address bounces, or arrives again.
    EmailStatus {
        /// The new status.
        status: EmailStatus,
        /// How often it has changed.
        changes: u64,
    },
    /// The account was deleted: nothing that names the user may remain.
    Erased,
}
