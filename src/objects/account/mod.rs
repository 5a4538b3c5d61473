//! The Account object: one e-mail address, and at most one account behind it.
//!
//! It is named by a digest of the normalised address, so that uniqueness needs no index: fifty
//! sign-ups of one address meet in one object, which decides them one after the other. It holds
//! the password's hash, the sessions and the count of failed logins. It never computes a hash: that is the Worker's work, because an object has one
//! thread for everybody who uses it.
//!
//! | command | atomic because |
//! |---|---|
//! | sign up | account, token and mail are one transaction |
//! | begin, finish login | the pause is checked again when the result arrives, so that guesses made side by side gain nothing |
//! | authorize | memory alone; a session that ended here has ended everywhere |

mod feed;
mod protocol;
mod store;

pub use protocol::{Command, Digest, NewSession, OneTimeToken, Reply, SignUp};

use std::collections::VecDeque;

use super::outbox::Parcel;
use super::sql::{Sql, SqlError};
use super::{Fault, Kind, Object, Turn};
use crate::domain::account::Profile;
use crate::domain::guard::LoginGuard;
use crate::domain::{EventId, Refusal, Secret, SessionId, Timestamp, UserId, limits};
use crate::mail::{Letter, Mail};

/// One address and what is known of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Account {
    owner: Option<Owner>,
    guard: LoginGuard,
    sessions: Vec<Session>,
    /// Events that the user has lately been about to register for. Memory alone: the Catalog
    /// hears of registrations within a second or two, and this bridges the time until then.
    visits: VecDeque<EventId>,
}

#[derive(Debug, PartialEq, Eq)]
struct Owner {
    profile: Profile,
    password_hash: Secret<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Session {
    id: SessionId,
    expires_at: Timestamp,
}

impl Object for Account {
    const MIGRATIONS: &'static [super::schema::Step] = store::MIGRATIONS;
    type Command = Command;
    type Reply = Reply;

    fn blank() -> Self {
        Self::default()
    }

    fn load(sql: &dyn Sql) -> Result<Self, SqlError> {
        Ok(Self {
            owner: store::load_profile(sql)?.map(|(profile, password_hash)| Owner { profile, password_hash }),
            guard: store::load_guard(sql)?,
            sessions: store::load_sessions(sql)?,
            visits: VecDeque::new(),
        })
    }

    fn founds(&self, command: &Command) -> bool {
        match command {
            Command::SignUp(_) => true,
            Command::FinishLogin { .. } => self.guard.is_worth_keeping(),
            _ => false,
        }
    }

    fn kind(command: &Command) -> Kind {
        match command {
            Command::Exists | Command::BeginLogin | Command::Authorize { .. } | Command::Visits => Kind::Read,
            Command::OpenFeed { .. } => Kind::Read,
            Command::SetFeedKey { .. } => Kind::Write,
            Command::SignUp(_) | Command::FinishLogin { .. } | Command::VerifyEmail { .. } => Kind::Write,
        }
    }

    fn execute(&mut self, turn: &mut Turn<'_>, command: Command) -> Result<Reply, Fault> {
        match command {
            Command::Exists => Ok(Reply::Exists(self.owner.is_some())),
            Command::SignUp(sign_up) => self.sign_up(turn, &sign_up),
            Command::BeginLogin => self.begin_login(turn.now),
            Command::FinishLogin { matched, session } => self.finish_login(turn, matched, &session),
            Command::Authorize { user, session, visiting } => {
                self.authorize(turn.now, user, session, visiting)
            }
            Command::VerifyEmail { token } => self.verify_email(turn, &token),
            Command::Visits => Ok(Reply::Visits(self.visits.iter().copied().collect())),
            Command::SetFeedKey { user, digest } => {
                self.owner
                    .as_ref()
                    .filter(|owner| owner.profile.id == user)
                    .ok_or(Refusal::Unauthenticated)?;
                feed::save(turn.sql, &digest)?;
                Ok(Reply::Done)
            }
            Command::OpenFeed { digest } => {
                feed::open(turn.sql, self.owner.as_ref().map(|owner| owner.profile.id), &digest)
            }
        }
    }
}

impl Account {
    const VISITS_MAX: usize = 64;

    fn sign_up(&mut self, turn: &mut Turn<'_>, sign_up: &SignUp) -> Result<Reply, Fault> {
        if self.owner.is_some() {
            return Err(Refusal::EmailTaken.into());
        }
        let profile = Profile {
            id: sign_up.id,
            email: sign_up.email.clone(),
            name: sign_up.name.clone(),
            role: sign_up.role,
            email_verified: false,
            created_at: turn.now,
        };
        store::insert_account(turn, sign_up)?;
        store::insert_token(turn.sql, store::VERIFY_EMAIL, &sign_up.verification)?;
        let mail = Mail {
            to: profile.email.clone(),
            name: profile.name.clone(),
            letter: Letter::ConfirmAddress { link: sign_up.verification_link.clone() },
        };
        turn.post(&format!("verify/{}", profile.id), &Parcel::Mail(mail), turn.now)?;
        self.owner = Some(Owner { profile: profile.clone(), password_hash: sign_up.password_hash.clone() });
        Ok(Reply::Profile(Box::new(profile)))
    }

    fn begin_login(&self, now: Timestamp) -> Result<Reply, Fault> {
        self.guard.admit(now)?;
        Ok(Reply::Challenge(self.owner.as_ref().map(|owner| owner.password_hash.clone())))
    }

    fn finish_login(
        &mut self,
        turn: &Turn<'_>,
        matched: Option<Secret<String>>,
        session: &NewSession,
    ) -> Result<Reply, Fault> {
        self.guard.admit(turn.now)?;
        let owner = self.owner.as_ref().filter(|owner| Some(&owner.password_hash) == matched.as_ref());
        let Some(profile) = owner.map(|owner| owner.profile.clone()) else {
            let (guard, answer) = self.guard.fail(turn.now);
            if self.guard.is_worth_keeping() {
                store::save_guard(turn.sql, &guard)?;
            }
            self.guard = guard;
            return Ok(Reply::Failed(answer));
        };
        if self.guard.failures() > 0 {
            self.guard = LoginGuard::default();
            store::save_guard(turn.sql, &self.guard)?;
        }
        self.make_room_for_session(turn)?;
        store::insert_session(turn, session.id, &session.refresh)?;
        self.sessions.push(Session { id: session.id, expires_at: session.refresh.expires_at });
        Ok(Reply::Profile(Box::new(profile)))
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

    fn authorize(
        &mut self,
        now: Timestamp,
        user: UserId,
        session: SessionId,
        visiting: Option<EventId>,
    ) -> Result<Reply, Fault> {
        let owner = self.owner.as_ref().filter(|owner| owner.profile.id == user);
        let stands = self.sessions.iter().any(|known| known.id == session && known.expires_at > now);
        let profile =
            owner.filter(|_| stands).map(|owner| owner.profile.clone()).ok_or(Refusal::Unauthenticated)?;
        if let Some(event) = visiting.filter(|event| !self.visits.contains(event)) {
            self.visits.truncate(Self::VISITS_MAX.saturating_sub(1));
            self.visits.push_front(event);
        }
        Ok(Reply::Profile(Box::new(profile)))
    }

    fn verify_email(&mut self, turn: &Turn<'_>, token: &str) -> Result<Reply, Fault> {
        let owner = self.owner.as_mut().ok_or(Refusal::InvalidToken)?;
        if !store::token_stands(turn.sql, turn.now, store::VERIFY_EMAIL, token)? {
            return Err(Refusal::InvalidToken.into());
        }
        store::mark_verified(turn.sql)?;
        store::delete_tokens(turn.sql, store::VERIFY_EMAIL)?;
        owner.profile.email_verified = true;
        Ok(Reply::Done)
    }
}
