//! Actions by a link from a mail: confirming the address, choosing a new password.

use super::state::Account;
use super::{security_log, store};
use crate::domain::guard::LoginGuard;
use crate::domain::{Refusal, Secret, limits};
use crate::mail::{Mail, MailTemplate};
use crate::objects::messages::account::{Link, Reply, SecurityEventKind};
use crate::objects::object::{Fault, Transaction};
use crate::objects::outbox::OutboxMessage;
use crate::objects::sql::SqlError;

impl Account {
    pub(super) fn verify_email(&mut self, tx: &mut Transaction<'_>, token: &str) -> Result<Reply, Fault> {
        self.verification_stands(tx, token)?;
        let owner = self.owner.as_mut().ok_or(Refusal::InvalidToken)?;
        store::mark_verified(tx.sql)?;
        store::delete_tokens(tx.sql, store::VERIFY_EMAIL)?;
        security_log::note(tx, SecurityEventKind::EmailVerified)?;
        owner.profile.email_verified = true;
        self.mail_has_arrived(tx)?;
        Ok(Reply::Done)
    }

    pub(super) fn verification_stands(&self, tx: &Transaction<'_>, token: &str) -> Result<Reply, Fault> {
        let stands = self.owner.is_some() && store::token_stands(tx.sql, tx.now, store::VERIFY_EMAIL, token)?;
        if stands { Ok(Reply::Done) } else { Err(Refusal::InvalidToken.into()) }
    }

    pub(super) fn resend_verification(&self, tx: &mut Transaction<'_>, link: Link) -> Result<Reply, Fault> {
        match self.send_link(tx, store::VERIFY_EMAIL, link)? {
            None => Ok(Reply::Done),
            Some(retry_after) => Err(Refusal::RateLimited { retry_after }.into()),
        }
    }

    /// The answer is the same whether or not a mail is sent.
    pub(super) fn forgot_password(&self, tx: &mut Transaction<'_>, link: Link) -> Result<Reply, Fault> {
        if self.admitted().is_some() && self.send_link(tx, store::RESET_PASSWORD, link)?.is_none() {
            security_log::note(tx, SecurityEventKind::PasswordForgotten)?;
        }
        Ok(Reply::Done)
    }

    pub(super) fn reset_stands(&self, tx: &Transaction<'_>, token: &str) -> Result<Reply, Fault> {
        let stands =
            self.admitted().is_some() && store::token_stands(tx.sql, tx.now, store::RESET_PASSWORD, token)?;
        if stands { Ok(Reply::Done) } else { Err(Refusal::InvalidToken.into()) }
    }

    pub(super) fn reset_password(
        &mut self,
        tx: &mut Transaction<'_>,
        token: &str,
        password_hash: Secret<String>,
    ) -> Result<Reply, Fault> {
        self.reset_stands(tx, token)?;
        self.end_sessions(tx, |_| true)?;
        security_log::note(tx, SecurityEventKind::PasswordReset)?;
        self.mail_has_arrived(tx)?;
        self.set_password(tx, password_hash)
    }

    /// Replaces the hash. Links to reset the old password and failed guesses at it no longer count. The owner
    /// is told, in case somebody else did this.
    pub(super) fn set_password(
        &mut self,
        tx: &mut Transaction<'_>,
        password_hash: Secret<String>,
    ) -> Result<Reply, Fault> {
        let owner = self.owner.as_mut().ok_or(Refusal::Unauthenticated)?;
        store::save_password(tx.sql, &password_hash)?;
        store::delete_tokens(tx.sql, store::RESET_PASSWORD)?;
        self.guard = LoginGuard::default();
        store::save_guard(tx.sql, &self.guard)?;
        (owner.password_hash, owner.replaced_hash) = (password_hash, None);
        let profile = owner.profile.clone();
        let mail = Mail {
            to: profile.email.clone(),
            name: profile.name.clone(),
            template: MailTemplate::PasswordChanged,
        };
        let key = format!("password_changed/{}/{}", profile.id, tx.now.ms());
        tx.post(&key, &OutboxMessage::Mail(mail), tx.now)?;
        Ok(Reply::Profile(Box::new(profile)))
    }

    /// Stores a link's token and posts the mail. Returns the seconds to wait if too many tokens are valid.
    fn send_link(
        &self,
        tx: &mut Transaction<'_>,
        purpose: &str,
        link: Link,
    ) -> Result<Option<u32>, SqlError> {
        let Some(owner) = &self.owner else { return Ok(None) };
        store::delete_expired_tokens(tx)?;
        let in_force = store::tokens_in_force(tx.sql, purpose)?;
        if in_force.len() >= usize::try_from(limits::LINKS_MAX).unwrap_or(usize::MAX) {
            let oldest_ms = in_force.first().map_or(0, |expires_at| expires_at.ms_since(tx.now));
            let seconds = oldest_ms.saturating_add(999).div_euclid(1000);
            return Ok(Some(u32::try_from(seconds).unwrap_or(1).max(1)));
        }
        store::insert_token(tx.sql, purpose, &link.token)?;
        let template = match purpose {
            store::RESET_PASSWORD => MailTemplate::ResetPassword { link: link.url },
            _ => MailTemplate::ConfirmAddress { link: link.url },
        };
        let mail = Mail { to: owner.profile.email.clone(), name: owner.profile.name.clone(), template };
        // Each link is a separate mail. Part of the digest distinguishes them and reveals nothing.
        let distinct: String = link.token.digest.chars().take(16).collect();
        let key = format!("{purpose}/{}/{distinct}", owner.profile.id);
        tx.post(&key, &OutboxMessage::Mail(mail), tx.now)?;
        Ok(None)
    }
}
