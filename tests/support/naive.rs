//! An event in the fewest words: one list of people in the order of arrival, scanned for every
//! question. What the Event object answers is held against this.

mod view;

use std::{iter, mem};

use event_platform::domain::event::{Change, Details, EventPatch, Status};
use event_platform::domain::{Email, Refusal, RegistrationId, Timestamp, UserId};
use event_platform::mail::{Mail, MailTemplate};
use event_platform::objects::Outcome;
use event_platform::objects::event::{Command, Create, IfMatch, Participant, Registration, Reply, Snapshot};
use event_platform::objects::messages::account_change::{AccountChange, ChangeKind};

/// What is true of one event; nothing before it was created.
#[derive(Debug, Clone, Default)]
pub(crate) struct NaiveEvent {
    held: Option<Held>,
}

#[derive(Debug, Clone)]
struct Held {
    create: Create,
    details: Details,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    deleted: bool,
    arrivals: u64,
    changes: u64,
    places: Vec<Place>,
    templates: Vec<Mail>,
}

/// A registration; one that has ended stays until its user comes back.
#[derive(Debug, Clone)]
struct Place {
    seq: u64,
    id: RegistrationId,
    who: Participant,
    registered_at: Timestamp,
    confirmed_at: Option<Timestamp>,
    checked_in_at: Option<Timestamp>,
    ended: bool,
    former: Vec<RegistrationId>,
}

impl NaiveEvent {
    /// Executes a command and says what the answer has to be.
    pub(crate) fn execute(&mut self, now: Timestamp, command: &Command) -> Outcome<Reply> {
        let answer = match (command, &mut self.held) {
            (Command::Create(create), None) => {
                self.held = Some(Held::new(create, now));
                Ok(self.event().map_or(Reply::Done, |event| Reply::Event(Box::new(event))))
            }
            (Command::Create(create), Some(held)) => held.create_again(create),
            (Command::Admin(_), _) => unreachable!("tested through the API"),
            (Command::AccountChange(account_change), held) => {
                held.iter_mut().for_each(|held| held.account_change(now, account_change));
                Ok(Reply::Done)
            }
            (_, Some(held)) if !held.deleted => held.execute(now, command),
            _ => Err(Refusal::NotFound),
        };
        answer.map_or_else(Outcome::Refused, Outcome::Reply)
    }

    /// The event, unless it was deleted or never made.
    pub(crate) fn event(&self) -> Option<Snapshot> {
        self.held.as_ref().filter(|held| !held.deleted).map(Held::snapshot)
    }

    pub(crate) fn version(&self) -> u64 {
        self.held.as_ref().map_or(0, |held| held.version)
    }

    /// Whose it is.
    pub(crate) fn organizer(&self) -> Option<UserId> {
        self.held.as_ref().map(|held| held.create.organizer.id)
    }

    /// Every registration that stands, in the order of arrival.
    pub(crate) fn standing(&self) -> Vec<Registration> {
        let held = self.held.iter();
        held.flat_map(|held| held.standing().map(|place| held.registration(place))).collect()
    }

    /// The registration of this user, if one stands.
    pub(crate) fn of_user(&self, user: UserId) -> Option<RegistrationId> {
        self.held.as_ref()?.of_user(user).map(|place| place.id)
    }

    /// The address of this user, if it is written down here.
    pub(crate) fn address_of(&self, user: UserId) -> Option<Email> {
        let places = &self.held.as_ref()?.places;
        places.iter().find(|place| place.who.id == user).map(|place| place.who.email.clone())
    }

    /// The mails that have been owed since the last question.
    pub(crate) fn take_mails(&mut self) -> Vec<Mail> {
        self.held.as_mut().map(|held| mem::take(&mut held.templates)).unwrap_or_default()
    }
}

impl Held {
    fn new(create: &Create, now: Timestamp) -> Self {
        Self {
            create: create.clone(),
            details: create.details.clone(),
            version: 1,
            created_at: now,
            updated_at: now,
            deleted: false,
            arrivals: 0,
            changes: 0,
            places: Vec::new(),
            templates: Vec::new(),
        }
    }

    fn create_again(&self, again: &Create) -> Result<Reply, Refusal> {
        match (&self.create.fingerprint, &again.fingerprint) {
            (first, again) if first != again => Err(Refusal::IdempotencyKeyReused),
            _ if self.create.organizer.id != again.organizer.id => Err(Refusal::IdempotencyKeyReused),
            _ if self.deleted => Err(Refusal::NotFound),
            _ => Ok(Reply::Event(Box::new(self.snapshot()))),
        }
    }

    fn execute(&mut self, now: Timestamp, command: &Command) -> Result<Reply, Refusal> {
        match command {
            Command::Create(_) | Command::AccountChange(_) | Command::Admin(_) => {
                unreachable!("dealt with before")
            }
            Command::Read => Ok(Reply::Event(Box::new(self.snapshot()))),
            Command::Update { by, patch, if_match } => {
                self.only_organizer(*by, if_match.as_ref())?;
                let next = self.details.changed(patch)?;
                self.admits(&next)?;
                if next != self.details {
                    self.details = next;
                    self.version += 1;
                    self.updated_at = now;
                    self.promote(now);
                }
                Ok(Reply::Event(Box::new(self.snapshot())))
            }
            Command::Delete { by, if_match } => {
                self.only_organizer(*by, if_match.as_ref())?;
                self.version += 1;
                self.updated_at = now;
                self.deleted = true;
                Ok(Reply::Done)
            }
            Command::Register { id, participant } => self.register(now, *id, participant),
            Command::Mine { user } => {
                let place = self.of_user(*user).ok_or(Refusal::NotFound)?;
                let event = Box::new(self.snapshot());
                Ok(Reply::Mine { registration: Box::new(self.registration(place)), event })
            }
            Command::Record(user) => {
                let place = self.places.iter().find(|place| place.who.id == *user);
                let registration = Box::new(self.registration(place.ok_or(Refusal::NotFound)?));
                Ok(Reply::Mine { registration, event: Box::new(self.snapshot()) })
            }
            Command::Linked { id } => {
                let linked = |place: &&Place| place.id == *id || place.former.contains(id);
                let place = self.places.iter().find(linked).ok_or(Refusal::NotFound)?;
                let registration =
                    Registration { position: None, join_url: None, ..self.registration(place) };
                Ok(Reply::Mine { registration: Box::new(registration), event: Box::new(self.snapshot()) })
            }
            Command::Leave { user } => {
                let id = self.of_user(*user).ok_or(Refusal::NotFound)?.id;
                self.depart(now, id, false)
            }
            Command::Remove { by, id } => {
                self.only_organizer(*by, None)?;
                self.depart(now, *id, true)
            }
            Command::List { by, status, after, limit } => {
                self.only_organizer(*by, None)?;
                Ok(self.list(*status, *after, *limit))
            }
            Command::CheckIn { by, id, present } => {
                self.only_organizer(*by, None)?;
                let place = self.standing_mut(*id).ok_or(Refusal::NotFound)?;
                if place.confirmed_at.is_none() {
                    return Err(Refusal::NotConfirmed);
                }
                place.checked_in_at = present.then_some(place.checked_in_at.unwrap_or(now));
                let place = place.clone();
                let registration = Registration { join_url: None, ..self.registration(&place) };
                Ok(Reply::Registration { new: false, registration: Box::new(registration) })
            }
            Command::Join { user } => self.join(now, *user),
            Command::Withdraw { id } => self.depart(now, *id, false),
            Command::Unremind { id } => self.standing_mut(*id).map(|_| Reply::Done).ok_or(Refusal::NotFound),
        }
    }

    /// What names somebody who is gone is gone too, and the seat is free.
    fn account_change(&mut self, now: Timestamp, account_change: &AccountChange) {
        let theirs =
            self.create.organizer.id == account_change.user && self.create.organizer.account.is_some();
        match &account_change.kind {
            ChangeKind::Renamed { name, changes } => {
                let organizer = &mut self.create.organizer;
                if theirs && !self.deleted && organizer.name_changes < *changes {
                    (organizer.name, organizer.name_changes) = (name.clone(), *changes);
                }
            }
            ChangeKind::Suspension(_) => unreachable!("tested through the API"),
            ChangeKind::EmailStatus { status, changes } => {
                for place in self.places.iter_mut().filter(|place| place.who.id == account_change.user) {
                    if place.who.email_status_changes < *changes {
                        (place.who.email_status, place.who.email_status_changes) = (*status, *changes);
                    }
                }
            }
            ChangeKind::Erased => {
                self.places.retain(|place| place.who.id != account_change.user);
                if !self.deleted {
                    self.promote(now);
                }
                if theirs {
                    self.lose_organizer(now);
                }
            }
        }
    }

    fn lose_organizer(&mut self, now: Timestamp) {
        (self.create.organizer.name, self.create.organizer.account) = (None, None);
        let is_on = self.details.status() == Status::Published && self.details.schedule().ends_at() > now;
        if is_on && !self.deleted {
            let cancel = EventPatch { status: Change::Set(Status::Cancelled), ..EventPatch::default() };
            self.details = self.details.changed(&cancel).unwrap();
            self.version += 1;
            self.updated_at = now;
        }
    }

    fn only_organizer(&self, by: UserId, if_match: Option<&IfMatch>) -> Result<(), Refusal> {
        match (self.create.organizer.id == by, self.details.status()) {
            (false, Status::Draft) => Err(Refusal::NotFound),
            (false, _) => Err(Refusal::Forbidden),
            (true, _) if if_match.is_some_and(|condition| !condition.admits(self.version)) => {
                Err(Refusal::PreconditionFailed)
            }
            (true, _) => Ok(()),
        }
    }

    fn admits(&self, next: &Details) -> Result<(), Refusal> {
        let resurrected = self.details.status() == Status::Cancelled && next.status() != Status::Cancelled;
        let withdrawn = self.details.status() == Status::Published
            && next.status() == Status::Draft
            && self.standing().next().is_some();
        if resurrected || withdrawn {
            return Err(Refusal::InvalidTransition);
        }
        if next.capacity().is_some_and(|capacity| capacity < self.confirmed()) {
            return Err(Refusal::CapacityBelowConfirmed);
        }
        Ok(())
    }

    fn register(&mut self, now: Timestamp, id: RegistrationId, who: &Participant) -> Result<Reply, Refusal> {
        if let Some(place) = self.of_user(who.id) {
            let new = place.id == id;
            return Ok(Reply::Registration { new, registration: Box::new(self.registration(place)) });
        }
        if let Some(ended) = self.places.iter().find(|place| place.id == id) {
            let registration = Box::new(self.registration(ended));
            return Ok(Reply::Registration { new: true, registration });
        }
        match self.details.status() {
            Status::Draft if self.create.organizer.id == who.id => return Err(Refusal::RegistrationNotOpen),
            Status::Draft => return Err(Refusal::NotFound),
            Status::Cancelled => return Err(Refusal::EventCancelled),
            Status::Published => self.details.registration().admit(now)?,
        }
        if !self.has_free_seat() && !self.details.waitlist() {
            return Err(Refusal::EventFull);
        }
        let before = self.places.iter().find(|place| place.who.id == who.id);
        let former = before.into_iter().flat_map(|place| iter::once(place.id).chain(place.former.clone()));
        let place = Place {
            former: former.take(8).collect(),
            seq: self.arrivals,
            id,
            who: who.clone(),
            registered_at: now,
            confirmed_at: self.has_free_seat().then_some(now),
            checked_in_at: None,
            ended: false,
        };
        self.arrivals += 1;
        self.changes += 1;
        self.places.retain(|known| known.who.id != who.id);
        self.places.push(place.clone());
        let event = self.brief(&place);
        let template = match self.position(&place) {
            None => MailTemplate::Registered { event },
            Some(position) => MailTemplate::Waitlisted { event, position },
        };
        self.owe(&place, template);
        Ok(Reply::Registration { new: true, registration: Box::new(self.registration(&place)) })
    }

    fn depart(&mut self, now: Timestamp, id: RegistrationId, by_organizer: bool) -> Result<Reply, Refusal> {
        let place = self.standing_mut(id).ok_or(Refusal::NotFound)?;
        place.ended = true;
        let place = place.clone();
        self.changes += 1;
        let (event, had_seat) = (self.brief(&place), place.confirmed_at.is_some());
        self.owe(&place, MailTemplate::RegistrationCancelled { event, by_organizer, had_seat });
        self.promote(now);
        Ok(Reply::Done)
    }

    fn join(&mut self, now: Timestamp, user: UserId) -> Result<Reply, Refusal> {
        if self.details.status() == Status::Draft && self.create.organizer.id != user {
            return Err(Refusal::NotFound);
        }
        let place = self.of_user(user).filter(|place| place.confirmed_at.is_some());
        let id = place.ok_or(Refusal::NotRegistered)?.id;
        let schedule = self.details.schedule();
        let refusal = if self.details.status() == Status::Cancelled {
            Some(Refusal::EventCancelled)
        } else if now < schedule.starts_at().plus_ms(-15 * 60_000) {
            Some(Refusal::NotOpenYet)
        } else if now >= schedule.ends_at() {
            Some(Refusal::EventOver)
        } else {
            None
        };
        let join_url = self.details.join_url().map(str::to_owned);
        let join_url = refusal.map_or(Ok(()), Err).and_then(|()| join_url.ok_or(Refusal::NoJoinUrl))?;
        if let Some(place) = self.standing_mut(id) {
            place.checked_in_at = place.checked_in_at.or(Some(now));
        }
        Ok(Reply::Join { join_url })
    }

    fn promote(&mut self, now: Timestamp) {
        while self.details.status() == Status::Published && self.has_free_seat() {
            let waits = |place: &&mut Place| !place.ended && place.confirmed_at.is_none();
            let Some(first) = self.places.iter_mut().find(waits) else {
                return;
            };
            first.confirmed_at = Some(now);
            let first = first.clone();
            if now < self.details.schedule().ends_at() {
                let event = self.brief(&first);
                self.owe(&first, MailTemplate::SeatIsYours { event });
            }
        }
    }

    fn standing_mut(&mut self, id: RegistrationId) -> Option<&mut Place> {
        self.places.iter_mut().find(|place| !place.ended && place.id == id)
    }

    fn owe(&mut self, place: &Place, template: MailTemplate) {
        self.templates.push(Mail { to: place.who.email.clone(), name: place.who.name.clone(), template });
    }
}
