//! Registering, leaving, and what the organizer and the participants see of it.

use super::broadcast::Kind;
use super::held::{Held, REPORT_KEY, SEATS_REPORT_AFTER_MS};
use super::{broadcast_store, email_status_store, seat_store, store};
use crate::domain::roster::{Admission, Departure, Seat};
use crate::domain::{Refusal, RegistrationId, UserId};
use crate::mail::{EventBrief, Mail, MailTemplate};
use crate::objects::messages::event::{Participant, Registration, Reply, SeatStatus};
use crate::objects::object::{Fault, Transaction};
use crate::objects::outbox::{Outbox, OutboxMessage};
use crate::objects::sql::SqlError;

impl Held {
    pub(super) fn register(
        &mut self,
        tx: &mut Transaction<'_>,
        id: RegistrationId,
        participant: &Participant,
    ) -> Result<Reply, Fault> {
        self.exists_for(participant.id)?;
        if self.hidden().is_some() {
            return Err(Refusal::RegistrationClosed.into());
        }
        if tx.again
            && let Some(ended) = store::ended(tx.sql, self.id, participant.id)?.filter(|ended| ended.id == id)
        {
            // An earlier try created it, and it has been ended since.
            return Ok(Reply::Registration { new: true, registration: Box::new(ended) });
        }
        let standing = self.seat_of_user(tx.sql, participant.id)?;
        let seat = match self.roster.register(&self.details, tx.now, id, participant.id, standing)? {
            Admission::New(seat) => seat,
            Admission::Standing(seat) => {
                let participant = store::participant(tx.sql, &seat)?;
                let position = self.position(tx.sql, &seat)?;
                let registration = Box::new(self.registration(&seat, &participant, position));
                // The id was drawn for this command alone, so an active registration with it was made by an
                // earlier try.
                return Ok(Reply::Registration { new: seat.id == id, registration });
            }
        };
        let change = self.next_change();
        store::insert_seat(tx.sql, &seat, participant, change, self.revision)?;
        self.save_blocks(tx.sql)?;
        email_status_store::arrive(tx.sql, participant)?;
        self.plan_reminders(tx)?;
        let event = self.brief(seat.id, participant.origin.as_ref());
        // A new registration is last in line.
        let position = (!seat.is_confirmed()).then(|| self.roster.waiting());
        let template = match position {
            None => MailTemplate::Registered { event },
            Some(position) => MailTemplate::Waitlisted { event, position },
        };
        self.report_seats(tx)?;
        self.post_mail(tx, &seat, participant, template)?;
        let registration = Box::new(self.registration(&seat, participant, position));
        Ok(Reply::Registration { new: true, registration })
    }

    pub(super) fn mine(&self, tx: &Transaction<'_>, user: UserId) -> Result<Reply, Fault> {
        self.is_open()?;
        self.own(tx, user)
    }

    fn own(&self, tx: &Transaction<'_>, user: UserId) -> Result<Reply, Fault> {
        let seat = self.seat_of_user(tx.sql, user)?.ok_or(Refusal::NotFound)?;
        let participant = store::participant(tx.sql, &seat)?;
        let position = self.position(tx.sql, &seat)?;
        Ok(Reply::Mine {
            registration: Box::new(self.registration(&seat, &participant, position)),
            event: Box::new(self.snapshot()),
        })
    }

    pub(super) fn record(&self, tx: &Transaction<'_>, user: UserId) -> Result<Reply, Fault> {
        match self.own(tx, user) {
            Err(Fault::Refused(Refusal::NotFound)) => {}
            known => return known,
        }
        let registration = store::ended(tx.sql, self.id, user)?.ok_or(Refusal::NotFound)?;
        Ok(Reply::Mine { registration: Box::new(registration), event: Box::new(self.snapshot()) })
    }

    /// What a link in a mail leads to.
    pub(super) fn linked(&self, tx: &Transaction<'_>, id: RegistrationId) -> Result<Reply, Fault> {
        let registration = store::linked(tx.sql, self.id, id)?.ok_or(Refusal::NotFound)?;
        Ok(Reply::Mine { registration: Box::new(registration), event: Box::new(self.snapshot()) })
    }

    pub(super) fn leave(&mut self, tx: &mut Transaction<'_>, user: UserId) -> Result<Reply, Fault> {
        self.is_open()?;
        let seat = self.seat_of_user(tx.sql, user)?.ok_or(Refusal::NotFound)?;
        self.depart(tx, seat, false)
    }

    pub(super) fn remove(
        &mut self,
        tx: &mut Transaction<'_>,
        by: UserId,
        id: RegistrationId,
    ) -> Result<Reply, Fault> {
        self.only_organizer(by)?;
        let seat = self.seat_of_id(tx.sql, id)?.ok_or(Refusal::NotFound)?;
        self.depart(tx, seat, true)
    }

    /// The same as leaving, for whoever holds the link from the registration's mail. If the registration has
    /// already ended, nothing happens.
    pub(super) fn withdraw(&mut self, tx: &mut Transaction<'_>, id: RegistrationId) -> Result<Reply, Fault> {
        let seat = self.seat_of_id(tx.sql, id)?.ok_or(Refusal::NotFound)?;
        self.depart(tx, seat, false)
    }

    /// Stops the reminders for this registration, including those waiting to be sent.
    pub(super) fn unremind(&mut self, tx: &mut Transaction<'_>, id: RegistrationId) -> Result<Reply, Fault> {
        let seat = self.seat_of_id(tx.sql, id)?.ok_or(Refusal::NotFound)?;
        broadcast_store::mute(tx.sql, &seat)?;
        for reminder in [Kind::ReminderDay, Kind::ReminderQuarter] {
            Outbox::withdraw(tx.sql, &format!("{}/{id}/", reminder.as_str()))?;
        }
        Ok(Reply::Done)
    }

    pub(super) fn list(
        &self,
        tx: &Transaction<'_>,
        by: UserId,
        status: Option<SeatStatus>,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Reply, Fault> {
        self.only_organizer(by)?;
        let mut rows = store::list(tx.sql, self.id, status, after, limit)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        email_status_store::fill(tx.sql, &mut rows)?;
        let next = rows.last().map(|(seq, _)| *seq).filter(|_| more);
        let mut registrations = Vec::with_capacity(rows.len());
        // A page leaves out nobody who waits, so each position is one more than the one before.
        let mut position = None;
        for (seq, registration) in rows {
            if registration.status != SeatStatus::Waitlisted {
                registrations.push(registration);
                continue;
            }
            position = match position {
                Some(before) => Some(u32::saturating_add(before, 1)),
                None => self.position_of(tx.sql, seq)?,
            };
            registrations.push(Registration { position, ..registration });
        }
        Ok(Reply::Page { registrations, next })
    }

    pub(super) fn check_in(
        &mut self,
        tx: &Transaction<'_>,
        by: UserId,
        id: RegistrationId,
        present: bool,
    ) -> Result<Reply, Fault> {
        self.only_organizer(by)?;
        let seat = self.seat_of_id(tx.sql, id)?.ok_or(Refusal::NotFound)?;
        let seat = self.roster.check_in(seat, present.then_some(tx.now))?;
        store::save_check_in(tx.sql, &seat)?;
        let participant = store::participant(tx.sql, &seat)?;
        let registration = Registration { join_url: None, ..self.registration(&seat, &participant, None) };
        Ok(Reply::Registration { new: false, registration: Box::new(registration) })
    }

    pub(super) fn join(&mut self, tx: &Transaction<'_>, user: UserId) -> Result<Reply, Fault> {
        self.is_open()?;
        self.exists_for(user)?;
        let standing = self.seat_of_user(tx.sql, user)?;
        let seat = self.roster.join(&self.details, tx.now, standing)?;
        store::save_check_in(tx.sql, &seat)?;
        let join_url = self.details.join_url().ok_or(Refusal::NoJoinUrl)?.to_owned();
        Ok(Reply::Join { join_url })
    }

    /// Stores who moved up, and tells them, unless the event is over.
    pub(super) fn confirm(&mut self, tx: &mut Transaction<'_>, promoted: &[Seat]) -> Result<(), SqlError> {
        if promoted.is_empty() {
            return Ok(());
        }
        self.report_seats(tx)?;
        self.save_blocks(tx.sql)?;
        let participants = seat_store::confirm(tx.sql, promoted)?;
        if self.details.is_over(tx.now) {
            return Ok(());
        }
        for (seat, participant) in promoted.iter().zip(participants) {
            let event = self.brief(seat.id, participant.origin.as_ref());
            self.post_mail(tx, seat, &participant, MailTemplate::SeatIsYours { event })?;
        }
        Ok(())
    }

    fn depart(&mut self, tx: &mut Transaction<'_>, seat: Seat, by_organizer: bool) -> Result<Reply, Fault> {
        let participant = store::participant(tx.sql, &seat)?;
        let Departure { left, promoted } = &self.give_back(tx, seat)?;
        let change = self.next_change();
        store::end_seat(tx, left, change)?;
        for reminder in [Kind::ReminderDay, Kind::ReminderQuarter] {
            Outbox::withdraw(tx.sql, &format!("{}/{}/", reminder.as_str(), left.id))?;
        }
        let event = self.brief(left.id, participant.origin.as_ref());
        let template =
            MailTemplate::RegistrationCancelled { event, by_organizer, had_seat: left.is_confirmed() };
        self.report_seats(tx)?;
        self.post_mail(tx, left, &participant, template)?;
        self.confirm(tx, promoted)?;
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

    /// What a mail about this registration says about the event.
    pub(super) fn brief(&self, registration: RegistrationId, origin: Option<&String>) -> EventBrief {
        EventBrief {
            id: self.id,
            title: self.details.title(),
            schedule: self.details.schedule().clone(),
            sequence: self.version.saturating_add(self.last_change),
            organizer: self.organizer.name.clone(),
            registration: Some(registration),
            origin: origin.cloned(),
        }
    }

    fn next_change(&mut self) -> u64 {
        self.last_change = self.last_change.saturating_add(1);
        self.last_change
    }

    /// Schedules one report to the Catalog for all the seats that change until then.
    pub(super) fn report_seats(&mut self, tx: &mut Transaction<'_>) -> Result<(), SqlError> {
        if self.reported.seats_due.is_some_and(|due| due > tx.now) {
            return Ok(());
        }
        let due = tx.now.plus_ms(SEATS_REPORT_AFTER_MS);
        tx.post(REPORT_KEY, &OutboxMessage::Report(None), due)?;
        self.reported.seats_due = Some(due);
        self.reported.waiting_since.get_or_insert(tx.now);
        Ok(())
    }

    /// At most one mail per registration and kind, however often it is decided or tried. It is sent together
    /// with the report of the seats, because each run of the outbox costs the object an alarm and several
    /// commits. No mail goes to an address that mail does not reach.
    fn post_mail(
        &self,
        tx: &mut Transaction<'_>,
        seat: &Seat,
        participant: &Participant,
        template: MailTemplate,
    ) -> Result<(), SqlError> {
        if !participant.email_status.is_ok() {
            return Ok(());
        }
        let key = format!("{}/{}", template.kind(), seat.id);
        let mail = Mail { to: participant.email.clone(), name: participant.name.clone(), template };
        let due = self.reported.seats_due.unwrap_or(tx.now);
        tx.post(&key, &OutboxMessage::Mail(mail), due)
    }
}
