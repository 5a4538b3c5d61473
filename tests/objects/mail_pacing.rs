//! One pace for the mail of a deployment, in virtual time: many objects, one pacer, and a provider that
//! refuses what comes too fast.

use std::collections::{BTreeMap, BTreeSet};

use event_platform::domain::Timestamp;
use event_platform::domain::event::{Change, EventPatch, Status};
use event_platform::domain::schedule::parse_date;
use event_platform::objects::account::{self, Account};
use event_platform::objects::command_queue::{CommandQueue, ObjectQueue, Submission};
use event_platform::objects::event::Event;
use event_platform::objects::mail_pacer::client::{PacerClient, Ready, Rest};
use event_platform::objects::mail_pacer::{Command, MailPacer, Reply, Slots};
use event_platform::objects::outbox::{Delivery, OutboxEntry, Pace};
use event_platform::objects::sql::Sql;
use event_platform::objects::{Envelope, Host, Object, Outcome};
use serde::Serialize;

use super::read;
use crate::support::fixtures::*;
use crate::support::sqlite::Sqlite;
use crate::support::world::START;

/// What objects keep to, and what the provider takes.
const PACE: Pace = Pace { requests: 4, batch: 100, batches_attachments: false };
const LIMIT: usize = 5;
const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;

fn at(ms: i64) -> Timestamp {
    START.plus_ms(ms)
}

/// An object with an outbox, as the runtime's host runs it.
struct Sender {
    queue: Box<dyn CommandQueue>,
    sql: Sqlite,
    client: PacerClient,
    resting_until: Timestamp,
    /// Requests that are on their way, and how those ended that came back.
    flying: usize,
    results: Vec<(OutboxEntry, Delivery)>,
}

enum Step {
    Alarm(usize),
    Request(usize, Vec<OutboxEntry>),
}

/// A request that the provider has had.
#[derive(Debug, Clone)]
struct Request {
    at: Timestamp,
    taken: bool,
    keys: Vec<String>,
}

struct Deployment {
    now: Timestamp,
    senders: Vec<Sender>,
    pacer: Host<MailPacer>,
    pacer_sql: Sqlite,
    reachable: bool,
    steps: BTreeMap<(Timestamp, u64), Step>,
    counter: u64,
    requests: Vec<Request>,
    random: fastrand::Rng,
}

impl Deployment {
    fn new() -> Self {
        Self {
            now: START,
            senders: Vec::new(),
            pacer: Host::new(0),
            pacer_sql: Sqlite::in_memory(),
            reachable: true,
            steps: BTreeMap::new(),
            counter: 0,
            requests: Vec::new(),
            random: fastrand::Rng::with_seed(7),
        }
    }

    fn object<O: Object + 'static>(&mut self) -> usize {
        let number = self.senders.len();
        self.senders.push(Sender {
            queue: Box::new(ObjectQueue::new(Host::<O>::new(0).paced(PACE))),
            sql: Sqlite::in_memory(),
            client: PacerClient::new(format!("object {number}")),
            resting_until: START,
            flying: 0,
            results: Vec::new(),
        });
        number
    }

    /// An event with so many participants, who have had all their mail so far.
    fn event(&mut self, number: u32, patch: &EventPatch, people: u32) -> usize {
        let sender = self.object::<Event>();
        let first = number * 10_000;
        let mut commands = vec![create(number, patch)];
        commands.extend((first..first + people).map(|person| register(person, person)));
        self.tell(sender, commands);
        self.senders[sender].sql.run("DELETE FROM outbox", &[]).unwrap();
        sender
    }

    /// Somebody signs up, and waits for the mail.
    fn sign_up(&mut self, number: u32) {
        let sender = self.object::<Account>();
        self.tell(sender, vec![account::Command::SignUp(Box::new(sign_up(number)))]);
    }

    fn tell<C: Serialize>(&mut self, sender: usize, commands: Vec<C>) {
        let (now, object) = (self.now, &mut self.senders[sender]);
        for command in commands {
            let text = serde_json::to_string(&Envelope::new(command)).unwrap();
            if let Submission::Waiting { ticket, guarded: true, .. } =
                object.queue.receive(&object.sql, now, &text, false).unwrap()
            {
                object.queue.hold_leases(&object.sql, now).unwrap();
                object.queue.ready(ticket);
                object.queue.release_leases(now, true);
            }
            if object.queue.waiting() == 256 {
                object.queue.run_batch(&object.sql, now).unwrap();
            }
        }
        object.queue.run_batch(&object.sql, now).unwrap();
        self.arm(sender);
    }

    fn after(&mut self, ms: i64, step: Step) {
        self.counter += 1;
        self.steps.insert((self.now.plus_ms(ms), self.counter), step);
    }

    fn arm(&mut self, sender: usize) {
        let object = &self.senders[sender];
        if let (0, Some(due)) = (object.flying, object.queue.next_alarm()) {
            // Alarms are late by a little, and by more now and then.
            let latest_ms = if self.random.u32(0..20) == 0 { 400 } else { 40 };
            let late_ms = self.random.i64(0..latest_ms);
            let wait_ms = due.max(object.resting_until).ms_since(self.now).max(0);
            self.after(wait_ms + late_ms, Step::Alarm(sender));
        }
    }

    fn run_until(&mut self, end: Timestamp) {
        while self.steps.first_key_value().is_some_and(|((at, _), _)| *at <= end) {
            let ((at, _), step) = self.steps.pop_first().unwrap();
            self.now = self.now.max(at);
            match step {
                Step::Alarm(sender) => self.alarm(sender),
                Step::Request(sender, items) => self.request(sender, items),
            }
        }
        self.now = self.now.max(end);
    }

    fn ask(&mut self, command: Command) -> Option<Slots> {
        let answer = read(&mut self.pacer, &self.pacer_sql, self.now, command).unwrap();
        match answer.outcome {
            Outcome::Reply(Reply::Slots(slots)) => self.reachable.then_some(slots),
            _ => None,
        }
    }

    /// What the host does when an alarm rings.
    fn alarm(&mut self, sender: usize) {
        let now = self.now;
        let object = &mut self.senders[sender];
        if object.flying > 0 || object.queue.next_alarm().is_none_or(|due| due > now) {
            return self.arm(sender);
        }
        let due = object.queue.due(&object.sql, now).unwrap();
        object.resting_until = now.plus_ms(Pace::rest_between_looks_ms(due.len()));
        let (mails, others): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|item| item.message.recipient().is_some());
        let others: Vec<_> = others.into_iter().map(|item| (item, Delivery::Done)).collect();
        object.queue.acknowledge(&object.sql, now, &others).unwrap();
        let ready = Ready::new(mails, now);
        let question = object.client.question(&ready, PACE.requests);
        let answer = question.and_then(|ask| self.ask(Command::Ask(ask)));
        let chance = self.random.u32(..);
        let object = &mut self.senders[sender];
        let departure = object.client.depart(ready, answer, chance);
        if let Some(Rest { again_in_ms, leave_by }) = departure.rest {
            object.queue.queue_mail_until(now.plus_ms(i64::from(again_in_ms)), leave_by);
        }
        object.flying = departure.requests.len();
        let mut leaves_in_ms = i64::from(departure.first_in_ms);
        for items in departure.requests {
            self.after(leaves_in_ms, Step::Request(sender, items));
            leaves_in_ms += i64::from(departure.apart_ms);
        }
        self.arm(sender);
    }

    /// A request reaches the provider.
    fn request(&mut self, sender: usize, items: Vec<OutboxEntry>) {
        let now = self.now;
        let expired = items.iter().all(|item| item.is_expired(now));
        let lately = self.requests.iter().rev().take_while(|other| now.ms_since(other.at) < SECOND_MS);
        let taken = lately.filter(|other| other.taken).count() < LIMIT;
        let delivery = match (expired, taken) {
            (true, _) => Delivery::Expired,
            (false, true) => Delivery::Done,
            (false, false) => Delivery::Retry { after_ms: Some(1_000) },
        };
        if !expired {
            let keys = items.iter().map(|item| item.key.clone()).collect();
            self.requests.push(Request { at: now, taken, keys });
        }
        let object = &mut self.senders[sender];
        object.results.extend(items.into_iter().map(|item| (item, delivery)));
        object.flying -= 1;
        if object.flying > 0 {
            return;
        }
        let results = std::mem::take(&mut object.results);
        object.queue.acknowledge(&object.sql, now, &results).unwrap();
        if let Some(for_ms) = object.client.tried(&results)
            && self.reachable
        {
            self.ask(Command::Slowed { for_ms });
        }
        self.arm(sender);
    }

    /// The mails that were taken, in order.
    fn mails(&self) -> Vec<(Timestamp, &str)> {
        let taken = self.requests.iter().filter(|request| request.taken);
        taken.flat_map(|request| request.keys.iter().map(|key| (request.at, key.as_str()))).collect()
    }

    fn refused(&self) -> usize {
        self.requests.iter().filter(|request| !request.taken).count()
    }

    /// The most requests in one second, whenever it begins.
    fn busiest_second(&self) -> usize {
        let in_second = |first: &Request| {
            let second = |other: &&Request| (0..SECOND_MS).contains(&other.at.ms_since(first.at));
            self.requests.iter().filter(second).count()
        };
        self.requests.iter().map(in_second).max().unwrap_or(0)
    }

    /// Everybody who was to get one has got exactly one, and nothing has expired.
    #[track_caller]
    fn has_told(&self, kind: &str, people: usize) {
        let told: Vec<_> = self.mails().into_iter().filter(|(_, key)| key.starts_with(kind)).collect();
        let once: BTreeSet<_> = told.iter().map(|(_, key)| *key).collect();
        assert_eq!((told.len(), once.len()), (people, people), "{kind}");
        for object in &self.senders {
            assert!(object.sql.run("SELECT 1 FROM parked", &[]).unwrap().is_empty(), "nothing is given up");
        }
    }
}

/// Fifty events that begin at 12:20, with so many participants each; reminders are due at 12:05.
fn fifty_events(people: u32) -> Deployment {
    let mut deployment = Deployment::new();
    for number in 1..=50 {
        deployment.event(number, &soon(), people);
    }
    deployment
}

const REMINDERS_AT: i64 = 5 * MINUTE_MS;
const EVENTS_AT: i64 = 20 * MINUTE_MS;

#[test]
fn fifty_events_that_remind_in_the_same_minute_share_the_pace_and_nothing_expires() {
    let mut deployment = fifty_events(300);
    deployment.run_until(at(EVENTS_AT));
    deployment.has_told("reminder_quarter", 50 * 300);
    assert!(deployment.busiest_second() <= LIMIT, "{} requests", deployment.busiest_second());
    assert_eq!(deployment.refused(), 0);
    let requests = i64::try_from(deployment.requests.len()).unwrap();
    let took = deployment.mails().last().unwrap().0.ms_since(at(REMINDERS_AT));
    assert!(took < requests * 250 + 20 * SECOND_MS, "{requests} requests took {took} ms");
}

/// What leaves first is what should have left first: who waits in front of a screen, the reminders,
/// then who registers, then the news of an event that is far away.
#[test]
fn the_more_urgent_mail_of_all_objects_leaves_first() {
    let mut deployment = fifty_events(200);
    let next_week = EventPatch { date: Change::Set(parse_date("2030-01-08").unwrap()), ..soon() };
    let cancelled = deployment.event(60, &next_week, 400);
    let popular = deployment.event(61, &next_week, 0);
    deployment.run_until(at(REMINDERS_AT - SECOND_MS));
    let cancel = EventPatch { status: Change::Set(Status::Cancelled), ..EventPatch::default() };
    deployment.run_until(at(REMINDERS_AT));
    deployment.tell(cancelled, vec![update(cancel)]);
    deployment.tell(popular, (0..8).map(|person| register(700_000 + person, 700_000 + person)).collect());
    deployment.run_until(at(REMINDERS_AT + 10 * SECOND_MS));
    let before = deployment.requests.len();
    (800_001..=800_006).for_each(|number| deployment.sign_up(number));
    deployment.run_until(at(EVENTS_AT));
    deployment.has_told("reminder_quarter", 50 * 200);
    deployment.has_told("event_cancelled", 400);
    deployment.has_told("registered", 8);
    deployment.has_told("verify", 6);
    assert!(deployment.busiest_second() <= LIMIT);
    let mails = deployment.mails();
    let place = |kind: &str| {
        let places = mails.iter().enumerate().filter(|(_, (_, key))| key.starts_with(kind));
        let places: Vec<_> = places.map(|(place, _)| place).collect();
        (places[0], *places.last().unwrap())
    };
    // What was free when it came goes at once, and what was given away before is not taken back.
    let late = |kind: &str| mails.iter().filter(|(_, key)| key.starts_with(kind)).nth(LIMIT * 100);
    assert!(late("event_cancelled").is_none() && late("registered").is_none());
    assert!(place("reminder_quarter").1 < place("registered").1, "registrations go after reminders");
    assert!(place("registered").1 < place("event_cancelled").1, "and before what can wait");
    let since: Vec<_> = deployment.requests[before..].iter().take(16).flat_map(|one| &one.keys).collect();
    let at_once = since.iter().filter(|key| key.starts_with("verify")).count();
    assert_eq!(at_once, 6, "a sign-up does not wait for ten thousand reminders");
}

/// A pacer that is reset all the time forgets its queue, and never makes a second too full.
#[test]
fn a_pacer_that_forgets_everything_every_few_seconds_still_keeps_the_pace() {
    let mut deployment = fifty_events(200);
    let mut now = REMINDERS_AT;
    while now < EVENTS_AT {
        now += deployment.random.i64(500..5_000);
        deployment.run_until(at(now));
        deployment.pacer = Host::new(0);
    }
    deployment.has_told("reminder_quarter", 50 * 200);
    assert!(deployment.busiest_second() <= LIMIT, "{} requests", deployment.busiest_second());
}

/// Nobody knows of the others then, so each goes slowly enough for all.
#[test]
fn without_a_pacer_fifty_objects_do_not_flood_the_provider_and_all_mail_arrives() {
    let mut deployment = fifty_events(300);
    deployment.reachable = false;
    deployment.run_until(at(EVENTS_AT));
    deployment.has_told("reminder_quarter", 50 * 300);
    let (all, refused) = (deployment.requests.len(), deployment.refused());
    assert!(deployment.busiest_second() <= 2 * LIMIT, "{} in a second", deployment.busiest_second());
    assert!(refused * 10 < all, "{refused} of {all} requests came too fast");
}

#[test]
fn a_pacer_that_comes_back_is_heard_again() {
    let mut deployment = fifty_events(200);
    deployment.reachable = false;
    deployment.run_until(at(REMINDERS_AT + 30 * SECOND_MS));
    deployment.reachable = true;
    deployment.run_until(at(REMINDERS_AT + 120 * SECOND_MS));
    deployment.has_told("reminder_quarter", 50 * 200);
}
