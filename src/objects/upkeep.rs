//! What an operator may ask of any object: what it holds, its dead letters, and another try of what
//! waits in its outbox. One file for all three kinds of object.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::outbox::DeadLetter;
use super::sql::{self, SqlError};
use super::{Fault, Kind, Turn, schema};
use crate::domain::{AccountKey, EventId, Refusal, Timestamp};

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
pub enum Upkeep {
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
pub enum UpkeepReply {
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

impl Upkeep {
    /// How it is run.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Holdings | Self::DeadLetters { .. } => Kind::Read,
            Self::Resend(_) | Self::Retry => Kind::Write,
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an object that nothing was ever written to; a failing storage.
    pub fn carry_out(self, turn: &mut Turn<'_>) -> Result<UpkeepReply, Fault> {
        turn.unchanged = true;
        let version = schema::version(turn.sql)?;
        if version == 0 {
            return Err(Refusal::NotFound.into());
        }
        match self {
            Self::Holdings => Ok(UpkeepReply::Holdings(Box::new(holdings(turn, version)?))),
            Self::DeadLetters { after, limit } => {
                let mut letters = turn.outbox.dead_letters(turn.sql, after, limit.saturating_add(1))?;
                let limit = usize::try_from(limit).unwrap_or(usize::MAX);
                let more = letters.len() > limit;
                letters.truncate(limit);
                let next = letters.last().map(|letter| letter.id).filter(|_| more);
                Ok(UpkeepReply::DeadLetters { letters, next })
            }
            Self::Resend(ids) => {
                Ok(UpkeepReply::Due(turn.outbox.resend(turn.sql, turn.now, ids.as_deref())?))
            }
            Self::Retry => Ok(UpkeepReply::Due(turn.outbox.retry_now(turn.sql, turn.now)?)),
        }
    }
}

/// Tables of full-text indexes are left out: they repeat what stands in others.
const TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table'
    AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'words%' ORDER BY name";

fn holdings(turn: &Turn<'_>, version: usize) -> Result<Holdings, SqlError> {
    let mut tables = BTreeMap::new();
    for row in turn.sql.run(TABLES, &[])? {
        let name: String = row.get(0)?;
        // A name of our own schema, from its own list.
        let rows = sql::value(turn.sql, &format!("SELECT count(*) FROM \"{name}\""), &[])?;
        tables.insert(name, rows.unwrap_or_default());
    }
    let outbox =
        turn.sql.run("SELECT count(*), min(posted_at), min(due_at), max(attempts) FROM outbox", &[])?;
    let row = outbox.first().ok_or_else(|| SqlError::new("an aggregate has no row"))?;
    Ok(Holdings {
        schema_version: u64::try_from(version).unwrap_or(u64::MAX),
        tables,
        database_bytes: turn.sql.size_bytes(),
        outbox_messages: row.get(0)?,
        oldest_message_at: row.get(1)?,
        next_message_due_at: row.get(2)?,
        most_attempts: row.get::<Option<u32>>(3)?.unwrap_or_default(),
    })
}
