//! Rebuilds the Catalog: each event reports everything again. The job takes many calls. The caller drives it
//! page by page and can resume it.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use futures_util::future::join_all;
use serde::Serialize;

use super::Operator;
use crate::api::shared::context::App;
use crate::api::shared::object_client::{self, unexpected};
use crate::api::shared::problem::Problem;
use crate::domain::event::Change;
use crate::domain::{EventId, FieldError};
use crate::objects::catalog::{AdminOrder, Command, Reply};
use crate::objects::event;

/// Events per call: they are asked in parallel, and each change waits for leases.
const PAGE: u32 = 50;

#[derive(Serialize)]
struct Rebuilt {
    /// Events that have reported.
    reported: usize,
    /// Events that do not exist; the Catalog has removed those that it knew.
    missing: usize,
    /// Where the next page begins; only without `events`.
    next_cursor: Option<String>,
}

/// `POST /api/admin/catalog/rebuild`: makes events report again, either those in `events` or a page of all
/// that the Catalog knows. A Catalog that was lost knows none, so the caller has to name them.
pub(in crate::api) async fn rebuild(mut operator: Operator) -> Result<Response, Problem> {
    let body = operator.body()?;
    let mut fields = body.fields();
    let named = fields.texts("events", ids);
    let after = fields.text("cursor", cursor);
    fields.finish()?;
    let after = if let Change::Set(after) = after { Some(after) } else { None };
    let app = &operator.app;
    let (ids, known, more) = match named {
        Change::Set(ids) => {
            let (known, _) = heard_of(app, AdminOrder::KnownOf(ids.clone())).await?;
            (ids, known, false)
        }
        Change::Keep | Change::Reset => {
            let (known, more) = heard_of(app, AdminOrder::Known { after, limit: PAGE }).await?;
            (known.keys().copied().collect(), known, more)
        }
    };
    let asked = ids.iter().map(|id| report_again(app, *id, known.get(id).copied().unwrap_or_default()));
    let answers = join_all(asked).await;
    let mut missing = Vec::new();
    for (id, answer) in ids.iter().zip(answers) {
        match answer {
            Ok(()) => {}
            Err(problem) if problem.is_not_found() => missing.push(*id),
            Err(problem) => return Err(problem),
        }
    }
    let ghosts: Vec<EventId> = missing.iter().filter(|id| known.contains_key(id)).copied().collect();
    if !ghosts.is_empty() {
        object_client::catalog(app, Command::Admin(AdminOrder::Forget(ghosts))).await?;
    }
    Ok(Json(Rebuilt {
        reported: ids.len().saturating_sub(missing.len()),
        missing: missing.len(),
        next_cursor: ids.last().filter(|_| more).map(ToString::to_string),
    })
    .into_response())
}

async fn report_again(app: &App, id: EventId, known: u64) -> Result<(), Problem> {
    let order = event::AdminOrder::ReportAgain { known };
    object_client::event(app, id, event::Command::Admin(order)).await.map(drop)
}

async fn heard_of(app: &App, order: AdminOrder) -> Result<(BTreeMap<EventId, u64>, bool), Problem> {
    match object_client::catalog(app, Command::Admin(order)).await? {
        Reply::Known { events, more } => Ok((events.into_iter().collect(), more)),
        _ => Err(unexpected()),
    }
}

fn ids(texts: Vec<&str>) -> Result<Vec<EventId>, FieldError> {
    if texts.len() > usize::try_from(PAGE).unwrap_or(usize::MAX) {
        return Err(FieldError::new("events", "too_many", "Give at most 50 ids at a time."));
    }
    let ids: Option<Vec<EventId>> = texts.into_iter().map(EventId::parse).collect();
    ids.ok_or(FieldError::new("events", "invalid_id", "Give ids of events."))
}

fn cursor(text: &str) -> Result<EventId, FieldError> {
    EventId::parse(text).ok_or(FieldError::new(
        "cursor",
        "invalid_cursor",
        "Give a cursor as it was handed out.",
    ))
}
