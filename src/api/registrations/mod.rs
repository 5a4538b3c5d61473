//! Registrations: taking a seat, giving it back, and the organizer's view.

pub(super) mod links;
mod spreadsheet;
pub(super) mod view;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{LINK, VARY};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

use crate::api::shared::accept;
use crate::api::shared::access::{Caller, Signed};
use crate::api::shared::object_client::{self, unexpected};

use crate::api::registrations::view::{OneRegistration, RegistrationPage, RegistrationView};
use crate::api::shared::context::App;
use crate::api::shared::input::{EventPath, RegistrationPath};
use crate::api::shared::page::{self, Params};
use crate::api::shared::problem::Problem;
use crate::domain::event::Status;
use crate::domain::{EventId, FieldError, Invalid, RegistrationId, limits};
use crate::objects::event::{Command, Participant, Reply, SeatStatus};
use spreadsheet::Page;

/// `POST /api/events/:id/register`: a seat, a place on the waitlist, or the existing registration.
pub(in crate::api) async fn register(
    State(app): State<Arc<App>>,
    caller: Caller,
    EventPath(event): EventPath,
    uri: Uri,
) -> Result<Response, Problem> {
    let profile = caller.profile_for_registration(&app, event).await?;
    let participant = Participant {
        id: profile.id,
        account: caller.bearer().account.clone(),
        name: profile.name,
        email: profile.email,
        origin: Some(app.base_url(&uri)),
        email_status: profile.email_status,
        email_status_changes: profile.email_status_changes,
    };
    let id = RegistrationId::new(app.runtime.now(), &app.id_entropy());
    match object_client::event(&app, event, Command::Register { id, participant: Box::new(participant) })
        .await?
    {
        Reply::Registration { new, registration } => {
            let status = if new { StatusCode::CREATED } else { StatusCode::OK };
            Ok((status, Json(OneRegistration { registration: view::registration(&registration) }))
                .into_response())
        }
        _ => Err(unexpected()),
    }
}

/// `GET /api/events/:id/register`: the caller's own registration.
pub(in crate::api) async fn own(
    State(app): State<Arc<App>>,
    caller: Caller,
    EventPath(event): EventPath,
) -> Result<Response, Problem> {
    let user = caller.profile(&app).await?.id;
    match object_client::event(&app, event, Command::Mine { user }).await? {
        Reply::Mine { registration, .. } => {
            Ok(Json(OneRegistration { registration: view::registration(&registration) }).into_response())
        }
        _ => Err(unexpected()),
    }
}

/// `DELETE /api/events/:id/register`: gives the seat back.
pub(in crate::api) async fn leave(
    State(app): State<Arc<App>>,
    caller: Caller,
    EventPath(event): EventPath,
) -> Result<StatusCode, Problem> {
    let user = caller.profile_for_change(&app).await?.id;
    object_client::event(&app, event, Command::Leave { user }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/events/:id/join`: the link, for a participant with a seat.
pub(in crate::api) async fn join(
    State(app): State<Arc<App>>,
    caller: Caller,
    EventPath(event): EventPath,
) -> Result<Response, Problem> {
    let user = caller.profile_for_change(&app).await?.id;
    match object_client::event(&app, event, Command::Join { user }).await? {
        Reply::Join { join_url } => Ok(Json(view::Join { join_url }).into_response()),
        _ => Err(unexpected()),
    }
}

/// `GET /api/events/:id/registrations`: the organizer's list, in order of arrival; for a client that prefers
/// `text/csv`, the whole list as a spreadsheet.
pub(in crate::api) async fn list(
    Signed { asked, caller }: Signed,
    EventPath(event): EventPath,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let by = caller.profile(&asked.app).await?.id;
    let params = Params::read(query.as_deref());
    let mut invalid = Invalid::default();
    let status = invalid.take(status_filter(&params));
    let bom = invalid.take(byte_order_mark(&params));
    let limit = invalid.take(params.limit());
    let after = invalid.take(params.cursor::<u64>());
    invalid.into_result()?;
    let (Some(status), Some(bom), Some(limit), Some(after)) = (status, bom, limit, after) else {
        return Err(unexpected());
    };
    let mut response = if accept::prefers(&headers, "text/csv", "application/json") {
        spreadsheet::answer(asked, Page { event, by, status, bom }).await?
    } else {
        page_for_organizer(&asked.app, event, Command::List { by, status, after, limit }, &params).await?
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

async fn page_for_organizer(
    app: &App,
    event: EventId,
    command: Command,
    params: &Params,
) -> Result<Response, Problem> {
    let Reply::Page { registrations, next } = object_client::event(app, event, command).await? else {
        return Err(unexpected());
    };
    let views = registrations.iter().map(view::registration_for_organizer).collect();
    let path = format!("/api/events/{event}/registrations");
    let next = next.and_then(|seq| page::encode(&seq));
    Ok(paged(views, params, &path, next))
}

/// `DELETE /api/events/:id/registrations/:registration_id`.
pub(in crate::api) async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    RegistrationPath(event, id): RegistrationPath,
) -> Result<StatusCode, Problem> {
    let by = caller.profile_for_change(&app).await?.id;
    object_client::event(&app, event, Command::Remove { by, id }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST …/check-in`: marks the participant as present.
pub(in crate::api) async fn check_in(
    State(app): State<Arc<App>>,
    caller: Caller,
    RegistrationPath(event, id): RegistrationPath,
) -> Result<Response, Problem> {
    mark(&app, &caller, event, id, true).await
}

/// `DELETE …/check-in`: undoes that.
pub(in crate::api) async fn undo_check_in(
    State(app): State<Arc<App>>,
    caller: Caller,
    RegistrationPath(event, id): RegistrationPath,
) -> Result<Response, Problem> {
    mark(&app, &caller, event, id, false).await
}

async fn mark(
    app: &App,
    caller: &Caller,
    event: EventId,
    id: RegistrationId,
    present: bool,
) -> Result<Response, Problem> {
    let by = caller.profile_for_change(app).await?.id;
    match object_client::event(app, event, Command::CheckIn { by, id, present }).await? {
        Reply::Registration { registration, .. } => {
            Ok(Json(OneRegistration { registration: view::registration_for_organizer(&registration) })
                .into_response())
        }
        _ => Err(unexpected()),
    }
}

/// `GET /api/me/registrations`: newest event first. The Catalog knows which events to ask, and the account
/// knows those that the Catalog may not have yet. Each event answers with its current state, so the list is
/// always up to date. Each item wakes an object, so a page is shorter than those of other lists.
pub(in crate::api) async fn own_list(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let user = caller.profile(&app).await?.id;
    let params = Params::read(query.as_deref());
    let mut invalid = Invalid::default();
    let limit = invalid.take(params.limit());
    let before = invalid.take(params.cursor::<EventId>());
    invalid.into_result()?;
    let (Some(limit), Some(before)) = (limit, before) else {
        return Err(unexpected());
    };
    let limit = limit.min(limits::ASKED_PAGE_MAX);
    let (events, more) = object_client::participations(&app, user, before, limit, false).await?;
    let recent = caller.recent_events(&app).await?;
    let (events, more) = own_page(events, more, recent, before, limit);
    let found = object_client::registrations(&app, &events, &Command::Mine { user }).await?;
    let shown = found.iter().filter(|(_, event)| event.details.status() != Status::Draft);
    let views = shown.map(|(own, event)| view::registration_with_event(own, event)).collect();
    let next = events.last().filter(|_| more).and_then(page::encode);
    Ok(paged(views, &params, "/api/me/registrations", next))
}

/// A page of the events from the Catalog and those for which the account recently registered.
fn own_page(
    known: Vec<EventId>,
    more: bool,
    recent: Vec<EventId>,
    before: Option<EventId>,
    limit: u32,
) -> (Vec<EventId>, bool) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let last_known = known.last().copied().filter(|_| more);
    let on_this_page = |event: &EventId| {
        before.is_none_or(|before| *event < before) && last_known.is_none_or(|last| *event > last)
    };
    let mut events: BTreeSet<EventId> = recent.into_iter().filter(on_this_page).collect();
    events.extend(known);
    let page: Vec<EventId> = events.iter().rev().take(limit).copied().collect();
    let more = more || events.len() > page.len();
    (page, more)
}

fn status_filter(params: &Params) -> Result<Option<SeatStatus>, FieldError> {
    let Some(text) = params.get("status").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let unknown = FieldError::new("status", "unknown_status", "Choose confirmed, waitlisted or cancelled.");
    SeatStatus::parse(text).map(Some).ok_or(unknown)
}

/// Whether a spreadsheet begins with a byte-order mark.
fn byte_order_mark(params: &Params) -> Result<bool, FieldError> {
    match params.get("bom").filter(|text| !text.is_empty()) {
        None | Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(FieldError::new("bom", "invalid_type", "This has to be true or false.")),
    }
}

fn paged(
    registrations: Vec<RegistrationView<'_>>,
    params: &Params,
    path: &str,
    next_cursor: Option<String>,
) -> Response {
    let page = RegistrationPage { registrations, next_cursor: next_cursor.as_deref() };
    let mut response = Json(page).into_response();
    let link = next_cursor.and_then(|cursor| params.next_link(path, &cursor));
    if let Some(link) = link {
        response.headers_mut().insert(LINK, link);
    }
    response
}
