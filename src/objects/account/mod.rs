//! The Account object: one e-mail address, and at most one account behind it.
//!
//! It is named by a digest of the normalised address, so that uniqueness needs no index: fifty
//! sign-ups of one address meet in one object, which decides them one after the other. It holds
//! the password's hash, the sessions, the one-time tokens and the count of failed logins. It never
//! computes a hash: that is the Worker's work, because an object has one thread for everybody who
//! uses it.
//!
//! | command | atomic because |
//! |---|---|
//! | sign up | account, token and mail are one transaction |
//! | begin and finish login, challenge and what follows it | the pause is checked again when the result arrives, so that guesses made side by side gain nothing |
//! | orders from a session | whether it stands is known where it would have ended |
//! | authorize | memory alone; a session that ended here has ended everywhere, and what it changes is counted here, whichever isolate asks |
//! | refresh | the old token is spent with the turn that makes the new one |
//! | mark of the address | the status and the notice for the events are one turn |
//! | reset, change of password | the hash changes and sessions end in one turn |
//! | suspend, restore | one turn ends the sessions and posts the notice for the events |
//! | delete | one turn ends the sessions, erases, and posts the notice for everybody else |
//!
//! Where no account is, failed logins are all that is held, and whether mail reaches the address. Once
//! the former count for nothing, or the account was deleted and all have heard of it, the database is
//! deleted too, unless mail is known not to arrive.

mod admin;
mod email_status;
mod events;
mod feed;
mod life;
mod links;
mod login;
mod protocol;
mod sessions;
mod store;

pub use admin::{AdminOrder, Overview};
pub use protocol::{
    Command, Digest, Holder, Link, NewSession, OneTimeToken, Order, Record, Reply, SecurityEvent,
    SecurityEventKind, SessionRecord, SignUp,
};

use std::collections::VecDeque;

use super::sql::{Sql, SqlError};
use super::{Fault, Kind, Object, Turn};
use crate::auth::digest;
use crate::domain::account::Profile;
use crate::domain::guard::LoginGuard;
use crate::domain::moderation::Suspension;
use crate::domain::{EventId, Refusal, Secret, SessionId, Timestamp, TokenBucket};

/// One address and what is known of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Account {
    owner: Option<Owner>,
    guard: LoginGuard,
    address: email_status::AddressStatus,
    sessions: Vec<Session>,
    /// Events that the user has lately been about to register for. Memory alone: the Catalog
    /// hears of registrations within a second or two, and this bridges the time until then.
    visits: VecDeque<EventId>,
    /// Whether the operator has closed the account.
    suspension: Suspension,
}

#[derive(Debug, PartialEq, Eq)]
struct Owner {
    profile: Profile,
    password_hash: Secret<String>,
    /// The weaker hash of the same password that was just replaced: logins that were on their way
    /// have been compared with it. Memory alone.
    replaced_hash: Option<Secret<String>>,
}

impl Owner {
    const fn new(profile: Profile, password_hash: Secret<String>) -> Self {
        Self { profile, password_hash, replaced_hash: None }
    }

    /// Whether the password was compared with what is on file, and matched.
    fn is_proved_by(&self, matched: Option<&Secret<String>>) -> bool {
        matched.is_some_and(|hash| *hash == self.password_hash || self.replaced_hash.as_ref() == Some(hash))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Session {
    id: SessionId,
    created_at: Timestamp,
    expires_at: Timestamp,
    /// What it may still change. Memory alone: an object that was restarted begins with a full one.
    changes: TokenBucket,
}

impl Object for Account {
    const MIGRATIONS: &'static [super::schema::Step] = store::MIGRATIONS;
    const COPIED: bool = true;
    type Command = Command;
    type Reply = Reply;

    fn blank() -> Self {
        Self::default()
    }

    fn load(sql: &dyn Sql) -> Result<Self, SqlError> {
        let address = email_status::load(sql)?;
        let known = store::load_profile(sql)?;
        Ok(Self {
            owner: known.map(|(profile, hash)| Owner::new(address.shown_in(profile), hash)),
            guard: store::load_guard(sql)?,
            address,
            sessions: store::load_sessions(sql)?,
            visits: VecDeque::new(),
            suspension: admin::load(sql)?,
        })
    }

    fn founds(&self, command: &Command) -> bool {
        match command {
            Command::SignUp(_) => true,
            Command::FinishLogin { .. } => self.guard.is_worth_keeping(),
            Command::MarkEmail { .. } => true,
            _ => false,
        }
    }

    fn kind(command: &Command) -> Kind {
        match command {
            Command::Admin(order) => order.kind(),
            Command::Exists
            | Command::BeginLogin
            | Command::Authorize { .. }
            | Command::ResetStands(_)
            | Command::By(_, Order::Challenge | Order::Export)
            | Command::OpenFeed { .. }
            | Command::Visits => Kind::Read,
            Command::SignUp(_)
            | Command::FinishLogin { .. }
            | Command::Refresh(..)
            | Command::VerifyEmail { .. }
            | Command::ForgotPassword(_)
            | Command::ResetPassword(..)
            | Command::SetFeedKey { .. }
            | Command::MarkEmail { .. }
            | Command::LiftEmailMark
            | Command::By(..) => Kind::Write,
        }
    }

    fn remembers(command: &Command) -> bool {
        match command {
            Command::Refresh(..)
            | Command::VerifyEmail { .. }
            | Command::ForgotPassword(_)
            | Command::ResetPassword(..) => true,
            Command::By(_, order) => matches!(
                order,
                Order::Logout | Order::ResendVerification(_) | Order::ChangePassword(..) | Order::Delete(_)
            ),
            _ => false,
        }
    }

    fn execute(&mut self, turn: &mut Turn<'_>, command: Command) -> Result<Reply, Fault> {
        match command {
            Command::Exists => Ok(Reply::Exists(self.owner.is_some())),
            Command::SignUp(sign_up) => self.sign_up(turn, &sign_up),
            Command::BeginLogin => self.begin_login(turn.now),
            Command::FinishLogin { matched, session, stronger } => {
                self.finish_login(turn, matched.as_ref(), &session, stronger)
            }
            Command::Authorize { user, session, visiting, changes } => {
                self.authorize(turn.now, Holder { user, session, changes }, visiting)
            }
            Command::Refresh(family, token, next) => self.refresh(turn, &family, &token, &next),
            Command::VerifyEmail { token } => self.verify_email(turn, &token),
            Command::ForgotPassword(link) => self.forgot_password(turn, link),
            Command::ResetStands(token) => self.reset_stands(turn, &token),
            Command::ResetPassword(token, hash) => self.reset_password(turn, &token, hash),
            Command::By(holder, order) => {
                self.admits(turn.now, holder)?;
                self.obey(turn, holder, order)
            }
            Command::Visits => Ok(Reply::Visits(self.visits.iter().copied().collect())),
            Command::SetFeedKey { user, digest } => {
                self.owner
                    .as_ref()
                    .filter(|owner| owner.profile.id == user)
                    .ok_or(Refusal::Unauthenticated)?;
                feed::save(turn.sql, &digest)
            }
            Command::MarkEmail { status, at } => self.mark_email(turn, status, at),
            Command::LiftEmailMark => self.lift_email_mark(turn),
            Command::OpenFeed { digest } => feed::open(turn.sql, self.admitted(), &digest),
            Command::Admin(order) => self.administer(turn, order),
        }
    }

    fn copy_name(&self) -> Option<String> {
        let key = digest::account_key(&self.owner.as_ref()?.profile.email)?;
        Some(key.to_string())
    }

    fn spent_at(&self) -> Option<Timestamp> {
        (self.owner.is_none() && self.address.status.is_ok()).then(|| self.guard.forgotten_at())
    }
}

impl Account {
    /// Does what the holder of a session that stands has ordered.
    fn obey(&mut self, turn: &mut Turn<'_>, holder: Holder, order: Order) -> Result<Reply, Fault> {
        let Some(Owner { profile, .. }) = &self.owner else { return Err(Refusal::Unauthenticated.into()) };
        match order {
            Order::Logout => self.log_out(turn, holder),
            Order::ResendVerification(_) if profile.email_verified && profile.email_status.is_ok() => {
                Ok(Reply::Done)
            }
            Order::ResendVerification(link) => self.resend_verification(turn, link),
            Order::Challenge => self.begin_login(turn.now),
            Order::ChangePassword(matched, hash) => {
                self.change_password(turn, holder, matched.as_ref(), hash)
            }
            Order::Rename(name) => self.rename(turn, profile.clone(), name),
            Order::Export => self.export(turn, profile.clone()),
            Order::SetFeedKey(digest) => feed::save(turn.sql, &digest),
            Order::Delete(matched) => self.delete(turn, profile.clone(), matched.as_ref()),
        }
    }
}
