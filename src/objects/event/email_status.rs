//! Participants whom mail does not reach: no mail is sent to them, and the organizer sees the status.
//!
//! Only they have rows, so a registration costs nothing more and an event with a million people stores
//! nothing more. A row comes with the registration or with an account change
//! ([`crate::objects::messages::account_change`]). Of two statuses, the one with the higher number of changes
//! is newer.

use super::held::Held;
use super::{email_status_store, store};
use crate::domain::{EmailStatus, UserId};
use crate::objects::object::Transaction;
use crate::objects::sql::SqlError;

impl Held {
    /// Mail to a participant bounces, or arrives again. If it bounces, the waiting mails to that participant
    /// are removed.
    pub(super) fn email_status(
        &self,
        tx: &mut Transaction<'_>,
        user: UserId,
        status: EmailStatus,
        changes: u64,
    ) -> Result<(), SqlError> {
        let Some(email) = store::address(tx.sql, user)? else { return Ok(()) };
        if email_status_store::note(tx.sql, user, status, changes)? && !status.is_ok() {
            tx.outbox.withdraw_mails(tx.sql, &email, &[])?;
        }
        Ok(())
    }
}
