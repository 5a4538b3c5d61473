//! What follows from a change of name or of an address's status, or from the end of an account
//! ([`crate::objects::notice`]).

use super::{Held, email_status, store};
use crate::domain::UserId;
use crate::domain::account::Name;
use crate::domain::event::{Change, EventPatch, Status};
use crate::objects::notice::{News, Notice};
use crate::objects::sql::{Sql, SqlError};
use crate::objects::{Fault, Turn, answered};

impl Held {
    /// Whether the event knows anything of the user.
    pub(super) fn concerns(&self, sql: &dyn Sql, notice: &Notice) -> Result<bool, SqlError> {
        let organizes = self.organizer.id == notice.user && self.organizer.account.is_some();
        Ok(organizes || store::address(sql, notice.user)?.is_some())
    }

    /// Does what follows; whether anything did.
    pub(super) fn notice(&mut self, turn: &mut Turn<'_>, notice: &Notice) -> Result<bool, Fault> {
        match &notice.news {
            News::Renamed { name, changes } => {
                Ok(self.organizer_renamed(turn, notice.user, name.as_ref(), *changes)?)
            }
            News::Suspension(suspension) => {
                let theirs = self.organizer.id == notice.user && self.organizer.account.is_some();
                Ok(theirs && self.organizer_suspended(turn, *suspension)?)
            }
            News::EmailStatus { status, changes } => {
                self.email_status(turn, notice.user, *status, *changes)?;
                // What others have copies of does not show it.
                Ok(false)
            }
            News::Erased => {
                let was_participant = self.forget_participant(turn, notice.user)?;
                Ok(self.forget_organizer(turn, notice.user)? || was_participant)
            }
        }
    }

    fn organizer_renamed(
        &mut self,
        turn: &mut Turn<'_>,
        user: UserId,
        name: Option<&Name>,
        changes: u64,
    ) -> Result<bool, SqlError> {
        let known = &self.organizer;
        if known.id != user || known.account.is_none() || known.name_changes >= changes || self.deleted {
            return Ok(false);
        }
        self.organizer.name = name.cloned();
        self.organizer.name_changes = changes;
        store::save(turn.sql, self)?;
        self.report_seats(turn)?;
        Ok(true)
    }

    /// Gives the seat back and takes the person out of every row and letter. The user's id stays, so
    /// that the number of the registration stays taken.
    fn forget_participant(&mut self, turn: &mut Turn<'_>, user: UserId) -> Result<bool, Fault> {
        let Some(email) = store::address(turn.sql, user)? else { return Ok(false) };
        let standing = self.seat_of_user(turn.sql, user)?;
        store::erase(turn.sql, user)?;
        email_status::erase(turn.sql, user)?;
        // The address may have a new account by now, which is another user.
        let others = store::registrations_at(turn.sql, &email)?;
        turn.outbox.withdraw_letters(turn.sql, &email, &others)?;
        if let Some(seat) = standing {
            if self.deleted {
                self.roster.forget(&seat);
                self.save_blocks(turn.sql)?;
            } else {
                let departure = self.give_back(turn, seat)?;
                self.confirm(turn, &departure.promoted)?;
                self.report_seats(turn)?;
            }
        }
        Ok(true)
    }

    /// Nobody can see to an event whose organizer is gone: one that is still to come is cancelled.
    /// (An account with such an event is not deleted; this one was made at the same moment.)
    fn forget_organizer(&mut self, turn: &mut Turn<'_>, user: UserId) -> Result<bool, Fault> {
        if self.organizer.id != user || self.organizer.account.is_none() {
            return Ok(false);
        }
        (self.organizer.name, self.organizer.account) = (None, None);
        // Answers to edits name the organizer; no other answer that is kept names anybody.
        answered::forget(turn.sql)?;
        let to_come =
            self.details.status() == Status::Published && self.details.schedule().ends_at() > turn.now;
        if to_come && !self.deleted {
            let cancel = EventPatch { status: Change::Set(Status::Cancelled), ..EventPatch::default() };
            match self.update(turn, user, &cancel, None) {
                Ok(_) | Err(Fault::Refused(_)) => {}
                Err(failed) => return Err(failed),
            }
        }
        self.save_and_report(turn)?;
        Ok(true)
    }
}
