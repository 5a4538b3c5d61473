//! The messages in an outbox, and how an attempt to deliver one ends.

use serde::{Deserialize, Serialize};

use crate::domain::{Email, EventId, Timestamp};
use crate::mail::Mail;
use crate::objects::messages::account_change::AccountChange;
use crate::objects::messages::catalog::Report;
use crate::objects::sql::{Row, SqlError};

/// A message on its way out of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "nearly all messages are mails")]
pub enum OutboxMessage {
    /// A mail to a person.
    Mail(Mail),
    /// The state of an event, for the Catalog. It is empty in the row and filled in at the time of delivery.
    Report(Option<Box<Report>>),
    /// What has happened to a user, for the Catalog, which knows the events concerned.
    #[serde(rename = "notice")]
    AccountChange(Box<AccountChange>, Vec<EventId>),
    /// The same for one event.
    #[serde(rename = "tell")]
    AccountChangeFor(EventId, Box<AccountChange>),
}

impl OutboxMessage {
    /// The recipient, if it is a mail.
    #[must_use]
    pub const fn recipient(&self) -> Option<&Email> {
        match self {
            Self::Mail(mail) => Some(&mail.to),
            Self::Report(_) | Self::AccountChange(..) | Self::AccountChangeFor(..) => None,
        }
    }

    /// When it should be sent if it is posted now.
    pub(super) fn leave_by(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::Mail(mail) => mail.leave_by(now),
            Self::Report(_) | Self::AccountChange(..) | Self::AccountChangeFor(..) => now,
        }
    }
}

/// Milliseconds after which a mail is given up: three days, when most mails are no longer of use. Reports and
/// account changes are never given up.
pub const GIVE_UP_AFTER_MS: i64 = 3 * 24 * 60 * 60 * 1000;

/// A message that is due.
#[derive(Debug, Clone)]
pub struct OutboxEntry {
    /// The id of the row.
    pub id: u64,
    /// The same for every try.
    pub key: String,
    /// What to deliver.
    pub message: OutboxMessage,
    /// Tries so far.
    pub attempts: u32,
    /// When it was posted.
    pub posted_at: Timestamp,
    /// When it stops being of use.
    pub expires_at: Option<Timestamp>,
    /// The key of its batch. Empty for a mail that must be sent on its own.
    pub batch: Option<String>,
    /// When it should be sent, if it is a mail. Mails are sent in this order.
    pub leave_by: Timestamp,
}

impl OutboxEntry {
    /// Whether the message is given up if the current try has failed.
    #[must_use]
    pub fn is_last_try(&self, now: Timestamp) -> bool {
        matches!(self.message, OutboxMessage::Mail(_)) && now.ms_since(self.posted_at) > GIVE_UP_AFTER_MS
    }

    /// Whether the message is no longer of use.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// Its batch, if it has one.
    #[must_use]
    pub fn batch(&self) -> Option<&str> {
        self.batch.as_deref().filter(|batch| !batch.is_empty())
    }

    pub(super) fn read(row: &Row) -> Result<Self, SqlError> {
        Ok(Self {
            id: row.get(0)?,
            key: row.get(1)?,
            message: row.json(2)?,
            attempts: row.get(3)?,
            posted_at: row.get(4)?,
            expires_at: row.get(5)?,
            batch: row.get(6)?,
            leave_by: row.get(7)?,
        })
    }
}

pub(super) const COLUMNS: &str = "id, key, parcel, attempts, posted_at, expires_at, batch, leave_by";
