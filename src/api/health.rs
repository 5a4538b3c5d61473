//! Whether the service is up, and, where that is asked, whether its objects answer.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use futures_util::future::{Either, join, select};
use serde_json::json;

use super::door::App;
use super::page::Params;
use super::problem::Problem;
use crate::domain::{EventId, Refusal, Timestamp};
use crate::objects::{Envelope, Outcome, catalog, event};

/// The one path that answers even when a setting is bad.
pub(super) const PATH: &str = "/api/health";

/// Milliseconds after which an object that has not answered does not answer.
const TIMEOUT_MS: u32 = 2_000;
/// Milliseconds between two looks for a check that is under way.
const WAIT_MS: u32 = 20;
const LATE: &str = "no answer in time";
/// Milliseconds for which an isolate gives the same answer again: strangers cannot load objects.
const REPEATED_MS: i64 = 1_000;

/// `GET /api/health`; with `?deep=1` only after an object and the Catalog have answered.
pub(super) async fn get(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
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

/// What health says of a deployment with a bad setting: the problem that everybody else gets.
pub(super) fn misconfigured() -> Response {
    Problem::misconfigured().into_response()
}

type Checked = Result<i64, &'static str>;

/// The last check of an isolate.
#[derive(Default)]
pub(super) struct LastCheck(Mutex<Option<(Timestamp, Option<Checked>)>>);

/// What to do for somebody who asks now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Say this.
    Say(Checked),
    /// Wait for the first check of all, which is under way.
    Wait,
    /// Make a check.
    Check,
}

impl LastCheck {
    /// One check is under way at a time: meanwhile the answer before it holds.
    fn look(&self, now: Timestamp) -> Look {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.and_then(|(_, answer)| answer);
        let lately = last.is_some_and(|(at, _)| (0..REPEATED_MS).contains(&now.ms_since(at)));
        if lately {
            return before.map_or(Look::Wait, Look::Say);
        }
        *last = Some((now, before));
        Look::Check
    }

    fn note(&self, now: Timestamp, answer: Checked) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Some(answer)));
    }
}

/// How late reports have lately reached the Catalog, provided that it and an object answer in time.
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
    let nobody = EventId::from_digest(&[0; 32]);
    let event = app.hub.event(nobody, Envelope::new(event::Command::Read));
    let catalog = app.hub.catalog(Envelope::new(catalog::Command::ReportLag));
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

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn a_check_answers_for_a_second_and_one_is_under_way_at_a_time() {
        let last = LastCheck::default();
        assert_eq!(last.look(at(0)), Look::Check);
        assert_eq!(last.look(at(10)), Look::Wait, "nothing is known yet");
        last.note(at(20), Ok(3));
        assert_eq!(last.look(at(1_019)), Look::Say(Ok(3)));
        assert_eq!(last.look(at(1_020)), Look::Check);
        assert_eq!(last.look(at(1_030)), Look::Say(Ok(3)), "the answer before holds meanwhile");
    }
}
