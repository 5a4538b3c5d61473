//! Sessions: whether one is active, how it is extended, how it ends.

use super::state::{Account, Owner};
use super::{security_log, store};
use crate::domain::{EventId, Refusal, SessionId, Timestamp, limits};
use crate::objects::messages::account::{Holder, OneTimeToken, Reply, SecurityEventKind};
use crate::objects::object::{Fault, Transaction};
use crate::objects::sql::SqlError;

impl Account {
    const RECENT_EVENTS_MAX: usize = 64;

    pub(super) fn authorize(
        &mut self,
        now: Timestamp,
        holder: Holder,
        registering_for: Option<EventId>,
    ) -> Result<Reply, Fault> {
        let profile = self.admits(now, holder)?.profile.clone();
        if let Some(event) = registering_for.filter(|event| !self.recent_events.contains(event)) {
            self.recent_events.truncate(Self::RECENT_EVENTS_MAX.saturating_sub(1));
            self.recent_events.push_front(event);
        }
        Ok(Reply::Profile(Box::new(profile)))
    }

    /// The owner, if the session is active and may make this change. Requests that are refused in the end
    /// count, too, because the limit is about load.
    pub(super) fn admits(&mut self, now: Timestamp, holder: Holder) -> Result<&Owner, Refusal> {
        self.holds(now, holder)?;
        let session = self.sessions.iter_mut().find(|known| known.id == holder.session);
        if let (Some(rate), Some(session)) = (holder.changes, session) {
            session.changes.take(rate, now)?;
        }
        self.holds(now, holder)
    }

    /// The owner, if the session is active and belongs to the owner.
    fn holds(&self, now: Timestamp, holder: Holder) -> Result<&Owner, Refusal> {
        let owner = self.owner.as_ref().filter(|owner| owner.profile.id == holder.user);
        let stands = self.sessions.iter().any(|known| known.id == holder.session && known.expires_at > now);
        owner.filter(|_| stands).ok_or(Refusal::Unauthenticated)
    }

    /// The refresh tokens of one session share a secret. A token that has the secret but is not the latest
    /// one was already spent. So two parties have used it, and nobody can tell which of them is the thief
    /// (RFC 9700 §4.14.2). The session therefore ends for both.
    ///
    /// Two tabs of one browser use a token at the same moment, though. For a short time the token therefore
    /// gives the same successor again, as long as that one is unused. A thief gains nothing that the token
    /// itself would not give: the next use of the older of the two ends the session.
    pub(super) fn refresh(
        &mut self,
        tx: &Transaction<'_>,
        family: &str,
        token: &str,
        next: &OneTimeToken,
    ) -> Result<Reply, Fault> {
        let owner = self.owner.as_ref().ok_or(Refusal::InvalidRefreshToken)?;
        let profile = owner.profile.clone();
        let shown = store::session_of(tx.sql, family, token, &next.digest)?;
        let store::Shown { session, is_latest, used_for_next_at } =
            shown.ok_or(Refusal::InvalidRefreshToken)?;
        let again = used_for_next_at.is_some_and(|at| tx.now.ms_since(at) <= limits::REFRESH_GRACE_MS);
        if !is_latest && !again {
            self.end_sessions(tx, |known| known == session)?;
            security_log::note(tx, SecurityEventKind::RefreshReused)?;
            return Ok(Reply::Reused(profile.id));
        }
        let known = self.sessions.iter_mut().find(|known| known.id == session);
        let known = known.filter(|known| known.expires_at > tx.now).ok_or(Refusal::InvalidRefreshToken)?;
        if again {
            return Ok(Reply::Refreshed(session, Box::new(profile)));
        }
        let expires_at = next.expires_at.min(known.created_at.plus_ms(limits::SESSION_MAX_AGE_MS));
        store::extend_session(tx, session, &next.digest, expires_at)?;
        known.expires_at = expires_at;
        Ok(Reply::Refreshed(session, Box::new(profile)))
    }

    pub(super) fn log_out(&mut self, tx: &Transaction<'_>, holder: Holder) -> Result<Reply, Fault> {
        self.end_sessions(tx, |known| known == holder.session)?;
        security_log::note(tx, SecurityEventKind::Logout)?;
        Ok(Reply::Done)
    }

    /// Ends the sessions that `which` selects.
    pub(super) fn end_sessions(
        &mut self,
        tx: &Transaction<'_>,
        which: impl Fn(SessionId) -> bool,
    ) -> Result<(), SqlError> {
        for session in self.sessions.iter().filter(|session| which(session.id)) {
            store::delete_session(tx.sql, session.id)?;
        }
        self.sessions.retain(|session| !which(session.id));
        Ok(())
    }
}
