//! What has to be true: each command that an object has committed is executed by a naive model as
//! well, and the answers must agree. So what was acknowledged is what the model holds, and what
//! was not is in it or not, as the object has decided. The model forgets nothing when an object
//! crashes; that is how a lost command is found.

use std::collections::BTreeMap;

use event_platform::domain::account::Profile;
use event_platform::domain::schedule::Schedule;
use event_platform::domain::{
    AccountKey, Email, EmailStatus, EventId, Refusal, RegistrationId, Secret, SessionId, Timestamp, UserId,
    limits,
};
use event_platform::mail::{Mail, MailTemplate};
use event_platform::objects::account::{self, SignUp};
use event_platform::objects::event::{self, Snapshot};
use event_platform::objects::messages::account_change::ChangeKind;
use event_platform::objects::{Answer, Envelope, Outcome, Stamp};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::support::naive::NaiveEvent;
use crate::support::node::Address;
use crate::support::post::Sent;
use crate::world::Happened;

/// Visits that an account remembers at most.
const RECENT_EVENTS_MAX: usize = 64;

/// A rule that was broken, in words.
pub(crate) type Broken = String;

/// The truth about all objects, as far as it was committed.
#[derive(Default)]
pub(crate) struct Truth {
    pub(crate) events: BTreeMap<EventId, NaiveEvent>,
    pub(crate) accounts: BTreeMap<AccountKey, NaiveAccount>,
    /// Mails that were decided and have not gone out yet, as often as they were decided.
    pub(crate) owed: BTreeMap<String, u32>,
    /// Mails to people whose account was deleted while they waited: they may have been on their way.
    pub(crate) withdrawn: BTreeMap<String, u32>,
    /// Users whose account was deleted, and their address.
    pub(crate) erased: BTreeMap<UserId, Email>,
    /// Mails that went out, by kind.
    pub(crate) mails: BTreeMap<&'static str, u64>,
    /// When each registration's event takes place, as its holder was told last.
    pub(crate) told: BTreeMap<RegistrationId, Schedule>,
    /// How often the holder of each registration was told that the event will not take place.
    pub(crate) ended: BTreeMap<RegistrationId, u32>,
    /// What commands were answered that must not be done twice.
    answered: BTreeMap<String, String>,
    /// What each event has last said of itself, and under which stamp.
    read: BTreeMap<EventId, (Stamp, Snapshot)>,
}

impl Truth {
    /// Takes note of what has happened.
    pub(crate) fn learn(&mut self, happened: &Happened) -> Result<(), Broken> {
        match happened {
            Happened::Executed { at, command, answer, .. } if self.is_repeated(at, command, answer)? => {
                Ok(())
            }
            Happened::Executed { at: Address::Event(id), now, command, answer } => {
                self.event_executed(*id, *now, read(command), &read(answer))
            }
            Happened::Executed { at: Address::Account(key), now, command, answer } => {
                let account = self.accounts.entry(key.clone()).or_default();
                let (command, answer): (Envelope<account::Command>, Answer<account::Reply>) =
                    (read(command), read(answer));
                let before = account.profile().map(|profile| (profile.id, profile.email.clone()));
                agree(&answer.outcome, &account.execute(*now, &command.command, &mut self.owed))?;
                if let (Some((user, email)), None) = (before, account.profile()) {
                    self.withdraw(&email, |_| true);
                    self.erased.insert(user, email);
                }
                Ok(())
            }
            Happened::Forgot(Address::Account(key)) => {
                self.accounts.entry(key.clone()).or_default().visits.clear();
                Ok(())
            }
            Happened::Mailed(sent) => {
                *self.mails.entry(sent.mail.template.kind()).or_default() += 1;
                self.told_of_event(sent)?;
                match sent.mail.template {
                    MailTemplate::EventChanged { .. }
                    | MailTemplate::EventCancelled { .. }
                    | MailTemplate::EventDeleted { .. }
                    | MailTemplate::Reminder { .. } => Ok(()),
                    _ => self.went_out(&sent.mail),
                }
            }
            _ => Ok(()),
        }
    }

    /// Whether a command was executed before: then it must have had the same answer, and is not
    /// executed again. An edit that changed nothing is looked at anew each time.
    fn is_repeated(&mut self, at: &Address, command: &str, answer: &str) -> Result<bool, Broken> {
        let (asked, answer): (Envelope<Value>, Answer<Value>) = (read(command), read(answer));
        let (Some(id), Outcome::Reply(reply)) = (asked.id, &answer.outcome) else { return Ok(false) };
        let text = reply.to_string();
        match self.answered.get(id.as_str()) {
            Some(before) if *before == text => return Ok(true),
            Some(before) => return Err(format!("{command} was answered {before}, and then {text}")),
            None => {}
        }
        let version = reply["event"]["version"].as_u64();
        let stood = matches!(at, Address::Event(id) if version.is_some_and(|version| {
            self.events.get(id).is_some_and(|event| event.version() == version)
        }));
        if !stood {
            self.answered.insert(id.as_str().to_owned(), text);
        }
        Ok(false)
    }

    fn event_executed(
        &mut self,
        id: EventId,
        now: Timestamp,
        asked: Envelope<event::Command>,
        answer: &Answer<event::Reply>,
    ) -> Result<(), Broken> {
        let event = self.events.entry(id).or_default();
        let erased = match &asked.command {
            event::Command::AccountChange(account_change) if account_change.kind == ChangeKind::Erased => {
                event.address_of(account_change.user)
            }
            _ => None,
        };
        match &answer.outcome {
            Outcome::Refused(Refusal::Overloaded) => return Ok(()),
            Outcome::Unchanged => {
                let (stamp, copy) = self.read.get(&id).ok_or("unchanged, but nobody has read it")?;
                let is_current = asked.have == Some(*stamp) && event.event().as_ref() == Some(copy);
                return if is_current { Ok(()) } else { Err(format!("{id:?} has changed since {copy:?}")) };
            }
            outcome => agree(outcome, &event.execute(now, &asked.command))?,
        }
        if let (event::Command::Read, Some(snapshot)) = (asked.command, event.event()) {
            self.read.insert(id, (answer.stamp, snapshot));
        }
        event.take_mails().iter().for_each(|mail| owe(&mut self.owed, mail));
        if let Some(email) = erased {
            self.withdraw(&email, |template| template.contains(&id.to_string()));
        }
        Ok(())
    }

    /// Mails to an address are owed no longer.
    fn withdraw(&mut self, email: &Email, which: impl Fn(&str) -> bool) {
        let to = format!("\"to\":\"{}\"", email.as_str());
        let concerned =
            self.owed.iter_mut().filter(|(template, _)| template.contains(&to) && which(template));
        for (template, times) in concerned {
            *self.withdrawn.entry(template.clone()).or_default() += std::mem::take(times);
        }
    }

    /// Somebody hears of an event. A change is told to who knows something else, a reminder comes
    /// before the start, and the end is told once.
    fn told_of_event(&mut self, sent: &Sent) -> Result<(), Broken> {
        let template = &sent.mail.template;
        let Some((event, registration)) =
            template.event().and_then(|event| Some((event, event.registration?)))
        else {
            return Ok(());
        };
        let schedule = event.schedule.clone();
        match template {
            MailTemplate::Registered { .. } | MailTemplate::Waitlisted { .. } => {
                self.told.insert(registration, schedule);
            }
            MailTemplate::EventChanged { before, .. } => {
                let known = self.told.insert(registration, schedule.clone());
                let expected = before.clone().unwrap_or_else(|| schedule.clone());
                if known.as_ref() != Some(&expected) || before.as_ref() == Some(&schedule) {
                    return Err(format!("{known:?} was known, and told was {sent:?}"));
                }
            }
            MailTemplate::EventCancelled { .. } | MailTemplate::EventDeleted { .. } => {
                let times = self.ended.entry(registration).or_default();
                *times += 1;
                if *times > 1 {
                    return Err(format!("the end is told again: {sent:?}"));
                }
            }
            MailTemplate::Reminder { .. } if sent.at >= schedule.starts_at() => {
                return Err(format!("a reminder of what has begun: {sent:?}"));
            }
            _ => {}
        }
        Ok(())
    }

    /// A mail has gone out: it must have been owed, and is so no longer. So nobody is ever told
    /// what is not true, and nobody twice.
    fn went_out(&mut self, mail: &Mail) -> Result<(), Broken> {
        let template = spell(mail);
        let counted = [self.owed.get_mut(&template), self.withdrawn.get_mut(&template)];
        match counted.into_iter().flatten().find(|times| **times > 0) {
            Some(times) => {
                *times -= 1;
                Ok(())
            }
            None => Err(format!("a mail went out that nobody decided, or twice: {template}")),
        }
    }
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn agree<R: PartialEq + std::fmt::Debug>(answer: &Outcome<R>, expected: &Outcome<R>) -> Result<(), Broken> {
    if answer == expected {
        return Ok(());
    }
    Err(format!("the answer was {answer:#?}\nand had to be {expected:#?}"))
}

fn owe(owed: &mut BTreeMap<String, u32>, mail: &Mail) {
    *owed.entry(spell(mail)).or_default() += 1;
}

fn spell(mail: &Mail) -> String {
    serde_json::to_string(mail).unwrap()
}

/// An account in the fewest words.
#[derive(Default)]
pub(crate) struct NaiveAccount {
    owner: Option<(Profile, Secret<String>)>,
    sessions: Vec<(SessionId, Timestamp)>,
    /// Where the user has been about to register since the object lost its memory, the last first.
    visits: Vec<EventId>,
}

impl NaiveAccount {
    pub(crate) fn user(&self) -> Option<UserId> {
        self.profile().map(|profile| profile.id)
    }

    pub(crate) fn profile(&self) -> Option<&Profile> {
        self.owner.as_ref().map(|(profile, _)| profile)
    }

    /// Executes a command and says what the answer has to be.
    fn execute(
        &mut self,
        now: Timestamp,
        command: &account::Command,
        owed: &mut BTreeMap<String, u32>,
    ) -> Outcome<account::Reply> {
        use account::{Command, Order, Reply};
        let answer = match command {
            Command::RecentEvents => Ok(Reply::RecentEvents(self.visits.clone())),
            Command::Exists => Ok(Reply::Exists(self.owner.is_some())),
            Command::SignUp(sign_up) => self.sign_up(now, sign_up, owed),
            Command::BeginLogin => Ok(Reply::Challenge(self.owner.as_ref().map(|(_, hash)| hash.clone()))),
            Command::FinishLogin { matched, session, .. } => {
                let began = self.sessions.iter().any(|(id, _)| *id == session.id);
                match self.owner.clone().filter(|(_, hash)| Some(hash) == matched.as_ref()) {
                    Some((profile, _)) if began => Ok(Reply::Profile(Box::new(profile))),
                    Some((profile, _)) => {
                        self.sessions.retain(|(_, expires_at)| *expires_at > now);
                        if self.sessions.len() >= limits::SESSIONS_MAX as usize {
                            self.sessions.remove(0);
                        }
                        self.sessions.push((session.id, session.refresh.expires_at));
                        Ok(Reply::Profile(Box::new(profile)))
                    }
                    None => Ok(Reply::Failed(Refusal::InvalidCredentials)),
                }
            }
            Command::Authorize { user, session, registering_for, .. } => {
                let stands = self.sessions.iter().any(|(id, until)| id == session && *until > now);
                match self.owner.clone().filter(|(profile, _)| stands && profile.id == *user) {
                    Some((profile, _)) => {
                        if let Some(event) = registering_for.filter(|event| !self.visits.contains(event)) {
                            self.visits.insert(0, event);
                            self.visits.truncate(RECENT_EVENTS_MAX);
                        }
                        Ok(Reply::Profile(Box::new(profile)))
                    }
                    None => Err(Refusal::Unauthenticated),
                }
            }
            Command::By(holder, Order::Delete(matched)) => {
                let stands = self.sessions.iter().any(|(id, until)| *id == holder.session && *until > now);
                match self.owner.clone().filter(|(profile, _)| stands && profile.id == holder.user) {
                    None => Err(Refusal::Unauthenticated),
                    Some((_, hash)) if Some(&hash) != matched.as_ref() => {
                        Ok(Reply::Failed(Refusal::InvalidCredentials))
                    }
                    Some(_) => {
                        *self = Self::default();
                        Ok(Reply::Done)
                    }
                }
            }
            other => panic!("nobody says {other:?} here"),
        };
        answer.map_or_else(Outcome::Refused, Outcome::Reply)
    }

    fn sign_up(
        &mut self,
        now: Timestamp,
        sign_up: &SignUp,
        owed: &mut BTreeMap<String, u32>,
    ) -> Result<account::Reply, Refusal> {
        if let Some((profile, _)) = &self.owner {
            let made = profile.id == sign_up.id;
            return if made {
                Ok(account::Reply::Profile(Box::new(profile.clone())))
            } else {
                Err(Refusal::EmailTaken)
            };
        }
        let profile = Profile {
            id: sign_up.id,
            email: sign_up.email.clone(),
            name: sign_up.name.clone(),
            role: sign_up.role,
            email_verified: false,
            created_at: now,
            name_changes: 0,
            email_status: EmailStatus::Ok,
            email_status_changes: 0,
        };
        let template = MailTemplate::ConfirmAddress { link: sign_up.verification_link.clone() };
        owe(owed, &Mail { to: profile.email.clone(), name: profile.name.clone(), template });
        self.owner = Some((profile.clone(), sign_up.password_hash.clone()));
        Ok(account::Reply::Profile(Box::new(profile)))
    }

    /// Asks a rebuilt account for all that it must remember.
    pub(crate) fn admits_stored(
        &self,
        now: Timestamp,
        ask: &mut impl FnMut(account::Command) -> Result<Outcome<account::Reply>, Broken>,
    ) -> Result<(), Broken> {
        use account::Command;
        let Some((profile, hash)) = &self.owner else {
            return agree(&ask(Command::Exists)?, &Outcome::Reply(account::Reply::Exists(false)));
        };
        let challenge = Outcome::Reply(account::Reply::Challenge(Some(hash.clone())));
        agree(&ask(Command::BeginLogin)?, &challenge)?;
        for (session, _) in self.sessions.iter().filter(|(_, expires_at)| *expires_at > now) {
            let authorize = Command::Authorize {
                user: profile.id,
                session: *session,
                registering_for: None,
                changes: None,
            };
            agree(&ask(authorize)?, &Outcome::Reply(account::Reply::Profile(Box::new(profile.clone()))))?;
        }
        Ok(())
    }
}
