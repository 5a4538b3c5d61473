//! Giving free seats to those on the waitlist.
//!
//! When one participant leaves, one other moves up, and this is decided and written in the same transaction.
//! A raised capacity may free a million seats at once, more than one transaction could write. So a batch
//! gives [`PROMOTED_PER_BATCH`] seats, and the alarm continues from there, batch by batch. No progress is
//! stored: if somebody waits while a seat is free, there is more to do, after a restart, too. Until that is
//! done, whoever registers joins the line, so nobody is overtaken.

use super::held::Held;
use super::seat_store;
use crate::domain::Timestamp;
use crate::domain::roster::{Departure, Seat};
use crate::objects::object::Transaction;
use crate::objects::sql::{Sql, SqlError};

/// The most seats that one transaction gives to those waiting. Their mails take about 2 MB.
const PROMOTED_PER_BATCH: usize = 2_048;
/// How many of these are written with one statement.
const PROMOTED_AT_ONCE: usize = 256;

impl Held {
    /// Since when seats have been free while somebody waits, if so.
    pub(super) fn promoting_since(&self) -> Option<Timestamp> {
        (!self.deleted && self.roster.owes_seats(&self.details)).then_some(self.updated_at)
    }

    /// Gives away the free seats, or as many as fit in a batch.
    pub(super) fn promote(&mut self, tx: &mut Transaction<'_>) -> Result<(), SqlError> {
        let mut left = PROMOTED_PER_BATCH;
        while left > 0 && self.roster.owes_seats(&self.details) {
            self.learn_heads(tx.sql)?;
            let promoted = self.roster.promote(&self.details, tx.now, left.min(PROMOTED_AT_ONCE));
            if promoted.is_empty() {
                return Err(SqlError::new("somebody waits, and nobody is first in line"));
            }
            left = left.saturating_sub(promoted.len());
            self.confirm(tx, &promoted)?;
        }
        Ok(())
    }

    /// Removes a registration from the roster, which may give its seat to the first in line.
    pub(super) fn give_back(&mut self, tx: &Transaction<'_>, seat: Seat) -> Result<Departure, SqlError> {
        self.learn_heads(tx.sql)?;
        let departure = self.roster.leave(&self.details, tx.now, seat);
        self.save_blocks(tx.sql)?;
        Ok(departure)
    }

    /// Stores the counts that have changed, if the event has any.
    pub(super) fn save_blocks(&mut self, sql: &dyn Sql) -> Result<(), SqlError> {
        self.roster.take_changed_blocks().iter().try_for_each(|block| seat_store::save_block(sql, block))
    }

    fn learn_heads(&mut self, sql: &dyn Sql) -> Result<(), SqlError> {
        if self.roster.lacks_heads() {
            let heads = seat_store::heads(sql, self.roster.sizes().heads_max())?;
            self.roster.learn_heads(heads);
        }
        Ok(())
    }
}
