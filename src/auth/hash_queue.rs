//! The queue of password hashes, and whose turn it is.
//!
//! Each request handles its own hash, with its own timers, because the runtime does not let one request wait
//! for another. The first few hashes in the queue are computed side by side, by one request: the request of
//! the first hash computes a slice, lets other work run, and goes on until its own hash is done. The others
//! look in now and then. A request that finds its hash done takes it and leaves.
//!
//! The order is fair between clients (self-clocked fair queueing: Golestani, "A Self-Clocked Fair Queueing
//! Scheme for Broadband Applications", 1994). Each hash has a tag: its rounds, added to the tag of the same
//! client's previous hash, or to the queue's progress if that is larger. The lowest tag comes first. So
//! clients take turns, hash by hash: a client with many hashes waits for those of others between two of its
//! own, and a client with one hash is soon served. When the queue is full, the last hash of the client with
//! the most work makes room for a client with less.
//!
//! Nobody reports that a client has gone away: its request simply stops looking in. So if the request whose
//! turn it is stays away, whichever looks in next computes. A hash that nobody has asked for in a while is
//! skipped, and in the end forgotten. While a slice is computed nobody can look in, so that time does not
//! count: otherwise, on a busy processor, every request would compute in place of the others.

use std::collections::{HashMap, VecDeque};

use super::hashing::{self, Digest, Hashing};
use crate::domain::{ClientKey, Refusal, Timestamp};

/// Names a hash in the queue.
pub type Ticket = u64;

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// Take the hash and leave.
    Done(Digest),
    /// Let other work run and come back after so many milliseconds.
    Later {
        /// How many.
        ms: u32,
    },
    /// The hash is no longer in the queue: it was not asked for in time, or had to make room.
    Forgotten,
}

/// The hashes that an isolate is computing, in order.
#[derive(Default)]
pub struct HashQueue {
    jobs: VecDeque<Job>,
    next_ticket: Ticket,
    /// How far the queue is: the highest tag of all hashes that have been first in it.
    progress: u64,
    /// The hash whose request computes.
    computing: Option<Ticket>,
    /// When that request was first missed after its last slice.
    missed_since: Option<Timestamp>,
}

struct Job {
    ticket: Ticket,
    client: ClientKey,
    /// Decides the order; see above.
    tag: u64,
    hashing: Box<Hashing>,
    seen: Timestamp,
}

impl HashQueue {
    /// The most rounds in the queue: 128 hashes of cost 10, for which a client waits about ten seconds.
    pub const ROUNDS_MAX: u64 = 128 << 10;
    /// The most rounds of one client: half of the total.
    pub const CLIENT_ROUNDS_MAX: u64 = Self::ROUNDS_MAX / 2;
    /// The most hashes in the queue, however little work they are.
    pub const MAX: usize = 1_024;
    /// The most hashes of one client.
    pub const CLIENT_MAX: usize = Self::MAX / 2;
    /// Two to four milliseconds of work, which others have to wait for. The timer before the next slice takes
    /// one more: shorter slices would leave the processor idle for a larger share of the time.
    const SLICE_ROUNDS: u32 = 32;
    /// The longest pause between two looks. A request pauses a millisecond for each hash ahead of it, up to
    /// this, so that a long queue causes little work by itself.
    const FAR_MS: u32 = 50;
    /// Milliseconds that the computing request may stay away before another takes over.
    const LATE_MS: i64 = 20;
    /// Milliseconds after which a hash is skipped.
    const ABSENT_MS: i64 = 100;
    /// Milliseconds after which a hash is forgotten.
    const FORGOTTEN_MS: i64 = 2_000;

    /// Whether the client's own limits allow another hash of so many rounds.
    pub fn admits(&mut self, client: ClientKey, rounds: u64, now: Timestamp) -> bool {
        self.jobs.retain(|job| now.ms_since(job.seen) < Self::FORGOTTEN_MS);
        let own = self.load_of(client).with(rounds);
        own.rounds <= Self::CLIENT_ROUNDS_MAX && own.hashes <= Self::CLIENT_MAX
    }

    /// Puts a client's hash in the queue.
    ///
    /// # Errors
    /// `Overloaded` when the client has too many in it, or when it is full and nobody has more.
    pub fn submit(&mut self, client: ClientKey, hashing: Hashing, now: Timestamp) -> Result<Ticket, Refusal> {
        let rounds = u64::from(hashing.rounds_left());
        if !self.admits(client, rounds, now) {
            return Err(Refusal::Overloaded);
        }
        let own = self.load_of(client).with(rounds);
        while !self.has_room_for(rounds) {
            self.make_room(own)?;
        }
        let ticket = self.next_ticket;
        self.next_ticket = ticket.wrapping_add(1);
        let tags = self.jobs.iter().filter(|job| job.client == client).map(|job| job.tag);
        let tag = tags.fold(self.progress, u64::max).saturating_add(rounds);
        let place = self.jobs.partition_point(|job| job.tag <= tag);
        let hashing = Box::new(hashing);
        self.jobs.insert(place, Job { ticket, client, tag, hashing, seen: now });
        Ok(ticket)
    }

    /// Looks in, and computes a slice if it is this request's turn, or if the one whose turn it is stays
    /// away.
    pub fn turn(&mut self, ticket: Ticket, now: Timestamp) -> Turn {
        let Some(job) = self.jobs.iter_mut().find(|job| job.ticket == ticket) else {
            return Turn::Forgotten;
        };
        job.seen = now;
        let computes = !job.hashing.is_done() && self.computes(ticket, now);
        if computes {
            self.computing = Some(ticket);
            self.missed_since = None;
            self.advance(now);
        }
        match self.jobs.iter().position(|job| job.ticket == ticket && job.hashing.is_done()) {
            Some(at) => self.jobs.remove(at).map_or(Turn::Forgotten, |job| Turn::Done(job.hashing.finish())),
            None if computes => Turn::Later { ms: 0 },
            None => {
                let before = self.jobs.iter().take_while(|job| job.ticket != ticket);
                let before = before.filter(|job| job.is_waiting(now, Self::ABSENT_MS)).count();
                Turn::Later { ms: u32::try_from(before).map_or(Self::FAR_MS, |ms| ms.min(Self::FAR_MS)) }
            }
        }
    }

    /// Whether this request is the one to compute.
    fn computes(&mut self, ticket: Ticket, now: Timestamp) -> bool {
        let mut unfinished = self.jobs.iter().filter(|job| !job.hashing.is_done());
        let missed_since = match unfinished.clone().find(|job| Some(job.ticket) == self.computing) {
            Some(job) if job.ticket == ticket => return true,
            Some(_) => *self.missed_since.get_or_insert(now),
            None => match unfinished.next() {
                Some(first) if first.ticket != ticket => first.seen,
                _ => return true,
            },
        };
        now.ms_since(missed_since) >= Self::LATE_MS
    }

    /// Computes a slice of the first hashes that somebody is waiting for.
    fn advance(&mut self, now: Timestamp) {
        let mut waiting = self.jobs.iter_mut().filter(|job| job.is_waiting(now, Self::ABSENT_MS)).peekable();
        if let Some(first) = waiting.peek() {
            self.progress = self.progress.max(first.tag);
        }
        hashing::advance(waiting.map(|job| &mut *job.hashing), Self::SLICE_ROUNDS);
    }

    /// Forgets a hash that nobody wants any more.
    pub fn withdraw(&mut self, ticket: Ticket) {
        self.jobs.retain(|job| job.ticket != ticket);
    }

    fn has_room_for(&self, rounds: u64) -> bool {
        let all = self.jobs.iter().fold(Load::default(), |load, job| load.with(job.rounds_left()));
        let all = all.with(rounds);
        all.rounds <= Self::ROUNDS_MAX && all.hashes <= Self::MAX
    }

    /// Forgets the last hash of the client with the most work in the queue, if that is more than `own`.
    fn make_room(&mut self, own: Load) -> Result<(), Refusal> {
        let mut loads: HashMap<ClientKey, Load> = HashMap::new();
        for job in &self.jobs {
            let load = loads.entry(job.client).or_default();
            *load = load.with(job.rounds_left());
        }
        let largest = loads.into_iter().max_by_key(|(_, load)| *load).filter(|(_, load)| *load > own);
        let (client, _) = largest.ok_or(Refusal::Overloaded)?;
        let last = self.jobs.iter().rposition(|job| job.client == client && !job.hashing.is_done());
        self.jobs.remove(last.ok_or(Refusal::Overloaded)?);
        Ok(())
    }

    /// A client's share of the queue.
    fn load_of(&self, client: ClientKey) -> Load {
        let own = self.jobs.iter().filter(|job| job.client == client);
        own.fold(Load::default(), |load, job| load.with(job.rounds_left()))
    }
}

/// An amount of work; rounds count before the number of hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Load {
    rounds: u64,
    hashes: usize,
}

impl Load {
    const fn with(self, rounds: u64) -> Self {
        Self { rounds: self.rounds.saturating_add(rounds), hashes: self.hashes.saturating_add(1) }
    }
}

impl Job {
    fn rounds_left(&self) -> u64 {
        self.hashing.rounds_left().into()
    }

    /// Whether the hash is unfinished and was asked for within `ms`.
    fn is_waiting(&self, now: Timestamp, ms: i64) -> bool {
        !self.hashing.is_done() && now.ms_since(self.seen) < ms
    }
}

#[cfg(test)]
mod tests {
    use super::hashing::SIDE_BY_SIDE;
    use super::*;

    const SALT: [u8; 16] = [7; 16];

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_700_000_000_000 + ms)
    }

    const SOMEBODY: ClientKey = ClientKey::UNKNOWN;

    fn client(n: u64) -> ClientKey {
        ClientKey::parse(Some(&format!("192.0.2.{n}")))
    }

    fn hashing(name: u8, cost: u32) -> Hashing {
        Hashing::new(&[name], SALT, cost).unwrap()
    }

    fn expected(name: u8, cost: u32) -> Turn {
        Turn::Done(hashing(name, cost).finish())
    }

    /// Looks in without a pause until the hash is done.
    fn finish(queue: &mut HashQueue, ticket: Ticket, now: Timestamp) -> Turn {
        (0..1_000)
            .map(|_| queue.turn(ticket, now))
            .find(|turn| !matches!(turn, Turn::Later { .. }))
            .expect("an end")
    }

    #[test]
    fn the_oldest_are_computed_together_when_the_first_of_them_comes() {
        let mut queue = HashQueue::default();
        let [a, b, c, d] = [1, 2, 3, 4].map(|name| queue.submit(SOMEBODY, hashing(name, 7), at(0)).unwrap());
        for (ticket, ms) in [(b, 1), (c, 2), (d, 3)] {
            assert_eq!(queue.turn(ticket, at(0)), Turn::Later { ms });
        }
        let slices = (1_u32 << 7).div_ceil(HashQueue::SLICE_ROUNDS);
        for _ in 1..slices {
            assert_eq!(queue.turn(a, at(0)), Turn::Later { ms: 0 });
        }
        assert_eq!(queue.turn(a, at(1)), expected(1, 7));
        assert_eq!(queue.turn(b, at(1)), expected(2, 7));
        assert_eq!(queue.turn(c, at(1)), expected(3, 7));
        // No step of the fourth has been computed.
        for _ in 1..slices {
            assert_eq!(queue.turn(d, at(1)), Turn::Later { ms: 0 });
        }
        assert_eq!(queue.turn(d, at(1)), expected(4, 7));
    }

    #[test]
    fn the_next_one_computes_when_the_first_is_late() {
        let mut queue = HashQueue::default();
        let [first, next] = [1, 2].map(|name| queue.submit(SOMEBODY, hashing(name, 6), at(0)).unwrap());
        let slices = (1_u32 << 6).div_ceil(HashQueue::SLICE_ROUNDS);
        for _ in 0..slices {
            assert_eq!(queue.turn(next, at(19)), Turn::Later { ms: 1 });
        }
        for _ in 1..slices {
            assert_eq!(queue.turn(next, at(20)), Turn::Later { ms: 0 });
        }
        assert_eq!(queue.turn(next, at(20)), expected(2, 6));
        assert_eq!(queue.turn(first, at(21)), expected(1, 6));
    }

    #[test]
    fn a_slice_that_takes_long_makes_nobody_late() {
        let mut queue = HashQueue::default();
        let [first, next, last] =
            [1, 2, 3].map(|name| queue.submit(SOMEBODY, hashing(name, 9), at(0)).unwrap());
        for slice in 0..10 {
            let ended = 40 * (slice + 1);
            assert_eq!(queue.turn(first, at(40 * slice)), Turn::Later { ms: 0 });
            assert_eq!(queue.turn(last, at(ended)), Turn::Later { ms: 2 });
            assert_eq!(queue.turn(next, at(ended)), Turn::Later { ms: 1 });
        }
    }

    #[test]
    fn who_has_gone_is_passed_over_and_forgotten() {
        let mut queue = HashQueue::default();
        let gone: Vec<_> =
            (0..SIDE_BY_SIDE).map(|_| queue.submit(SOMEBODY, hashing(1, 12), at(0)).unwrap()).collect();
        let stays = queue.submit(SOMEBODY, hashing(2, 6), at(0)).unwrap();
        assert_eq!(queue.turn(gone[0], at(0)), Turn::Later { ms: 0 });
        assert_eq!(queue.turn(stays, at(50)), Turn::Later { ms: 3 });
        assert_eq!(finish(&mut queue, stays, at(100)), expected(2, 6));

        let next = queue.submit(SOMEBODY, hashing(3, 4), at(2_000)).unwrap();
        assert_eq!(queue.turn(gone[0], at(2_000)), Turn::Forgotten);
        assert_eq!(finish(&mut queue, next, at(2_000)), expected(3, 4));
    }

    /// Fills the queue with hashes of cost 12, so many from each client.
    fn full(each: u64) -> (HashQueue, Vec<Ticket>) {
        let mut queue = HashQueue::default();
        let all = HashQueue::ROUNDS_MAX >> 12;
        let tickets = (0..all).map(|n| queue.submit(client(n / each), hashing(n as u8, 12), at(0)).unwrap());
        let tickets = tickets.collect();
        (queue, tickets)
    }

    #[test]
    fn a_full_queue_refuses_and_recovers_though_nobody_comes_back() {
        let (mut queue, _) = full(1);
        assert_eq!(queue.submit(SOMEBODY, hashing(1, 12), at(1_999)), Err(Refusal::Overloaded));
        let ticket = queue.submit(SOMEBODY, hashing(1, 4), at(2_000)).unwrap();
        assert_eq!(finish(&mut queue, ticket, at(2_000)), expected(1, 4));
    }

    #[test]
    fn in_a_full_queue_who_has_most_makes_room_for_who_has_less() {
        let (mut queue, tickets) = full(8);
        for n in 0..4 {
            assert_eq!(queue.submit(client(n), hashing(1, 12), at(0)), Err(Refusal::Overloaded));
        }
        let ticket = queue.submit(SOMEBODY, hashing(1, 12), at(0)).unwrap();
        assert!(matches!(queue.turn(ticket, at(0)), Turn::Later { .. }));
        let forgotten: Vec<_> =
            tickets.iter().filter(|ticket| queue.turn(**ticket, at(0)) == Turn::Forgotten).collect();
        assert!(matches!(forgotten[..], [one] if one % 8 == 7), "the last of somebody: {forgotten:?}");
    }

    #[test]
    fn one_client_gets_half_of_the_queue() {
        let mut queue = HashQueue::default();
        for n in 0..HashQueue::CLIENT_ROUNDS_MAX >> 12 {
            queue.submit(SOMEBODY, hashing(n as u8, 12), at(0)).unwrap();
        }
        assert_eq!(queue.submit(SOMEBODY, hashing(1, 4), at(0)), Err(Refusal::Overloaded));
        assert!(queue.submit(client(1), hashing(1, 4), at(0)).is_ok());
        assert!(queue.submit(SOMEBODY, hashing(1, 4), at(2_000)).is_ok());
    }

    #[test]
    fn clients_take_turns() {
        let mut queue = HashQueue::default();
        let many: Vec<_> = (0..9).map(|n| queue.submit(client(1), hashing(n, 5), at(0)).unwrap()).collect();
        let few: Vec<_> = (9..11).map(|n| queue.submit(client(2), hashing(n, 5), at(0)).unwrap()).collect();
        // The first is computed together with the first of the other client and the second of its own.
        assert_eq!(finish(&mut queue, many[0], at(0)), expected(0, 5));
        assert_eq!(queue.turn(few[0], at(0)), expected(9, 5));
        assert_eq!(queue.turn(many[1], at(0)), expected(1, 5));
        assert_eq!(finish(&mut queue, few[1], at(0)), expected(10, 5));
        // A newcomer does not queue behind those who have waited all the time.
        let new = queue.submit(client(3), hashing(11, 5), at(0)).unwrap();
        assert_eq!(queue.turn(many[4], at(0)), Turn::Later { ms: 1 });
        assert_eq!(queue.turn(new, at(0)), expected(11, 5));
    }

    #[test]
    fn a_hash_that_is_withdrawn_makes_room() {
        let mut queue = HashQueue::default();
        let tickets: Vec<_> = (0..HashQueue::CLIENT_MAX)
            .map(|n| queue.submit(SOMEBODY, hashing(n as u8, 4), at(0)).unwrap())
            .collect();
        assert_eq!(queue.submit(SOMEBODY, hashing(1, 4), at(0)), Err(Refusal::Overloaded));
        queue.withdraw(tickets[0]);
        assert_eq!(queue.turn(tickets[0], at(0)), Turn::Forgotten);
        assert!(queue.submit(SOMEBODY, hashing(1, 4), at(0)).is_ok());
    }
}
