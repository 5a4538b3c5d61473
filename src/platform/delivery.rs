//! Delivers the messages in an object's outbox.

use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use serde_json::json;
use wasm_bindgen::JsValue;
use web_sys::{RequestInit, RequestRedirect};
use worker::{AbortController, Delay, Fetch, console_log};

use super::clock::now;
use super::email;
use super::object_client::WorkerObjectClient;
use crate::api::ports::{ObjectClient, Unreachable};
use crate::config::Config;
use crate::mail::{
    DeliveryResult, HttpRequest, HttpResponse, Outgoing, Plan, retry_after as retry_after_seconds,
};
use crate::objects::mail_pacer::client::Departure;
use crate::objects::outbox::{Delivery, OutboxEntry, OutboxMessage, batches_of};
use crate::objects::{Answer, Envelope, catalog, event};

/// How long a mail provider may take to answer.
const MAIL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long another object may take to process a message: longer than its leases last.
const TELLING_TIMEOUT: Duration = Duration::from_secs(15);
/// The most requests in flight.
const SIDE_BY_SIDE: usize = 8;
/// Bytes of a provider's answer that are read.
const ANSWER_MAX_BYTES: usize = 65_536;

/// Tries each message once.
pub(super) async fn deliver(
    config: Option<&Config>,
    objects: Option<&WorkerObjectClient>,
    items: Vec<OutboxEntry>,
) -> Vec<(OutboxEntry, Delivery)> {
    let (Some(config), Some(objects)) = (config, objects) else {
        return items.into_iter().map(|item| (item, Delivery::Retry { after_ms: None })).collect();
    };
    let mut results = Vec::with_capacity(items.len());
    for chunk in batches_of(items).chunks(SIDE_BY_SIDE) {
        results
            .extend(join_all(chunk.iter().map(|items| deliver_batch(config, objects, items))).await.concat());
    }
    results
}

/// Tries requests with mail once each, one after the other, in their time slots.
pub(super) async fn deliver_apart(
    config: Option<&Config>,
    objects: Option<&WorkerObjectClient>,
    departure: Departure,
) -> Vec<(OutboxEntry, Delivery)> {
    let Departure { requests, first_in_ms, apart_ms, .. } = departure;
    let mut leaves_in_ms = first_in_ms;
    let tries = requests.into_iter().map(|items| {
        let wait = Duration::from_millis(u64::from(leaves_in_ms));
        leaves_in_ms = leaves_in_ms.saturating_add(apart_ms);
        async move {
            if !wait.is_zero() {
                Delay::from(wait).await;
            }
            deliver(config, objects, items).await
        }
    });
    join_all(tries).await.concat()
}

/// Sends what belongs in one request: several mails, or one message to another object.
async fn deliver_batch(
    config: &Config,
    objects: &WorkerObjectClient,
    items: &[OutboxEntry],
) -> Vec<(OutboxEntry, Delivery)> {
    match items {
        [item] if item.message.recipient().is_none() => {
            let told = select(Box::pin(tell(objects, &item.message)), Delay::from(TELLING_TIMEOUT)).await;
            let delivery = match told {
                Either::Left((delivery, _)) => delivery,
                Either::Right(_) => Delivery::Retry { after_ms: None },
            };
            vec![(item.clone(), delivery)]
        }
        mails => send_mails(config, mails).await,
    }
}

async fn tell(objects: &WorkerObjectClient, message: &OutboxMessage) -> Delivery {
    if !objects.is_at_home().await {
        return Delivery::Retry { after_ms: None };
    }
    match message {
        OutboxMessage::Mail(_) | OutboxMessage::Report(None) => Delivery::Done,
        OutboxMessage::Report(Some(report)) => {
            let command = catalog::Command::Report(report.clone());
            arrival(objects.catalog(Envelope::new(command)).await)
        }
        OutboxMessage::AccountChange(account_change, events) => {
            let command = catalog::Command::AccountChange((**account_change).clone(), events.clone());
            arrival(objects.catalog(Envelope::new(command)).await)
        }
        OutboxMessage::AccountChangeFor(event, account_change) => {
            let command = event::Command::AccountChange(account_change.clone());
            arrival(objects.event(*event, Envelope::new(command)).await)
        }
    }
}

/// What another object's answer means for the message.
fn arrival<R>(answer: Result<Answer<R>, Unreachable>) -> Delivery {
    match answer {
        Ok(answer) if answer.is_granted() => Delivery::Done,
        Ok(_) | Err(_) => Delivery::Retry { after_ms: None },
    }
}

async fn send_mails(config: &Config, items: &[OutboxEntry]) -> Vec<(OutboxEntry, Delivery)> {
    let (late, items): (Vec<&OutboxEntry>, Vec<&OutboxEntry>) =
        items.iter().partition(|item| item.is_expired(now()));
    let mut results: Vec<_> = late.into_iter().map(|item| (item, DeliveryResult::expired())).collect();
    let mails: Vec<_> = items
        .iter()
        .filter_map(|item| match &item.message {
            OutboxMessage::Mail(mail) => Some(Outgoing { mail, key: &item.key, posted_at: item.posted_at }),
            _ => None,
        })
        .collect();
    let (mut missing, mut status) = (None, None);
    if !mails.is_empty() {
        let batch = items.first().and_then(|item| item.batch());
        let answer = match config.mail_provider.plan(&mails, batch, &config.sender(), now()) {
            Plan::Print(texts) => {
                texts.iter().for_each(|text| console_log!("{text}"));
                let printed = items.into_iter().map(|item| (item.clone(), Delivery::Done));
                return printed.chain(results.into_iter().map(settled)).collect();
            }
            Plan::Wait(setting) => {
                missing = Some(setting);
                None
            }
            Plan::Bound(name, argument) => match email::binding(name) {
                Some(binding) => email::send(&binding, argument.reveal()).await,
                None => {
                    missing = Some(name);
                    None
                }
            },
            Plan::Send(request) => post(&request).await.ok(),
        };
        status = answer.as_ref().map(|answer| answer.status);
        let judged = match answer {
            Some(answer) => config.mail_provider.judge(&answer, mails.len()),
            None => vec![DeliveryResult::unanswered(); mails.len()],
        };
        results.extend(items.into_iter().zip(judged));
    }
    for (item, result) in &results {
        log(item, result, status, missing);
    }
    results.into_iter().map(settled).collect()
}

fn settled((item, result): (&OutboxEntry, DeliveryResult)) -> (OutboxEntry, Delivery) {
    (item.clone(), result.delivery)
}

/// Logs the kind of a mail and the result, and nothing about the recipient.
fn log(item: &OutboxEntry, result: &DeliveryResult, status: Option<u16>, missing: Option<&str>) {
    let OutboxMessage::Mail(mail) = &item.message else { return };
    let outcome = match result.delivery {
        Delivery::Done => "sent",
        Delivery::Retry { .. } if item.is_last_try(now()) => "given_up",
        Delivery::Retry { .. } if missing.is_some() || result.account => "waiting",
        Delivery::Retry { .. } => "delayed",
        Delivery::Refused => "refused",
        Delivery::Apart => "batch_refused",
        Delivery::Expired => "expired",
    };
    let line = json!({
        "level": if outcome == "sent" { "info" } else { "warn" },
        "event": "mail",
        "kind": mail.template.kind(),
        "outcome": outcome,
        "attempt": item.attempts.saturating_add(1),
        "missing": missing,
        "status": status,
        "code": result.code,
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
    // The redirect's target must not get the key.
    init.set_redirect(RequestRedirect::Manual);
    init.set_headers(&headers);
    init.set_body(&JsValue::from_str(&request.body));
    let request = web_sys::Request::new_with_str_and_init(&request.url, &init)?;
    let fetch = Fetch::Request(request.into());
    let controller = AbortController::default();
    let signal = controller.signal();
    let answer = async {
        let mut response = fetch.send_with_signal(&signal).await?;
        let retry_after = response.headers().get("retry-after")?;
        let retry_after = retry_after.and_then(|value| retry_after_seconds(&value, now()));
        let error = response.headers().get("x-amzn-errortype")?;
        let body: String = response.text().await?.chars().take(ANSWER_MAX_BYTES).collect();
        Ok(HttpResponse { status: response.status_code(), retry_after, error, body })
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
