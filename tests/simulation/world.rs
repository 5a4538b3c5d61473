//! The world around the objects: time, a network that loses, repeats and delays, disks that fail,
//! objects that crash between any two steps, and a mail provider. What the runtime's host does
//! with an object is done here step by step, so that anything can come in between.

mod delivery;
mod host;

use std::collections::{BTreeMap, VecDeque};
use std::mem;

use event_platform::domain::Timestamp;
use event_platform::objects::command_queue::Ticket;
use event_platform::objects::outbox::{Delivery, OutboxEntry, OutboxMessage};
use fastrand::Rng;

use crate::support::node::{Address, EventMemory, Node};
use crate::support::post::{Post, Sent};
use crate::support::world::START;

/// How bad the world is: chances from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// That a message is lost.
    pub(crate) loss: f64,
    /// That a message arrives twice: from an object, or from an isolate that has not heard whether
    /// the first was executed.
    pub(crate) repeat: f64,
    /// That a message takes seconds rather than milliseconds.
    pub(crate) late: f64,
    /// That an object crashes at a step.
    pub(crate) crash: f64,
    /// That a disk fails at some statement of a step.
    pub(crate) bad_disk: f64,
    /// That an object has too much to do to take a command.
    pub(crate) overload: f64,
    /// That the mail provider goes down or comes back, at a step.
    pub(crate) mail_outage: f64,
}

impl Weather {
    pub(crate) const CALM: Self = Self {
        loss: 0.0,
        repeat: 0.0,
        late: 0.0,
        crash: 0.0,
        bad_disk: 0.0,
        overload: 0.0,
        mail_outage: 0.0,
    };
}

/// What became known by a step.
pub(crate) enum Happened {
    /// An object has executed a command, and its effects are committed.
    Executed { at: Address, now: Timestamp, command: String, answer: String },
    /// An object has lost its memory.
    Forgot(Address),
    /// A client has its answer; `None` if something broke on the way.
    Answered { client: usize, request: u32, answer: Option<String> },
    /// A client looks up.
    Woke(usize),
    /// The provider has accepted a mail.
    Mailed(Box<Sent>),
}

/// Milliseconds after which an object takes no answer for a failure.
const PATIENCE_MS: i64 = 3_000;
/// Milliseconds that a late message takes at most.
const LATEST_MS: i64 = 8_000;
/// Milliseconds of the longest lease.
const LEASE_MS: u32 = 1_000;
/// Lines of history that are kept.
const HISTORY: usize = 60;

/// Who waits for an answer.
#[derive(Debug, Clone)]
enum Asker {
    Client(usize, u32),
    Object(u64),
    /// The connection broke, and whoever asked asks again.
    Nobody,
}

enum Step {
    Arrive { to: Address, command: String, again: bool, from: Asker },
    Ready { at: Address, life: u32, ticket: Ticket },
    Transaction { at: Address, life: u32 },
    Wake { at: Address },
    Mail { items: Vec<OutboxEntry>, at: Address, life: u32, index: usize },
    Tried { at: Address, life: u32, index: usize, delivery: Delivery },
    Answer { to: Asker, answer: Option<String> },
    Client(usize),
}

/// What an object waits to hear.
enum Pending {
    /// Whether a message has arrived.
    OutboxMessage { at: Address, life: u32, index: usize },
    /// Whether the Catalog knows; then the client gets the answer.
    Announcement { at: Address, life: u32, report: Box<OutboxMessage>, client: Asker, answer: String },
}

struct Place {
    node: Node,
    /// How often it has crashed: steps of a life before come to nothing.
    life: u32,
    waiting: BTreeMap<Ticket, Waiting>,
    armed: bool,
    wakes_at: Option<Timestamp>,
    delivering: Vec<(OutboxEntry, Option<Delivery>)>,
}

struct Waiting {
    command: String,
    from: Asker,
    guarded: bool,
    announces: bool,
}

/// What has happened to an object: a command and its answer, or an accident.
struct Line {
    now: Timestamp,
    at: Address,
    what: String,
    answer: String,
}

pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) random: Rng,
    pub(crate) weather: Weather,
    pub(crate) memory: EventMemory,
    /// Commands that were executed.
    pub(crate) executed: u64,
    /// Objects that have lost their memory.
    pub(crate) accidents: u64,
    steps: BTreeMap<(Timestamp, u64), Step>,
    counter: u64,
    places: BTreeMap<Address, Place>,
    pending: BTreeMap<u64, Pending>,
    post: Post,
    happened: Vec<Happened>,
    history: VecDeque<Line>,
}

impl World {
    pub(crate) fn new(seed: u64, weather: Weather, memory: EventMemory) -> Self {
        Self {
            now: START,
            random: Rng::with_seed(seed),
            weather,
            memory,
            executed: 0,
            accidents: 0,
            steps: BTreeMap::new(),
            counter: 0,
            places: BTreeMap::new(),
            pending: BTreeMap::new(),
            post: Post::new(),
            happened: Vec::new(),
            history: VecDeque::with_capacity(HISTORY),
        }
    }

    /// Takes the next step; `None` when there is none left.
    pub(crate) fn step(&mut self) -> Option<Vec<Happened>> {
        let ((at, _), step) = self.steps.pop_first()?;
        self.now = self.now.max(at);
        self.strike();
        match step {
            Step::Arrive { to, command, again, from } => self.arrive(to, &command, again, from),
            Step::Ready { at, life, ticket } => self.ready(&at, life, ticket),
            Step::Transaction { at, life } => self.run_batch(&at, life),
            Step::Wake { at } => self.wake(&at),
            Step::Mail { items, at, life, index } => self.mail(&items, &at, life, index),
            Step::Tried { at, life, index, delivery } => self.tried(&at, life, index, delivery),
            Step::Answer { to, answer } => self.answer(to, answer),
            Step::Client(client) => self.happened.push(Happened::Woke(client)),
        }
        Some(mem::take(&mut self.happened))
    }

    /// Sends a client's command on its way.
    pub(crate) fn send(&mut self, client: usize, request: u32, to: Address, command: String) {
        self.carry(to, command, Asker::Client(client, request));
    }

    /// Lets a client look up after so many milliseconds.
    pub(crate) fn wake_client(&mut self, client: usize, after_ms: i64) {
        self.after(after_ms, Step::Client(client));
    }

    /// The database of an object.
    pub(crate) fn node(&mut self, at: &Address) -> &Node {
        &self.place(at).node
    }

    /// Where objects are.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        self.places.keys().cloned().collect()
    }

    /// How often an object has lost its memory by crashing.
    pub(crate) fn life(&mut self, at: &Address) -> u32 {
        self.place(at).life
    }

    /// Ends the storm: everything restarts, and works from now on.
    pub(crate) fn calm_down(&mut self) {
        self.weather = Weather::CALM;
        self.post.up = true;
        for at in self.places.keys().cloned().collect::<Vec<_>>() {
            self.crash(&at);
        }
    }

    /// The last of what has happened.
    pub(crate) fn history(&self) -> String {
        let line = |Line { now, at, what, answer }: &Line| {
            let short = |text: &str| text.chars().take(160).collect::<String>();
            format!("{:>9} ms  {at:?} {} {}\n", now.ms_since(START), short(what), short(answer))
        };
        self.history.iter().map(line).collect()
    }

    fn note(&mut self, at: &Address, what: &str, answer: &str) {
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        let (at, what, answer) = (at.clone(), what.to_owned(), answer.to_owned());
        self.history.push_back(Line { now: self.now, at, what, answer });
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.random.f64() < probability
    }

    fn after(&mut self, ms: i64, step: Step) {
        self.counter += 1;
        self.steps.insert((self.now.plus_ms(ms), self.counter), step);
    }

    /// How long a message takes.
    fn travel_ms(&mut self) -> i64 {
        let late = self.chance(self.weather.late);
        self.random.i64(if late { 1_000..LATEST_MS } else { 1..15 })
    }

    fn carry(&mut self, to: Address, command: String, mut from: Asker) {
        let travel_ms = self.travel_ms();
        if self.chance(self.weather.repeat) {
            // An isolate tries again once the first try has failed, an outbox when it pleases.
            let (again, later_ms) = match from {
                Asker::Client(..) => (true, travel_ms + self.random.i64(50..200)),
                Asker::Object(_) | Asker::Nobody => (false, 0),
            };
            let first = if again { Asker::Nobody } else { from.clone() };
            let second = std::mem::replace(&mut from, first);
            let (to, command) = (to.clone(), command.clone());
            let again_ms = later_ms + self.travel_ms();
            self.after(again_ms, Step::Arrive { to, command, again, from: second });
        }
        if !self.chance(self.weather.loss) {
            self.after(travel_ms, Step::Arrive { to, command, again: false, from });
        }
    }

    fn reply(&mut self, to: Asker, answer: Option<String>) {
        if !self.chance(self.weather.loss) {
            let travel_ms = self.travel_ms();
            self.after(travel_ms, Step::Answer { to, answer });
        }
    }
}
