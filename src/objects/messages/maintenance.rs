//! What an operator may ask of any object, and what it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{AccountKey, EventId, Timestamp};

/// Identifies one object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectName {
    /// The account with this key.
    Account(AccountKey),
    /// The event with this id.
    Event(EventId),
    /// The Catalog.
    Catalog,
}

impl ObjectName {
    /// Parses a kind and a name as operators write them.
    #[must_use]
    pub fn parse(kind: &str, name: &str) -> Option<Self> {
        match kind {
            "account" => AccountKey::parse(name).map(Self::Account),
            "event" => EventId::parse(name).map(Self::Event),
            "catalog" => (name == "catalog").then_some(Self::Catalog),
            _ => None,
        }
    }

    /// The kind, as operators write it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Event(_) => "event",
            Self::Catalog => "catalog",
        }
    }

    /// The name, as operators write it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Account(key) => key.to_string(),
            Self::Event(id) => id.to_string(),
            Self::Catalog => "catalog".to_owned(),
        }
    }
}

/// A question or an order for any object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Maintenance {
    /// What the object holds.
    Holdings,
    /// A page of its dead letters, oldest first.
    DeadLetters {
        /// Only those after this one.
        after: Option<u64>,
        /// How many at most.
        limit: u32,
    },
    /// Queues dead letters again: these, or all that are still of use.
    Resend(Option<Vec<u64>>),
    /// Makes every message due now that waits for another try.
    Retry,
}

/// The object's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaintenanceReply {
    /// What it holds.
    Holdings(Box<Holdings>),
    /// A page of dead letters.
    DeadLetters {
        /// Oldest first.
        letters: Vec<DeadLetter>,
        /// Where the next page begins, if there is one.
        next: Option<u64>,
    },
    /// How many messages are due now.
    Due(u64),
}

/// What an object holds: only numbers, no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holdings {
    /// How many schema steps have been applied.
    pub schema_version: u64,
    /// Rows by table.
    pub tables: BTreeMap<String, u64>,
    /// The size of the database in bytes, if the storage reports it.
    pub database_bytes: Option<u64>,
    /// Messages in the outbox.
    pub outbox_messages: u64,
    /// When the oldest of them was posted.
    pub oldest_message_at: Option<Timestamp>,
    /// When the next of them is due.
    pub next_message_due_at: Option<Timestamp>,
    /// The highest number of tries of any message.
    pub most_attempts: u32,
}

/// A dead letter as an operator sees it, without the recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Its number in this object.
    pub id: u64,
    /// What kind of mail it is.
    pub kind: String,
    /// Why it is here: `refused`, `given_up` or `expired`.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was set aside.
    pub parked_at: Timestamp,
}
