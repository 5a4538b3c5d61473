//! Asks the pacer before mail is sent, and never waits long for it.

use std::cell::RefCell;
use std::time::Duration;

use futures_util::future::{Either, select};
use worker::Delay;

use super::clock::now;
use super::object_client::WorkerObjectClient;
use crate::objects::Outcome;
use crate::objects::mail_pacer::client::{Departure, PacerClient, Ready};
use crate::objects::mail_pacer::{Command, Reply, Slots};
use crate::objects::outbox::{OutboxEntry, Pace};

/// How long the pacer may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Which of these mails are sent now, and when.
pub(super) async fn depart(
    objects: Option<&WorkerObjectClient>,
    client: &RefCell<PacerClient>,
    pace: Pace,
    mails: Vec<OutboxEntry>,
) -> Departure {
    let ready = Ready::new(mails, now());
    let question = client.borrow().question(&ready, pace.requests);
    let answer = match question {
        Some(question) => slots(objects, Command::Ask(question)).await,
        None => None,
    };
    client.borrow_mut().depart(ready, answer, chance())
}

/// Tells all objects, through the pacer, that the provider wants no mail for so long. If the pacer is not
/// reached, the provider itself will tell the others.
pub(super) async fn slow_down(objects: Option<&WorkerObjectClient>, for_ms: u32) {
    let _ = slots(objects, Command::Slowed { for_ms }).await;
}

async fn slots(objects: Option<&WorkerObjectClient>, command: Command) -> Option<Slots> {
    let answer = objects?.mail_pacer(command)?;
    match select(answer, Delay::from(PATIENCE)).await {
        Either::Left((Ok(answer), _)) => match answer.outcome {
            Outcome::Reply(Reply::Slots(slots)) => Some(slots),
            _ => None,
        },
        Either::Left((Err(_), _)) | Either::Right(_) => None,
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to the largest u32")]
fn chance() -> u32 {
    (js_sys::Math::random() * f64::from(u32::MAX)) as u32
}
