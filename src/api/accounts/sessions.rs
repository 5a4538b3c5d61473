//! Sessions: login, refresh, logout.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::api::accounts::hashing;
use crate::api::accounts::view;
use crate::api::accounts::view::User;
use crate::api::shared::access::{Asked, Signed};
use crate::api::shared::audit;
use crate::api::shared::context::{App, RequestContext};
use crate::api::shared::input::JsonBody;
use crate::api::shared::object_client::key_of;
use crate::api::shared::object_client::{self, unexpected};
use crate::api::shared::ports::RateLimit;
use crate::api::shared::problem::Problem;
use crate::api::shared::rate_limits;
use crate::auth::{onetime, tokens::Bearer};
use crate::domain::account::Profile;
use crate::domain::{AccountKey, Email, Refusal, SessionId, Timestamp};
use crate::objects::account::{Command, NewSession, Order, Reply, SecurityEventKind};
use crate::objects::{Envelope, Outcome};

/// `POST /api/login`: starts a session. An unknown address and a wrong password get the same answer after the
/// same work.
pub(in crate::api) async fn login(asked: Asked, body: JsonBody) -> Result<Response, Problem> {
    rate_limits::client(&asked, RateLimit::Client).await?;
    let Asked { app, context, client, .. } = asked;
    let mut fields = body.fields();
    let email = fields.required_text("email", |text| Ok(Email::known(text)));
    let password = fields.required_text("password", Ok);
    fields.finish()?;
    let (Some(email), Some(password)) = (email, password) else {
        return Err(unexpected());
    };
    let Some(email) = email else {
        hashing::verify(&app, client, password, None).await?;
        return Err(failed(&app, &context, Refusal::InvalidCredentials));
    };
    let key = key_of(&email)?;
    rate_limits::account(&app, client, &key, RateLimit::Account).await?;
    hashing::admit(&app, client)?;

    let begin = Envelope::new(Command::BeginLogin);
    let hash = match app.objects.account(&key, begin).await?.outcome {
        Outcome::Reply(Reply::Challenge(hash)) => hash,
        Outcome::Refused(answer) => return Err(failed(&app, &context, answer)),
        _ => return Err(unexpected()),
    };
    let matched = hashing::verify(&app, client, password, hash.as_ref()).await?;
    let matched = hash.filter(|_| matched);
    let stronger = match &matched {
        Some(hash) => hashing::stronger(&app, client, password, hash).await,
        None => None,
    };
    let now = app.runtime.now();
    let (refresh_token, refresh) = onetime::issue(&key, &app.entropy(), refresh_expiry(&app, now));
    let session = NewSession { id: SessionId::new(now, &app.id_entropy()), refresh };
    let session_id = session.id;
    let finish = Envelope::new(Command::FinishLogin { matched, session, stronger });
    match app.objects.account(&key, finish).await?.outcome {
        Outcome::Reply(Reply::Profile(profile)) => {
            audit::log(&app, &context, SecurityEventKind::Login, Some(profile.id));
            opened(&app, &profile, key, session_id, refresh_token.reveal())
        }
        Outcome::Reply(Reply::Failed(answer)) | Outcome::Refused(answer) => {
            Err(failed(&app, &context, answer))
        }
        _ => Err(unexpected()),
    }
}

/// `POST /api/token/refresh`: exchanges a refresh token for a new pair.
pub(in crate::api) async fn refresh(asked: Asked, body: JsonBody) -> Result<Response, Problem> {
    let Asked { app, context, .. } = asked;
    let mut fields = body.fields();
    let token = fields.required_text("refresh_token", Ok);
    fields.finish()?;
    let token = token.unwrap_or_default();
    let shown = onetime::Refresh::read(token).ok_or(Refusal::InvalidRefreshToken)?;
    let successor = app.config.keys.successor(token).ok_or_else(unexpected)?;
    let (refresh_token, next) = shown.next(&successor, refresh_expiry(&app, app.runtime.now()));
    let command = Command::Refresh(shown.family, shown.digest, next);
    match object_client::account(&app, &shown.account, command).await? {
        Reply::Refreshed(session, profile) => {
            opened(&app, &profile, shown.account, session, refresh_token.reveal())
        }
        Reply::Reused(user) => {
            audit::log(&app, &context, SecurityEventKind::RefreshReused, Some(user));
            Err(Refusal::InvalidRefreshToken.into())
        }
        _ => Err(unexpected()),
    }
}

/// `POST /api/logout`: ends the caller's session.
pub(in crate::api) async fn logout(
    Signed { asked: Asked { app, context, .. }, caller }: Signed,
) -> Result<StatusCode, Problem> {
    caller.order(&app, Order::Logout).await?;
    app.sessions.forget(caller.bearer().session);
    audit::log(&app, &context, SecurityEventKind::Logout, Some(caller.bearer().user));
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
struct SessionOpened<'a> {
    token: String,
    token_type: &'static str,
    expires_in: u32,
    refresh_token: &'a str,
    user: User<'a>,
}

fn opened(
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

fn failed(app: &App, context: &RequestContext, answer: Refusal) -> Problem {
    audit::log_failure(app, context, None, &answer);
    answer.into()
}

fn refresh_expiry(app: &App, now: Timestamp) -> Timestamp {
    now.plus_ms(i64::from(app.config.refresh_token_ttl_seconds).saturating_mul(1000))
}
