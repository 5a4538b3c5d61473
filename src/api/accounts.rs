//! Sign-up, login, and the account of the caller.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse, Response};
use axum::{Extension, Json};
use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderMap, HeaderName, StatusCode, Uri};
use serde::Serialize;

use super::access::{Caller, ask_account, unexpected};
use super::door::{App, Trace};
use super::input::JsonBody;
use super::page::Params;
use super::problem::Problem;
use super::view::{self, OneUser, User};
use crate::auth::{digest, onetime, passwords, tokens::Bearer};
use crate::domain::account::{Name, Profile, Role};
use crate::domain::event::Change;
use crate::domain::{AccountKey, Email, Password, Refusal, SessionId, UserId};
use crate::objects::account::{Command, NewSession, Reply, SignUp};

/// Milliseconds that the link in a confirmation mail works: 24 hours.
const VERIFICATION_TTL_MS: i64 = 24 * 60 * 60 * 1000;

/// `POST /api/register`: makes an account and sends a confirmation mail.
pub(super) async fn register(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    within_rate(&app, &headers).await?;
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

    if ask_account(&app, &key, Command::Exists).await? == Reply::Exists(true) {
        return Err(Refusal::EmailTaken.into());
    }
    let mut salt = [0; 16];
    app.runtime.fill_random(&mut salt);
    let password_hash = passwords::hash(&password, app.config.bcrypt_cost, salt)
        .ok_or_else(|| Problem::internal("bcrypt refused a password"))?;
    let now = app.runtime.now();
    let (token, verification) = onetime::issue(&key, &entropy(&app), now.plus_ms(VERIFICATION_TTL_MS));
    let link = format!("{}/api/verify-email?token={}", base_url(&app, &uri), token.reveal());
    let sign_up = SignUp {
        id: UserId::new(now, &app.id_entropy()),
        email,
        name: if let Change::Set(name) = name { Some(name) } else { None },
        role: if let Change::Set(role) = role { role } else { Role::default() },
        password_hash,
        verification,
        verification_link: crate::domain::Secret::new(link),
    };
    match ask_account(&app, &key, Command::SignUp(Box::new(sign_up))).await? {
        Reply::Profile(profile) => {
            Ok((StatusCode::CREATED, Json(OneUser { user: view::user(&profile) })).into_response())
        }
        _ => Err(unexpected()),
    }
}

/// `POST /api/login`: begins a session. An unknown address and a wrong password get the same
/// answer after the same work.
pub(super) async fn login(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    within_rate(&app, &headers).await?;
    let mut fields = body.fields();
    let email = fields.required_text("email", |text| Ok(Email::parse(text).ok()));
    let password = fields.required_text("password", Ok);
    fields.finish()?;
    let (Some(email), Some(password)) = (email, password) else {
        return Err(unexpected());
    };
    let cost = app.config.bcrypt_cost;
    let Some(email) = email else {
        let _ = passwords::verify(password, None, cost);
        return Err(Refusal::InvalidCredentials.into());
    };
    let key = key_of(&email)?;

    let Reply::Challenge(hash) = ask_account(&app, &key, Command::BeginLogin).await? else {
        return Err(unexpected());
    };
    let matched = passwords::verify(password, hash.as_ref(), cost);
    let now = app.runtime.now();
    let refresh_ttl_ms = i64::from(app.config.refresh_token_ttl_seconds).saturating_mul(1000);
    let (refresh_token, refresh) = onetime::issue(&key, &entropy(&app), now.plus_ms(refresh_ttl_ms));
    let session = NewSession { id: SessionId::new(now, &app.id_entropy()), refresh };
    let session_id = session.id;
    let command = Command::FinishLogin { matched: hash.filter(|_| matched), session };
    match ask_account(&app, &key, command).await? {
        Reply::Profile(profile) => session_opened(&app, &profile, key, session_id, refresh_token.reveal()),
        Reply::Failed(answer) => Err(answer.into()),
        _ => Err(unexpected()),
    }
}

#[derive(Serialize)]
struct SessionOpened<'a> {
    token: String,
    token_type: &'static str,
    expires_in: u32,
    refresh_token: &'a str,
    user: User<'a>,
}

fn session_opened(
    app: &App,
    profile: &Profile,
    account: AccountKey,
    session: SessionId,
    refresh_token: &str,
) -> Result<Response, Problem> {
    let bearer = Bearer { user: profile.id, account, session };
    let expires_in = app.config.access_token_ttl_seconds;
    let token = app
        .config
        .keys
        .sign(&bearer, app.runtime.now(), expires_in)
        .ok_or_else(|| Problem::internal("a token could not be signed"))?;
    let body =
        SessionOpened { token, token_type: "Bearer", expires_in, refresh_token, user: view::user(profile) };
    Ok(Json(body).into_response())
}

/// `GET /api/me`.
pub(super) async fn me(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let profile = caller.profile(&app).await?;
    Ok(Json(OneUser { user: view::user(&profile) }).into_response())
}

/// `POST /api/verify-email`: confirms the address with the token from the mail.
pub(super) async fn verify(State(app): State<Arc<App>>, body: JsonBody) -> Result<StatusCode, Problem> {
    let mut fields = body.fields();
    let token = fields.required_text("token", Ok);
    fields.finish()?;
    confirm(&app, token.unwrap_or_default()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/verify-email?token=`: the same for people who follow the link. A HEAD, with which mail
/// scanners look at links, spends nothing (RFC 9110 §9.2.1).
pub(super) async fn verify_page(
    State(app): State<Arc<App>>,
    Extension(trace): Extension<Arc<Trace>>,
    RawQuery(query): RawQuery,
) -> Response {
    if trace.head {
        return StatusCode::OK.into_response();
    }
    let params = Params::read(query.as_deref());
    let (status, words) = match confirm(&app, params.get("token").unwrap_or_default()).await {
        Ok(()) => (StatusCode::OK, "Your address is confirmed."),
        Err(problem) if problem.is_ours() => return problem.into_response(),
        Err(_) => (StatusCode::UNPROCESSABLE_ENTITY, "This link has been used or has expired."),
    };
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Confirm address</title><body><main><h1>{words}</h1></main></body></html>"
    );
    let headers = [
        (CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
    ];
    (status, headers, Html(page)).into_response()
}

async fn confirm(app: &App, token: &str) -> Result<(), Problem> {
    let (key, token) = onetime::read(token).ok_or(Refusal::InvalidToken)?;
    ask_account(app, &key, Command::VerifyEmail { token }).await.map(|_| ())
}

fn key_of(email: &Email) -> Result<AccountKey, Problem> {
    digest::account_key(email).ok_or_else(|| Problem::internal("an address has no key"))
}

pub(super) fn entropy(app: &App) -> onetime::Entropy {
    let mut entropy = onetime::Entropy::default();
    app.runtime.fill_random(&mut entropy);
    entropy
}

/// Where links lead: the setting, or the origin that the client has called.
pub(super) fn base_url(app: &App, uri: &Uri) -> String {
    app.config.public_url.clone().unwrap_or_else(|| {
        let scheme = uri.scheme_str().unwrap_or("https");
        let authority = uri.authority().map_or("localhost", http::uri::Authority::as_str);
        format!("{scheme}://{authority}")
    })
}

/// Holds back a client that tries too often, where the deployment binds a rate limit.
async fn within_rate(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let client = headers.get("cf-connecting-ip").and_then(|value| value.to_str().ok()).unwrap_or("unknown");
    if app.runtime.within_rate(client).await { Ok(()) } else { Err(Problem::rate_limited(10)) }
}
