//! Delivers what waits in an object's outbox.

use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use serde_json::json;
use wasm_bindgen::JsValue;
use web_sys::{RequestInit, RequestRedirect};
use worker::{AbortController, Delay, Fetch, console_log};

use super::email;
use super::hub::WorkerHub;
use super::runtime::now;
use crate::api::ports::{Hub, Unreachable};
use crate::config::Config;
use crate::mail::{HttpRequest, HttpResponse, Outgoing, Plan, Verdict, retry_after as retry_after_seconds};
use crate::objects::mail_pacer::client::Departure;
use crate::objects::outbox::{Delivery, Item, Parcel, consignments};
use crate::objects::{Answer, Envelope, catalog, event};

/// How long a mail provider may take to answer.
const MAIL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long another object may take to hear of something: longer than its leases last.
const TELLING_TIMEOUT: Duration = Duration::from_secs(15);
/// Requests on their way at the same time.
const SIDE_BY_SIDE: usize = 8;
/// Bytes of a provider's answer that are looked at.
const ANSWER_MAX_BYTES: usize = 65_536;

/// Tries each parcel once.
pub(super) async fn deliver(
    config: Option<&Config>,
    hub: Option<&WorkerHub>,
    items: Vec<Item>,
) -> Vec<(Item, Delivery)> {
    let (Some(config), Some(hub)) = (config, hub) else {
        return items.into_iter().map(|item| (item, Delivery::Retry { after_ms: None })).collect();
    };
    let mut results = Vec::with_capacity(items.len());
    for chunk in consignments(items).chunks(SIDE_BY_SIDE) {
        results.extend(join_all(chunk.iter().map(|items| consign(config, hub, items))).await.concat());
    }
    results
}

/// Tries requests with mail once each, the one after the other as their slots have it.
pub(super) async fn deliver_apart(
    config: Option<&Config>,
    hub: Option<&WorkerHub>,
    departure: Departure,
) -> Vec<(Item, Delivery)> {
    let Departure { requests, first_in_ms, apart_ms, .. } = departure;
    let mut leaves_in_ms = first_in_ms;
    let tries = requests.into_iter().map(|items| {
        let wait = Duration::from_millis(u64::from(leaves_in_ms));
        leaves_in_ms = leaves_in_ms.saturating_add(apart_ms);
        async move {
            if !wait.is_zero() {
                Delay::from(wait).await;
            }
            deliver(config, hub, items).await
        }
    });
    join_all(tries).await.concat()
}

/// Sends what travels together: mails, or one parcel for another object.
async fn consign(config: &Config, hub: &WorkerHub, items: &[Item]) -> Vec<(Item, Delivery)> {
    match items {
        [item] if item.parcel.recipient().is_none() => {
            let told = select(Box::pin(tell(hub, &item.parcel)), Delay::from(TELLING_TIMEOUT)).await;
            let delivery = match told {
                Either::Left((delivery, _)) => delivery,
                Either::Right(_) => Delivery::Retry { after_ms: None },
            };
            vec![(item.clone(), delivery)]
        }
        mails => send_mails(config, mails).await,
    }
}

async fn tell(hub: &WorkerHub, parcel: &Parcel) -> Delivery {
    if !hub.is_at_home().await {
        return Delivery::Retry { after_ms: None };
    }
    match parcel {
        Parcel::Mail(_) | Parcel::Report(None) => Delivery::Done,
        Parcel::Report(Some(report)) => {
            let command = catalog::Command::Report(report.clone());
            arrival(hub.catalog(Envelope::new(command)).await)
        }
        Parcel::Notice(notice, events) => {
            let command = catalog::Command::Notice((**notice).clone(), events.clone());
            arrival(hub.catalog(Envelope::new(command)).await)
        }
        Parcel::Tell(event, notice) => {
            let command = event::Command::Notice(notice.clone());
            arrival(hub.event(*event, Envelope::new(command)).await)
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

async fn send_mails(config: &Config, items: &[Item]) -> Vec<(Item, Delivery)> {
    let (late, items): (Vec<&Item>, Vec<&Item>) = items.iter().partition(|item| item.is_expired(now()));
    let mut verdicts: Vec<_> = late.into_iter().map(|item| (item, Verdict::expired())).collect();
    let mails: Vec<_> = items
        .iter()
        .filter_map(|item| match &item.parcel {
            Parcel::Mail(mail) => Some(Outgoing { mail, key: &item.key, posted_at: item.posted_at }),
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
                return printed.chain(verdicts.into_iter().map(settled)).collect();
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
            None => vec![Verdict::unanswered(); mails.len()],
        };
        verdicts.extend(items.into_iter().zip(judged));
    }
    for (item, verdict) in &verdicts {
        log(item, verdict, status, missing);
    }
    verdicts.into_iter().map(settled).collect()
}

fn settled((item, verdict): (&Item, Verdict)) -> (Item, Delivery) {
    (item.clone(), verdict.delivery)
}

/// The kind of a mail and how it went; nothing about who gets it.
fn log(item: &Item, verdict: &Verdict, status: Option<u16>, missing: Option<&str>) {
    let Parcel::Mail(mail) = &item.parcel else { return };
    let outcome = match verdict.delivery {
        Delivery::Done => "sent",
        Delivery::Retry { .. } if item.is_last_try(now()) => "given_up",
        Delivery::Retry { .. } if missing.is_some() || verdict.account => "waiting",
        Delivery::Retry { .. } => "delayed",
        Delivery::Refused => "refused",
        Delivery::Apart => "batch_refused",
        Delivery::Expired => "expired",
    };
    let line = json!({
        "level": if outcome == "sent" { "info" } else { "warn" },
        "event": "mail",
        "kind": mail.letter.kind(),
        "outcome": outcome,
        "attempt": item.attempts.saturating_add(1),
        "missing": missing,
        "status": status,
        "code": verdict.code,
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
    // Whoever it leads to is not meant to have the key.
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
