//! Events: list, create, read, change, delete.

mod input;
pub(super) mod view;

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LINK, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use crate::api::events::view::{EventPage, OneEvent, Viewer};
use crate::api::shared::access::Caller;
use crate::api::shared::cacheable::CachedBody;
use crate::api::shared::conditional::{self, event_etag};
use crate::api::shared::context::App;
use crate::api::shared::input::{EventPath, JsonBody};
use crate::api::shared::object_client::{self, reply, unexpected};
use crate::api::shared::page::{self, Params};
use crate::api::shared::problem::Problem;
use crate::auth::digest;
use crate::cache::{Key, Lookup, Page};
use crate::domain::event::{Details, Organizer, Status};
use crate::domain::moderation::Suspension;
use crate::domain::{EventId, FieldError, Invalid, Refusal, Timestamp, UserId, limits};
use crate::objects::account;
use crate::objects::catalog::{self, Cursor, Order, Query, Scope};
use crate::objects::event::{Command, Create, Reply, Snapshot};
use crate::objects::{Envelope, Outcome};

/// `POST /api/events`: creates an event. The organizer's account remembers which event an `Idempotency-Key` has
/// made, so that a repeated request finds it.
pub(in crate::api) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let profile = caller.organizer(&app).await?;
    let mut fields = body.fields();
    let patch = input::read(&mut fields);
    let details = Details::create(&patch, fields.into_invalid())?;
    let fresh = EventId::new(app.runtime.now(), &app.id_entropy());
    let (id, fingerprint) = match headers.get("idempotency-key").filter(|key| !key.is_empty()) {
        None => (fresh, None),
        Some(key) => {
            let key = digest::text(key.as_bytes());
            let command = account::Command::EventOfKey { user: profile.id, key, event: fresh };
            match object_client::account(&app, &caller.bearer().account, command).await? {
                account::Reply::EventOfKey(id) => (id, Some(digest::text(body.raw()))),
                _ => return Err(unexpected()),
            }
        }
    };
    let organizer = Organizer {
        id: profile.id,
        account: Some(caller.bearer().account.clone()),
        name: profile.name,
        name_changes: profile.name_changes,
        suspension: Suspension::default(),
    };
    let command = Command::Create(Box::new(Create { id, organizer, details, fingerprint }));
    let snapshot = ask(&app, id, command).await?;
    let mut response = one(StatusCode::CREATED, &snapshot, Viewer::Organizer)?;
    if let Ok(location) = HeaderValue::from_str(&format!("/api/events/{id}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// `GET /api/events/:id`. Everybody but the organizer shares the isolate's copy.
pub(in crate::api) async fn read(
    State(app): State<Arc<App>>,
    EventPath(id): EventPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let key = Key::Event(id);
    let asked_at = app.runtime.now();
    let copy = match app.look_up(&key, asked_at) {
        Lookup::Fresh(page, until) if !is_organizer(&app, &headers, page.sees_more).await? => {
            return Ok(send_kept(page, until));
        }
        Lookup::Ask(Some((stamp, page))) if !is_organizer(&app, &headers, page.sees_more).await? => {
            Some((stamp, page))
        }
        Lookup::Fresh(..) | Lookup::Ask(_) => None,
    };
    let have = copy.as_ref().map(|(stamp, _)| *stamp);
    let answer = app.objects.event(id, Envelope::knowing(Command::Read, have)).await?;
    let snapshot = match (answer.outcome, copy) {
        (Outcome::Unchanged, Some((stamp, page))) => {
            app.cached(|cache| cache.renew(&key, stamp, answer.lease_ms, asked_at));
            return Ok(send_kept(page, None));
        }
        (Outcome::Reply(Reply::Event(snapshot)), _) => snapshot,
        (Outcome::Refused(refusal), _) => {
            app.cached(|cache| cache.forget(&key));
            return Err(refusal.into());
        }
        _ => return Err(unexpected()),
    };
    let is_draft = snapshot.details.status() == Status::Draft;
    let shows_more = is_draft || snapshot.details.join_url().is_some();
    // A suspended organizer has no session, whatever this isolate remembers.
    let shows_more = shows_more && !snapshot.organizer.suspension.suspended;
    let organizer = is_organizer(&app, &headers, Some(snapshot.organizer.id).filter(|_| shows_more)).await?;
    if is_draft {
        app.cached(|cache| cache.forget(&key));
        return if organizer {
            one(StatusCode::OK, &snapshot, Viewer::Organizer)
        } else {
            Err(Problem::not_found())
        };
    }
    let body = json_bytes(&OneEvent { event: view::event(&snapshot, Viewer::Anyone) })?;
    let etag = event_etag(snapshot.version, &body);
    let sees_more = snapshot.details.join_url().map(|_| snapshot.organizer.id);
    let page = Page { body, etag, link: None, sees_more };
    app.cached(|cache| cache.store(key, page.clone(), answer.stamp, answer.lease_ms, asked_at));
    if organizer { one(StatusCode::OK, &snapshot, Viewer::Organizer) } else { Ok(send_kept(page, None)) }
}

/// `PUT` and `PATCH /api/events/:id`: changes the fields that were sent.
pub(in crate::api) async fn update(
    State(app): State<Arc<App>>,
    caller: Caller,
    EventPath(id): EventPath,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let by = caller.profile_for_change(&app).await?.id;
    let if_match = conditional::if_match(&headers);
    let mut fields = body.fields();
    let patch = input::read(&mut fields);
    let invalid = fields.into_invalid();
    if !invalid.errors().is_empty() {
        return Err(first_refusal(&app, id, by, invalid).await);
    }
    let snapshot = ask(&app, id, Command::Update { by, patch: Box::new(patch), if_match }).await?;
    one(StatusCode::OK, &snapshot, Viewer::Organizer)
}

/// Bad fields are reported only to someone who may change the event: others get 404 or 403 first.
async fn first_refusal(app: &App, id: EventId, by: UserId, invalid: Invalid) -> Problem {
    match ask(app, id, Command::Read).await {
        Err(problem) => problem,
        Ok(snapshot) if snapshot.organizer.id == by => Refusal::Invalid(invalid).into(),
        Ok(snapshot) if snapshot.details.status() == Status::Draft => Problem::not_found(),
        Ok(_) => Problem::forbidden(),
    }
}

/// `DELETE /api/events/:id`.
pub(in crate::api) async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    EventPath(id): EventPath,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let by = caller.profile_for_change(&app).await?.id;
    let command = Command::Delete { by, if_match: conditional::if_match(&headers) };
    object_client::event(&app, id, command).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/events`: published, public events.
pub(in crate::api) async fn list(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let params = Params::read(query.as_deref());
    let query = list_query(&params)?;
    let key = Key::List(Box::new(query.clone()));
    let asked_at = app.runtime.now();
    let copy = match app.look_up(&key, asked_at) {
        Lookup::Fresh(page, until) => return Ok(send_kept(page, until)),
        Lookup::Ask(copy) => copy,
    };
    let have = copy.as_ref().map(|(stamp, _)| *stamp);
    let answer = app.objects.catalog(Envelope::knowing(catalog::Command::List(query.clone()), have)).await?;
    if let (Outcome::Unchanged, Some((stamp, page))) = (&answer.outcome, copy) {
        app.cached(|cache| cache.renew(&key, stamp, answer.lease_ms, asked_at));
        return Ok(send_kept(page, None));
    }
    let page = list_page("/api/events", &params, query.order, Viewer::Anyone, reply(answer.outcome)?)?;
    app.cached(|cache| cache.store(key, page.clone(), answer.stamp, answer.lease_ms, asked_at));
    Ok(send_kept(page, None))
}

/// `GET /api/me/events`: the caller's own events, in every status.
pub(in crate::api) async fn own(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let user = caller.profile(&app).await?.id;
    let params = Params::read(query.as_deref());
    let query =
        Query { scope: Scope::Own(user), words: None, tag: None, organizer: None, ..list_query(&params)? };
    let order = query.order;
    let found = object_client::catalog(&app, catalog::Command::List(query)).await?;
    let page = list_page("/api/me/events", &params, order, Viewer::Anyone, found)?;
    let mut response = send(page);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// All events of an organizer, in every status.
pub(in crate::api) const fn own_query(user: UserId) -> Query {
    Query {
        scope: Scope::Own(user),
        words: None,
        tag: None,
        organizer: None,
        from: None,
        to: None,
        order: Order::CreatedAt,
        after: None,
        limit: limits::PAGE_DEFAULT,
    }
}

/// Reads the parameters of a list and reports every bad one at once.
fn list_query(params: &Params) -> Result<Query, Refusal> {
    let mut invalid = Invalid::default();
    let words = search(params);
    let order = invalid.take(match params.get("sort").filter(|sort| !sort.is_empty()) {
        None if words.is_some() => Ok(Order::Relevance),
        None | Some("starts_at") => Ok(Order::StartsAt),
        Some("-starts_at") => Ok(Order::StartsAtDescending),
        Some("created_at") => Ok(Order::CreatedAt),
        Some("-created_at") => Ok(Order::CreatedAtDescending),
        Some(_) => Err(FieldError::new(
            "sort",
            "unknown_sort",
            "Choose starts_at, -starts_at, created_at or -created_at.",
        )),
    });
    let status = invalid.take(match params.get("status").filter(|status| !status.is_empty()) {
        None | Some("published") => Ok(Status::Published),
        Some("cancelled") => Ok(Status::Cancelled),
        Some(_) => Err(FieldError::new("status", "unknown_status", "Choose published or cancelled.")),
    });
    let organizer = invalid.take(match params.get("organizer").filter(|organizer| !organizer.is_empty()) {
        None => Ok(None),
        Some(id) => UserId::parse(id).map(Some).ok_or(FieldError::new(
            "organizer",
            "invalid_id",
            "Give the organizer's id.",
        )),
    });
    let from = invalid.take(bound("from", params));
    let to = invalid.take(bound("to", params));
    let limit = invalid.take(params.limit());
    let cursor = invalid.take(params.cursor::<(Order, Cursor)>());
    let after = match cursor.flatten() {
        Some((made_for, _)) if order.is_some_and(|order| order != made_for) => {
            invalid.push(FieldError::new(
                "cursor",
                "invalid_cursor",
                "This cursor belongs to another order.",
            ));
            None
        }
        other => other.map(|(_, cursor)| cursor),
    };
    invalid.into_result()?;
    Ok(Query {
        scope: Scope::Public(status.unwrap_or_default()),
        words,
        tag: params.get("tag").filter(|tag| !tag.is_empty()).map(str::to_owned),
        organizer: organizer.flatten(),
        from: from.flatten(),
        to: to.flatten(),
        order: order.unwrap_or(Order::StartsAt),
        after,
        limit: limit.unwrap_or(limits::PAGE_DEFAULT),
    })
}

/// The search words; any text counts as words.
fn search(params: &Params) -> Option<Vec<String>> {
    params.get("q").filter(|text| !text.trim().is_empty()).map(catalog::words)
}

/// A time, or a date, which means its first moment in UTC. A plus that was not escaped arrives as a space.
fn bound(field: &'static str, params: &Params) -> Result<Option<Timestamp>, FieldError> {
    let Some(text) = params.get(field).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let with_plus = || text.rsplit_once(' ').map(|(time, offset)| format!("{time}+{offset}"));
    let instant = Timestamp::parse_rfc3339(text)
        .or_else(|| Timestamp::parse_rfc3339(&with_plus()?))
        .or_else(|| Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")).filter(|_| text.len() == 10));
    instant.map(Some).ok_or(FieldError::new(
        field,
        "invalid_time",
        "Give a date or a time like 2024-05-25T14:00:00Z.",
    ))
}

fn list_page(
    path: &str,
    params: &Params,
    order: Order,
    viewer: Viewer,
    reply: catalog::Reply,
) -> Result<Page, Problem> {
    let catalog::Reply::Page { events, next } = reply else {
        return Err(unexpected());
    };
    let next_cursor = next.and_then(|cursor| page::encode(&(order, cursor)));
    let views: Vec<_> = events.iter().map(|event| view::event(event, viewer)).collect();
    let body = json_bytes(&EventPage { events: views, next_cursor: next_cursor.as_deref() })?;
    let etag = conditional::etag_of(&body);
    let link = next_cursor.and_then(|cursor| params.next_link(path, &cursor));
    Ok(Page { body, etag, link, sees_more: None })
}

/// Sends an event a command that it answers with its own state.
async fn ask(app: &App, id: EventId, command: Command) -> Result<Snapshot, Problem> {
    match object_client::event(app, id, command).await? {
        Reply::Event(snapshot) => Ok(*snapshot),
        _ => Err(unexpected()),
    }
}

/// Whether the caller is this organizer, in a session that still exists. Calls that need no token ignore a
/// bad one.
pub(in crate::api) async fn is_organizer(
    app: &App,
    headers: &HeaderMap,
    organizer: Option<UserId>,
) -> Result<bool, Problem> {
    let Some(organizer) = organizer else { return Ok(false) };
    match Caller::of(headers, app).filter(|caller| caller.bearer().user == organizer) {
        Some(caller) => caller.stands(app).await,
        None => Ok(false),
    }
}

/// One event as `viewer` sees it.
fn one(status: StatusCode, snapshot: &Snapshot, viewer: Viewer) -> Result<Response, Problem> {
    let body = json_bytes(&OneEvent { event: view::event(snapshot, viewer) })?;
    let etag = event_etag(snapshot.version, &body);
    let mut response = send(Page { body, etag, link: None, sees_more: None });
    *response.status_mut() = status;
    Ok(response)
}

fn send(page: Page) -> Response {
    let mut response = page.body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(ETAG, page.etag);
    if let Some(link) = page.link {
        headers.insert(LINK, link);
    }
    response
}

/// A page that the isolate keeps and will send again: until the given moment to everybody who asks for it,
/// unless somebody sees more.
fn send_kept(page: Page, until: Option<Timestamp>) -> Response {
    let kept = CachedBody { until: until.filter(|_| page.sees_more.is_none()) };
    let mut response = send(page);
    response.extensions_mut().insert(kept);
    response
}

fn json_bytes<T: Serialize>(value: &T) -> Result<Bytes, Problem> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| Problem::internal(error.to_string()))
}
