//! Everything that is held about the caller, in one answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_DISPOSITION;
use serde::Serialize;

use crate::api::accounts;
use crate::api::accounts::view::{SecurityView, SessionView, User};
use crate::api::events;
use crate::api::events::view::Event;
use crate::api::registrations;
use crate::api::registrations::view::RegistrationView;
use crate::api::shared::access::Caller;
use crate::api::shared::context::App;
use crate::api::shared::object_client::{self, unexpected};
use crate::api::shared::problem::Problem;
use crate::domain::{EmailStatus, EventId, UserId, limits};
use crate::objects::account::{Order, Reply};
use crate::objects::catalog::{self, Cursor, Query};
use crate::objects::event::{self, Registration, Snapshot};

/// The most events, and the most registrations, in one answer; lists give the rest. Each of them is a call to
/// an object, and the platform may allow a request no more than a thousand.
const ITEMS_MAX: usize = 400;
/// Events that the Catalog is asked for at a time.
const PAGE: u32 = limits::PAGE_MAX;

#[derive(Serialize)]
struct Export<'a> {
    user: User<'a>,
    email_status: EmailStatus,
    sessions: Vec<SessionView>,
    failed_logins: u32,
    security_events: Vec<SecurityView>,
    events: Vec<Event<'a>>,
    registrations: Vec<RegistrationView<'a>>,
    /// Whether all events and registrations are included.
    complete: bool,
}

/// `GET /api/me/export`.
pub(in crate::api) async fn export(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let Reply::Record(record) = caller.order(&app, Order::Export).await? else {
        return Err(unexpected());
    };
    let user = record.profile.id;
    let (events, all_events) = organized(&app, user).await?;
    let (registrations, all_registrations) = registered(&app, &caller, user).await?;
    let body = Export {
        user: accounts::view::user(&record.profile),
        email_status: record.profile.email_status,
        sessions: record
            .sessions
            .iter()
            .map(|one| accounts::view::session(one, caller.bearer().session))
            .collect(),
        failed_logins: record.failures,
        security_events: record.security_events.iter().map(accounts::view::security_event).collect(),
        events: events.iter().map(events::view::own_event).collect(),
        registrations: registrations
            .iter()
            .map(|(own, event)| registrations::view::registration_with_event(own, event))
            .collect(),
        complete: all_events && all_registrations,
    };
    let disposition = [(CONTENT_DISPOSITION, "attachment; filename=\"export.json\"")];
    Ok((disposition, Json(body)).into_response())
}

/// The caller's own events from their event objects, and whether these are all.
async fn organized(app: &App, user: UserId) -> Result<(Vec<Snapshot>, bool), Problem> {
    let (mut ids, mut after): (Vec<EventId>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let command = catalog::Command::List(Query { after, limit: PAGE, ..events::own_query(user) });
        let catalog::Reply::Page { events, next } = object_client::catalog(app, command).await? else {
            return Err(unexpected());
        };
        ids.extend(events.iter().map(|event| event.id));
        match next {
            Some(_) if ids.len() < ITEMS_MAX => after = next,
            more => {
                ids.truncate(ITEMS_MAX);
                let found = object_client::events(app, &ids, &event::Command::Read).await?.into_iter();
                let snapshot = |reply| match reply {
                    event::Reply::Event(snapshot) => Some(*snapshot),
                    _ => None,
                };
                return Ok((found.filter_map(snapshot).collect(), more.is_none()));
            }
        }
    }
}

/// The caller's registrations, ended ones included, and whether these are all.
async fn registered(
    app: &App,
    caller: &Caller,
    user: UserId,
) -> Result<(Vec<(Registration, Snapshot)>, bool), Problem> {
    let mut ids = caller.recent_events(app).await?;
    let mut before = None;
    let complete = loop {
        let (events, more) = object_client::participations(app, user, before, PAGE, true).await?;
        before = events.last().copied();
        ids.extend(events);
        if !more || ids.len() >= ITEMS_MAX {
            break !more;
        }
    };
    ids.sort_unstable();
    ids.dedup();
    // The oldest make room.
    let left_out = ids.len().saturating_sub(ITEMS_MAX);
    ids.drain(..left_out);
    let found = object_client::registrations(app, &ids, &event::Command::Record(user)).await?;
    Ok((found, complete && left_out == 0))
}
