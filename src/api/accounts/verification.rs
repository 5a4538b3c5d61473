//! Confirming an e-mail address.

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::api::accounts::credentials::{VERIFICATION_TTL_MS, link};
use crate::api::shared::access::{Asked, Signed};
use crate::api::shared::context::App;
use crate::api::shared::html;
use crate::api::shared::input::JsonBody;
use crate::api::shared::object_client;
use crate::api::shared::page::Params;
use crate::api::shared::ports::RateLimit;
use crate::api::shared::problem::Problem;
use crate::api::shared::rate_limits;
use crate::auth::onetime;
use crate::domain::Refusal;
use crate::objects::account::{Command, Order};

/// Where the link in the mail leads.
pub(in crate::api) const PATH: &str = "/api/verify-email";

/// `POST /api/verify-email`: confirms the address with the token from the mail.
pub(in crate::api) async fn verify(Asked { app, .. }: Asked, body: JsonBody) -> Result<StatusCode, Problem> {
    let mut fields = body.fields();
    let token = fields.required_text("token", Ok);
    fields.finish()?;
    confirm(&app, token.unwrap_or_default()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/verify-email?token=`: the same for people who follow the link. A HEAD, with which mail scanners
/// check links, does not use the token up (RFC 9110 §9.2.1).
pub(in crate::api) async fn page(Asked { app, context, uri, .. }: Asked) -> Response {
    if context.head {
        return StatusCode::OK.into_response();
    }
    let params = Params::read(uri.query());
    let (status, words) = match confirm(&app, params.get("token").unwrap_or_default()).await {
        Ok(()) => (StatusCode::OK, "Your address is confirmed."),
        Err(problem) if problem.is_ours() => return problem.into_response(),
        Err(_) => (StatusCode::UNPROCESSABLE_ENTITY, "This link has been used or has expired."),
    };
    html::say(status, "Confirm address", words)
}

/// `POST /api/verify-email/resend`: sends another mail, unless the address is confirmed.
pub(in crate::api) async fn resend(Signed { asked, caller }: Signed) -> Result<StatusCode, Problem> {
    rate_limits::client(&asked, RateLimit::Mail).await?;
    let Asked { app, uri, client, .. } = asked;
    let account = &caller.bearer().account;
    rate_limits::account(&app, client, account, RateLimit::AccountMail).await?;
    let link = link(&app, &uri, account, PATH, VERIFICATION_TTL_MS);
    caller.order(&app, Order::ResendVerification(link)).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn confirm(app: &App, token: &str) -> Result<(), Problem> {
    let (key, token) = onetime::read(token).ok_or(Refusal::InvalidToken)?;
    object_client::account(app, &key, Command::VerifyEmail { token }).await.map(|_| ())
}
