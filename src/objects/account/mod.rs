//! The Account object: one e-mail address, and at most one account behind it.
//!
//! It is named by a digest of the normalised address, so that uniqueness needs no index: fifty sign-ups with
//! one address reach one object, which decides them one after the other. It holds the password's hash, the
//! sessions, the one-time tokens and the count of failed logins. It never computes a hash. That is the
//! Worker's job, because an object has a single thread for all who use it.
//!
//! | command | atomic because |
//! |---|---|
//! | sign up | account, token and mail are one transaction |
//! | begin and finish login, challenge and what follows it | the pause is checked again when the result arrives, so that guesses made side by side gain nothing |
//! | orders from a session | whether it stands is known where it would have ended |
//! | authorize | memory alone; a session that ended here has ended everywhere, and what it changes is counted here, whichever isolate asks |
//! | refresh | the old token is spent in the transaction that makes the new one |
//! | mark of the address | the status and the account change for the events are one transaction |
//! | reset, change of password | the hash changes and sessions end in one transaction |
//! | suspend, restore | one transaction ends the sessions and posts the account change for the events |
//! | delete | one transaction ends the sessions, erases, and posts the account change for everybody else |
//!
//! Without an account, only failed logins and the status of the address are stored. Once the failed logins no
//! longer count, or the account was deleted and everybody concerned has been told, the database is deleted
//! too, unless mail is known not to arrive.

mod address_status;
mod admin;
mod calendar_key;
mod email_status;
mod event_keys;
mod lifecycle;
mod links;
mod login;
mod security_log;
mod sessions;
mod state;
mod store;

pub use state::Account;

pub use crate::objects::messages::account::{
    AdminOrder, Command, Digest, Holder, Link, NewSession, OneTimeToken, Order, Overview, Record, Reply,
    SecurityEvent, SecurityEventKind, SessionRecord, SignUp,
};

use std::collections::VecDeque;

use super::sql::{Sql, SqlError};
use crate::auth::digest;
use crate::domain::{Refusal, Timestamp, UserId};
use crate::objects::object::{Fault, Kind, Object, Transaction};
use state::Owner;

impl Object for Account {
    const MIGRATIONS: &'static [super::schema::Step] = store::MIGRATIONS;
    const COPIED: bool = true;
    type Command = Command;
    type Reply = Reply;

    fn blank() -> Self {
        Self::default()
    }

    fn load(sql: &dyn Sql) -> Result<Self, SqlError> {
        let address = address_status::load(sql)?;
        let known = store::load_profile(sql)?;
        Ok(Self {
            owner: known.map(|(profile, hash)| Owner::new(address.shown_in(profile), hash)),
            guard: store::load_guard(sql)?,
            address,
            sessions: store::load_sessions(sql)?,
            recent_events: VecDeque::new(),
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
            | Command::VerificationStands(_)
            | Command::By(_, Order::Challenge | Order::Export)
            | Command::OpenFeed { .. }
            | Command::RecentEvents => Kind::Read,
            Command::SignUp(_)
            | Command::FinishLogin { .. }
            | Command::Refresh(..)
            | Command::VerifyEmail { .. }
            | Command::ForgotPassword(_)
            | Command::ResetPassword(..)
            | Command::SetFeedKey { .. }
            | Command::MarkEmail { .. }
            | Command::LiftEmailMark
            | Command::EventOfKey { .. }
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

    fn execute(&mut self, tx: &mut Transaction<'_>, command: Command) -> Result<Reply, Fault> {
        match command {
            Command::Exists => Ok(Reply::Exists(self.owner.is_some())),
            Command::SignUp(sign_up) => self.sign_up(tx, &sign_up),
            Command::BeginLogin => self.begin_login(tx.now),
            Command::FinishLogin { matched, session, stronger } => {
                self.finish_login(tx, matched.as_ref(), &session, stronger)
            }
            Command::Authorize { user, session, registering_for, changes } => {
                self.authorize(tx.now, Holder { user, session, changes }, registering_for)
            }
            Command::Refresh(family, token, next) => self.refresh(tx, &family, &token, &next),
            Command::VerifyEmail { token } => self.verify_email(tx, &token),
            Command::ForgotPassword(link) => self.forgot_password(tx, link),
            Command::VerificationStands(token) => self.verification_stands(tx, &token),
            Command::ResetStands(token) => self.reset_stands(tx, &token),
            Command::ResetPassword(token, hash) => self.reset_password(tx, &token, hash),
            Command::By(holder, order) => {
                self.admits(tx.now, holder)?;
                self.obey(tx, holder, order)
            }
            Command::RecentEvents => Ok(Reply::RecentEvents(self.recent_events.iter().copied().collect())),
            Command::SetFeedKey { user, digest } => {
                self.is_of(user)?;
                calendar_key::save(tx.sql, &digest)
            }
            Command::EventOfKey { user, key, event } => {
                self.is_of(user)?;
                Ok(Reply::EventOfKey(event_keys::event_of(tx, &key, event)?))
            }
            Command::MarkEmail { status, at } => self.mark_email(tx, status, at),
            Command::LiftEmailMark => self.lift_email_mark(tx),
            Command::OpenFeed { digest } => calendar_key::open(tx.sql, self.admitted(), &digest),
            Command::Admin(order) => self.administer(tx, order),
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
    /// Checks whose account it is.
    fn is_of(&self, user: UserId) -> Result<(), Refusal> {
        let owner = self.owner.as_ref().filter(|owner| owner.profile.id == user);
        owner.map(|_| ()).ok_or(Refusal::Unauthenticated)
    }

    /// Executes an order from the holder of a valid session.
    fn obey(&mut self, tx: &mut Transaction<'_>, holder: Holder, order: Order) -> Result<Reply, Fault> {
        let Some(Owner { profile, .. }) = &self.owner else { return Err(Refusal::Unauthenticated.into()) };
        match order {
            Order::Logout => self.log_out(tx, holder),
            Order::ResendVerification(_) if profile.email_verified && profile.email_status.is_ok() => {
                Ok(Reply::Done)
            }
            Order::ResendVerification(link) => self.resend_verification(tx, link),
            Order::Challenge => self.begin_login(tx.now),
            Order::ChangePassword(matched, hash) => self.change_password(tx, holder, matched.as_ref(), hash),
            Order::Rename(name) => self.rename(tx, profile.clone(), name),
            Order::Export => self.export(tx, profile.clone()),
            Order::SetFeedKey(digest) => calendar_key::save(tx.sql, &digest),
            Order::Delete(matched) => self.delete(tx, profile.clone(), matched.as_ref()),
        }
    }
}
