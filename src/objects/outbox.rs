//! What must leave an object: mail, and facts for other objects.
//!
//! A parcel is a row written in the same transaction as the fact that it reports, and stays until
//! it was delivered. Delivery is at least once, receivers are idempotent, and the key of a parcel
//! is the same for every try. One row exists per key: posting a key again replaces the parcel.

use serde::{Deserialize, Serialize};

use super::catalog::Report;
use super::notice::Notice;
use super::sql::{self, Sql, SqlError, Value};
use crate::domain::{Email, EventId, RegistrationId, Timestamp};
use crate::mail::Mail;

/// The table of the outbox, part of every object's first migration.
pub const TABLE: &str = "
    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        parcel TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        due_at INTEGER NOT NULL,
        posted_at INTEGER NOT NULL
    );
    CREATE INDEX outbox_due ON outbox (due_at, id);
";

/// Something on its way out of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parcel {
    /// A message to a person.
    Mail(Mail),
    /// The state of an event, for the Catalog. Empty in the row: it is filled with what is true
    /// at the time of delivery.
    Report(Option<Box<Report>>),
    /// What has become of a user, for the Catalog, which knows whom it concerns.
    Notice(Box<Notice>, Vec<EventId>),
    /// The same for one event.
    Tell(EventId, Box<Notice>),
}

/// A parcel that is due.
#[derive(Debug, Clone)]
pub struct Item {
    /// The row.
    pub id: u64,
    /// The same for every try.
    pub key: String,
    /// What to deliver.
    pub parcel: Parcel,
    /// Tries so far.
    pub attempts: u32,
    /// When it was posted.
    pub posted_at: Timestamp,
}

impl Item {
    /// Whether the parcel is given up if the try that ends now has failed.
    #[must_use]
    pub fn is_last_try(&self, now: Timestamp) -> bool {
        matches!(self.parcel, Parcel::Mail(_)) && now.ms_since(self.posted_at) > Outbox::GIVE_UP_AFTER_MS
    }
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It has arrived.
    Done,
    /// It has not, or nobody knows; try again, not before so many milliseconds if the other side
    /// said so.
    Retry {
        /// What the other side asked for.
        after_ms: Option<u32>,
    },
    /// It will never be taken.
    Refused,
}

/// What an object remembers of its outbox: when to look again.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    next_due: Option<Timestamp>,
}

impl Outbox {
    /// Parcels that one look takes at most.
    pub const BATCH: u32 = 64;
    /// Milliseconds after which a mail is given up: three days, when most have lost their point.
    /// Reports and notices are never given up.
    pub const GIVE_UP_AFTER_MS: i64 = 3 * 24 * 60 * 60 * 1000;
    const FIRST_PAUSE_MS: i64 = 1_000;
    const LONGEST_PAUSE_MS: i64 = 60 * 60 * 1000;

    /// Takes up the outbox where it was left.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load(sql: &dyn Sql) -> Result<Self, SqlError> {
        let rows = sql.run("SELECT min(due_at) FROM outbox", &[])?;
        Ok(Self { next_due: rows.first().map_or(Ok(None), |row| row.get(0))? })
    }

    /// When the next parcel is due, if there is one.
    #[must_use]
    pub const fn next_due(&self) -> Option<Timestamp> {
        self.next_due
    }

    /// Puts a parcel in, or a newer one in the place of the one with this key.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn post(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        key: &str,
        parcel: &Parcel,
        due: Timestamp,
    ) -> Result<(), SqlError> {
        sql.insert(
            "INSERT OR REPLACE INTO outbox (key, parcel, due_at, posted_at)
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)",
            &[key.into(), sql::json(parcel)?, due.into(), now.into()],
        )?;
        self.next_due = Some(self.next_due.map_or(due, |next| next.min(due)));
        Ok(())
    }

    /// Takes back the letters to an address, but for those with one of `except` in their key. One
    /// that is on its way already may still arrive.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn withdraw_letters(
        &mut self,
        sql: &dyn Sql,
        to: &Email,
        except: &[RegistrationId],
    ) -> Result<(), SqlError> {
        sql.run(
            "DELETE FROM outbox WHERE parcel ->> '$.mail.to' = ?
             AND NOT EXISTS (SELECT 1 FROM json_each(?) WHERE instr(key, value) > 0)",
            &[to.as_str().into(), sql::json(&except)?],
        )?;
        *self = Self::load(sql)?;
        Ok(())
    }

    /// The parcels that are due, oldest first, [`Outbox::BATCH`] at most.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn due(sql: &dyn Sql, now: Timestamp) -> Result<Vec<Item>, SqlError> {
        let rows = sql.run(
            "SELECT id, key, parcel, attempts, posted_at FROM outbox WHERE due_at <= ? ORDER BY due_at, id LIMIT ?",
            &[now.into(), Self::BATCH.into()],
        )?;
        rows.iter()
            .map(|row| {
                Ok(Item {
                    id: row.get(0)?,
                    key: row.get(1)?,
                    parcel: row.json(2)?,
                    attempts: row.get(3)?,
                    posted_at: row.get(4)?,
                })
            })
            .collect()
    }

    /// Notes how tries ended. A row that was replaced meanwhile is another row and stays.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn settle(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        results: &[(Item, Delivery)],
    ) -> Result<(), SqlError> {
        for (item, delivery) in results {
            let id = Value::from(item.id);
            match retry_at(item, *delivery, now) {
                None => sql.run("DELETE FROM outbox WHERE id = ?", &[id])?,
                Some(due) => sql.run(
                    "UPDATE outbox SET attempts = attempts + 1, due_at = ? WHERE id = ?",
                    &[due.into(), id],
                )?,
            };
        }
        *self = Self::load(sql)?;
        Ok(())
    }
}

/// When to try again; `None` when it has arrived, was refused, or has been tried long enough.
/// Pauses double from 1 s to 1 h and are spread over their second half by the row's number, so
/// that many parcels of one hour do not come back in one second.
fn retry_at(item: &Item, delivery: Delivery, now: Timestamp) -> Option<Timestamp> {
    let Delivery::Retry { after_ms } = delivery else {
        return None;
    };
    if item.is_last_try(now) {
        return None;
    }
    let pause = (Outbox::FIRST_PAUSE_MS << item.attempts.min(20)).min(Outbox::LONGEST_PAUSE_MS);
    let spread = i64::try_from(item.id.wrapping_mul(2_654_435_761) % 500).unwrap_or(0);
    let spread_ms = pause.saturating_mul(spread).div_euclid(1000);
    let asked_ms = after_ms.map_or(0, i64::from).min(Outbox::LONGEST_PAUSE_MS);
    Some(now.plus_ms(pause.saturating_sub(spread_ms).max(asked_ms)))
}
