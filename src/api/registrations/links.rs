//! The pages behind the links in mail. Following a link only shows a page, because mail scanners and previews
//! fetch every link they see (RFC 9110 §9.2.1). The page's button, or the one that a mail program shows for
//! `List-Unsubscribe` (RFC 8058), carries out the action.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::api::shared::context::App;
use crate::api::shared::html::{self, Words};
use crate::api::shared::input::RegistrationPath;
use crate::api::shared::object_client::{self, unexpected};
use crate::api::shared::page::Params;
use crate::api::shared::problem::Problem;
use crate::auth::links::Purpose;
use crate::domain::{EventId, RegistrationId};
use crate::objects::event::{Command, Reply, SeatStatus};

/// `GET …/cancel?key=`: asks for confirmation before the registration ends.
pub(in crate::api) async fn cancel_page(
    State(app): State<Arc<App>>,
    path: RegistrationPath,
    RawQuery(query): RawQuery,
) -> Response {
    let words = ("Give your seat back?", "Cancel my registration");
    question(&app, Purpose::Cancel, path, query, words).await
}

/// `POST …/cancel?key=`: ends the registration.
pub(in crate::api) async fn cancel(
    State(app): State<Arc<App>>,
    path: RegistrationPath,
    RawQuery(query): RawQuery,
) -> Response {
    deed(&app, Purpose::Cancel, path, query, "Your registration has ended.").await
}

/// `GET …/unremind?key=`: asks for confirmation before the reminders stop.
pub(in crate::api) async fn unremind_page(
    State(app): State<Arc<App>>,
    path: RegistrationPath,
    RawQuery(query): RawQuery,
) -> Response {
    question(&app, Purpose::Unremind, path, query, ("No more reminders?", "Stop the reminders")).await
}

/// `POST …/unremind?key=`: stops the reminders.
pub(in crate::api) async fn unremind(
    State(app): State<Arc<App>>,
    path: RegistrationPath,
    RawQuery(query): RawQuery,
) -> Response {
    deed(&app, Purpose::Unremind, path, query, "No more reminders of this event will come.").await
}

async fn question(
    app: &App,
    purpose: Purpose,
    RegistrationPath(event, registration): RegistrationPath,
    query: Option<String>,
    (title, button): (&str, &str),
) -> Response {
    if !opens(app, purpose, event, registration, query.as_deref()) {
        return dead();
    }
    match find(app, event, registration).await {
        Ok(Found::Stands(event)) => {
            html::page(StatusCode::OK, &Words { title, words: Some(&event), button: Some(button) })
        }
        Ok(Found::Ended { again }) => ended(again),
        Err(problem) => problem.into_response(),
    }
}

/// What a link's registration has become.
enum Found {
    /// It stands, for the event with this title.
    Stands(String),
    /// It has ended. Perhaps its holder has registered again.
    Ended { again: bool },
}

async fn find(app: &App, event: EventId, id: RegistrationId) -> Result<Found, Problem> {
    match object_client::event(app, event, Command::Linked { id }).await {
        Ok(Reply::Mine { registration, event }) => {
            Ok(match (registration.status != SeatStatus::Cancelled, registration.id == id) {
                (true, true) => Found::Stands(event.details.title()),
                (stands, _) => Found::Ended { again: stands },
            })
        }
        Ok(_) => Err(unexpected()),
        Err(problem) if problem.is_not_found() => Ok(Found::Ended { again: false }),
        Err(problem) => Err(problem),
    }
}

async fn deed(
    app: &App,
    purpose: Purpose,
    RegistrationPath(event, id): RegistrationPath,
    query: Option<String>,
    title: &str,
) -> Response {
    if !opens(app, purpose, event, id, query.as_deref()) {
        return dead();
    }
    let command = match purpose {
        Purpose::Cancel => Command::Withdraw { id },
        Purpose::Unremind => Command::Unremind { id },
    };
    match object_client::event(app, event, command).await {
        Ok(_) => done(title),
        // The link is valid, but there is nothing left for it to do.
        Err(problem) if problem.is_not_found() => match find(app, event, id).await {
            Ok(found) => ended(matches!(found, Found::Ended { again: true })),
            Err(problem) => problem.into_response(),
        },
        Err(problem) => problem.into_response(),
    }
}

fn opens(
    app: &App,
    purpose: Purpose,
    event: EventId,
    registration: RegistrationId,
    query: Option<&str>,
) -> bool {
    let params = Params::read(query);
    app.config.keys.opens_link(params.get("key").unwrap_or_default(), purpose, event, registration)
}

fn ended(again: bool) -> Response {
    let words = "But you have registered again since, and that registration stands. The links in its own mails \
                 are for it.";
    let title = "This registration has ended.";
    html::page(StatusCode::OK, &Words { title, words: again.then_some(words), button: None })
}

fn done(title: &str) -> Response {
    html::page(StatusCode::OK, &Words { title, words: None, button: None })
}

fn dead() -> Response {
    let title = "This link does not work.";
    let words = "It may be cut off: try to copy the whole of it from the mail.";
    html::say(StatusCode::UNPROCESSABLE_ENTITY, title, words)
}
