//! Which messages are sent next, and how mails are put together in batches.

use std::collections::{BTreeMap, BTreeSet};

use super::message::{COLUMNS, OutboxEntry, OutboxMessage};
use super::state::{IS_FIRST, IS_OTHER, Outbox};
use crate::domain::Timestamp;
use crate::mail::Pace;
use crate::objects::sql::{self, Sql, SqlError};

/// The schema step that gives mail its own queue, for every object that has an outbox.
pub const DESTINATIONS: &str = "
    ALTER TABLE outbox ADD COLUMN recipient TEXT;
    ALTER TABLE outbox ADD COLUMN expires_at INTEGER;
    ALTER TABLE outbox ADD COLUMN batch TEXT;
    UPDATE outbox SET recipient = json_extract(parcel, '$.mail.to');
    DROP INDEX outbox_due;
    CREATE INDEX outbox_mails ON outbox (due_at, id) WHERE recipient IS NOT NULL;
    CREATE INDEX outbox_others ON outbox (due_at, id) WHERE recipient IS NULL;
    CREATE INDEX outbox_recipients ON outbox (recipient, id) WHERE recipient IS NOT NULL;
    CREATE INDEX outbox_batches ON outbox (batch) WHERE batch IS NOT NULL;
    CREATE TABLE parked (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL,
        recipient TEXT NOT NULL,
        parcel TEXT NOT NULL,
        reason TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        parked_at INTEGER NOT NULL
    );
";

impl Default for Pace {
    fn default() -> Self {
        Self { requests: Outbox::BATCH, batch: 1, batches_attachments: false }
    }
}

impl Pace {
    /// The least pause in milliseconds between two reads of the outbox, however little was sent. It leaves
    /// the object free for its users during a flood of messages.
    const LEAST_REST_MS: i64 = 100;

    /// How long to pause after a read that returned these messages, when an object has the provider to
    /// itself, so that no second has more requests than the provider accepts.
    #[must_use]
    pub fn rest_ms(&self, items: &[OutboxEntry]) -> i64 {
        let mails = items.iter().filter(|item| item.message.recipient().is_some());
        let (mut batches, mut alone) = (BTreeSet::new(), 0_i64);
        for mail in mails {
            match mail.batch() {
                Some(batch) => {
                    batches.insert(batch);
                }
                None => alone = alone.saturating_add(1),
            }
        }
        let requests = i64::try_from(batches.len()).unwrap_or(i64::MAX).saturating_add(alone);
        let mail_ms = requests.saturating_mul(1000).div_euclid(i64::from(self.requests.max(1)));
        mail_ms.max(Self::rest_between_looks_ms(items.len()))
    }

    /// How long to pause after a read that returned this many messages, when a pacer controls the mails.
    #[must_use]
    pub fn rest_between_looks_ms(messages: usize) -> i64 {
        let full = messages >= usize::try_from(Outbox::BATCH).unwrap_or(usize::MAX);
        if full { 1_000 } else { Self::LEAST_REST_MS }
    }

    fn admits(&self, item: &OutboxEntry) -> bool {
        let OutboxMessage::Mail(mail) = &item.message else { return false };
        self.batch > 1 && (self.batches_attachments || !mail.template.has_calendar())
    }
}

fn is_bulk(item: &OutboxEntry) -> bool {
    matches!(&item.message, OutboxMessage::Mail(mail) if mail.template.is_bulk())
}

/// The messages of each request: those of one batch together, all others on their own.
#[must_use]
pub fn batches_of(items: Vec<OutboxEntry>) -> Vec<Vec<OutboxEntry>> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut batches: Vec<Vec<OutboxEntry>> = Vec::new();
    for item in items {
        let place = item.batch().and_then(|batch| places.get(batch).copied());
        match place.and_then(|place| batches.get_mut(place)) {
            Some(batch) => batch.push(item),
            None => {
                if let Some(batch) = item.batch() {
                    places.insert(batch.to_owned(), batches.len());
                }
                batches.push(vec![item]);
            }
        }
    }
    batches
}

/// The statement that reads the due messages other than mails, oldest first.
fn others_due() -> String {
    format!("SELECT {COLUMNS} FROM outbox WHERE {IS_OTHER} AND due_at <= ? ORDER BY due_at, id LIMIT ?")
}

/// The same for mails, most urgent first. The `+` makes SQLite walk the index that is in this order.
fn mails_due() -> String {
    format!("SELECT {COLUMNS} FROM outbox WHERE {IS_FIRST} AND +due_at <= ? ORDER BY leave_by, id LIMIT ?")
}

impl Outbox {
    /// The messages that are due: at most [`Outbox::BATCH`] messages other than mails, oldest first, and as
    /// many mails as the provider accepts in a second, most urgent first. How mails are grouped is stored
    /// before they are sent: a batch stays together, and a mail that was sent on its own stays on its own.
    ///
    /// # Errors
    /// When they cannot be read, or the batches cannot be written.
    pub fn due(&mut self, sql: &dyn Sql, now: Timestamp, pace: &Pace) -> Result<Vec<OutboxEntry>, SqlError> {
        let rows = sql.run(&others_due(), &[now.into(), Self::BATCH.into()])?;
        let mut due = rows.iter().map(OutboxEntry::read).collect::<Result<Vec<_>, _>>()?;
        if self.no_mail_before().is_none_or(|until| until <= now) {
            due.extend(Self::due_mails(sql, now, pace)?);
        }
        if due.is_empty() {
            self.reload(sql)?;
        }
        Ok(due)
    }

    fn due_mails(sql: &dyn Sql, now: Timestamp, pace: &Pace) -> Result<Vec<OutboxEntry>, SqlError> {
        let most = pace.requests.saturating_mul(pace.batch.max(1));
        let rows = sql.run(&mails_due(), &[now.into(), most.into()])?;
        let mut known = BTreeSet::new();
        // Mails to everybody and mails to one person may use different streams of a provider, but a batch
        // uses only one.
        let (mut due, mut personal, mut bulk) = (Vec::new(), Vec::new(), Vec::new());
        let mut requests = 0_u32;
        let size = usize::try_from(pace.batch.max(1)).unwrap_or(usize::MAX);
        for row in &rows {
            let item = OutboxEntry::read(row)?;
            if item.batch().is_some_and(|batch| known.contains(batch)) {
                continue;
            }
            let joins = item.batch.is_none() && pace.admits(&item);
            let fresh = if is_bulk(&item) { &mut bulk } else { &mut personal };
            let begins = !joins || fresh.len().checked_rem(size) == Some(0);
            if begins && requests >= pace.requests {
                continue;
            }
            requests = requests.saturating_add(u32::from(begins));
            match item.batch().map(str::to_owned) {
                _ if joins => fresh.push(item),
                None => due.push(item),
                Some(batch) => {
                    due.extend(Self::whole_batch(sql, &batch)?);
                    known.insert(batch);
                }
            }
        }
        for mut fresh in [personal, bulk] {
            for group in fresh.chunks_mut(size) {
                Self::write_batch(sql, group)?;
            }
            due.append(&mut fresh);
        }
        Ok(due)
    }

    /// A batch is never split, because every try must contain the same mails.
    fn whole_batch(sql: &dyn Sql, batch: &str) -> Result<Vec<OutboxEntry>, SqlError> {
        let statement = format!("SELECT {COLUMNS} FROM outbox WHERE batch = ? ORDER BY id");
        sql.run(&statement, &[batch.into()])?.iter().map(OutboxEntry::read).collect()
    }

    fn write_batch(sql: &dyn Sql, group: &mut [OutboxEntry]) -> Result<(), SqlError> {
        let batch = match group {
            [first, _, ..] => format!("batch/{}", first.key),
            _ => String::new(),
        };
        let ids: Vec<u64> = group.iter().map(|item| item.id).collect();
        sql.run(
            "UPDATE outbox SET batch = ? WHERE id IN (SELECT value FROM json_each(?))",
            &[batch.as_str().into(), sql::json(&ids)?],
        )?;
        group.iter_mut().for_each(|item| item.batch = Some(batch.clone()));
        Ok(())
    }
}
