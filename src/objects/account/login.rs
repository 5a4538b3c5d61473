//! Proving a password, at a login or once more within a session.

use super::{Account, NewSession, Reply, SecurityEventKind, Session, events, store};
use crate::domain::guard::LoginGuard;
use crate::domain::{Refusal, Secret, Timestamp, TokenBucket, limits};
use crate::objects::sql::SqlError;
use crate::objects::{Fault, Turn};

impl Account {
    pub(super) fn begin_login(&self, now: Timestamp) -> Result<Reply, Fault> {
        self.guard.admit(now)?;
        Ok(Reply::Challenge(self.owner.as_ref().map(|owner| owner.password_hash.clone())))
    }

    pub(super) fn finish_login(
        &mut self,
        turn: &Turn<'_>,
        matched: Option<&Secret<String>>,
        session: &NewSession,
        stronger: Option<Secret<String>>,
    ) -> Result<Reply, Fault> {
        if let Some(owner) =
            self.owner.as_ref().filter(|_| self.sessions.iter().any(|one| one.id == session.id))
        {
            // An earlier try of this very command has begun the session.
            return Ok(Reply::Profile(Box::new(owner.profile.clone())));
        }
        if let Some(failed) = self.judge(turn, matched)? {
            return Ok(failed);
        }
        let Some(owner) = &mut self.owner else { return Err(Refusal::InvalidCredentials.into()) };
        if let Some(stronger) = stronger.filter(|_| matched == Some(&owner.password_hash)) {
            store::save_password(turn.sql, &stronger)?;
            owner.replaced_hash = Some(std::mem::replace(&mut owner.password_hash, stronger));
        }
        let profile = owner.profile.clone();
        events::note(turn, SecurityEventKind::Login)?;
        self.make_room_for_session(turn)?;
        store::insert_session(turn, session.id, &session.refresh)?;
        self.sessions.push(Session {
            id: session.id,
            created_at: turn.now,
            expires_at: session.refresh.expires_at,
            changes: TokenBucket::default(),
        });
        Ok(Reply::Profile(Box::new(profile)))
    }

    /// Counts how a comparison ended: what to say if it failed. The pause is looked at again, so
    /// that comparisons made side by side are no more guesses than those made in a row.
    pub(super) fn judge(
        &mut self,
        turn: &Turn<'_>,
        matched: Option<&Secret<String>>,
    ) -> Result<Option<Reply>, Fault> {
        self.guard.admit(turn.now)?;
        if self.owner.as_ref().is_some_and(|owner| owner.is_proved_by(matched)) {
            if self.guard.failures() > 0 {
                events::note_failures(turn, &self.guard)?;
                self.guard = LoginGuard::default();
                store::save_guard(turn.sql, &self.guard)?;
            }
            return Ok(None);
        }
        let (guard, answer) = self.guard.fail(turn.now);
        if self.guard.is_worth_keeping() {
            store::save_guard(turn.sql, &guard)?;
            if self.owner.is_some() {
                events::note_failures(turn, &guard)?;
            }
        }
        self.guard = guard;
        Ok(Some(Reply::Failed(answer)))
    }

    /// Drops the sessions that have expired, and of too many the oldest.
    fn make_room_for_session(&mut self, turn: &Turn<'_>) -> Result<(), SqlError> {
        let standing = self.sessions.iter().filter(|session| session.expires_at > turn.now).count();
        let limit = usize::try_from(limits::SESSIONS_MAX).unwrap_or(usize::MAX);
        let mut surplus = standing.saturating_add(1).saturating_sub(limit);
        let mut kept = Vec::with_capacity(self.sessions.len());
        for session in &self.sessions {
            if session.expires_at <= turn.now || surplus > 0 {
                if session.expires_at > turn.now {
                    surplus = surplus.saturating_sub(1);
                }
                store::delete_session(turn.sql, session.id)?;
            } else {
                kept.push(*session);
            }
        }
        self.sessions = kept;
        Ok(())
    }
}
