//! What clients see of registrations. The contract is `docs/api.md`.

use serde::Serialize;

use crate::api::events::view::{Event, Viewer, event};
use crate::api::shared::view::{Id, Instant};
use crate::domain::{EmailStatus, EventId, RegistrationId, UserId};
use crate::objects::messages::event::{Registration, SeatStatus, Snapshot};

/// `{"registration": …}`
#[derive(Serialize)]
pub(in crate::api) struct OneRegistration<'a> {
    pub(in crate::api) registration: RegistrationView<'a>,
}

/// Where an event takes place.
#[derive(Serialize)]
pub(in crate::api) struct Join {
    pub(in crate::api) join_url: String,
}

/// A page of registrations.
#[derive(Serialize)]
pub(in crate::api) struct RegistrationPage<'a> {
    pub(in crate::api) registrations: Vec<RegistrationView<'a>>,
    pub(in crate::api) next_cursor: Option<&'a str>,
}

#[derive(Serialize)]
struct Person<'a> {
    id: Id<UserId>,
    name: Option<&'a str>,
    email: &'a str,
}

#[derive(Serialize)]
pub(in crate::api) struct RegistrationView<'a> {
    id: Id<RegistrationId>,
    event_id: Id<EventId>,
    user: Person<'a>,
    status: SeatStatus,
    position: Option<u32>,
    registered_at: Instant,
    confirmed_at: Option<Instant>,
    checked_in_at: Option<Instant>,
    join_url: Option<&'a str>,
    /// Only for the organizer.
    #[serde(skip_serializing_if = "Option::is_none")]
    email_status: Option<EmailStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Event<'a>>,
}

pub(in crate::api) fn registration(registration: &Registration) -> RegistrationView<'_> {
    RegistrationView {
        id: Id(registration.id),
        event_id: Id(registration.event),
        user: Person {
            id: Id(registration.user),
            name: registration.name.as_ref().map(crate::domain::account::Name::as_str),
            email: registration.email.as_str(),
        },
        status: registration.status,
        position: registration.position,
        registered_at: Instant(registration.registered_at),
        confirmed_at: registration.confirmed_at.map(Instant),
        checked_in_at: registration.checked_in_at.map(Instant),
        join_url: registration.join_url.as_deref(),
        email_status: None,
        event: None,
    }
}

/// A registration as the event's organizer sees it.
pub(in crate::api) fn registration_for_organizer(registration: &Registration) -> RegistrationView<'_> {
    RegistrationView { email_status: Some(registration.email_status), ..self::registration(registration) }
}

/// A registration in the participant's own list, with its event.
pub(in crate::api) fn registration_with_event<'a>(
    own: &'a Registration,
    snapshot: &'a Snapshot,
) -> RegistrationView<'a> {
    RegistrationView { event: Some(event(snapshot, Viewer::Anyone)), ..registration(own) }
}
