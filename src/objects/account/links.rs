//! What is done with a link from a mail: confirming the address, choosing a new password.

use super::{Account, Link, Reply, SecurityEventKind, events, store};
use crate::domain::guard::LoginGuard;
use crate::domain::{Refusal, Secret, limits};
use crate::mail::{Letter, Mail};
use crate::objects::outbox::Parcel;
use crate::objects::sql::SqlError;
use crate::objects::{Fault, Turn};

impl Account {
    pub(super) fn verify_email(&mut self, turn: &mut Turn<'_>, token: &str) -> Result<Reply, Fault> {
        let owner = self.owner.as_mut().ok_or(Refusal::InvalidToken)?;
        if !store::token_stands(turn.sql, turn.now, store::VERIFY_EMAIL, token)? {
            return Err(Refusal::InvalidToken.into());
        }
        store::mark_verified(turn.sql)?;
        store::delete_tokens(turn.sql, store::VERIFY_EMAIL)?;
        events::note(turn, SecurityEventKind::EmailVerified)?;
        owner.profile.email_verified = true;
        self.mail_has_arrived(turn)?;
        Ok(Reply::Done)
    }

    pub(super) fn resend_verification(&self, turn: &mut Turn<'_>, link: Link) -> Result<Reply, Fault> {
        match self.send_link(turn, store::VERIFY_EMAIL, link)? {
            None => Ok(Reply::Done),
            Some(retry_after) => Err(Refusal::RateLimited { retry_after }.into()),
        }
    }

    /// The answer is the same whether or not a mail goes out.
    pub(super) fn forgot_password(&self, turn: &mut Turn<'_>, link: Link) -> Result<Reply, Fault> {
        if self.admitted().is_some() && self.send_link(turn, store::RESET_PASSWORD, link)?.is_none() {
            events::note(turn, SecurityEventKind::PasswordForgotten)?;
        }
        Ok(Reply::Done)
    }

    pub(super) fn reset_stands(&self, turn: &Turn<'_>, token: &str) -> Result<Reply, Fault> {
        let stands = self.admitted().is_some()
            && store::token_stands(turn.sql, turn.now, store::RESET_PASSWORD, token)?;
        if stands { Ok(Reply::Done) } else { Err(Refusal::InvalidToken.into()) }
    }

    pub(super) fn reset_password(
        &mut self,
        turn: &mut Turn<'_>,
        token: &str,
        password_hash: Secret<String>,
    ) -> Result<Reply, Fault> {
        self.reset_stands(turn, token)?;
        self.end_sessions(turn, |_| true)?;
        events::note(turn, SecurityEventKind::PasswordReset)?;
        self.mail_has_arrived(turn)?;
        self.set_password(turn, password_hash)
    }

    /// Replaces the hash: links to reset the old password, and failures to guess it, count for
    /// nothing from now on. The owner is told, who may not have done it.
    pub(super) fn set_password(
        &mut self,
        turn: &mut Turn<'_>,
        password_hash: Secret<String>,
    ) -> Result<Reply, Fault> {
        let owner = self.owner.as_mut().ok_or(Refusal::Unauthenticated)?;
        store::save_password(turn.sql, &password_hash)?;
        store::delete_tokens(turn.sql, store::RESET_PASSWORD)?;
        self.guard = LoginGuard::default();
        store::save_guard(turn.sql, &self.guard)?;
        (owner.password_hash, owner.replaced_hash) = (password_hash, None);
        let profile = owner.profile.clone();
        let mail =
            Mail { to: profile.email.clone(), name: profile.name.clone(), letter: Letter::PasswordChanged };
        let key = format!("password_changed/{}/{}", profile.id, turn.now.ms());
        turn.post(&key, &Parcel::Mail(mail), turn.now)?;
        Ok(Reply::Profile(Box::new(profile)))
    }

    /// Stores a link's token and posts the mail; the seconds to wait if too many are in force.
    fn send_link(&self, turn: &mut Turn<'_>, purpose: &str, link: Link) -> Result<Option<u32>, SqlError> {
        let Some(owner) = &self.owner else { return Ok(None) };
        store::delete_expired_tokens(turn)?;
        let in_force = store::tokens_in_force(turn.sql, purpose)?;
        if in_force.len() >= usize::try_from(limits::LINKS_MAX).unwrap_or(usize::MAX) {
            let oldest_ms = in_force.first().map_or(0, |expires_at| expires_at.ms_since(turn.now));
            let seconds = oldest_ms.saturating_add(999).div_euclid(1000);
            return Ok(Some(u32::try_from(seconds).unwrap_or(1).max(1)));
        }
        store::insert_token(turn.sql, purpose, &link.token)?;
        let letter = match purpose {
            store::RESET_PASSWORD => Letter::ResetPassword { link: link.url },
            _ => Letter::ConfirmAddress { link: link.url },
        };
        let mail = Mail { to: owner.profile.email.clone(), name: owner.profile.name.clone(), letter };
        // Each link is another letter: part of the digest tells them apart, and says nothing.
        let distinct: String = link.token.digest.chars().take(16).collect();
        let key = format!("{purpose}/{}/{distinct}", owner.profile.id);
        turn.post(&key, &Parcel::Mail(mail), turn.now)?;
        Ok(None)
    }
}
