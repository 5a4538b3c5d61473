//! Confirming an e-mail address.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::api::accounts::credentials::{VERIFICATION_TTL_MS, link, stands};
use crate::api::shared::access::{Asked, Signed};
use crate::api::shared::context::App;
use crate::api::shared::html;
use crate::api::shared::input::{FormBody, JsonBody};
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
const TITLE: &str = "Confirm your address";

/// The page with a button that confirms.
#[derive(Template)]
#[template(path = "page/confirm_address.html")]
struct Confirmation<'a> {
    title: &'a str,
    token: &'a str,
}

/// `POST /api/verify-email`: confirms the address with the token from the mail.
pub(in crate::api) async fn verify(Asked { app, .. }: Asked, body: JsonBody) -> Result<StatusCode, Problem> {
    let mut fields = body.fields();
    let token = fields.required_text("token", Ok);
    fields.finish()?;
    confirm(&app, token.unwrap_or_default()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/verify-email?token=`: the page behind the link in the mail. It does not use the token up, since
/// scanners of mail open every link (RFC 9110 §9.2.1).
pub(in crate::api) async fn page(Asked { app, uri, .. }: Asked) -> Response {
    let params = Params::read(uri.query());
    let token = params.get("token").unwrap_or_default();
    match stands(&app, token, Command::VerificationStands).await {
        Ok(()) => html::page(StatusCode::OK, &Confirmation { title: TITLE, token }),
        Err(problem) if problem.is_ours() => problem.into_response(),
        Err(_) => html::spent(TITLE),
    }
}

/// `POST /api/verify-email/form`: the same as the JSON call, for the page.
pub(in crate::api) async fn verify_by_form(
    Asked { app, .. }: Asked,
    body: FormBody,
) -> Result<Response, Problem> {
    match confirm(&app, body.get("token")).await {
        Ok(()) => Ok(html::say(StatusCode::OK, TITLE, "Your address is confirmed.")),
        Err(problem) if problem.is_ours() => Err(problem),
        Err(_) => Ok(html::spent(TITLE)),
    }
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
