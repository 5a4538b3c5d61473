//! Delivers what waits in an object's outbox.

use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use serde_json::json;
use wasm_bindgen::JsValue;
use web_sys::RequestInit;
use worker::{AbortController, Delay, Fetch, console_log};

use super::hub::WorkerHub;
use super::runtime::now;
use crate::api::ports::{Hub, Unreachable};
use crate::config::Config;
use crate::mail::{HttpRequest, HttpResponse, Mail, Plan};
use crate::objects::outbox::{Delivery, Item, Parcel};
use crate::objects::{Answer, Envelope, catalog, event};

/// How long a mail provider may take to answer.
const MAIL_TIMEOUT: Duration = Duration::from_secs(10);
/// Parcels on their way at the same time.
const SIDE_BY_SIDE: usize = 8;
/// Bytes of a provider's answer that are looked at.
const ANSWER_MAX_BYTES: usize = 1_024;

/// Tries each parcel once.
pub(super) async fn deliver(
    config: Option<&Config>,
    hub: Option<&WorkerHub>,
    items: Vec<Item>,
) -> Vec<(Item, Delivery)> {
    let mut results = Vec::with_capacity(items.len());
    for chunk in items.chunks(SIDE_BY_SIDE) {
        let tries = chunk.iter().map(|item| async {
            let delivery = one(config, hub, item).await;
            (item.clone(), delivery)
        });
        results.extend(join_all(tries).await);
    }
    results
}

async fn one(config: Option<&Config>, hub: Option<&WorkerHub>, item: &Item) -> Delivery {
    let (Some(config), Some(hub)) = (config, hub) else {
        return Delivery::Retry { after_ms: None };
    };
    match &item.parcel {
        Parcel::Mail(mail) => send_mail(config, mail, item).await,
        Parcel::Report(Some(report)) => {
            let command = catalog::Command::Report(report.clone());
            arrival(hub.catalog(Envelope { command, have: None }).await)
        }
        Parcel::Report(None) => Delivery::Done,
        Parcel::Notice(notice, events) => {
            let command = catalog::Command::Notice((**notice).clone(), events.clone());
            arrival(hub.catalog(Envelope { command, have: None }).await)
        }
        Parcel::Tell(event, notice) => {
            let command = event::Command::Notice(notice.clone());
            arrival(hub.event(*event, Envelope { command, have: None }).await)
        }
    }
}

/// What another object's answer means for the parcel.
fn arrival<R>(answer: Result<Answer<R>, Unreachable>) -> Delivery {
    match answer {
        Ok(answer) if answer.is_granted() => Delivery::Done,
        Ok(_) | Err(_) => Delivery::Retry { after_ms: None },
    }
}

async fn send_mail(config: &Config, mail: &Mail, item: &Item) -> Delivery {
    let request = match config.mail_provider.plan(mail, &config.mail_from, &item.key) {
        Plan::Print(text) => {
            console_log!("{text}");
            return Delivery::Done;
        }
        Plan::Wait(setting) => {
            log(mail, item, "waiting", Some(setting));
            return Delivery::Retry { after_ms: None };
        }
        Plan::Send(request) => request,
    };
    let delivery = match post(&request).await {
        Ok(response) => config.mail_provider.judge(&response),
        Err(_) => Delivery::Retry { after_ms: None },
    };
    match delivery {
        Delivery::Done => log(mail, item, "sent", None),
        Delivery::Retry { .. } if item.is_last_try(now()) => log(mail, item, "given_up", None),
        Delivery::Retry { .. } => log(mail, item, "delayed", None),
        Delivery::Refused => log(mail, item, "refused", None),
    }
    delivery
}

/// The kind of a mail and how it went; nothing about who gets it.
fn log(mail: &Mail, item: &Item, outcome: &str, missing: Option<&str>) {
    let line = json!({
        "level": if outcome == "sent" { "info" } else { "warn" },
        "event": "mail",
        "kind": mail.letter.kind(),
        "outcome": outcome,
        "attempt": item.attempts.saturating_add(1),
        "missing": missing,
    });
    console_log!("{line}");
}

async fn post(request: &HttpRequest) -> worker::Result<HttpResponse> {
    let headers = web_sys::Headers::new()?;
    for (name, value) in request.headers.reveal() {
        headers.set(name, value)?;
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&JsValue::from_str(&request.body));
    let request = web_sys::Request::new_with_str_and_init(&request.url, &init)?;
    let fetch = Fetch::Request(request.into());
    let controller = AbortController::default();
    let signal = controller.signal();
    let answer = async {
        let mut response = fetch.send_with_signal(&signal).await?;
        let retry_after =
            response.headers().get("retry-after")?.and_then(|seconds| seconds.trim().parse().ok());
        let body: String = response.text().await?.chars().take(ANSWER_MAX_BYTES).collect();
        Ok(HttpResponse { status: response.status_code(), retry_after, body })
    };
    match select(Box::pin(answer), Delay::from(MAIL_TIMEOUT)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(((), unanswered)) => {
            controller.abort();
            drop(unanswered);
            Err(worker::Error::RustError("the mail provider took too long".to_owned()))
        }
    }
}
