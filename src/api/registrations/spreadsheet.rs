//! All registrations as CSV, page by page: each page is read once the previous one has been sent.
//!
//! So neither the isolate nor the event's object ever holds more than a page of it, and a slow client delays
//! nobody. Each page shows the state of its own moment. Because pages follow the order of arrival, everybody
//! who stays registered throughout appears exactly once.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{once, try_unfold};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::json;

use crate::api::shared::access::Asked;
use crate::api::shared::body_stream::{BodyStream, BrokenOff};
use crate::api::shared::context::App;
use crate::api::shared::csv;
use crate::api::shared::object_client::{self, unexpected};
use crate::api::shared::problem::Problem;
use crate::domain::{EventId, UserId};
use crate::objects::event::{Command, Reply, SeatStatus};

/// Registrations per page: about 100 KB of CSV.
const PAGE: u32 = 1_000;

/// Whose registrations, and who asks for them.
#[derive(Debug, Clone, Copy)]
pub(in crate::api) struct Page {
    pub(in crate::api) event: EventId,
    pub(in crate::api) by: UserId,
    pub(in crate::api) status: Option<SeatStatus>,
    /// Whether the file begins with a byte-order mark.
    pub(in crate::api) bom: bool,
}

/// Answers once the first page has been read: until then, any error is an ordinary problem.
pub(in crate::api) async fn answer(asked: Asked, object_client: Page) -> Result<Response, Problem> {
    let (rows, next) = page(&asked.app, object_client, None).await?;
    let mark = if object_client.bom { csv::BYTE_ORDER_MARK } else { "" };
    let first = Bytes::from([mark, csv::HEADER, rows.as_str()].concat());
    let rest = try_unfold((asked, next), move |(asked, next)| async move {
        let Some(after) = next else { return Ok(None) };
        match page(&asked.app, object_client, Some(after)).await {
            Ok((rows, next)) => Ok(Some((Bytes::from(rows), (asked, next)))),
            Err(problem) => {
                log_broken_off(&asked, &problem);
                Err(BrokenOff)
            }
        }
    });
    let disposition = format!("attachment; filename=\"registrations-{}.csv\"", object_client.event);
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CONTENT_DISPOSITION, disposition.as_str())];
    let mut response = headers.into_response();
    BodyStream::attach(&mut response, once(async { Ok(first) }).chain(rest));
    Ok(response)
}

/// A page of lines, and where the next one begins.
async fn page(app: &App, object_client: Page, after: Option<u64>) -> Result<(String, Option<u64>), Problem> {
    let Page { event, by, status, .. } = object_client;
    let command = Command::List { by, status, after, limit: PAGE };
    let Reply::Page { registrations, next } = object_client::event(app, event, command).await? else {
        return Err(unexpected());
    };
    let mut lines = String::new();
    registrations.iter().for_each(|registration| csv::push(&mut lines, registration));
    Ok((lines, next))
}

/// The request's own line says 200, because it was written when the answer began.
fn log_broken_off(asked: &Asked, problem: &Problem) {
    let line = json!({
        "level": "error",
        "event": "answer_broken_off",
        "route": asked.context.route.get(),
        "request_id": asked.context.request_id,
        "cause": problem.cause().unwrap_or("the registrations can no longer be read"),
    });
    asked.app.runtime.log(&line.to_string());
}
