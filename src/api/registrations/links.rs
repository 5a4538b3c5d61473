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
use crate::api::shared::object_client;
use crate::api::shared::page::Params;
use crate::api::shared::problem::Problem;
use crate::auth::links::Purpose;
use crate::domain::{EventId, RegistrationId};
use crate::objects::event::{Command, Reply};

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
    match object_client::event(app, event, Command::Read).await {
        Ok(Reply::Event(snapshot)) => {
            let words = snapshot.details.title();
            html::page(StatusCode::OK, &Words { title, words: Some(&words), button: Some(button) })
        }
        Ok(_) => Problem::internal("an answer to another question").into_response(),
        Err(problem) => gone(problem),
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
        Err(problem) => gone(problem),
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

/// The link is valid, but there is nothing left for it to do.
fn gone(problem: Problem) -> Response {
    if !problem.is_not_found() {
        return problem.into_response();
    }
    done("This registration has ended.")
}

fn done(title: &str) -> Response {
    html::page(StatusCode::OK, &Words { title, words: None, button: None })
}

fn dead() -> Response {
    let title = "This link does not work.";
    let words = "It may be cut off: try to copy the whole of it from the mail.";
    html::say(StatusCode::UNPROCESSABLE_ENTITY, title, words)
}
