//! However requests come, look in, and go away: each gets the hash of its own password, and what
//! nobody waits for is forgotten.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects)]

use event_platform::auth::hash_queue::{HashQueue, Ticket, Turn};
use event_platform::auth::hashing::{Digest, Hashing, Salt};
use event_platform::domain::{Refusal, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

/// What may happen; requests are named by their place among those that are there.
#[derive(Debug, Clone)]
enum Step {
    Arrive {
        password: Vec<u8>,
        salt: Salt,
        cost: u32,
    },
    LookIn(usize),
    /// The client goes away and the request notices.
    Withdraw(usize),
    /// The client goes away and the request is never heard of again.
    Vanish(usize),
    Wait {
        ms: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (vec(any::<u8>(), 0..=80), any::<Salt>(), 4..=7_u32)
            .prop_map(|(password, salt, cost)| Step::Arrive { password, salt, cost }),
        20 => any::<usize>().prop_map(Step::LookIn),
        1 => any::<usize>().prop_map(Step::Withdraw),
        1 => any::<usize>().prop_map(Step::Vanish),
        2 => (1..150_i64).prop_map(|ms| Step::Wait { ms }),
    ]
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
            Step::Arrive { password, salt, cost } => {
                let hashing = Hashing::new(&password, salt, cost).unwrap();
                let ticket = self.queue.submit(hashing, self.now).unwrap();
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
        for _ in 0..HashQueue::MAX {
            let hashing = Hashing::new(b"", [0; 16], 4).unwrap();
            isolate.queue.submit(hashing, later).unwrap();
        }
        let hashing = Hashing::new(b"", [0; 16], 4).unwrap();
        prop_assert_eq!(isolate.queue.submit(hashing, later), Err(Refusal::Overloaded));
    }
}
