//! What stands between the runtime and an object: it receives commands, gives turns, keeps the
//! alarm and delivers the outbox.
//!
//! Life of a command that writes: (1) One that changes what leases protect stops the granting of
//! leases and waits until the last has run out. (2) It joins the queue; the first in it arms a
//! turn, which comes after everything else that has arrived. (3) The turn executes all that wait,
//! in one transaction and one commit. (4) A change that others must know of is reported, and then
//! the answer goes out; the runtime holds both back until the commit is durable.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use futures_channel::oneshot;
use js_sys::Date;
use serde_json::json;
use wasm_bindgen::JsValue;
use worker::{Delay, Env, Request, Response, Result, State, console_log};

use super::delivery::deliver;
use super::hub::WorkerHub;
use super::runtime::now;
use super::sql::DurableSql;
use crate::api::ports::Hub;
use crate::config::Config;
use crate::domain::{Refusal, Timestamp};
use crate::objects::outbox::{Outbox, Parcel};
use crate::objects::sql::SqlError;
use crate::objects::{Answer, Envelope, Host, Kind, Object, Outcome, catalog};

/// Commands that wait for a turn at most; one more is told to come back.
const QUEUE_MAX: usize = 1_024;
/// Milliseconds between two looks into a full outbox: so a flood of parcels leaves the object
/// free for its users.
const FULL_OUTBOX_PAUSE_MS: i64 = 1_000;
/// Milliseconds after which the outbox is tried again when the storage failed.
const STORAGE_PAUSE_MS: i64 = 5_000;

/// A Durable Object around the state machine `O`.
pub(super) struct Shell<O: Object>(Rc<Inner<O>>);

struct Inner<O: Object> {
    sql: DurableSql,
    host: RefCell<Host<O>>,
    queue: RefCell<VecDeque<Waiting<O>>>,
    armed: Cell<bool>,
    alarm_at: Cell<Option<Timestamp>>,
    config: Option<Config>,
    hub: Option<WorkerHub>,
}

struct Waiting<O: Object> {
    command: O::Command,
    answer: oneshot::Sender<std::result::Result<Answer<O::Reply>, SqlError>>,
}

impl<O: Object + 'static> Shell<O> {
    pub(super) fn new(state: &State, env: &Env) -> Self {
        let config = super::config(env).ok();
        let longest_lease_ms = config.as_ref().map_or(0, |config| config.cache_lease_ms);
        Self(Rc::new(Inner {
            sql: DurableSql::new(state.storage()),
            host: RefCell::new(Host::new(longest_lease_ms)),
            queue: RefCell::new(VecDeque::new()),
            armed: Cell::new(false),
            alarm_at: Cell::new(None),
            config,
            hub: WorkerHub::new(env).ok(),
        }))
    }

    /// Answers a command.
    pub(super) async fn fetch(&self, mut request: Request) -> Result<Response> {
        let envelope: Envelope<O::Command> = serde_json::from_str(&request.text().await?)?;
        let answer = match O::kind(&envelope.command) {
            Kind::LeasedRead | Kind::Read => {
                self.0.host.borrow_mut().read(&self.0.sql, now(), envelope)
            }
            Kind::Write => self.write(envelope.command).await,
            Kind::GuardedWrite => {
                let _held = self.drain().await?;
                self.write(envelope.command).await
            }
        };
        match answer {
            Ok(answer) => Response::ok(serde_json::to_string(&answer)?),
            Err(error) => Response::error(error.to_string(), 500),
        }
    }

    /// Delivers what is due. Fails only when the runtime should call again by itself.
    pub(super) async fn alarm(&self) -> Result<Response> {
        let inner = &self.0;
        inner.alarm_at.set(None);
        let due = inner.host.borrow_mut().due(&inner.sql, now());
        let due = match due {
            Ok(due) => due,
            Err(error) => return inner.rest(&error),
        };
        let full = due.len() >= usize::try_from(Outbox::BATCH).unwrap_or(usize::MAX);
        let results = deliver(inner.config.as_ref(), inner.hub.as_ref(), due).await;
        if !results.is_empty() {
            let settled = inner.host.borrow_mut().settle(&inner.sql, now(), &results);
            if let Err(error) = settled {
                return inner.rest(&error);
            }
        }
        inner.arm_alarm(if full { FULL_OUTBOX_PAUSE_MS } else { 0 });
        Response::ok("")
    }

    async fn write(&self, command: O::Command) -> std::result::Result<Answer<O::Reply>, SqlError> {
        let announces = O::announces(&command);
        let (answer, answered) = oneshot::channel();
        if self.0.queue.borrow().len() >= QUEUE_MAX {
            return Ok(Answer::refused(Refusal::Overloaded));
        }
        self.0
            .queue
            .borrow_mut()
            .push_back(Waiting { command, answer });
        self.arm_turn();
        let answer = answered
            .await
            .map_err(|_| SqlError::new("the turn was lost"))??;
        if announces && matches!(answer.outcome, Outcome::Reply(_)) {
            self.0.announce().await;
        }
        Ok(answer)
    }

    /// Lets a turn come after all that has arrived by then. It belongs to nobody's request, so
    /// that a client who goes away takes nothing with them.
    fn arm_turn(&self) {
        if self.0.armed.replace(true) {
            return;
        }
        let inner = Rc::clone(&self.0);
        wasm_bindgen_futures::spawn_local(async move {
            Delay::from(Duration::ZERO).await;
            inner.armed.set(false);
            inner.turn();
        });
    }

    /// Waits until no lease is out, and keeps it so for as long as the result lives.
    async fn drain(&self) -> Result<Held<O>> {
        let held = Held(Rc::clone(&self.0));
        let mut wait_ms = self
            .0
            .host
            .borrow_mut()
            .hold_leases(&self.0.sql, now())
            .map_err(storage)?;
        while wait_ms > 0 {
            Delay::from(Duration::from_millis(u64::from(wait_ms))).await;
            wait_ms = self.0.host.borrow().leases_remaining_ms(now());
        }
        Ok(held)
    }
}

impl<O: Object> Inner<O> {
    fn turn(&self) {
        let waiting: Vec<Waiting<O>> = self.queue.borrow_mut().drain(..).collect();
        let (commands, answers): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .map(|waiting| (waiting.command, waiting.answer))
            .unzip();
        let outcome = self.host.borrow_mut().turn(&self.sql, now(), commands);
        match outcome {
            Ok(outcomes) => {
                self.arm_alarm(0);
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    let _ = answer.send(Ok(outcome));
                }
            }
            Err(error) => {
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// Tells the Catalog what has become of the event. Should it not hear, the outbox tells it.
    async fn announce(&self) {
        let report = self.host.borrow().report(now());
        let (Some(Parcel::Report(Some(report))), Some(hub)) = (report, &self.hub) else {
            return;
        };
        let command = catalog::Command::Report(report.clone());
        match hub
            .catalog(Envelope {
                command,
                have: None,
            })
            .await
        {
            Ok(_) => self
                .host
                .borrow_mut()
                .reported(&Parcel::Report(Some(report))),
            Err(error) => log_error("report_delayed", &error.to_string()),
        }
    }

    /// Sets the alarm for the next parcel, not before `pause_ms` from now. It is set in the same
    /// commit as what was written just before.
    fn arm_alarm(&self, pause_ms: i64) {
        let Some(due) = self.host.borrow().next_alarm() else {
            return;
        };
        let at = due.max(now().plus_ms(pause_ms));
        if self.alarm_at.get().is_some_and(|armed| armed <= at) {
            return;
        }
        self.set_alarm(at);
    }

    fn set_alarm(&self, at: Timestamp) {
        #[allow(
            clippy::cast_precision_loss,
            reason = "milliseconds stay far below 2^53"
        )]
        let date = Date::new(&JsValue::from_f64(at.ms() as f64));
        match self
            .sql
            .storage()
            .as_raw()
            .set_alarm(date, js_sys::Object::new())
        {
            Ok(_) => self.alarm_at.set(Some(at)),
            Err(error) => log_error("alarm_not_set", &format!("{error:?}")),
        }
    }

    /// After a failure of the storage: look again in a while.
    fn rest(&self, error: &SqlError) -> Result<Response> {
        log_error("outbox_stuck", &error.to_string());
        self.set_alarm(now().plus_ms(STORAGE_PAUSE_MS));
        Response::ok("")
    }
}

/// No leases are granted while this lives.
struct Held<O: Object>(Rc<Inner<O>>);

impl<O: Object> Drop for Held<O> {
    fn drop(&mut self) {
        self.0.host.borrow_mut().release_leases(now());
    }
}

fn storage(error: SqlError) -> worker::Error {
    worker::Error::RustError(error.to_string())
}

fn log_error(event: &str, cause: &str) {
    console_log!(
        "{}",
        json!({ "level": "error", "event": event, "cause": cause })
    );
}
