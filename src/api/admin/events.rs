//! Operators' calls for events: view in any state, take down, restore.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Operator;
use crate::api::events::view;
use crate::api::events::view::Viewer;
use crate::api::shared::object_client::{self, unexpected};
use crate::api::shared::problem::Problem;
use crate::objects::event::{AdminOrder, Command, Reply, Snapshot};

#[derive(Serialize)]
struct ModeratedEvent<'a> {
    event: view::Event<'a>,
    /// Whether everybody but the organizer gets 404: because the event was taken down, or because its
    /// organizer is suspended.
    hidden: bool,
    organizer_suspended: bool,
}

/// `GET /api/admin/events/:id`.
pub(in crate::api) async fn look(operator: Operator) -> Result<Response, Problem> {
    ask(&operator, Command::Read).await
}

/// `POST /api/admin/events/:id/take-down`: from the answer on, no list contains the event, and everybody but
/// its organizer gets 404.
pub(in crate::api) async fn take_down(operator: Operator) -> Result<Response, Problem> {
    ask(&operator, Command::Admin(AdminOrder::TakeDown)).await
}

/// `POST /api/admin/events/:id/restore`: reverses that.
pub(in crate::api) async fn restore(operator: Operator) -> Result<Response, Problem> {
    ask(&operator, Command::Admin(AdminOrder::PutBack)).await
}

async fn ask(operator: &Operator, command: Command) -> Result<Response, Problem> {
    match object_client::event(&operator.app, operator.event()?, command).await? {
        Reply::Event(snapshot) => Ok(show(&snapshot)),
        _ => Err(unexpected()),
    }
}

fn show(snapshot: &Snapshot) -> Response {
    let moderated = ModeratedEvent {
        event: view::event(snapshot, Viewer::Anyone),
        hidden: snapshot.hidden.is_some(),
        organizer_suspended: snapshot.organizer.suspension.suspended,
    };
    Json(moderated).into_response()
}
