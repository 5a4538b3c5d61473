//! What an object remembers about its outbox, and how messages get in and out of it.

use super::message::OutboxMessage;
use crate::domain::{Email, RegistrationId, Timestamp};
use crate::objects::sql::{self, Sql, SqlError};

/// A message that is not a mail.
pub(super) const IS_OTHER: &str = "recipient IS NULL";
/// A mail with no earlier mail waiting for the same recipient.
pub(super) const IS_FIRST: &str = "recipient IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM outbox AS earlier WHERE earlier.recipient = outbox.recipient AND earlier.id < outbox.id)";

/// The table of the outbox, part of every object's first migration. [`super::DESTINATIONS`] and
/// [`super::URGENCY`] follow it.
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

/// What an object remembers about its outbox: when to check it again.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    pub(super) next_mail: Option<Timestamp>,
    pub(super) next_other: Option<Timestamp>,
    /// No mail is sent before this time, because the provider said so.
    pub(super) rests_until: Option<Timestamp>,
    /// Until the first time, the deployment's pace has no room for mail that should be sent at the second
    /// time or later.
    pub(super) queues_until: Option<(Timestamp, Timestamp)>,
    pub(super) mails: u64,
}

impl Outbox {
    /// The most messages other than mails that are taken at once.
    pub const BATCH: u32 = 64;
    /// How many mails that were refused or given up are kept for inspection; the newest.
    pub const DEAD_LETTERS_MAX: u32 = 100;
    /// When this many mails are waiting, a broadcast holds back its next page.
    pub(super) const CROWDED: u64 = 400;
    pub(super) const FIRST_PAUSE_MS: i64 = 1_000;
    pub(super) const LONGEST_PAUSE_MS: i64 = 24 * 60 * 60 * 1000;

    /// Loads the outbox as it was left.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load(sql: &dyn Sql) -> Result<Self, SqlError> {
        let first = |condition: &str| {
            let statement =
                format!("SELECT due_at FROM outbox WHERE {condition} ORDER BY due_at, id LIMIT 1");
            sql::value(sql, &statement, &[])
        };
        // Counted only up to a limit, because a large event may have a million mails to send.
        let mails = sql::value(
            sql,
            "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE recipient IS NOT NULL LIMIT ?)",
            &[Self::CROWDED.into()],
        )?;
        Ok(Self {
            next_mail: first(IS_FIRST)?,
            next_other: first(IS_OTHER)?,
            rests_until: None,
            queues_until: None,
            mails: mails.unwrap_or_default(),
        })
    }

    /// Reloads what is waiting. What the provider and the pacer have said stays in force.
    pub(super) fn reload(&mut self, sql: &dyn Sql) -> Result<(), SqlError> {
        let Self { rests_until, queues_until, .. } = *self;
        *self = Self { rests_until, queues_until, ..Self::load(sql)? };
        Ok(())
    }

    /// When the next message is due, if there is one.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let mail = self.next_mail.map(|due| self.no_mail_before().map_or(due, |until| until.max(due)));
        [mail, self.next_other].into_iter().flatten().min()
    }

    /// When mail may be sent again, according to the provider and the pacer.
    pub(super) fn no_mail_before(&self) -> Option<Timestamp> {
        self.rests_until.max(self.queues_until.map(|(until, _)| until))
    }

    /// Makes mail wait until the deployment's pace has room for it, except mail that should be sent before
    /// `leave_by`.
    pub fn queue_until(&mut self, until: Timestamp, leave_by: Timestamp) {
        self.queues_until = Some((until, leave_by));
    }

    /// Whether there is room for a page of a broadcast.
    #[must_use]
    pub const fn has_room(&self) -> bool {
        self.mails < Self::CROWDED
    }

    /// Adds a message, replacing any with the same key. A message that expires is not tried any more after
    /// that time.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn post(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        key: &str,
        message: &OutboxMessage,
        due: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<(), SqlError> {
        let recipient = message.recipient();
        let leave_by = message.leave_by(now);
        sql.insert(
            "INSERT OR REPLACE INTO outbox (key, parcel, due_at, posted_at, recipient, expires_at, leave_by)
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
             FROM json_each(?)",
            &[
                key.into(),
                sql::json(message)?,
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

    /// Removes the mails to an address, both waiting mails and dead letters, except those with one of
    /// `except` in their key. A mail that is already being sent may still arrive.
    ///
    /// # Errors
    /// When they cannot be deleted.
    pub fn withdraw_mails(
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

    /// Removes the messages whose keys begin with this, unless they have been sent already.
    ///
    /// # Errors
    /// When they cannot be deleted.
    pub fn withdraw(sql: &dyn Sql, beginning: &str) -> Result<(), SqlError> {
        let end = [beginning, "\u{10ffff}"].concat();
        sql.run("DELETE FROM outbox WHERE key >= ? AND key < ?", &[beginning.into(), end.into()])?;
        Ok(())
    }
}
