//! Passwords: forgotten, reset, changed.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::api::accounts::credentials::{RESET_TTL_MS, link, ordered, prove, stands};
use crate::api::accounts::hashing;
use crate::api::shared::access::{Asked, Signed};
use crate::api::shared::audit;
use crate::api::shared::background::Background;
use crate::api::shared::html;
use crate::api::shared::input::{FormBody, JsonBody};
use crate::api::shared::object_client::key_of;
use crate::api::shared::object_client::{self, unexpected};
use crate::api::shared::page::Params;
use crate::api::shared::ports::RateLimit;
use crate::api::shared::problem::Problem;
use crate::api::shared::rate_limits;
use crate::auth::onetime;
use crate::domain::{Email, Password, Refusal};
use crate::objects::account::{Command, Order, Reply, SecurityEventKind};

/// Where the link in the mail leads.
const PATH: &str = "/api/password/reset";
const TITLE: &str = "Choose a new password";
/// Milliseconds in which an answer has left.
const AFTER_ANSWER_MS: u32 = 100;

/// The page for choosing a new password.
#[derive(Template)]
#[template(path = "page/new_password.html")]
struct NewPassword<'a> {
    title: &'a str,
    token: &'a str,
    /// What was wrong with the previous attempt.
    complaint: &'a str,
}

/// `POST /api/password/forgot`: sends a mail if the address has an account. The account is asked only after
/// the answer was sent, so that neither the answer nor its timing reveals whether there is one.
pub(in crate::api) async fn forgot(asked: Asked, body: JsonBody) -> Result<Response, Problem> {
    rate_limits::client(&asked, RateLimit::Client).await?;
    rate_limits::client(&asked, RateLimit::Mail).await?;
    let Asked { app, context, uri, client, .. } = asked;
    let mut fields = body.fields();
    let email = fields.required_text("email", |text| Ok(Email::known(text)));
    fields.finish()?;
    audit::log(&app, &context, SecurityEventKind::PasswordForgotten, None);
    let mut response = StatusCode::ACCEPTED.into_response();
    if let Some(email) = email.flatten() {
        let key = key_of(&email)?;
        let link = link(&app, &uri, &key, PATH, RESET_TTL_MS);
        Background::attach(&mut response, async move {
            // An object that has an account is quicker to ask than one that must be made first, and on one
            // machine it takes turns with the answer. So nothing is done before the answer has left.
            app.runtime.pause(AFTER_ANSWER_MS).await;
            // This limit is not reported: the caller may not be the one who caused so many mails, and any of
            // those mails will do.
            for limit in [RateLimit::Account, RateLimit::AccountMail] {
                if rate_limits::account(&app, client, &key, limit).await.is_err() {
                    return;
                }
            }
            if let Err(problem) = object_client::account(&app, &key, Command::ForgotPassword(link)).await {
                audit::log_lost(&app, &context, problem.cause());
            }
        });
    }
    Ok(response)
}

/// `POST /api/password/reset`: sets a new password with the token from the mail.
pub(in crate::api) async fn reset(asked: Asked, body: JsonBody) -> Result<StatusCode, Problem> {
    rate_limits::client(&asked, RateLimit::Client).await?;
    let mut fields = body.fields();
    let token = fields.required_text("token", Ok);
    let password = fields.required_text("password", |text| Password::parse("password", text));
    fields.finish()?;
    let (Some(token), Some(password)) = (token, password) else {
        return Err(unexpected());
    };
    set(&asked, token, &password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/password/reset?token=`: the page behind the link in the mail. It does not use the token up.
pub(in crate::api) async fn page(Asked { app, uri, .. }: Asked) -> Response {
    let params = Params::read(uri.query());
    let token = params.get("token").unwrap_or_default();
    match stands(&app, token, Command::ResetStands).await {
        Ok(()) => form(StatusCode::OK, token, ""),
        Err(problem) if problem.is_ours() => problem.into_response(),
        Err(_) => html::spent(TITLE),
    }
}

/// `POST /api/password/reset/form`: the same as the JSON call, for the page.
pub(in crate::api) async fn reset_by_form(asked: Asked, body: FormBody) -> Result<Response, Problem> {
    rate_limits::client(&asked, RateLimit::Client).await?;
    let token = body.get("token");
    let password = match Password::parse("password", body.get("password")) {
        Ok(password) => password,
        Err(error) => return Ok(form(StatusCode::UNPROCESSABLE_ENTITY, token, &error.message)),
    };
    match set(&asked, token, &password).await {
        Ok(()) => Ok(html::say(
            StatusCode::OK,
            TITLE,
            "Your password is changed. You are logged out everywhere: log in with the new one.",
        )),
        Err(problem) if problem.is_ours() => Err(problem),
        Err(_) => Ok(html::spent(TITLE)),
    }
}

/// `PUT /api/me/password`: sets a new password and ends the other sessions.
pub(in crate::api) async fn change(
    Signed { asked, caller }: Signed,
    body: JsonBody,
) -> Result<StatusCode, Problem> {
    rate_limits::client(&asked, RateLimit::Client).await?;
    let Asked { app, context, client, .. } = asked;
    let mut fields = body.fields();
    let proof = prove(&app, &caller, &mut fields, "current_password").await?;
    let new = fields.required_text("new_password", |text| Password::parse("new_password", text));
    fields.finish()?;
    let Some(new) = new else { return Err(unexpected()) };
    let matched = proof.matched(&app, client).await?;
    // A wrong password is not worth hashing the new one; the account counts it and reports it.
    let password_hash = match &matched {
        Some(_) => hashing::hash(&app, client, &new).await?,
        None => crate::domain::Secret::new(String::new()),
    };
    ordered(&app, &context, &caller, Order::ChangePassword(matched, password_hash)).await?;
    audit::log(&app, &context, SecurityEventKind::PasswordChanged, Some(caller.bearer().user));
    Ok(StatusCode::NO_CONTENT)
}

/// Sets the password. The token is checked before the hash is computed, so random tokens cost little.
async fn set(asked: &Asked, token: &str, password: &Password) -> Result<(), Problem> {
    let Asked { app, context, client, .. } = asked;
    stands(app, token, Command::ResetStands).await?;
    let password_hash = hashing::hash(app, *client, password).await?;
    let (key, token) = onetime::read(token).ok_or(Refusal::InvalidToken)?;
    match object_client::account(app, &key, Command::ResetPassword(token, password_hash)).await? {
        Reply::Profile(profile) => {
            audit::log(app, context, SecurityEventKind::PasswordReset, Some(profile.id));
            Ok(())
        }
        _ => Err(unexpected()),
    }
}

fn form(status: StatusCode, token: &str, complaint: &str) -> Response {
    html::page(status, &NewPassword { title: TITLE, token, complaint })
}
