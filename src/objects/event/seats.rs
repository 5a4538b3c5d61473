//! Registering, leaving, and what the organizer and the participants see of it.

use super::circulars::Kind;
use super::protocol::{Participant, Registration, Reply, SeatStatus};
use super::{Held, REPORT_KEY, SEATS_REPORT_AFTER_MS, circular_store, email_status, seat_store, store};
use crate::domain::roster::{Admission, Departure, Seat};
use crate::domain::{Refusal, RegistrationId, UserId};
use crate::mail::{EventBrief, Letter, Mail};
use crate::objects::outbox::{Outbox, Parcel};
use crate::objects::sql::SqlError;
use crate::objects::{Fault, Turn};

impl Held {
    pub(super) fn register(
        &mut self,
        turn: &mut Turn<'_>,
        id: RegistrationId,
        participant: &Participant,
    ) -> Result<Reply, Fault> {
        self.exists_for(participant.id)?;
        if self.hidden().is_some() {
            return Err(Refusal::RegistrationClosed.into());
        }
        if turn.again
            && let Some(ended) =
                store::ended(turn.sql, self.id, participant.id)?.filter(|ended| ended.id == id)
        {
            // An earlier try has made it, and somebody has ended it since.
            return Ok(Reply::Registration { new: true, registration: Box::new(ended) });
        }
        let standing = self.seat_of_user(turn.sql, participant.id)?;
        let seat = match self.roster.register(&self.details, turn.now, id, participant.id, standing)? {
            Admission::New(seat) => seat,
            Admission::Standing(seat) => {
                let participant = store::participant(turn.sql, &seat)?;
                let position = self.position(turn.sql, &seat)?;
                let registration = Box::new(self.registration(&seat, &participant, position));
                // The id is drawn for this command alone: one that stands was made by an earlier try of it.
                return Ok(Reply::Registration { new: seat.id == id, registration });
            }
        };
        let change = self.next_change();
        store::insert_seat(turn.sql, &seat, participant, change, self.edition)?;
        self.save_blocks(turn.sql)?;
        email_status::arrive(turn.sql, participant)?;
        self.plan_reminders(turn)?;
        let event = self.brief(seat.id, participant.origin.as_ref());
        // Whoever has just come is last in line.
        let position = (!seat.is_confirmed()).then(|| self.roster.waiting());
        let letter = match position {
            None => Letter::Registered { event },
            Some(position) => Letter::Waitlisted { event, position },
        };
        self.report_seats(turn)?;
        self.post_letter(turn, &seat, participant, letter)?;
        let registration = Box::new(self.registration(&seat, participant, position));
        Ok(Reply::Registration { new: true, registration })
    }

    pub(super) fn mine(&self, turn: &Turn<'_>, user: UserId) -> Result<Reply, Fault> {
        self.is_open()?;
        self.own(turn, user)
    }

    fn own(&self, turn: &Turn<'_>, user: UserId) -> Result<Reply, Fault> {
        let seat = self.seat_of_user(turn.sql, user)?.ok_or(Refusal::NotFound)?;
        let participant = store::participant(turn.sql, &seat)?;
        let position = self.position(turn.sql, &seat)?;
        Ok(Reply::Mine {
            registration: Box::new(self.registration(&seat, &participant, position)),
            event: Box::new(self.snapshot()),
        })
    }

    pub(super) fn record(&self, turn: &Turn<'_>, user: UserId) -> Result<Reply, Fault> {
        match self.own(turn, user) {
            Err(Fault::Refused(Refusal::NotFound)) => {}
            known => return known,
        }
        let registration = store::ended(turn.sql, self.id, user)?.ok_or(Refusal::NotFound)?;
        Ok(Reply::Mine { registration: Box::new(registration), event: Box::new(self.snapshot()) })
    }

    pub(super) fn leave(&mut self, turn: &mut Turn<'_>, user: UserId) -> Result<Reply, Fault> {
        self.is_open()?;
        let seat = self.seat_of_user(turn.sql, user)?.ok_or(Refusal::NotFound)?;
        self.depart(turn, seat, false)
    }

    pub(super) fn remove(
        &mut self,
        turn: &mut Turn<'_>,
        by: UserId,
        id: RegistrationId,
    ) -> Result<Reply, Fault> {
        self.only_organizer(by)?;
        let seat = self.seat_of_id(turn.sql, id)?.ok_or(Refusal::NotFound)?;
        self.depart(turn, seat, true)
    }

    /// The same as leaving, for whoever holds the link from the registration's mail. Once it has
    /// ended, nothing is left to do.
    pub(super) fn withdraw(&mut self, turn: &mut Turn<'_>, id: RegistrationId) -> Result<Reply, Fault> {
        let seat = self.seat_of_id(turn.sql, id)?.ok_or(Refusal::NotFound)?;
        self.depart(turn, seat, false)
    }

    /// No more reminders of this registration, those on their way included.
    pub(super) fn unremind(&mut self, turn: &mut Turn<'_>, id: RegistrationId) -> Result<Reply, Fault> {
        let seat = self.seat_of_id(turn.sql, id)?.ok_or(Refusal::NotFound)?;
        circular_store::mute(turn.sql, &seat)?;
        for reminder in [Kind::ReminderDay, Kind::ReminderQuarter] {
            Outbox::withdraw(turn.sql, &format!("{}/{id}/", reminder.as_str()))?;
        }
        Ok(Reply::Done)
    }

    pub(super) fn list(
        &self,
        turn: &Turn<'_>,
        by: UserId,
        status: Option<SeatStatus>,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Reply, Fault> {
        self.only_organizer(by)?;
        let mut rows = store::list(turn.sql, self.id, status, after, limit)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        email_status::fill(turn.sql, &mut rows)?;
        let next = rows.last().map(|(seq, _)| *seq).filter(|_| more);
        let mut registrations = Vec::with_capacity(rows.len());
        // Of those who wait a page leaves nobody out, so each is one place behind the one before.
        let mut position = None;
        for (seq, registration) in rows {
            if registration.status != SeatStatus::Waitlisted {
                registrations.push(registration);
                continue;
            }
            position = match position {
                Some(before) => Some(u32::saturating_add(before, 1)),
                None => self.position_of(turn.sql, seq)?,
            };
            registrations.push(Registration { position, ..registration });
        }
        Ok(Reply::Page { registrations, next })
    }

    pub(super) fn check_in(
        &mut self,
        turn: &Turn<'_>,
        by: UserId,
        id: RegistrationId,
        present: bool,
    ) -> Result<Reply, Fault> {
        self.only_organizer(by)?;
        let seat = self.seat_of_id(turn.sql, id)?.ok_or(Refusal::NotFound)?;
        let seat = self.roster.check_in(seat, present.then_some(turn.now))?;
        store::save_check_in(turn.sql, &seat)?;
        let participant = store::participant(turn.sql, &seat)?;
        let registration = Registration { join_url: None, ..self.registration(&seat, &participant, None) };
        Ok(Reply::Registration { new: false, registration: Box::new(registration) })
    }

    pub(super) fn join(&mut self, turn: &Turn<'_>, user: UserId) -> Result<Reply, Fault> {
        self.is_open()?;
        self.exists_for(user)?;
        let standing = self.seat_of_user(turn.sql, user)?;
        let seat = self.roster.join(&self.details, turn.now, standing)?;
        store::save_check_in(turn.sql, &seat)?;
        let join_url = self.details.join_url().ok_or(Refusal::NoJoinUrl)?.to_owned();
        Ok(Reply::Join { join_url })
    }

    /// Writes who moved up, and tells them.
    pub(super) fn confirm(&mut self, turn: &mut Turn<'_>, promoted: &[Seat]) -> Result<(), SqlError> {
        if promoted.is_empty() {
            return Ok(());
        }
        self.report_seats(turn)?;
        self.save_blocks(turn.sql)?;
        for (seat, participant) in promoted.iter().zip(seat_store::confirm(turn.sql, promoted)?) {
            let event = self.brief(seat.id, participant.origin.as_ref());
            self.post_letter(turn, seat, &participant, Letter::SeatIsYours { event })?;
        }
        Ok(())
    }

    fn depart(&mut self, turn: &mut Turn<'_>, seat: Seat, by_organizer: bool) -> Result<Reply, Fault> {
        let participant = store::participant(turn.sql, &seat)?;
        let Departure { left, promoted } = &self.give_back(turn, seat)?;
        let change = self.next_change();
        store::end_seat(turn, left, change)?;
        for reminder in [Kind::ReminderDay, Kind::ReminderQuarter] {
            Outbox::withdraw(turn.sql, &format!("{}/{}/", reminder.as_str(), left.id))?;
        }
        let event = self.brief(left.id, participant.origin.as_ref());
        let letter = Letter::RegistrationCancelled { event, by_organizer, had_seat: left.is_confirmed() };
        self.report_seats(turn)?;
        self.post_letter(turn, left, &participant, letter)?;
        self.confirm(turn, promoted)?;
        Ok(Reply::Done)
    }

    fn registration(&self, seat: &Seat, participant: &Participant, position: Option<u32>) -> Registration {
        let join_url = self.details.join_url().filter(|_| seat.is_confirmed()).map(str::to_owned);
        Registration {
            id: seat.id,
            event: self.id,
            user: seat.user,
            name: participant.name.clone(),
            email: participant.email.clone(),
            status: store::status_of(seat),
            position,
            registered_at: seat.registered_at,
            confirmed_at: seat.confirmed_at,
            checked_in_at: seat.checked_in_at,
            join_url,
            email_status: participant.email_status,
        }
    }

    /// What a letter about this registration says of the event.
    pub(super) fn brief(&self, registration: RegistrationId, origin: Option<&String>) -> EventBrief {
        EventBrief {
            id: self.id,
            title: self.details.title(),
            schedule: self.details.schedule().clone(),
            version: self.version,
            organizer: self.organizer.name.clone(),
            registration: Some(registration),
            origin: origin.cloned(),
        }
    }

    fn next_change(&mut self) -> u64 {
        self.last_change = self.last_change.saturating_add(1);
        self.last_change
    }

    /// Lets the Catalog know soon, once for all the seats that change until then.
    pub(super) fn report_seats(&mut self, turn: &mut Turn<'_>) -> Result<(), SqlError> {
        if self.reported.seats_due.is_some_and(|due| due > turn.now) {
            return Ok(());
        }
        let due = turn.now.plus_ms(SEATS_REPORT_AFTER_MS);
        turn.post(REPORT_KEY, &Parcel::Report(None), due)?;
        self.reported.seats_due = Some(due);
        self.reported.waiting_since.get_or_insert(turn.now);
        Ok(())
    }

    /// One letter per registration and kind, however often it is decided or tried. It leaves with the
    /// report of the seats: a look at the outbox costs the object an alarm and several commits. None goes
    /// to an address that mail does not reach.
    fn post_letter(
        &self,
        turn: &mut Turn<'_>,
        seat: &Seat,
        participant: &Participant,
        letter: Letter,
    ) -> Result<(), SqlError> {
        if !participant.email_status.is_ok() {
            return Ok(());
        }
        let key = format!("{}/{}", letter.kind(), seat.id);
        let mail = Mail { to: participant.email.clone(), name: participant.name.clone(), letter };
        let due = self.reported.seats_due.unwrap_or(turn.now);
        turn.post(&key, &Parcel::Mail(mail), due)
    }
}
