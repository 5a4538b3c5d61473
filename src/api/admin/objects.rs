//! Operators' calls for any object: its contents in numbers, dead letters, retrying the outbox, and
//! rewinding.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LINK;
use serde::Serialize;
use serde_json::json;

use super::Operator;
use crate::api::shared::object_client::{self, unexpected};
use crate::api::shared::page;
use crate::api::shared::ports::{StorageOrder, StorageReply};
use crate::api::shared::problem::Problem;
use crate::api::shared::view::Instant;
use crate::domain::event::Change;
use crate::domain::{FieldError, Invalid, Timestamp};
use crate::objects::messages::maintenance::DeadLetter;
use crate::objects::messages::maintenance::{Holdings, Maintenance, MaintenanceReply};

#[derive(Serialize)]
struct OneObject {
    object: ObjectView,
}

#[derive(Serialize)]
struct ObjectView {
    kind: &'static str,
    name: String,
    schema_version: u64,
    tables: BTreeMap<String, u64>,
    database_bytes: Option<u64>,
    outbox: OutboxView,
    alarm_at: Option<Instant>,
}

#[derive(Serialize)]
struct OutboxView {
    messages: u64,
    oldest_at: Option<Instant>,
    oldest_age_seconds: i64,
    next_due_at: Option<Instant>,
    most_attempts: u32,
}

#[derive(Serialize)]
struct DeadLetterPage<'a> {
    dead_letters: Vec<DeadLetterView<'a>>,
    next_cursor: Option<&'a str>,
}

#[derive(Serialize)]
struct DeadLetterView<'a> {
    id: String,
    kind: &'a str,
    reason: &'a str,
    attempts: u32,
    parked_at: Instant,
}

/// `GET /api/admin/objects/:kind/:name`: the object's contents, in numbers.
pub(in crate::api) async fn look(operator: Operator) -> Result<Response, Problem> {
    let name = operator.any_object()?;
    let MaintenanceReply::Holdings(holdings) =
        object_client::maintenance(&operator.app, &name, Maintenance::Holdings).await?
    else {
        return Err(unexpected());
    };
    let alarm_at = match operator.manage(&name, StorageOrder::Inspect).await? {
        StorageReply::Alarm { at } => at,
        _ => None,
    };
    let now = operator.app.runtime.now();
    let Holdings { schema_version, tables, database_bytes, .. } = *holdings;
    let outbox = OutboxView {
        messages: holdings.outbox_messages,
        oldest_at: holdings.oldest_message_at.map(Instant),
        oldest_age_seconds: holdings
            .oldest_message_at
            .map_or(0, |at| now.ms_since(at).max(0).div_euclid(1000)),
        next_due_at: holdings.next_message_due_at.map(Instant),
        most_attempts: holdings.most_attempts,
    };
    let (kind, name) = (name.kind(), name.name());
    let alarm_at = alarm_at.map(Instant);
    let object = ObjectView { kind, name, schema_version, tables, database_bytes, outbox, alarm_at };
    Ok(Json(OneObject { object }).into_response())
}

/// `GET …/dead-letters`: mails that were refused or given up, oldest first.
pub(in crate::api) async fn dead_letters(operator: Operator) -> Result<Response, Problem> {
    let name = operator.any_object()?;
    let params = operator.params();
    let mut invalid = Invalid::default();
    let limit = invalid.take(params.limit());
    let after = invalid.take(params.cursor::<u64>());
    invalid.into_result()?;
    let (Some(limit), Some(after)) = (limit, after) else { return Err(unexpected()) };
    let reply =
        object_client::maintenance(&operator.app, &name, Maintenance::DeadLetters { after, limit }).await?;
    let MaintenanceReply::DeadLetters { letters, next } = reply else { return Err(unexpected()) };
    let next_cursor = next.and_then(|id| page::encode(&id));
    let dead_letters = letters.iter().map(dead_letter).collect();
    let body = DeadLetterPage { dead_letters, next_cursor: next_cursor.as_deref() };
    let mut response = Json(body).into_response();
    if let Some(link) = next_cursor.and_then(|cursor| params.next_link(operator.uri.path(), &cursor)) {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

fn dead_letter(dead: &DeadLetter) -> DeadLetterView<'_> {
    DeadLetterView {
        id: dead.id.to_string(),
        kind: &dead.kind,
        reason: &dead.reason,
        attempts: dead.attempts,
        parked_at: Instant(dead.parked_at),
    }
}

/// `POST …/dead-letters/resend`: sends these again, or all that are still worth sending.
pub(in crate::api) async fn resend(mut operator: Operator) -> Result<Response, Problem> {
    let body = operator.body()?;
    let name = operator.any_object()?;
    let mut fields = body.fields();
    let ids = fields.texts("ids", ids);
    fields.finish()?;
    let ids = if let Change::Set(ids) = ids { Some(ids) } else { None };
    match object_client::maintenance(&operator.app, &name, Maintenance::Resend(ids)).await? {
        MaintenanceReply::Due(resent) => Ok(Json(json!({ "resent": resent })).into_response()),
        _ => Err(unexpected()),
    }
}

fn ids(texts: Vec<&str>) -> Result<Vec<u64>, FieldError> {
    let ids: Option<Vec<u64>> = texts.into_iter().map(|text| text.parse().ok()).collect();
    ids.ok_or(FieldError::new("ids", "invalid_id", "Give ids of dead letters."))
}

/// `POST …/retry`: makes everything that waits for another try due now and sets the alarm, whatever state it
/// was in.
pub(in crate::api) async fn retry(operator: Operator) -> Result<Response, Problem> {
    let name = operator.any_object()?;
    let MaintenanceReply::Due(waiting) =
        object_client::maintenance(&operator.app, &name, Maintenance::Retry).await?
    else {
        return Err(unexpected());
    };
    operator.manage(&name, StorageOrder::Ring).await?;
    Ok(Json(json!({ "due": waiting })).into_response())
}

/// `POST …/rewind`: restores the object's database to a moment in the last 30 days.
pub(in crate::api) async fn rewind(mut operator: Operator) -> Result<Response, Problem> {
    let body = operator.body()?;
    let name = operator.any_object()?;
    let now = operator.app.runtime.now();
    let mut fields = body.fields();
    let to = fields.required_text("to", |text| moment(text, now));
    fields.finish()?;
    let to = to.ok_or_else(unexpected)?;
    match operator.manage(&name, StorageOrder::Rewind { to }).await? {
        StorageReply::Rewound { undo } => {
            Ok((StatusCode::ACCEPTED, Json(json!({ "undo": undo }))).into_response())
        }
        StorageReply::NotSupported { why } => Err(Problem::not_supported(why)),
        _ => Err(unexpected()),
    }
}

/// How long the platform keeps a database's history, in milliseconds.
const HISTORY_MS: i64 = 30 * 24 * 60 * 60 * 1000;

fn moment(text: &str, now: Timestamp) -> Result<Timestamp, FieldError> {
    let moment = Timestamp::parse_rfc3339(text).ok_or(FieldError::new(
        "to",
        "invalid_time",
        "Give a time like 2024-05-25T14:00:00Z.",
    ))?;
    let kept = (0..=HISTORY_MS).contains(&now.ms_since(moment));
    if kept {
        Ok(moment)
    } else {
        Err(FieldError::new("to", "out_of_range", "Give a time of the last 30 days."))
    }
}
