//! Dead letters: mails that were refused or given up. They stay in the table `parked` until an operator sends
//! them again or newer ones replace them.

use super::message::OutboxMessage;
use super::state::Outbox;
use crate::domain::Timestamp;
use crate::objects::messages::maintenance::DeadLetter;
use crate::objects::sql::{self, Row, Sql, SqlError, Value};

impl Outbox {
    /// Dead letters after `after`, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn dead_letters(
        &self,
        sql: &dyn Sql,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, SqlError> {
        let after = after.map_or(Value::Integer(-1), Value::from);
        let rows = sql.run(
            "SELECT id, parcel, reason, attempts, parked_at FROM parked WHERE id > ? ORDER BY id LIMIT ?",
            &[after, limit.into()],
        )?;
        rows.iter().map(read).collect()
    }

    /// Queues dead letters again as if they were new: these, or all that are still of use. Returns how many.
    ///
    /// # Errors
    /// When they cannot be moved.
    pub fn resend(&mut self, sql: &dyn Sql, now: Timestamp, ids: Option<&[u64]>) -> Result<u64, SqlError> {
        let (which, params) = match ids {
            Some(ids) => ("id IN (SELECT value FROM json_each(?))", vec![sql::json(&ids)?]),
            None => ("reason <> 'expired'", Vec::new()),
        };
        // A waiting mail with the same key is newer, and stays.
        let posted = [vec![now.into(), now.into()], params.clone()].concat();
        sql.run(
            &format!(
                "INSERT OR IGNORE INTO outbox (key, parcel, due_at, posted_at, recipient)
                 SELECT key, parcel, ?, ?, recipient FROM parked WHERE {which} ORDER BY id"
            ),
            &posted,
        )?;
        let gone = sql.run(&format!("DELETE FROM parked WHERE {which} RETURNING 1"), &params)?;
        self.reload(sql)?;
        Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
    }

    /// Makes every message due that waits for another try, whatever the provider has said. Returns how many
    /// messages are waiting.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn retry_now(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<u64, SqlError> {
        sql.run("UPDATE outbox SET due_at = ? WHERE due_at > ?", &[now.into(), now.into()])?;
        self.rests_until = None;
        self.reload(sql)?;
        Ok(sql::value(sql, "SELECT count(*) FROM outbox", &[])?.unwrap_or_default())
    }
}

fn read(row: &Row) -> Result<DeadLetter, SqlError> {
    // A mail that this version cannot read is still listed.
    let kind = match row.json::<OutboxMessage>(1) {
        Ok(OutboxMessage::Mail(mail)) => mail.template.kind(),
        _ => "unknown",
    };
    Ok(DeadLetter {
        id: row.get(0)?,
        kind: kind.to_owned(),
        reason: row.get(2)?,
        attempts: row.get(3)?,
        parked_at: row.get(4)?,
    })
}
