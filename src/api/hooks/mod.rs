//! Reports from mail providers: a mail bounced for good, or was marked as spam.
//!
//! (1) A provider that is not configured gets 404. (2) The message must prove who sent it. (3) Each address
//! in it is marked in its Account object, whether or not there is an account, so that neither the answer nor
//! its timing reveals that. Marking twice is the same as marking once, so a message may come again: if one
//! was not fully processed, it is refused, and the provider repeats it.

use std::sync::Arc;

use axum::extract::{Request, State};
use futures_util::future::join_all;
use http::StatusCode;
use serde_json::json;

use crate::api::shared::context::{App, RequestContext};
use crate::api::shared::input::whole;
use crate::api::shared::object_client;
use crate::api::shared::object_client::key_of;
use crate::api::shared::problem::Problem;
use crate::domain::EmailStatus;
use crate::mail::webhook::{Incoming, Key, Message, Proof, Report, Signature, Source, key_of_certificate};
use crate::objects::account::Command;

/// The most accounts that are updated at the same time.
const SIDE_BY_SIDE: usize = 16;

/// `POST /api/hooks/mail/:provider`.
pub(in crate::api) async fn mail(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let name = request.uri().path().rsplit('/').next().unwrap_or_default();
    let source = Source::parse(name).ok_or(Problem::not_found())?;
    let (parts, body) = whole(request).await?;
    let incoming = Incoming { headers: &parts.headers, body: &body, now: app.runtime.now() };
    let webhooks = &app.config.webhooks;
    let proved = match webhooks.proof(source, &incoming).ok_or(Problem::not_found())? {
        Proof::Valid => true,
        Proof::Invalid => false,
        Proof::Signed(signature) => is_right(&app, &signature).await,
    };
    if !proved {
        return Err(Problem::invalid_signature());
    }
    match webhooks.read(source, &incoming) {
        Message::Reports(reports) => {
            mark(&app, &reports).await?;
            let count = |status| reports.iter().filter(|report| report.status == status).count();
            let (bounced, complained) = (count(EmailStatus::Bounced), count(EmailStatus::Complained));
            log(&app, parts.extensions.get(), source, bounced, complained);
        }
        Message::Confirm(url) => {
            let fetched = app.runtime.fetch_text(&url).await;
            fetched.ok_or_else(|| Problem::internal("the subscription could not be confirmed"))?;
        }
    }
    Ok(StatusCode::OK)
}

async fn is_right(app: &App, signature: &Signature) -> bool {
    let key = match &signature.key {
        Key::Spki(key) => Some(key.clone()),
        Key::CertificateAt(url) => match app.certificates.get(url) {
            Some(key) => Some(key),
            None => {
                let certificate = app.runtime.fetch_text(url).await;
                let key = certificate.and_then(|pem| key_of_certificate(&pem));
                key.inspect(|key| app.certificates.keep(url, key.clone()))
            }
        },
    };
    let Some(key) = key else { return false };
    app.runtime.verify(signature.scheme, &key, &signature.message, &signature.signature).await
}

async fn mark(app: &App, reports: &[Report]) -> Result<(), Problem> {
    for some in reports.chunks(SIDE_BY_SIDE) {
        let marked = some.iter().map(|Report { email, status, at }| async move {
            let command = Command::MarkEmail { status: *status, at: *at };
            object_client::account(app, &key_of(email)?, command).await.map(drop)
        });
        join_all(marked).await.into_iter().collect::<Result<(), _>>()?;
    }
    Ok(())
}

/// Logs how many addresses, but not which.
fn log(app: &App, context: Option<&Arc<RequestContext>>, source: Source, bounced: usize, complained: usize) {
    let line = json!({
        "level": "info",
        "event": "mail_webhook",
        "provider": source.as_str(),
        "bounced": bounced,
        "complained": complained,
        "request_id": context.map(|context| context.request_id.as_str()),
    });
    app.runtime.log(&line.to_string());
}
