//! Calendars: one event as a file, and all events that a user attends as a feed.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use serde::Serialize;

use crate::api::shared::access::Caller;
use crate::api::shared::object_client::{self, unexpected};

use crate::api::events::is_organizer;
use crate::api::shared::context::App;
use crate::api::shared::input::EventPath;
use crate::api::shared::page::Params;
use crate::api::shared::problem::Problem;
use crate::auth::onetime;
use crate::calendar::{Entry, published};
use crate::domain::event::Status;
use crate::domain::{EventId, Refusal, Timestamp, UserId, limits};
use crate::mail::long_date;
use crate::objects::account;
use crate::objects::event::{Command, Reply, SeatStatus, Snapshot};

/// The most events in a feed: those that were created last.
const FEED_MAX: usize = 500;
/// The most pages of registrations that are looked through for them, each of which asks 50 events.
const FEED_PAGES_MAX: usize = 16;

/// `GET /api/events/:id/calendar.ics`: the event for a calendar, without the join link. Only the organizer
/// can get a draft.
pub(in crate::api) async fn event(
    State(app): State<Arc<App>>,
    EventPath(id): EventPath,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let Reply::Event(snapshot) = object_client::event(&app, id, Command::Read).await? else {
        return Err(unexpected());
    };
    let draft = snapshot.details.status() == Status::Draft;
    let organizer = Some(snapshot.organizer.id).filter(|_| !snapshot.organizer.suspension.suspended);
    if draft && !is_organizer(&app, &headers, organizer).await? {
        return Err(Problem::not_found());
    }
    let base = app.base_url(&uri);
    let described = described(&snapshot);
    let file = published(None, &[entry(&snapshot, &described, &base)]);
    let mut response = send(file, "private, no-cache");
    let disposition = format!("attachment; filename=\"event-{id}.ics\"");
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

#[derive(Serialize)]
struct Feed {
    url: String,
}

/// `POST /api/me/calendar-key`: a new secret address for the caller's feed. The previous one stops working.
pub(in crate::api) async fn new_key(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
) -> Result<Response, Problem> {
    let (key, stored) = onetime::issue(&caller.bearer().account, &app.entropy(), Timestamp::default());
    caller.order(&app, account::Order::SetFeedKey(stored.digest)).await?;
    let url = format!("{}/api/me/calendar.ics?key={}", app.base_url(&uri), key.reveal());
    Ok((StatusCode::CREATED, Json(Feed { url })).into_response())
}

/// `GET /api/me/calendar.ics?key=`: the events at which the key's owner has a seat. An unknown or replaced
/// key gets 404, like any other address that does not exist.
pub(in crate::api) async fn feed(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(query.as_deref());
    let (key, digest) = onetime::read(params.get("key").unwrap_or_default()).ok_or(Refusal::NotFound)?;
    let opened = object_client::account(&app, &key, account::Command::OpenFeed { digest }).await?;
    let account::Reply::User(user) = opened else {
        return Err(unexpected());
    };
    let base = app.base_url(&uri);
    let snapshots = seats_of(&app, user).await?;
    let described: Vec<_> = snapshots.iter().map(described).collect();
    let entries: Vec<_> = snapshots
        .iter()
        .zip(&described)
        .map(|(snapshot, described)| entry(snapshot, described, &base))
        .collect();
    Ok(send(published(Some("My events"), &entries), "no-store"))
}

/// The events at which a user has a seat, newest first, each in its current state.
async fn seats_of(app: &App, user: UserId) -> Result<Vec<Snapshot>, Problem> {
    let mut snapshots = Vec::new();
    let mut before: Option<EventId> = None;
    for _ in 0..FEED_PAGES_MAX {
        let (events, more) =
            object_client::participations(app, user, before, limits::ASKED_PAGE_MAX, false).await?;
        let found = object_client::registrations(app, &events, &Command::Mine { user }).await?;
        let seats = found.into_iter().filter(|(own, _)| own.status == SeatStatus::Confirmed);
        snapshots.extend(seats.map(|(_, event)| event));
        before = events.last().copied();
        if !more || before.is_none() || snapshots.len() >= FEED_MAX {
            break;
        }
    }
    snapshots.truncate(FEED_MAX);
    Ok(snapshots)
}

/// When the event takes place, in its own zone, and what it is about.
fn described(snapshot: &Snapshot) -> String {
    format!("{}\n\n{}", long_date(snapshot.details.schedule()), snapshot.details.description())
}

/// The entry leads to the event's page in the front end that is served beside the API.
fn entry<'a>(snapshot: &'a Snapshot, description: &'a str, base: &str) -> Entry<'a> {
    Entry {
        id: snapshot.id,
        sequence: snapshot.version.saturating_sub(1),
        as_of: snapshot.updated_at,
        title: snapshot.details.title().into(),
        description,
        schedule: snapshot.details.schedule(),
        cancelled: snapshot.details.status() == Status::Cancelled,
        url: Some(format!("{base}/#/events/{}", snapshot.id)),
    }
}

fn send(file: String, cache_control: &'static str) -> Response {
    let mut response = file.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    response
}
