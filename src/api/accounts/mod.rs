//! The account: sign-up, the caller's own profile, and deletion.

mod credentials;
pub(super) mod export;
mod hashing;
pub(super) mod passwords;
pub(super) mod sessions;
pub(super) mod verification;
pub(super) mod view;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::api::accounts::credentials::{VERIFICATION_TTL_MS, link, ordered, prove};
use crate::api::accounts::view::OneUser;
use crate::api::shared::access::{Asked, Caller, Signed};
use crate::api::shared::audit;
use crate::api::shared::context::App;
use crate::api::shared::input::JsonBody;
use crate::api::shared::object_client::key_of;
use crate::api::shared::object_client::{self, unexpected};
use crate::api::shared::ports::RateLimit;
use crate::api::shared::problem::Problem;
use crate::api::shared::rate_limits;
use crate::domain::account::{Name, Role};
use crate::domain::event::Change;
use crate::domain::{Email, Password, Refusal, UserId};
use crate::objects::account::{Command, Link, Order, Reply, SecurityEventKind, SignUp};
use crate::objects::catalog;

/// `POST /api/register`: creates an account and sends a confirmation mail.
pub(in crate::api) async fn register(asked: Asked, body: JsonBody) -> Result<Response, Problem> {
    rate_limits::client(&asked, RateLimit::Client).await?;
    let mut fields = body.fields();
    let email = fields.required_text("email", Email::parse);
    let password = fields.required_text("password", |text| Password::parse("password", text));
    let name = fields.text("name", Name::parse);
    let role = fields.text("role", Role::parse);
    fields.finish()?;
    let (Some(email), Some(password)) = (email, password) else {
        return Err(unexpected());
    };
    let key = key_of(&email)?;
    rate_limits::account(&asked.app, asked.client, &key, RateLimit::Account).await?;
    if object_client::account(&asked.app, &key, Command::Exists).await? == Reply::Exists(true) {
        return Err(Refusal::EmailTaken.into());
    }
    // From here on a mail is sent.
    rate_limits::client(&asked, RateLimit::SignUp).await?;
    rate_limits::account(&asked.app, asked.client, &key, RateLimit::AccountMail).await?;
    let Asked { app, context, uri, client } = asked;
    let password_hash = hashing::hash(&app, client, &password).await?;
    let Link { token, url } = link(&app, &uri, &key, verification::PATH, VERIFICATION_TTL_MS);
    let sign_up = SignUp {
        id: UserId::new(app.runtime.now(), &app.id_entropy()),
        email,
        name: if let Change::Set(name) = name { Some(name) } else { None },
        role: if let Change::Set(role) = role { role } else { Role::default() },
        password_hash,
        verification: token,
        verification_link: url,
    };
    match object_client::account(&app, &key, Command::SignUp(Box::new(sign_up))).await? {
        Reply::Profile(profile) => {
            audit::log(&app, &context, SecurityEventKind::SignUp, Some(profile.id));
            Ok((StatusCode::CREATED, Json(OneUser { user: view::user(&profile) })).into_response())
        }
        _ => Err(unexpected()),
    }
}

/// `GET /api/me`.
pub(in crate::api) async fn me(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let profile = caller.profile(&app).await?;
    Ok(Json(OneUser { user: view::user(&profile) }).into_response())
}

/// `PATCH /api/me`: sets or removes the name.
pub(in crate::api) async fn rename(
    Signed { asked: Asked { app, .. }, caller }: Signed,
    body: JsonBody,
) -> Result<Response, Problem> {
    let profile = caller.profile(&app).await?;
    let mut fields = body.fields();
    let name = fields.text("name", Name::parse);
    fields.finish()?;
    let name = match name {
        Change::Keep => return Ok(Json(OneUser { user: view::user(&profile) }).into_response()),
        Change::Reset => None,
        Change::Set(name) => Some(name),
    };
    match caller.order(&app, Order::Rename(name)).await? {
        Reply::Profile(profile) => Ok(Json(OneUser { user: view::user(&profile) }).into_response()),
        _ => Err(unexpected()),
    }
}

/// `DELETE /api/me`: deletes the account, unless others count on its events. Its data in other objects is
/// erased within seconds.
pub(in crate::api) async fn delete(
    Signed { asked, caller }: Signed,
    body: JsonBody,
) -> Result<StatusCode, Problem> {
    rate_limits::client(&asked, RateLimit::Client).await?;
    let Asked { app, context, client, .. } = asked;
    let mut fields = body.fields();
    let proof = prove(&app, &caller, &mut fields, "password").await?;
    fields.finish()?;
    let user = caller.bearer().user;
    let matched = proof.matched(&app, client).await?;
    if matched.is_some() && organizes(&app, user).await? {
        return Err(Refusal::HasEvents.into());
    }
    ordered(&app, &context, &caller, Order::Delete(matched)).await?;
    app.sessions.forget(caller.bearer().session);
    audit::log(&app, &context, SecurityEventKind::Deleted, Some(user));
    Ok(StatusCode::NO_CONTENT)
}

async fn organizes(app: &App, user: UserId) -> Result<bool, Problem> {
    match object_client::catalog(app, catalog::Command::Organizes(user)).await? {
        catalog::Reply::Organizes(organizes) => Ok(organizes),
        _ => Err(unexpected()),
    }
}
