//! All the objects of a deployment, in one thread and in virtual time, as the runtime's host
//! serves them: a command is answered at once, and whatever would have to be waited for moves the
//! clock.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

use event_platform::api::ports::{BoxFuture, ObjectClient, RateLimit, Runtime, Unreachable};
use event_platform::domain::{AccountKey, EventId, Refusal, Timestamp};
use event_platform::mail::webhook::Scheme;
use event_platform::metrics::{Metric, Subject};
use event_platform::objects::command_queue::Submission;
use event_platform::objects::outbox::{Delivery, OutboxEntry, OutboxMessage, batches_of};
use event_platform::objects::{Answer, Envelope, account, catalog, event};
use serde::{Serialize, de::DeserializeOwned};

use super::node::{Address, EventMemory, Node};
use super::post::Post;

/// Milliseconds that two looks into an outbox lie apart at most, however much leaves.
const REST_MS: i64 = 1_000;
/// The one signature by a private key that is right.
pub(crate) const RIGHT_SIGNATURE: &[u8] = b"a signature that is right";
const DAY_MS: i64 = 86_400_000;

/// When the virtual clock begins: 2030-01-01T12:00:00Z.
pub(crate) const START: Timestamp = Timestamp::from_ms(1_893_499_200_000);

/// What a deployment consists of, beside the API.
pub(crate) struct World(Mutex<State>);

/// The objects, the clock, chance, the log and the mail.
pub(crate) struct State {
    pub(crate) now: Timestamp,
    pub(crate) log: Vec<String>,
    pub(crate) post: Post,
    pub(crate) nodes: BTreeMap<Address, Node>,
    /// What was measured.
    pub(crate) measured: Vec<(Metric, Subject, u64)>,
    /// The Catalog outside any jurisdiction.
    pub(crate) registry: Node,
    /// Whether it cannot be reached.
    pub(crate) registry_is_away: bool,
    /// Questions that the API has asked objects.
    pub(crate) hops: u64,
    /// What can be fetched, and what was.
    pub(crate) texts: BTreeMap<String, String>,
    pub(crate) fetched: Vec<String>,
    /// The rate limits that the deployment binds, each with how many calls it lets pass in its period.
    pub(crate) rate_limits: BTreeMap<RateLimit, usize>,
    /// The calls that they have let pass.
    calls: Vec<(RateLimit, String, Timestamp)>,
    /// Whether every queue is full.
    pub(crate) overloaded: bool,
    random: fastrand::Rng,
    longest_lease_ms: u32,
}

impl World {
    pub(crate) fn new(longest_lease_ms: u32) -> Self {
        Self(Mutex::new(State {
            now: START,
            log: Vec::new(),
            post: Post::new(),
            nodes: BTreeMap::new(),
            measured: Vec::new(),
            registry: Address::Catalog.found(longest_lease_ms, EventMemory::from_env()),
            registry_is_away: false,
            hops: 0,
            texts: BTreeMap::new(),
            fetched: Vec::new(),
            rate_limits: BTreeMap::new(),
            calls: Vec::new(),
            overloaded: false,
            random: fastrand::Rng::with_seed(42),
            longest_lease_ms,
        }))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The object at this address.
    pub(crate) fn node(&mut self, to: &Address) -> &mut Node {
        let longest_lease_ms = self.longest_lease_ms;
        self.nodes.entry(to.clone()).or_insert_with(|| to.found(longest_lease_ms, EventMemory::from_env()))
    }

    fn within_rate(&mut self, limit: RateLimit, key: &str) -> bool {
        let Some(most) = self.rate_limits.get(&limit).copied() else {
            return true;
        };
        let since = self.now.plus_ms(-1_000 * i64::from(limit.period_s()));
        let counted =
            |(of, whose, at): &&(RateLimit, String, Timestamp)| *of == limit && whose == key && *at > since;
        let within = self.calls.iter().filter(counted).count() < most;
        if within {
            self.calls.push((limit, key.to_owned(), self.now));
        }
        within
    }

    /// Answers a question about where the data lives.
    pub(crate) fn registered(
        &mut self,
        envelope: &Envelope<catalog::Command>,
    ) -> Result<Answer<catalog::Reply>, Unreachable> {
        if self.registry_is_away {
            return Err(Unreachable::Failed("away".to_owned()));
        }
        let text = serde_json::to_string(envelope).unwrap();
        let answer = match self.registry.receive(self.now, &text, false).unwrap() {
            Submission::Answered(answer) | Submission::Unknown { answer, .. } => answer,
            Submission::Waiting { .. } => self.registry.run_batch(self.now).unwrap().pop().unwrap().answer,
        };
        Ok(serde_json::from_str(&answer).unwrap())
    }

    /// Answers a question of the API.
    fn answer<C: Serialize, R: DeserializeOwned>(
        &mut self,
        to: &Address,
        envelope: Envelope<C>,
    ) -> Result<Answer<R>, Unreachable> {
        self.hops += 1;
        if self.overloaded {
            return Ok(Answer::refused(Refusal::Overloaded));
        }
        self.ask(to, envelope).map_err(Unreachable::Failed)
    }

    /// Has an object execute a command, all by itself in its batch.
    pub(crate) fn ask<C, R>(&mut self, to: &Address, command: Envelope<C>) -> Result<Answer<R>, String>
    where
        C: Serialize,
        R: DeserializeOwned,
    {
        let text = serde_json::to_string(&command).unwrap();
        let answer = self.command(to, &text)?;
        Ok(serde_json::from_str(&answer).unwrap())
    }

    fn command(&mut self, to: &Address, text: &str) -> Result<String, String> {
        let mut now = self.now;
        let node = self.node(to);
        let received = node.receive(now, text, false).map_err(|error| error.to_string())?;
        let (ticket, guarded, announces) = match received {
            Submission::Answered(answer) | Submission::Unknown { answer, .. } => return Ok(answer),
            Submission::Waiting { ticket, guarded, announces } => (ticket, guarded, announces),
        };
        if guarded {
            let mut wait_ms = node.hold_leases(now).map_err(|error| error.to_string())?;
            while wait_ms > 0 {
                now = now.plus_ms(i64::from(wait_ms));
                wait_ms = node.leases_remaining_ms(now);
            }
            node.ready(ticket);
        }
        let outcome = node.run_batch(now);
        let settled = outcome.map(|settled| settled.into_iter().find(|one| one.ticket == ticket).unwrap());
        if guarded {
            node.release_leases(now, settled.as_ref().is_ok_and(|settled| settled.granted));
        }
        self.now = now;
        let settled = settled.map_err(|failed| failed.error.to_string())?;
        if announces && settled.granted {
            self.announce(to);
        }
        Ok(settled.answer)
    }

    /// Tells the Catalog what has become of the event.
    fn announce(&mut self, event: &Address) {
        let now = self.now;
        let Some(report) = self.node(event).report(now) else {
            return;
        };
        if self.carry(&report) == Delivery::Done {
            self.node(event).reported(&report);
        }
    }

    /// Delivers what is due, and what becomes due by that, moving the clock by no more than the
    /// rests between two looks into an outbox.
    pub(crate) fn deliver_outboxes(&mut self) {
        while self.deliver_next(REST_MS) {}
    }

    /// Moves the clock from alarm to alarm until nothing waits in any outbox. What is planned for
    /// another day, like reminders, stays planned.
    pub(crate) fn come_to_rest(&mut self) {
        let rest = (0..10_000).find(|_| !self.deliver_next(DAY_MS / 2));
        rest.expect("the outboxes never empty");
    }

    /// Deals with the next alarm, if one rings within so many milliseconds.
    fn deliver_next(&mut self, within_ms: i64) -> bool {
        let alarm = |(address, node): (&Address, &Node)| Some((node.alarm_at()?, address.clone()));
        let next = self.nodes.iter().filter_map(alarm).min();
        let Some((at, address)) = next.filter(|(at, _)| at.ms_since(self.now) <= within_ms) else {
            return false;
        };
        self.now = self.now.max(at);
        let now = self.now;
        let items = self.node(&address).wake(now).unwrap_or_default();
        let mut results = Vec::new();
        for items in batches_of(items) {
            results.extend(self.deliver(items));
        }
        if !results.is_empty() {
            let now = self.now;
            self.node(&address).acknowledge(now, &results);
        }
        true
    }

    fn deliver(&mut self, items: Vec<OutboxEntry>) -> Vec<(OutboxEntry, Delivery)> {
        if let [OutboxEntry { message, .. }] = &items[..]
            && message.recipient().is_none()
        {
            let delivery = self.carry(message);
            return items.into_iter().map(|item| (item, delivery)).collect();
        }
        let now = self.now;
        let (late, items): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| item.is_expired(now));
        let mut results: Vec<_> = late.into_iter().map(|item| (item, Delivery::Expired)).collect();
        if !items.is_empty() {
            let request = self.post.request(&items);
            let response = self.post.accept(now, &request, &items);
            let deliveries = self.post.judge(&response, &items);
            results.extend(items.into_iter().zip(deliveries));
        }
        results
    }

    /// Carries a message to the object that it is for.
    fn carry(&mut self, message: &OutboxMessage) -> Delivery {
        let Some((to, command)) = addressed(message) else {
            return Delivery::Done;
        };
        let answer = self.command(&to, &command).ok();
        let arrived = answer.is_some_and(|answer| {
            serde_json::from_str::<Answer<serde_json::Value>>(&answer).unwrap().is_granted()
        });
        if arrived { Delivery::Done } else { Delivery::Retry { after_ms: None } }
    }
}

/// The object that a message is for, and what it is told.
pub(crate) fn addressed(message: &OutboxMessage) -> Option<(Address, String)> {
    fn text<C: Serialize>(command: C) -> String {
        serde_json::to_string(&Envelope::new(command)).unwrap()
    }
    match message {
        OutboxMessage::Mail(_) | OutboxMessage::Report(None) => None,
        OutboxMessage::Report(Some(report)) => {
            Some((Address::Catalog, text(catalog::Command::Report(report.clone()))))
        }
        OutboxMessage::AccountChange(account_change, events) => {
            let command = catalog::Command::AccountChange((**account_change).clone(), events.clone());
            Some((Address::Catalog, text(command)))
        }
        OutboxMessage::AccountChangeFor(event, account_change) => {
            Some((Address::Event(*event), text(event::Command::AccountChange(account_change.clone()))))
        }
    }
}

impl ObjectClient for World {
    fn account<'a>(
        &'a self,
        key: &'a AccountKey,
        envelope: Envelope<account::Command>,
    ) -> BoxFuture<'a, Result<Answer<account::Reply>, Unreachable>> {
        Box::pin(ready(self.state().answer(&Address::Account(key.clone()), envelope)))
    }

    fn event(
        &self,
        id: EventId,
        envelope: Envelope<event::Command>,
    ) -> BoxFuture<'_, Result<Answer<event::Reply>, Unreachable>> {
        Box::pin(ready(self.state().answer(&Address::Event(id), envelope)))
    }

    fn catalog(
        &self,
        envelope: Envelope<catalog::Command>,
    ) -> BoxFuture<'_, Result<Answer<catalog::Reply>, Unreachable>> {
        Box::pin(ready(self.state().answer(&Address::Catalog, envelope)))
    }

    fn registry(
        &self,
        envelope: Envelope<catalog::Command>,
    ) -> BoxFuture<'_, Result<Answer<catalog::Reply>, Unreachable>> {
        Box::pin(ready(self.state().registered(&envelope)))
    }
}

impl Runtime for World {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.state().random.fill(bytes);
    }

    fn log(&self, line: &str) {
        self.state().log.push(line.to_owned());
    }

    fn pause(&self, _ms: u32) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }

    fn measures(&self) -> bool {
        true
    }

    fn measure(&self, metric: Metric, subject: Subject, value: u64) {
        self.state().measured.push((metric, subject, value));
    }

    /// Signatures by a private key are for the real runtime to check: here this one alone is right.
    fn verify<'a>(
        &'a self,
        _scheme: Scheme,
        _key: &'a [u8],
        _message: &'a [u8],
        signature: &'a [u8],
    ) -> BoxFuture<'a, bool> {
        Box::pin(ready(signature == RIGHT_SIGNATURE))
    }

    fn fetch_text<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Option<String>> {
        let mut state = self.state();
        state.fetched.push(url.to_owned());
        Box::pin(ready(state.texts.get(url).cloned()))
    }

    fn within_rate<'a>(&'a self, limit: RateLimit, key: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(ready(self.state().within_rate(limit, key)))
    }
}
