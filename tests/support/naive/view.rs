//! What is to be seen of the event in the fewest words: everything is counted anew for each question.

use event_platform::domain::event::Organizer;
use event_platform::domain::roster::Seats;
use event_platform::domain::{EventId, UserId};
use event_platform::mail::EventBrief;
use event_platform::objects::event::{Registration, Reply, SeatStatus, Snapshot};

use super::{Held, Place};

impl Held {
    pub(super) fn list(&self, status: Option<SeatStatus>, after: Option<u64>, limit: u32) -> Reply {
        let asked = |place: &&Place| {
            after.is_none_or(|after| place.seq > after)
                && status.is_none_or(|status| self.registration(place).status == status)
        };
        let found: Vec<&Place> = self.places.iter().filter(asked).collect();
        let page: Vec<&Place> = found.iter().take(usize::try_from(limit).unwrap()).copied().collect();
        let next = page.last().map(|place| place.seq).filter(|_| found.len() > page.len());
        let without_link = |place: &&Place| Registration { join_url: None, ..self.registration(place) };
        Reply::Page { registrations: page.iter().map(without_link).collect(), next }
    }

    pub(super) fn standing(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| !place.ended)
    }

    pub(super) fn of_user(&self, user: UserId) -> Option<&Place> {
        self.standing().find(|place| place.who.id == user)
    }

    pub(super) fn confirmed(&self) -> u32 {
        let confirmed = self.standing().filter(|place| place.confirmed_at.is_some()).count();
        u32::try_from(confirmed).unwrap()
    }

    pub(super) fn has_free_seat(&self) -> bool {
        self.details.capacity().is_none_or(|capacity| self.confirmed() < capacity)
    }

    pub(super) fn position(&self, place: &Place) -> Option<u32> {
        let waits = |other: &&Place| other.confirmed_at.is_none() && other.seq <= place.seq;
        let ahead = u32::try_from(self.standing().filter(waits).count()).unwrap();
        (!place.ended && place.confirmed_at.is_none()).then_some(ahead)
    }

    pub(super) fn registration(&self, place: &Place) -> Registration {
        let status = match (place.ended, place.confirmed_at) {
            (true, _) => SeatStatus::Cancelled,
            (false, Some(_)) => SeatStatus::Confirmed,
            (false, None) => SeatStatus::Waitlisted,
        };
        let join_url = self.details.join_url().filter(|_| status == SeatStatus::Confirmed);
        Registration {
            id: place.id,
            event: self.create.id,
            user: place.who.id,
            name: place.who.name.clone(),
            email: place.who.email.clone(),
            status,
            position: self.position(place),
            registered_at: place.registered_at,
            confirmed_at: place.confirmed_at,
            checked_in_at: place.checked_in_at,
            join_url: join_url.map(str::to_owned),
            email_status: place.who.email_status,
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let confirmed = self.confirmed();
        let standing = u32::try_from(self.standing().count()).unwrap();
        let seats = Seats {
            confirmed,
            waitlisted: standing - confirmed,
            remaining: self.details.capacity().map(|capacity| capacity.saturating_sub(confirmed)),
        };
        Snapshot {
            id: self.id(),
            organizer: self.organizer().clone(),
            details: self.details.clone(),
            seats,
            hidden: None,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    pub(super) fn id(&self) -> EventId {
        self.create.id
    }

    pub(super) fn organizer(&self) -> &Organizer {
        &self.create.organizer
    }

    pub(super) fn brief(&self, place: &Place) -> EventBrief {
        EventBrief {
            id: self.id(),
            title: self.details.title(),
            schedule: self.details.schedule().clone(),
            sequence: self.version + self.changes,
            organizer: self.organizer().name.clone(),
            registration: Some(place.id),
            origin: place.who.origin.clone(),
        }
    }
}
