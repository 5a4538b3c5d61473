//! What an operator may ask of any object: what it holds, its dead letters, and another try of the messages
//! in its outbox. One file for all three kinds of object.

use std::collections::BTreeMap;

use super::messages::maintenance::{Holdings, Maintenance, MaintenanceReply};
use super::schema;
use super::sql::{self, SqlError};
use crate::domain::Refusal;
use crate::objects::object::{Fault, Kind, Transaction};

impl Maintenance {
    /// How to run it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Holdings | Self::DeadLetters { .. } => Kind::Read,
            Self::Resend(_) | Self::Retry => Kind::Write,
        }
    }

    /// Executes it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an object that was never written to; a storage failure.
    pub fn carry_out(self, tx: &mut Transaction<'_>) -> Result<MaintenanceReply, Fault> {
        tx.unchanged = true;
        let version = schema::version(tx.sql)?;
        if version == 0 {
            return Err(Refusal::NotFound.into());
        }
        match self {
            Self::Holdings => Ok(MaintenanceReply::Holdings(Box::new(holdings(tx, version)?))),
            Self::DeadLetters { after, limit } => {
                let mut dead_letters = tx.outbox.dead_letters(tx.sql, after, limit.saturating_add(1))?;
                let limit = usize::try_from(limit).unwrap_or(usize::MAX);
                let more = dead_letters.len() > limit;
                dead_letters.truncate(limit);
                let next = dead_letters.last().map(|dead| dead.id).filter(|_| more);
                Ok(MaintenanceReply::DeadLetters { letters: dead_letters, next })
            }
            Self::Resend(ids) => {
                Ok(MaintenanceReply::Due(tx.outbox.resend(tx.sql, tx.now, ids.as_deref())?))
            }
            Self::Retry => Ok(MaintenanceReply::Due(tx.outbox.retry_now(tx.sql, tx.now)?)),
        }
    }
}

/// Leaves out the tables of full-text indexes, which repeat the contents of others.
const TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table'
    AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'words%' ORDER BY name";

fn holdings(tx: &Transaction<'_>, version: usize) -> Result<Holdings, SqlError> {
    let mut tables = BTreeMap::new();
    for row in tx.sql.run(TABLES, &[])? {
        let name: String = row.get(0)?;
        // The name comes from our own schema.
        let rows = sql::value(tx.sql, &format!("SELECT count(*) FROM \"{name}\""), &[])?;
        tables.insert(name, rows.unwrap_or_default());
    }
    let outbox =
        tx.sql.run("SELECT count(*), min(posted_at), min(due_at), max(attempts) FROM outbox", &[])?;
    let row = outbox.first().ok_or_else(|| SqlError::new("an aggregate has no row"))?;
    Ok(Holdings {
        schema_version: u64::try_from(version).unwrap_or(u64::MAX),
        tables,
        database_bytes: tx.sql.size_bytes(),
        outbox_messages: row.get(0)?,
        oldest_message_at: row.get(1)?,
        next_message_due_at: row.get(2)?,
        most_attempts: row.get::<Option<u32>>(3)?.unwrap_or_default(),
    })
}
