//! The life of an account from sign-up to deletion.

use super::state::{Account, Owner};
use super::{security_log, store};
use crate::domain::account::{Name, Profile, Role};
use crate::domain::moderation::Suspension;
use crate::domain::{Refusal, Secret};
use crate::mail::{Mail, MailTemplate};
use crate::objects::messages::account::{Holder, Record, Reply, SecurityEventKind, SessionRecord, SignUp};
use crate::objects::messages::account_change::{AccountChange, ChangeKind};
use crate::objects::object::{Fault, Transaction};
use crate::objects::outbox::OutboxMessage;

impl Account {
    pub(super) fn sign_up(&mut self, tx: &mut Transaction<'_>, sign_up: &SignUp) -> Result<Reply, Fault> {
        if let Some(owner) = &self.owner {
            // The id was drawn for this command alone, so an earlier try has made the account.
            let made = owner.profile.id == sign_up.id;
            let profile = owner.profile.clone();
            return made.then(|| Reply::Profile(Box::new(profile))).ok_or(Refusal::EmailTaken.into());
        }
        let profile = Profile {
            id: sign_up.id,
            email: sign_up.email.clone(),
            name: sign_up.name.clone(),
            role: sign_up.role,
            email_verified: false,
            created_at: tx.now,
            name_changes: 0,
            email_status: self.address.status,
            email_status_changes: self.address.changes,
        };
        store::insert_account(tx, sign_up)?;
        store::insert_token(tx.sql, store::VERIFY_EMAIL, &sign_up.verification)?;
        security_log::note(tx, SecurityEventKind::SignUp)?;
        let mail = Mail {
            to: profile.email.clone(),
            name: profile.name.clone(),
            template: MailTemplate::ConfirmAddress { link: sign_up.verification_link.clone() },
        };
        tx.post(&format!("verify/{}", profile.id), &OutboxMessage::Mail(mail), tx.now)?;
        self.owner = Some(Owner::new(profile.clone(), sign_up.password_hash.clone()));
        Ok(Reply::Profile(Box::new(profile)))
    }

    pub(super) fn change_password(
        &mut self,
        tx: &mut Transaction<'_>,
        holder: Holder,
        matched: Option<&Secret<String>>,
        password_hash: Secret<String>,
    ) -> Result<Reply, Fault> {
        if let Some(failed) = self.judge(tx, matched)? {
            return Ok(failed);
        }
        self.end_sessions(tx, |session| session != holder.session)?;
        security_log::note(tx, SecurityEventKind::PasswordChanged)?;
        self.set_password(tx, password_hash)
    }

    /// An organizer's events show the name. The Catalog tells them the new one.
    pub(super) fn rename(
        &mut self,
        tx: &mut Transaction<'_>,
        current: Profile,
        name: Option<Name>,
    ) -> Result<Reply, Fault> {
        if current.name == name {
            return Ok(Reply::Profile(Box::new(current)));
        }
        let changes = current.name_changes.saturating_add(1);
        let profile = Profile { name: name.clone(), name_changes: changes, ..current };
        store::save_name(tx.sql, &profile)?;
        if profile.role == Role::Organizer {
            let account_change =
                AccountChange { user: profile.id, kind: ChangeKind::Renamed { name, changes } };
            tx.post("name", &OutboxMessage::AccountChange(Box::new(account_change), Vec::new()), tx.now)?;
        }
        if let Some(owner) = &mut self.owner {
            owner.profile = profile.clone();
        }
        Ok(Reply::Profile(Box::new(profile)))
    }

    pub(super) fn export(&self, tx: &Transaction<'_>, profile: Profile) -> Result<Reply, Fault> {
        let standing = self.sessions.iter().filter(|session| session.expires_at > tx.now);
        let sessions = standing.map(|session| SessionRecord {
            id: session.id,
            created_at: session.created_at,
            expires_at: session.expires_at,
        });
        Ok(Reply::Record(Box::new(Record {
            profile,
            sessions: sessions.collect(),
            security_events: security_log::all(tx.sql)?,
            failures: self.guard.failures(),
        })))
    }

    /// The account change takes care of everything elsewhere (seats, lists, mails). Failed logins stay as
    /// long as they count.
    pub(super) fn delete(
        &mut self,
        tx: &mut Transaction<'_>,
        profile: Profile,
        matched: Option<&Secret<String>>,
    ) -> Result<Reply, Fault> {
        if let Some(failed) = self.judge(tx, matched)? {
            return Ok(failed);
        }
        tx.outbox.withdraw_mails(tx.sql, &profile.email, &[])?;
        store::erase(tx.sql)?;
        let account_change = AccountChange { user: profile.id, kind: ChangeKind::Erased };
        let recent = self.recent_events.iter().copied().collect();
        tx.post(
            &format!("erased/{}", profile.id),
            &OutboxMessage::AccountChange(Box::new(account_change), recent),
            tx.now,
        )?;
        self.owner = None;
        self.suspension = Suspension::default();
        self.sessions.clear();
        self.recent_events.clear();
        Ok(Reply::Done)
    }
}
