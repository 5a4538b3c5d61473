//! What happens to a message after a delivery attempt.

use super::message::OutboxEntry;
use super::state::Outbox;
use crate::domain::Timestamp;
use crate::mail::Delivery;
use crate::objects::sql::{self, Sql, SqlError};

enum Fate {
    Gone,
    Dead(&'static str),
    Again(Timestamp),
    Apart,
}

impl Outbox {
    /// Records how tries ended. A row that was replaced in the meantime is a different row and stays.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn acknowledge(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        results: &[(OutboxEntry, Delivery)],
    ) -> Result<(), SqlError> {
        let mut gone = Vec::with_capacity(results.len());
        for (item, delivery) in results {
            match fate(item, *delivery, now) {
                Fate::Gone => gone.push(item.id),
                Fate::Dead(reason) => {
                    bury(sql, now, item, reason)?;
                    gone.push(item.id);
                }
                Fate::Again(due) => {
                    sql.run(
                        "UPDATE outbox SET attempts = attempts + 1, due_at = ? WHERE id = ?",
                        &[due.into(), item.id.into()],
                    )?;
                }
                Fate::Apart => {
                    sql.run("UPDATE outbox SET batch = '' WHERE id = ?", &[item.id.into()])?;
                }
            }
        }
        sql.run("DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))", &[sql::json(&gone)?])?;
        let asked = results.iter().filter(|(item, _)| item.message.recipient().is_some());
        let asked = asked.filter_map(|(_, delivery)| match delivery {
            Delivery::Retry { after_ms } => after_ms.map(|ms| now.plus_ms(i64::from(ms))),
            _ => None,
        });
        self.rests_until = asked.chain(self.rests_until).max().filter(|until| *until > now);
        self.queues_until = self.queues_until.filter(|(until, _)| *until > now);
        self.reload(sql)
    }
}

/// Keeps a mail that will never be delivered, for inspection.
fn bury(sql: &dyn Sql, now: Timestamp, item: &OutboxEntry, reason: &str) -> Result<(), SqlError> {
    sql.run(
        "INSERT INTO parked (key, recipient, parcel, reason, attempts, parked_at)
         SELECT key, recipient, parcel, ?, attempts + 1, ? FROM outbox WHERE id = ? AND recipient IS NOT NULL",
        &[reason.into(), now.into(), item.id.into()],
    )?;
    sql.run(
        "DELETE FROM parked WHERE id <= (SELECT max(id) FROM parked) - ?",
        &[Outbox::DEAD_LETTERS_MAX.into()],
    )?;
    Ok(())
}

/// Pauses double from 1 s to 24 h. The message's key spreads them over their second half, so that many
/// messages of the same hour are not retried in the same second. A batch has one key and stays together.
fn fate(item: &OutboxEntry, delivery: Delivery, now: Timestamp) -> Fate {
    let after_ms = match delivery {
        Delivery::Done => return Fate::Gone,
        Delivery::Refused => return Fate::Dead("refused"),
        Delivery::Expired => return Fate::Dead("expired"),
        Delivery::Apart => return Fate::Apart,
        Delivery::Retry { after_ms } => after_ms,
    };
    if item.is_last_try(now) {
        return Fate::Dead("given_up");
    }
    let pause = (Outbox::FIRST_PAUSE_MS << item.attempts.min(20)).min(Outbox::LONGEST_PAUSE_MS);
    let spread =
        i64::from(hash(item.batch().unwrap_or(&item.key), item.attempts).checked_rem(500).unwrap_or(0));
    let spread_ms = pause.saturating_mul(spread).div_euclid(1000);
    let asked_ms = after_ms.map_or(0, i64::from).min(Outbox::LONGEST_PAUSE_MS);
    Fate::Again(now.plus_ms(pause.saturating_sub(spread_ms).max(asked_ms)))
}

/// FNV-1a over key and attempt.
fn hash(key: &str, attempts: u32) -> u32 {
    let bytes = key.bytes().chain(attempts.to_le_bytes());
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
