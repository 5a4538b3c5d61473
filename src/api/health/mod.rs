//! Whether the service is up and, on request, whether its objects answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use futures_util::future::{Either, join, select};
use serde_json::json;

use crate::api::shared::context::App;
use crate::api::shared::last_check::{Checked, Look};
use crate::api::shared::page::Params;
use crate::api::shared::problem::Problem;
use crate::domain::{EventId, Refusal, Timestamp};
use crate::objects::{Envelope, Outcome, catalog, event};

/// The only path that answers even if a setting is bad.
pub(in crate::api) const PATH: &str = "/api/health";

/// How long an object may take to answer, in milliseconds.
const TIMEOUT_MS: u32 = 2_000;
/// Milliseconds between two looks at a running check.
const WAIT_MS: u32 = 20;
const LATE: &str = "no answer in time";

/// `GET /api/health`; with `?deep=1` only after an object and the Catalog have answered.
pub(in crate::api) async fn get(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let version = env!("CARGO_PKG_VERSION");
    let params = Params::read(query.as_deref());
    if params.get("deep") != Some("1") {
        return Json(json!({ "status": "ok", "version": version })).into_response();
    }
    match lag_seconds(&app).await {
        Ok(lag) => {
            Json(json!({ "status": "ok", "version": version, "report_lag_seconds": lag })).into_response()
        }
        Err(cause) => Problem::not_ready(cause).into_response(),
    }
}

/// The health answer of a deployment with a bad setting: the same problem that all calls get.
pub(in crate::api) fn misconfigured() -> Response {
    Problem::misconfigured().into_response()
}

/// How late recent reports reached the Catalog, if it and an object answer in time.
async fn lag_seconds(app: &App) -> Checked {
    for _ in 0..=TIMEOUT_MS.div_euclid(WAIT_MS) {
        match app.last_check.look(app.runtime.now()) {
            Look::Say(answer) => return answer,
            Look::Wait => app.runtime.pause(WAIT_MS).await,
            Look::Check => return check(app).await,
        }
    }
    Err(LATE)
}

async fn check(app: &App) -> Checked {
    let asked = Box::pin(ask(app));
    let answer = match select(asked, app.runtime.pause(TIMEOUT_MS)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(LATE),
    };
    app.last_check.note(app.runtime.now(), answer);
    answer
}

/// The object is an event that does not exist: it says so, and stores nothing.
async fn ask(app: &App) -> Checked {
    let nobody = EventId::new(Timestamp::from_ms(0), &[0; 10]);
    let event = app.objects.event(nobody, Envelope::new(event::Command::Read));
    let catalog = app.objects.catalog(Envelope::new(catalog::Command::ReportLag));
    let (event, catalog) = join(event, catalog).await;
    match event.map(|answer| answer.outcome) {
        Ok(Outcome::Refused(Refusal::NotFound)) => {}
        _ => return Err("an object does not answer"),
    }
    match catalog.map(|answer| answer.outcome) {
        Ok(Outcome::Reply(catalog::Reply::ReportLag(ms))) => Ok(ms.div_euclid(1000)),
        _ => Err("the Catalog does not answer"),
    }
}
