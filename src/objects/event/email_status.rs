//! Participants whom mail does not reach: nothing is written to them, and the organizer sees it.
//!
//! Those alone have rows, so that a registration costs nothing more and an event of a million people
//! holds no more. A row comes with the registration or with an account change from the account
//! ([`crate::objects::messages::account_change`]), and of two statuses the one with more changes is newer.

use super::held::Held;
use super::{email_status_store, store};
use crate::domain::{EmailStatus, UserId};
use crate::objects::object::Transaction;
use crate::objects::sql::SqlError;

impl Held {
    /// Mail does not reach a participant any more, or does again. What waits for somebody whom it does
    /// not reach is taken back.
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
