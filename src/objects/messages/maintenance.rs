//! What an operator may ask of any object, and what it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{AccountKey, EventId, Timestamp};

/// Names one object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectName {
    /// The account of this key.
    Account(AccountKey),
    /// The event of this id.
    Event(EventId),
    /// The Catalog.
    Catalog,
}

impl ObjectName {
    /// Reads a kind and a name as operators spell them.
    #[must_use]
    pub fn parse(kind: &str, name: &str) -> Option<Self> {
        match kind {
            "account" => AccountKey::parse(name).map(Self::Account),
            "event" => EventId::parse(name).map(Self::Event),
            "catalog" => (name == "catalog").then_some(Self::Catalog),
            _ => None,
        }
    }

    /// The kind, as operators spell it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Event(_) => "event",
            Self::Catalog => "catalog",
        }
    }

    /// The name, as operators spell it.
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
    /// A page of its dead letters, the oldest first.
    DeadLetters {
        /// Only those behind this one.
        after: Option<u64>,
        /// How many at most.
        limit: u32,
    },
    /// Posts dead letters again: these, or all that have not lost their point.
    Resend(Option<Vec<u64>>),
    /// Makes everything due now that waits for another try.
    Retry,
}

/// What an object answers to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaintenanceReply {
    /// What it holds.
    Holdings(Box<Holdings>),
    /// A page of dead letters.
    DeadLetters {
        /// The oldest first.
        letters: Vec<DeadLetter>,
        /// Where the next page begins, if there is one.
        next: Option<u64>,
    },
    /// How many messages are due now.
    Due(u64),
}

/// What an object holds: numbers, and nothing about anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holdings {
    /// Steps of the schema that were applied.
    pub schema_version: u64,
    /// Rows by table.
    pub tables: BTreeMap<String, u64>,
    /// Bytes of the database, where the storage tells.
    pub database_bytes: Option<u64>,
    /// Messages in the outbox.
    pub outbox_messages: u64,
    /// Since when the oldest of them waits.
    pub oldest_message_at: Option<Timestamp>,
    /// When the next of them is due.
    pub next_message_due_at: Option<Timestamp>,
    /// Tries of the one that was tried most.
    pub most_attempts: u32,
}

/// A dead letter as an operator sees it: nothing about who gets it.
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
    /// Since when it is here.
    pub parked_at: Timestamp,
}
