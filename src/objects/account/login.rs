//! Checking a password, at a login or again within a session.

use super::state::{Account, Session};
use super::{security_log, store};
use crate::domain::guard::LoginGuard;
use crate::domain::{Refusal, Secret, Timestamp, TokenBucket, limits};
use crate::objects::messages::account::{NewSession, Reply, SecurityEventKind};
use crate::objects::object::{Fault, Transaction};
use crate::objects::sql::SqlError;

impl Account {
    pub(super) fn begin_login(&self, now: Timestamp) -> Result<Reply, Fault> {
        self.guard.admit(now)?;
        Ok(Reply::Challenge(self.owner.as_ref().map(|owner| owner.password_hash.clone())))
    }

    pub(super) fn finish_login(
        &mut self,
        tx: &Transaction<'_>,
        matched: Option<&Secret<String>>,
        session: &NewSession,
        stronger: Option<Secret<String>>,
    ) -> Result<Reply, Fault> {
        if let Some(owner) =
            self.owner.as_ref().filter(|_| self.sessions.iter().any(|one| one.id == session.id))
        {
            // An earlier try of this command has begun the session.
            return Ok(Reply::Profile(Box::new(owner.profile.clone())));
        }
        if let Some(failed) = self.judge(tx, matched)? {
            return Ok(failed);
        }
        let Some(owner) = &mut self.owner else { return Err(Refusal::InvalidCredentials.into()) };
        if let Some(stronger) = stronger.filter(|_| matched == Some(&owner.password_hash)) {
            store::save_password(tx.sql, &stronger)?;
            owner.replaced_hash = Some(std::mem::replace(&mut owner.password_hash, stronger));
        }
        let profile = owner.profile.clone();
        security_log::note(tx, SecurityEventKind::Login)?;
        self.make_room_for_session(tx)?;
        store::insert_session(tx, session.id, &session.refresh)?;
        self.sessions.push(Session {
            id: session.id,
            created_at: tx.now,
            expires_at: session.refresh.expires_at,
            changes: TokenBucket::default(),
        });
        Ok(Reply::Profile(Box::new(profile)))
    }

    /// Counts the result of a comparison and returns the refusal if it failed. The pause is checked again, so
    /// that parallel comparisons allow no more guesses than consecutive ones.
    pub(super) fn judge(
        &mut self,
        tx: &Transaction<'_>,
        matched: Option<&Secret<String>>,
    ) -> Result<Option<Reply>, Fault> {
        self.guard.admit(tx.now)?;
        // A suspended account has no valid password, like an address without an account.
        let admitted = self.owner.as_ref().filter(|_| !self.suspension.suspended);
        if admitted.is_some_and(|owner| owner.is_proved_by(matched)) {
            if self.guard.failures() > 0 {
                security_log::note_failures(tx, &self.guard)?;
                self.guard = LoginGuard::default();
                store::save_guard(tx.sql, &self.guard)?;
            }
            return Ok(None);
        }
        let (guard, answer) = self.guard.fail(tx.now);
        if self.guard.is_worth_keeping() {
            store::save_guard(tx.sql, &guard)?;
            if self.owner.is_some() {
                security_log::note_failures(tx, &guard)?;
            }
        }
        self.guard = guard;
        Ok(Some(Reply::Failed(answer)))
    }

    /// Deletes expired sessions and, if there are too many, the oldest.
    fn make_room_for_session(&mut self, tx: &Transaction<'_>) -> Result<(), SqlError> {
        let standing = self.sessions.iter().filter(|session| session.expires_at > tx.now).count();
        let limit = usize::try_from(limits::SESSIONS_MAX).unwrap_or(usize::MAX);
        let mut surplus = standing.saturating_add(1).saturating_sub(limit);
        let mut kept = Vec::with_capacity(self.sessions.len());
        for session in &self.sessions {
            if session.expires_at <= tx.now || surplus > 0 {
                if session.expires_at > tx.now {
                    surplus = surplus.saturating_sub(1);
                }
                store::delete_session(tx.sql, session.id)?;
            } else {
                kept.push(*session);
            }
        }
        self.sessions = kept;
        Ok(())
    }
}
