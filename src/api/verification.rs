//! Confirming an e-mail address.

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::access::{Asked, Signed};
use super::asking;
use super::credentials::{VERIFICATION_TTL_MS, link};
use super::door::App;
use super::html;
use super::input::JsonBody;
use super::page::Params;
use super::ports::RateLimit;
use super::problem::Problem;
use super::rates;
use crate::auth::onetime;
use crate::domain::Refusal;
use crate::objects::account::{Command, Order};

/// Where the link in the mail leads.
pub(super) const PATH: &str = "/api/verify-email";

/// `POST /api/verify-email`: confirms the address with the token from the mail.
pub(super) async fn verify(Asked { app, .. }: Asked, body: JsonBody) -> Result<StatusCode, Problem> {
    let mut fields = body.fields();
    let token = fields.required_text("token", Ok);
    fields.finish()?;
    confirm(&app, token.unwrap_or_default()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/verify-email?token=`: the same for people who follow the link. A HEAD, with which mail
/// scanners look at links, spends nothing (RFC 9110 §9.2.1).
pub(super) async fn page(Asked { app, trace, uri, .. }: Asked) -> Response {
    if trace.head {
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

/// `POST /api/verify-email/resend`: another mail, unless the address is confirmed.
pub(super) async fn resend(Signed { asked, caller }: Signed) -> Result<StatusCode, Problem> {
    rates::client(&asked, RateLimit::Mail).await?;
    let Asked { app, uri, client, .. } = asked;
    let account = &caller.bearer().account;
    rates::account(&app, client, account, RateLimit::AccountMail).await?;
    let link = link(&app, &uri, account, PATH, VERIFICATION_TTL_MS);
    caller.order(&app, Order::ResendVerification(link)).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn confirm(app: &App, token: &str) -> Result<(), Problem> {
    let (key, token) = onetime::read(token).ok_or(Refusal::InvalidToken)?;
    asking::account(app, &key, Command::VerifyEmail { token }).await.map(|_| ())
}
