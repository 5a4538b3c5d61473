//! However requests come, look in, and go away: each gets the hash of its own password, and what
//! nobody waits for is forgotten.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects)]

use event_platform::auth::hash_queue::{HashQueue, Ticket, Turn};
use event_platform::auth::hashing::{Digest, Hashing, Salt};
use event_platform::domain::{ClientKey, Refusal, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

/// What may happen; requests are named by their place among those that are there.
#[derive(Debug, Clone)]
enum Step {
    Arrive {
        client: ClientKey,
        password: Vec<u8>,
        salt: Salt,
        cost: u32,
    },
    LookIn(usize),
    /// The client goes away and the request account changes.
    Withdraw(usize),
    /// The client goes away and the request is never heard of again.
    Vanish(usize),
    Wait {
        ms: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4_u8, vec(any::<u8>(), 0..=80), any::<Salt>(), 4..=7_u32).prop_map(
            |(n, password, salt, cost)| Step::Arrive { client: client(n), password, salt, cost }
        ),
        20 => any::<usize>().prop_map(Step::LookIn),
        1 => any::<usize>().prop_map(Step::Withdraw),
        1 => any::<usize>().prop_map(Step::Vanish),
        2 => (1..150_i64).prop_map(|ms| Step::Wait { ms }),
    ]
}

fn client(n: u8) -> ClientKey {
    ClientKey::parse(Some(&format!("192.0.2.{n}")))
}

/// A request that waits for the hash that it must get.
struct Request {
    ticket: Ticket,
    expected: Digest,
    seen: Timestamp,
}

#[derive(Default)]
struct Isolate {
    queue: HashQueue,
    now: Timestamp,
    requests: Vec<Request>,
}

impl Isolate {
    fn happen(&mut self, step: Step) {
        match step {
            Step::Arrive { client, password, salt, cost } => {
                let hashing = Hashing::new(&password, salt, cost).unwrap();
                let ticket = self.queue.submit(client, hashing, self.now).unwrap();
                let expected = oracle(&password, salt, cost);
                self.requests.push(Request { ticket, expected, seen: self.now });
            }
            Step::Wait { ms } => self.now = self.now.plus_ms(ms),
            _ if self.requests.is_empty() => {}
            Step::LookIn(which) => self.look_in(which % self.requests.len()),
            Step::Withdraw(which) => {
                let request = self.requests.swap_remove(which % self.requests.len());
                self.queue.withdraw(request.ticket);
            }
            Step::Vanish(which) => drop(self.requests.swap_remove(which % self.requests.len())),
        }
    }

    fn look_in(&mut self, at: usize) {
        let request = &mut self.requests[at];
        match self.queue.turn(request.ticket, self.now) {
            Turn::Done(digest) => {
                assert_eq!(digest, request.expected);
                self.requests.swap_remove(at);
            }
            Turn::Later { .. } => request.seen = self.now,
            Turn::Forgotten => {
                assert!(self.now.ms_since(request.seen) >= 2_000, "forgotten while it was waited for");
                self.requests.swap_remove(at);
            }
        }
    }

    /// Everybody looks in again and again, until all have gone.
    fn come_to_an_end(&mut self) {
        let end = self.now.plus_ms(20_000);
        while !self.requests.is_empty() && self.now < end {
            self.now = self.now.plus_ms(1);
            for at in (0..self.requests.len()).rev() {
                self.look_in(at);
            }
        }
        assert!(self.requests.is_empty(), "{} never get their hash", self.requests.len());
    }
}

fn oracle(password: &[u8], salt: Salt, cost: u32) -> Digest {
    let text = bcrypt::hash_with_salt(password, cost, salt).unwrap().to_string();
    let bytes = base64::Engine::decode(&bcrypt::BASE_64, &text[29..]).unwrap();
    bytes.try_into().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn everybody_gets_their_own_hash(steps in vec(step(), 1..300)) {
        let mut isolate = Isolate { now: Timestamp::from_ms(1_700_000_000_000), ..Isolate::default() };
        for step in steps {
            isolate.happen(step);
        }
        isolate.come_to_an_end();
        // Nothing is left behind: there is room for as many as ever.
        let later = isolate.now.plus_ms(2_000);
        for n in 0..HashQueue::MAX {
            let hashing = Hashing::new(b"", [0; 16], 4).unwrap();
            isolate.queue.submit(client((n % 2) as u8), hashing, later).unwrap();
        }
        let hashing = Hashing::new(b"", [0; 16], 4).unwrap();
        prop_assert_eq!(isolate.queue.submit(client(0), hashing, later), Err(Refusal::Overloaded));
    }
}

/// The virtual milliseconds that a slice of the three hashes in front takes, with the timer after it.
const SLICE_MS: i64 = 5;
/// A quarter of the work of cost 10, and so a quarter of the time.
const COST: u32 = 8;
/// Logins that a flooding client has on their way at any time: as much work as 64 of cost 10.
const FLOOD: usize = 256;

/// Clients who log in, in virtual time: one thread, in which slices and looks follow one another.
struct Crowd {
    cost: u32,
    queue: HashQueue,
    now: Timestamp,
    /// When each request looks in again, with the ticket and whose it is.
    requests: Vec<(Timestamp, Ticket, u8)>,
    refused: Vec<u8>,
    done: Vec<(u8, Timestamp)>,
}

impl Crowd {
    fn new(cost: u32) -> Self {
        let (now, queue) = (Timestamp::from_ms(1_700_000_000_000), HashQueue::default());
        Self { cost, queue, now, requests: Vec::new(), refused: Vec::new(), done: Vec::new() }
    }

    /// Whether there is room for it.
    fn log_in(&mut self, who: u8) -> bool {
        let hashing = Hashing::new(&[who], [who; 16], self.cost).unwrap();
        let submitted = self.queue.submit(client(who), hashing, self.now);
        match submitted {
            Ok(ticket) => self.requests.push((self.now, ticket, who)),
            Err(_) => self.refused.push(who),
        }
        submitted.is_ok()
    }

    /// Goes on for so long, or until `person` is done; each of `floods` has its logins on their way all
    /// the time.
    fn go_on(&mut self, ms: i64, floods: std::ops::Range<u8>, person: Option<u8>) {
        let end = self.now.plus_ms(ms);
        let is_done = |done: &[(u8, Timestamp)]| done.iter().any(|(who, _)| Some(*who) == person);
        while self.now < end && !is_done(&self.done) {
            for who in floods.clone() {
                let under_way = self.requests.iter().filter(|(_, _, whose)| *whose == who).count();
                let _refused = (under_way..FLOOD).any(|_| !self.log_in(who));
            }
            let next = (0..self.requests.len()).min_by_key(|at| self.requests[*at].0);
            let Some(next) = next else { break };
            let (at, ticket, who) = self.requests.swap_remove(next);
            self.now = self.now.max(at);
            match self.queue.turn(ticket, self.now) {
                // The last slice of it, as far as one can tell.
                Turn::Done(_) => {
                    self.now = self.now.plus_ms(SLICE_MS);
                    self.done.push((who, self.now));
                }
                Turn::Later { ms: 0 } => {
                    self.now = self.now.plus_ms(SLICE_MS);
                    self.requests.push((self.now, ticket, who));
                }
                Turn::Later { ms } => self.requests.push((self.now.plus_ms(ms.into()), ticket, who)),
                Turn::Forgotten => self.refused.push(who),
            }
        }
    }

    /// How long a person's login takes while the flood goes on.
    fn login_of_a_person(&mut self, floods: std::ops::Range<u8>) -> i64 {
        let (person, begun) = (floods.end, self.now);
        assert!(self.log_in(person), "the person was turned away");
        self.go_on(3_000, floods, Some(person));
        assert!(!self.refused.contains(&person), "the person was turned away");
        let done = self.done.iter().find(|(who, _)| *who == person).expect("the person's login");
        done.1.ms_since(begun)
    }
}

#[test]
fn a_person_logs_in_beside_a_client_that_floods() {
    let mut crowd = Crowd::new(COST);
    crowd.go_on(50, 0..1, None);
    let took_ms = crowd.login_of_a_person(0..1);
    assert!(took_ms < 125, "{took_ms} ms");
    assert!(crowd.done.iter().any(|(who, _)| *who == 0), "the flood goes on, too");
}

#[test]
fn a_person_logs_in_beside_clients_whose_floods_fill_the_queue() {
    let mut crowd = Crowd::new(COST);
    crowd.go_on(50, 0..4, None);
    assert!(!crowd.refused.is_empty(), "the queue is full");
    let took_ms = crowd.login_of_a_person(0..4);
    assert!(took_ms < 250, "{took_ms} ms");
}

#[test]
fn nobody_waits_for_ever_behind_clients_that_keep_coming() {
    let mut crowd = Crowd::new(6);
    assert!((0..4).all(|_| crowd.log_in(0)));
    // New clients come faster than hashes are computed.
    for newcomer in 1..=60 {
        assert!(crowd.log_in(newcomer) && crowd.log_in(100 + newcomer));
        crowd.go_on(3, 0..0, None);
    }
    let done: Vec<u8> = crowd.done.iter().map(|(who, _)| *who).collect();
    assert_eq!(done.iter().filter(|who| **who == 0).count(), 4, "{done:?}");
    assert!(!crowd.requests.is_empty(), "more have come than could be served");
}
