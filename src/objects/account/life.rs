//! The life of an account from sign-up to deletion.

use super::{Account, Holder, Owner, Record, Reply, SecurityEventKind, SessionRecord, SignUp, events, store};
use crate::domain::account::{Name, Profile, Role};
use crate::domain::moderation::Suspension;
use crate::domain::{Refusal, Secret};
use crate::mail::{Letter, Mail};
use crate::objects::notice::{News, Notice};
use crate::objects::outbox::Parcel;
use crate::objects::{Fault, Turn};

impl Account {
    pub(super) fn sign_up(&mut self, turn: &mut Turn<'_>, sign_up: &SignUp) -> Result<Reply, Fault> {
        if let Some(owner) = &self.owner {
            // The id is drawn for this command alone: an earlier try of it has made the account.
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
            created_at: turn.now,
            name_changes: 0,
            email_status: self.address.status,
            email_status_changes: self.address.changes,
        };
        store::insert_account(turn, sign_up)?;
        store::insert_token(turn.sql, store::VERIFY_EMAIL, &sign_up.verification)?;
        events::note(turn, SecurityEventKind::SignUp)?;
        let mail = Mail {
            to: profile.email.clone(),
            name: profile.name.clone(),
            letter: Letter::ConfirmAddress { link: sign_up.verification_link.clone() },
        };
        turn.post(&format!("verify/{}", profile.id), &Parcel::Mail(mail), turn.now)?;
        self.owner = Some(Owner::new(profile.clone(), sign_up.password_hash.clone()));
        Ok(Reply::Profile(Box::new(profile)))
    }

    pub(super) fn change_password(
        &mut self,
        turn: &mut Turn<'_>,
        holder: Holder,
        matched: Option<&Secret<String>>,
        password_hash: Secret<String>,
    ) -> Result<Reply, Fault> {
        if let Some(failed) = self.judge(turn, matched)? {
            return Ok(failed);
        }
        self.end_sessions(turn, |session| session != holder.session)?;
        events::note(turn, SecurityEventKind::PasswordChanged)?;
        self.set_password(turn, password_hash)
    }

    /// The events of an organizer carry the name: they hear of the new one through the Catalog.
    pub(super) fn rename(
        &mut self,
        turn: &mut Turn<'_>,
        current: Profile,
        name: Option<Name>,
    ) -> Result<Reply, Fault> {
        if current.name == name {
            return Ok(Reply::Profile(Box::new(current)));
        }
        let changes = current.name_changes.saturating_add(1);
        let profile = Profile { name: name.clone(), name_changes: changes, ..current };
        store::save_name(turn.sql, &profile)?;
        if profile.role == Role::Organizer {
            let notice = Notice { user: profile.id, news: News::Renamed { name, changes } };
            turn.post("name", &Parcel::Notice(Box::new(notice), Vec::new()), turn.now)?;
        }
        if let Some(owner) = &mut self.owner {
            owner.profile = profile.clone();
        }
        Ok(Reply::Profile(Box::new(profile)))
    }

    pub(super) fn export(&self, turn: &Turn<'_>, profile: Profile) -> Result<Reply, Fault> {
        let standing = self.sessions.iter().filter(|session| session.expires_at > turn.now);
        let sessions = standing.map(|session| SessionRecord {
            id: session.id,
            created_at: session.created_at,
            expires_at: session.expires_at,
        });
        Ok(Reply::Record(Box::new(Record {
            profile,
            sessions: sessions.collect(),
            security_events: events::all(turn.sql)?,
            failures: self.guard.failures(),
        })))
    }

    /// What follows elsewhere (seats, lists, letters) is the notice's business. Failed logins stay
    /// for as long as they count.
    pub(super) fn delete(
        &mut self,
        turn: &mut Turn<'_>,
        profile: Profile,
        matched: Option<&Secret<String>>,
    ) -> Result<Reply, Fault> {
        if let Some(failed) = self.judge(turn, matched)? {
            return Ok(failed);
        }
        turn.outbox.withdraw_letters(turn.sql, &profile.email, &[])?;
        store::erase(turn.sql)?;
        let notice = Notice { user: profile.id, news: News::Erased };
        let visits = self.visits.iter().copied().collect();
        turn.post(&format!("erased/{}", profile.id), &Parcel::Notice(Box::new(notice), visits), turn.now)?;
        self.owner = None;
        self.suspension = Suspension::default();
        self.sessions.clear();
        self.visits.clear();
        Ok(Reply::Done)
    }
}
