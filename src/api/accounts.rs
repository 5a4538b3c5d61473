//! The account: sign-up, the caller's own profile, and its end.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::access::{Asked, Caller, Signed};
use super::asking::{self, unexpected};
use super::credentials::{VERIFICATION_TTL_MS, key_of, link, ordered, prove};
use super::door::App;
use super::input::JsonBody;
use super::ports::RateLimit;
use super::problem::Problem;
use super::view::{self, OneUser};
use super::{audit, hashing, rates, verification};
use crate::domain::account::{Name, Role};
use crate::domain::event::Change;
use crate::domain::{Email, Password, Refusal, UserId};
use crate::objects::account::{Command, Link, Order, Reply, SecurityEventKind, SignUp};
use crate::objects::catalog;

/// `POST /api/register`: makes an account and sends a confirmation mail.
pub(super) async fn register(asked: Asked, body: JsonBody) -> Result<Response, Problem> {
    rates::client(&asked, RateLimit::Client).await?;
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
    rates::account(&asked.app, asked.client, &key, RateLimit::Account).await?;
    if asking::account(&asked.app, &key, Command::Exists).await? == Reply::Exists(true) {
        return Err(Refusal::EmailTaken.into());
    }
    // From here on a mail goes out.
    rates::client(&asked, RateLimit::SignUp).await?;
    rates::account(&asked.app, asked.client, &key, RateLimit::AccountMail).await?;
    let Asked { app, trace, uri, client } = asked;
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
    match asking::account(&app, &key, Command::SignUp(Box::new(sign_up))).await? {
        Reply::Profile(profile) => {
            audit::log(&app, &trace, SecurityEventKind::SignUp, Some(profile.id));
            Ok((StatusCode::CREATED, Json(OneUser { user: view::user(&profile) })).into_response())
        }
        _ => Err(unexpected()),
    }
}

/// `GET /api/me`.
pub(super) async fn me(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let profile = caller.profile(&app).await?;
    Ok(Json(OneUser { user: view::user(&profile) }).into_response())
}

/// `PATCH /api/me`: sets the name, or takes it away.
pub(super) async fn rename(
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

/// `DELETE /api/me`: ends the account, provided that nobody counts on its events. What it leaves
/// elsewhere is erased within seconds.
pub(super) async fn delete(Signed { asked, caller }: Signed, body: JsonBody) -> Result<StatusCode, Problem> {
    rates::client(&asked, RateLimit::Client).await?;
    let Asked { app, trace, client, .. } = asked;
    let mut fields = body.fields();
    let proof = prove(&app, &caller, &mut fields, "password").await?;
    fields.finish()?;
    let user = caller.bearer().user;
    let matched = proof.matched(&app, client).await?;
    if matched.is_some() && organizes(&app, user).await? {
        return Err(Refusal::HasEvents.into());
    }
    ordered(&app, &trace, &caller, Order::Delete(matched)).await?;
    app.confirmed.forget(caller.bearer().session);
    audit::log(&app, &trace, SecurityEventKind::Deleted, Some(user));
    Ok(StatusCode::NO_CONTENT)
}

async fn organizes(app: &App, user: UserId) -> Result<bool, Problem> {
    match asking::catalog(app, catalog::Command::Organizes(user)).await? {
        catalog::Reply::Organizes(organizes) => Ok(organizes),
        _ => Err(unexpected()),
    }
}
