//! What must leave an object: mail, and facts for other objects.
//!
//! A parcel is a row written in the same transaction as the fact that it reports, and stays until
//! it was delivered. Delivery is at least once, receivers are idempotent, and the key of a parcel
//! is the same for every try. One row exists per key: posting a key again replaces the parcel.
//!
//! Mail has a lane of its own. A person's mails leave in the order in which they were posted: a
//! later one waits while an earlier one to the same address does. Mails that a provider takes in
//! one request are put together as a *batch*, which is written down before it leaves, so that
//! every try of it has the same key and no mail ever travels under two keys.

mod dead_letters;
mod lanes;
mod settling;
mod urgency;

pub use dead_letters::DeadLetter;
pub use lanes::{LANES, Pace, consignments};
pub use urgency::URGENCY;

use serde::{Deserialize, Serialize};

use super::catalog::Report;
use super::notice::Notice;
use super::sql::{self, Row, Sql, SqlError};
use crate::domain::{Email, EventId, RegistrationId, Timestamp};
use crate::mail::Mail;

/// The table of the outbox, part of every object's first migration; [`LANES`] and [`URGENCY`]
/// follow it.
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
#[allow(clippy::large_enum_variant, reason = "nearly all parcels are mails")]
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

impl Parcel {
    /// Who gets it, if it is a mail.
    #[must_use]
    pub const fn recipient(&self) -> Option<&Email> {
        match self {
            Self::Mail(mail) => Some(&mail.to),
            Self::Report(_) | Self::Notice(..) | Self::Tell(..) => None,
        }
    }

    /// When it should leave if it is posted now.
    fn leave_by(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::Mail(mail) => mail.leave_by(now),
            Self::Report(_) | Self::Notice(..) | Self::Tell(..) => now,
        }
    }
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
    /// When it has lost its point.
    pub expires_at: Option<Timestamp>,
    /// The key of the batch that it travels in. Empty for a mail that is to travel alone.
    pub batch: Option<String>,
    /// When it should leave, if it is a mail: the order in which mails do.
    pub leave_by: Timestamp,
}

impl Item {
    /// Whether the parcel is given up if the try that ends now has failed.
    #[must_use]
    pub fn is_last_try(&self, now: Timestamp) -> bool {
        matches!(self.parcel, Parcel::Mail(_)) && now.ms_since(self.posted_at) > Outbox::GIVE_UP_AFTER_MS
    }

    /// Whether the parcel has lost its point.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// The batch that it travels in, if it does.
    #[must_use]
    pub fn batch(&self) -> Option<&str> {
        self.batch.as_deref().filter(|batch| !batch.is_empty())
    }

    fn read(row: &Row) -> Result<Self, SqlError> {
        Ok(Self {
            id: row.get(0)?,
            key: row.get(1)?,
            parcel: row.json(2)?,
            attempts: row.get(3)?,
            posted_at: row.get(4)?,
            expires_at: row.get(5)?,
            batch: row.get(6)?,
            leave_by: row.get(7)?,
        })
    }
}

const COLUMNS: &str = "id, key, parcel, attempts, posted_at, expires_at, batch, leave_by";

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
    /// It will never be taken: it is parked.
    Refused,
    /// Its batch was refused as a whole, and nothing of it has arrived: it is tried alone.
    Apart,
    /// It was not sent, because it has lost its point.
    Expired,
}

/// What an object remembers of its outbox: when to look again.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    next_mail: Option<Timestamp>,
    next_other: Option<Timestamp>,
    /// No mail leaves before: the provider has said so.
    rests_until: Option<Timestamp>,
    /// The deployment's pace has no room before for what should leave at the second instant or later.
    queues_until: Option<(Timestamp, Timestamp)>,
    mails: u64,
}

impl Outbox {
    /// Parcels that are no mail which one look takes at most.
    pub const BATCH: u32 = 64;
    /// Milliseconds after which a mail is given up: three days, when most have lost their point.
    /// Reports and notices are never given up.
    pub const GIVE_UP_AFTER_MS: i64 = 3 * 24 * 60 * 60 * 1000;
    /// Mails that were refused or given up which are kept to be looked at; the newest.
    pub const PARKED_MAX: u32 = 100;
    /// With so many mails waiting, a circular waits with its next page.
    const CROWDED: u64 = 400;
    const FIRST_PAUSE_MS: i64 = 1_000;
    const LONGEST_PAUSE_MS: i64 = 24 * 60 * 60 * 1000;

    /// Takes up the outbox where it was left.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load(sql: &dyn Sql) -> Result<Self, SqlError> {
        let first = |condition: &str| {
            let statement =
                format!("SELECT due_at FROM outbox WHERE {condition} ORDER BY due_at, id LIMIT 1");
            sql::value(sql, &statement, &[])
        };
        // Counted as far as it matters: a large event may have a million letters to send.
        let mails = sql::value(
            sql,
            "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE recipient IS NOT NULL LIMIT ?)",
            &[Self::CROWDED.into()],
        )?;
        Ok(Self {
            next_mail: first(lanes::IS_FIRST)?,
            next_other: first(lanes::IS_OTHER)?,
            rests_until: None,
            queues_until: None,
            mails: mails.unwrap_or_default(),
        })
    }

    /// Looks again at what waits; what the provider and the pacer have said still holds.
    fn reload(&mut self, sql: &dyn Sql) -> Result<(), SqlError> {
        let Self { rests_until, queues_until, .. } = *self;
        *self = Self { rests_until, queues_until, ..Self::load(sql)? };
        Ok(())
    }

    /// When the next parcel is due, if there is one.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let mail = self.next_mail.map(|due| self.no_mail_before().map_or(due, |until| until.max(due)));
        [mail, self.next_other].into_iter().flatten().min()
    }

    /// When mail may leave again, as far as the provider and the pacer have told.
    fn no_mail_before(&self) -> Option<Timestamp> {
        self.rests_until.max(self.queues_until.map(|(until, _)| until))
    }

    /// Lets mail wait until the deployment's pace has room for it; one that should leave earlier than
    /// `leave_by` is not kept waiting.
    pub fn queue_until(&mut self, until: Timestamp, leave_by: Timestamp) {
        self.queues_until = Some((until, leave_by));
    }

    /// Whether there is room for a page of a circular.
    #[must_use]
    pub const fn has_room(&self) -> bool {
        self.mails < Self::CROWDED
    }

    /// Puts a parcel in, or a newer one in the place of the one with this key. One that expires is
    /// not tried any more from then on.
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
        expires_at: Option<Timestamp>,
    ) -> Result<(), SqlError> {
        let recipient = parcel.recipient();
        let leave_by = parcel.leave_by(now);
        sql.insert(
            "INSERT OR REPLACE INTO outbox (key, parcel, due_at, posted_at, recipient, expires_at, leave_by)
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
             FROM json_each(?)",
            &[
                key.into(),
                sql::json(parcel)?,
                due.into(),
                now.into(),
                recipient.map(Email::as_str).into(),
                expires_at.into(),
                leave_by.into(),
            ],
        )?;
        let next = if recipient.is_some() {
            self.mails = self.mails.saturating_add(1);
            self.queues_until = self.queues_until.filter(|(_, queued)| *queued <= leave_by);
            &mut self.next_mail
        } else {
            &mut self.next_other
        };
        *next = Some(next.map_or(due, |next| next.min(due)));
        Ok(())
    }

    /// Takes back the letters to an address, those that wait and those that are parked, but for
    /// those with one of `except` in their key. One that is on its way already may still arrive.
    ///
    /// # Errors
    /// When they cannot be deleted.
    pub fn withdraw_letters(
        &mut self,
        sql: &dyn Sql,
        to: &Email,
        except: &[RegistrationId],
    ) -> Result<(), SqlError> {
        for table in ["outbox", "parked"] {
            sql.run(
                &format!(
                    "DELETE FROM {table} WHERE recipient = ?
                     AND NOT EXISTS (SELECT 1 FROM json_each(?) WHERE instr({table}.key, value) > 0)"
                ),
                &[to.as_str().into(), sql::json(&except)?],
            )?;
        }
        self.reload(sql)
    }

    /// Takes back the parcels whose keys begin like this, as far as they have not left yet.
    ///
    /// # Errors
    /// When they cannot be deleted.
    pub fn withdraw(sql: &dyn Sql, beginning: &str) -> Result<(), SqlError> {
        let end = [beginning, "\u{10ffff}"].concat();
        sql.run("DELETE FROM outbox WHERE key >= ? AND key < ?", &[beginning.into(), end.into()])?;
        Ok(())
    }
}
