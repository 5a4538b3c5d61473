//! The layer between the runtime and an object: it receives commands, runs batches, keeps the alarm and
//! delivers the outbox.
//!
//! The life of a command that writes: (1) If it changes what leases protect, the object stops granting leases
//! and waits until the last one has run out. (2) It joins the queue. The first command in the queue schedules
//! a batch, which runs after everything else that has arrived. (3) The batch executes all waiting commands in
//! one transaction and one commit. (4) A change that others must know of is reported, and then the answer
//! goes out. The runtime holds both back until the commit is durable.

mod backups;

mod deliveries;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use js_sys::{Date, Function, Promise};
use serde_json::json;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use worker::worker_sys::DurableObjectState;
use worker::{Delay, Env, State, console_log};

use super::clock::now;
use super::delivery::{deliver, deliver_apart};
use super::metrics;
use super::object_client::WorkerObjectClient;
use super::pacing::{depart, slow_down};
use super::runtime::js_ms;
use super::sql::DurableSql;
use crate::api::ports::ObjectClient;
use crate::config::Config;
use crate::domain::Timestamp;
use crate::metrics::{Metric, Subject};
use crate::objects::backup::{self, Export};
use crate::objects::command_queue::{CommandQueue, Completed, Failed, ObjectQueue, Submission, Ticket};
use crate::objects::mail_pacer::MailPacer;
use crate::objects::mail_pacer::client::{PacerClient, Rest};
use crate::objects::outbox::{OutboxEntry, OutboxMessage, Pace};
use crate::objects::sql::SqlError;
use crate::objects::{Envelope, Host, Object, account, catalog, event};

/// Milliseconds until the outbox is tried again after a storage failure.
const STORAGE_PAUSE_MS: i64 = 5_000;

/// How much longer than the asker's own leases a hold waits for the change.
const HOLD_SPARE: Duration = Duration::from_secs(1);

/// The longest time a batch waits while more commands keep arriving for it.
const COLLECTING_MS: i64 = 25;

/// How long the Catalog may take to process a report, in addition to the time in which its leases run out.
const ANNOUNCING: Duration = Duration::from_secs(3);
/// The most attempts of that length.
const ANNOUNCING_MAX: u32 = 5;

/// A Durable Object that runs one of our state machines.
#[wasm_bindgen]
pub struct DurableObjectHost(Rc<Inner>);

struct Inner {
    sql: DurableSql,
    queue: RefCell<Box<dyn CommandQueue>>,
    /// Receives the answers to plain commands.
    settle: Function,
    subject: Subject,
    /// The number of schema steps that this version knows.
    schema_versions: usize,
    /// The copy in progress, and the number of rows in its last part.
    copy: RefCell<Option<(Export, u64)>>,
    /// Counts batches and outbox deliveries that may have written.
    writes: Cell<u32>,
    /// Since when the scheduled batch has been waiting.
    armed_at: Cell<Timestamp>,
    /// The waiting changes, which have more to do after their batch.
    changes: RefCell<HashMap<Ticket, oneshot::Sender<Result<Completed, SqlError>>>>,
    /// Holds leases back for a change that was announced and has not arrived yet.
    expecting: Cell<Option<Held>>,
    armed: Cell<bool>,
    alarm_at: Cell<Option<Timestamp>>,
    /// Whether the runtime's alarm was checked since the object was loaded.
    alarm_known: Cell<bool>,
    /// No alarm is set for an earlier time.
    resting_until: Cell<Timestamp>,
    pace: Pace,
    /// What the object knows of the deployment's mail pacer, if there is one.
    pacer: Option<RefCell<PacerClient>>,
    config: Option<Rc<Config>>,
    objects: Option<WorkerObjectClient>,
}

impl DurableObjectHost {
    fn of<O: Object + 'static>(
        subject: Subject,
        state: DurableObjectState,
        env: &Env,
        settle: Function,
    ) -> Self {
        let config = super::object_config(env);
        let longest_lease_ms = config.as_ref().map_or(0, |config| config.cache_lease_ms);
        let placement = config.as_ref().map(|config| config.placement).unwrap_or_default();
        let pace = config.as_ref().map_or_else(Pace::default, |config| config.mail_provider.pace());
        let state = State::from(state);
        let mut host = Host::<O>::new(longest_lease_ms).paced(pace).salted(salt());
        if backups::has_bucket(env) {
            host = host.copied_at(backup::time_of_day_ms(&state.id().to_string()));
        }
        let schema_versions = O::MIGRATIONS.len();
        let mut queue = ObjectQueue::new(host);
        if config.as_ref().is_some_and(|config| !config.group_commit) {
            queue = queue.without_group_commit();
        }
        let objects = WorkerObjectClient::new(env, placement).ok();
        let leaves = config.as_ref().is_some_and(|config| config.mail_provider.sends_requests());
        let paced = leaves && objects.as_ref().is_some_and(WorkerObjectClient::paces_mail);
        Self(Rc::new(Inner {
            settle,
            subject,
            schema_versions,
            copy: RefCell::default(),
            writes: Cell::new(0),
            armed_at: Cell::default(),
            pacer: paced.then(|| RefCell::new(PacerClient::new(state.id().to_string()))),
            sql: DurableSql::new(state.storage()),
            queue: RefCell::new(Box::new(queue)),
            changes: RefCell::default(),
            expecting: Cell::default(),
            armed: Cell::new(false),
            alarm_at: Cell::new(None),
            alarm_known: Cell::new(false),
            resting_until: Cell::default(),
            pace,
            config,
            objects,
        }))
    }
}

#[wasm_bindgen]
impl DurableObjectHost {
    /// The object of a class, with its name from `wrangler.toml`. Answers from a batch go to
    /// `settle(ticket, answer, failed)`.
    ///
    /// # Errors
    /// When there is no such class.
    #[wasm_bindgen(constructor)]
    pub fn new(class: &str, state: DurableObjectState, env: Env, settle: Function) -> Result<Self, JsValue> {
        match class {
            "Account" => Ok(Self::of::<account::Account>(Subject::Account, state, &env, settle)),
            "Event" => Ok(Self::of::<event::Event>(Subject::Event, state, &env, settle)),
            "Catalog" => Ok(Self::of::<catalog::Catalog>(Subject::Catalog, state, &env, settle)),
            "MailPacer" => Ok(Self::of::<MailPacer>(Subject::MailPacer, state, &env, settle)),
            _ => Err(JsValue::from_str("no such class")),
        }
    }

    /// Takes a command. Returns the answer, a promise of it, or the ticket under which a batch will settle
    /// it. `again` means that the command was sent before and may have been executed.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn receive(&self, command: &str, again: bool) -> Result<JsValue, JsValue> {
        let received = self.0.queue.borrow_mut().receive(&self.0.sql, now(), command, again);
        let received = received.map_err(complain)?;
        self.0.look_after_alarm();
        match received {
            Submission::Answered(answer) => Ok(JsValue::from_str(&answer)),
            Submission::Unknown { answer, cause } => {
                log_error("unknown_command", &cause);
                Ok(JsValue::from_str(&answer))
            }
            Submission::Waiting { ticket, guarded: false, announces: false } => {
                self.0.arm_batch();
                Ok(js_ticket(ticket))
            }
            Submission::Waiting { ticket, guarded, announces } => {
                let inner = Rc::clone(&self.0);
                let answer = async move {
                    let answer = inner.change(ticket, guarded, announces).await;
                    answer.map(|answer| JsValue::from_str(&answer)).map_err(complain)
                };
                Ok(future_to_promise(answer).into())
            }
        }
    }

    /// Lets leases run out because a change is coming.
    pub fn hold(&self) -> Promise {
        let inner = Rc::clone(&self.0);
        future_to_promise(async move { inner.hold().await.map(|()| JsValue::UNDEFINED).map_err(complain) })
    }

    /// Milliseconds until the last lease has run out.
    #[must_use]
    pub fn drains(&self) -> u32 {
        self.0.queue.borrow().leases_remaining_ms(now())
    }

    /// Delivers what is due. It fails, and so makes the runtime retry, only if no other alarm can be set.
    pub fn alarm(&self) -> Promise {
        let inner = Rc::clone(&self.0);
        future_to_promise(async move {
            let Err(error) = inner.deliver_due().await else { return Ok(JsValue::UNDEFINED) };
            log_error("outbox_stuck", &error.to_string());
            inner.set_alarm(now().plus_ms(STORAGE_PAUSE_MS)).map_err(complain)?;
            Ok(JsValue::UNDEFINED)
        })
    }
}

#[allow(clippy::cast_precision_loss, reason = "nobody counts to 2^53")]
fn js_ticket(ticket: Ticket) -> JsValue {
    JsValue::from_f64(ticket as f64)
}

/// Random bits for stamps. They need not be secret.
fn salt() -> u32 {
    let mut bits = [0; 4];
    let _ = getrandom::fill(&mut bits);
    u32::from_le_bytes(bits)
}

fn complain(error: SqlError) -> JsValue {
    js_sys::Error::new(&error.to_string()).into()
}

impl Inner {
    /// Runs a command that changes what others hold copies of: leases run out first, and the change is
    /// reported before the answer.
    async fn change(
        self: &Rc<Self>,
        ticket: Ticket,
        guarded: bool,
        announces: bool,
    ) -> Result<String, SqlError> {
        let held = match guarded {
            false => None,
            true => {
                Some(self.drain(announces).await.inspect_err(|_| self.queue.borrow_mut().withdraw(ticket))?)
            }
        };
        let (sender, answered) = oneshot::channel();
        self.changes.borrow_mut().insert(ticket, sender);
        self.queue.borrow_mut().ready(ticket);
        self.arm_batch();
        let settled = answered.await.map_err(|_| SqlError::new("the batch was lost"))??;
        if let Some(held) = &held {
            drop(self.expecting.take());
            held.changed.set(settled.granted);
        }
        drop(held);
        if announces && settled.granted {
            self.announce().await;
        }
        Ok(settled.answer)
    }

    /// Schedules a batch after everything that will have arrived by then: at once if nobody else has come,
    /// later as long as more commands keep coming, which then share its commit. The batch belongs to no
    /// request, so a client that goes away takes nothing with it.
    fn arm_batch(self: &Rc<Self>) {
        if self.armed.replace(true) {
            return;
        }
        self.armed_at.set(now());
        let inner = Rc::clone(self);
        spawn_local(async move {
            let until = now().plus_ms(COLLECTING_MS);
            let mut seen = inner.queue.borrow().waiting();
            loop {
                Delay::from(Duration::ZERO).await;
                let waiting = inner.queue.borrow().waiting();
                if waiting <= seen || now() >= until {
                    break;
                }
                seen = waiting;
            }
            inner.armed.set(false);
            inner.run_batch();
            if inner.queue.borrow().waiting() > 0 {
                inner.arm_batch();
            }
        });
    }

    fn run_batch(self: &Rc<Self>) {
        self.measure(Metric::QueueCommands, self.queue.borrow().waiting());
        let outcome = self.queue.borrow_mut().run_batch(&self.sql, now());
        match outcome {
            Ok(settled) => {
                self.note_write();
                self.measure(Metric::BatchCommands, settled.len());
                self.measure_since(Metric::BatchMs, self.armed_at.get());
                // If this fails, the messages leave after the object's next load, and the commands are not
                // acknowledged.
                let armed = self.arm_alarm();
                for settled in settled {
                    self.answer(settled.ticket, armed.clone().map(|()| settled));
                }
            }
            Err(Failed { tickets, error }) => {
                for ticket in tickets {
                    self.answer(ticket, Err(error.clone()));
                }
            }
        }
    }

    fn answer(&self, ticket: Ticket, answer: Result<Completed, SqlError>) {
        let change = self.changes.borrow_mut().remove(&ticket);
        if let Some(change) = change {
            let _ = change.send(answer);
            return;
        }
        let (answer, failed) = match answer {
            Ok(settled) => (settled.answer, false),
            Err(error) => (error.to_string(), true),
        };
        let _ = self.settle.call3(
            &JsValue::NULL,
            &js_ticket(ticket),
            &JsValue::from_str(&answer),
            &failed.into(),
        );
    }

    /// Waits until the last lease has run out, and grants none while the result lives. If the change will be
    /// reported to the Catalog, which has to do the same, the Catalog begins now, so that the organizer waits
    /// for one lease and not for two.
    async fn drain(self: &Rc<Self>, announces: bool) -> Result<Held, SqlError> {
        let mut wait_ms = self.queue.borrow_mut().hold_leases(&self.sql, now())?;
        let held = Held { inner: Rc::clone(self), changed: Cell::new(false) };
        if let (true, true, Some(objects)) = (announces, wait_ms > 0, &self.objects) {
            spawn_local(objects.hold_catalog());
        }
        let began = now();
        while wait_ms > 0 {
            Delay::from(Duration::from_millis(u64::from(wait_ms))).await;
            wait_ms = self.queue.borrow().leases_remaining_ms(now());
        }
        self.measure_since(Metric::DrainMs, began);
        Ok(held)
    }

    /// Drains ahead of an announced report, and grants leases again if the report does not come.
    async fn hold(self: &Rc<Self>) -> Result<(), SqlError> {
        let held = self.drain(false).await?;
        let longest_lease_ms = self.config.as_ref().map_or(0, |config| config.cache_lease_ms);
        let patience = Duration::from_millis(u64::from(longest_lease_ms)).saturating_add(HOLD_SPARE);
        self.expecting.replace(Some(held));
        let inner = Rc::clone(self);
        spawn_local(async move {
            Delay::from(patience).await;
            drop(inner.expecting.take());
        });
        Ok(())
    }

    fn note_write(&self) {
        self.writes.set(self.writes.get().wrapping_add(1));
    }

    fn measure(&self, metric: Metric, value: usize) {
        metrics::record(metric, self.subject, u64::try_from(value).unwrap_or(u64::MAX));
    }

    fn measure_since(&self, metric: Metric, began: Timestamp) {
        metrics::record(metric, self.subject, u64::try_from(now().ms_since(began)).unwrap_or(0));
    }
}

/// While this lives, no leases are granted.
struct Held {
    inner: Rc<Inner>,
    /// Whether what leases protect was changed in the meantime.
    changed: Cell<bool>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.inner.queue.borrow_mut().release_leases(now(), self.changed.get());
    }
}

fn log_error(event: &str, cause: &str) {
    console_log!("{}", json!({ "level": "error", "event": event, "cause": cause }));
}
