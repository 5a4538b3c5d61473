//! Everything that is held about the caller, in one answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::future::join_all;
use http::header::CONTENT_DISPOSITION;
use serde::Serialize;

use super::access::{Caller, ask_account, reply, unexpected};
use super::door::App;
use super::events;
use super::problem::Problem;
use super::view::{self, Event, RegistrationView, SecurityView, SessionView, User};
use crate::domain::{EventId, UserId, limits};
use crate::objects::Envelope;
use crate::objects::account::{Command, Order, Reply};
use crate::objects::catalog::{self, Cursor, Query};
use crate::objects::event::{self, Registration, Snapshot};

/// Events, and registrations, that one answer holds at most; lists give the rest.
const ITEMS_MAX: usize = 600;
/// Events that are asked for at a time.
const PAGE: u32 = limits::PAGE_MAX;

#[derive(Serialize)]
struct Export<'a> {
    user: User<'a>,
    sessions: Vec<SessionView>,
    failed_logins: u32,
    security_events: Vec<SecurityView>,
    events: Vec<Event<'a>>,
    registrations: Vec<RegistrationView<'a>>,
    /// Whether events and registrations are all there.
    complete: bool,
}

/// `GET /api/me/export`.
pub(super) async fn export(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let Reply::Record(record) = caller.order(&app, Order::Export).await? else {
        return Err(unexpected());
    };
    let user = record.profile.id;
    let (events, all_events) = organized(&app, user).await?;
    let (registrations, all_registrations) = registered(&app, &caller, user).await?;
    let body = Export {
        user: view::user(&record.profile),
        sessions: record.sessions.iter().map(|one| view::session(one, caller.bearer().session)).collect(),
        failed_logins: record.failures,
        security_events: record.security_events.iter().map(view::security_event).collect(),
        events: events.iter().map(view::own_event).collect(),
        registrations: registrations
            .iter()
            .map(|(own, event)| view::registration_with_event(own, event))
            .collect(),
        complete: all_events && all_registrations,
    };
    let disposition = [(CONTENT_DISPOSITION, "attachment; filename=\"export.json\"")];
    Ok((disposition, Json(body)).into_response())
}

/// The caller's own events as the event objects hold them, and whether these are all.
async fn organized(app: &App, user: UserId) -> Result<(Vec<Snapshot>, bool), Problem> {
    let (mut ids, mut after): (Vec<EventId>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let command = catalog::Command::List(Query { after, limit: PAGE, ..events::own_query(user) });
        let answer = app.hub.catalog(Envelope { command, have: None }).await?;
        let catalog::Reply::Page { events, next } = reply(answer.outcome)? else {
            return Err(unexpected());
        };
        ids.extend(events.iter().map(|event| event.id));
        match next {
            Some(_) if ids.len() < ITEMS_MAX => after = next,
            more => {
                let asked = ids.iter().map(|id| ask(app, *id, event::Command::Read));
                let mut found = Vec::with_capacity(ids.len());
                for answer in join_all(asked).await {
                    if let Some(event::Reply::Event(snapshot)) = answer? {
                        found.push(*snapshot);
                    }
                }
                return Ok((found, more.is_none()));
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
    let Reply::Visits(mut ids) = ask_account(app, &caller.bearer().account, Command::Visits).await? else {
        return Err(unexpected());
    };
    let mut before = None;
    let complete = loop {
        let command = catalog::Command::Participations { user, before, limit: PAGE, ended: true };
        let answer = app.hub.catalog(Envelope { command, have: None }).await?;
        let catalog::Reply::Participations { events, more } = reply(answer.outcome)? else {
            return Err(unexpected());
        };
        before = events.last().copied();
        ids.extend(events);
        if !more || ids.len() >= ITEMS_MAX {
            break !more;
        }
    };
    ids.sort_unstable();
    ids.dedup();
    let asked = ids.iter().map(|id| ask(app, *id, event::Command::Record(user)));
    let mut found = Vec::with_capacity(ids.len());
    for answer in join_all(asked).await {
        if let Some(event::Reply::Mine { registration, event }) = answer? {
            found.push((*registration, *event));
        }
    }
    Ok((found, complete))
}

/// What an event answers; nothing where it holds nothing.
async fn ask(app: &App, event: EventId, command: event::Command) -> Result<Option<event::Reply>, Problem> {
    match reply(app.hub.event(event, Envelope { command, have: None }).await?.outcome) {
        Ok(reply) => Ok(Some(reply)),
        Err(problem) if problem.is_not_found() => Ok(None),
        Err(problem) => Err(problem),
    }
}
