//! Who is computing hashes, and whose turn it is.
//!
//! Each request looks after its own hash, by timers of its own, because the runtime lets none wait
//! for another. The oldest few hashes are computed side by side, by the request that has waited
//! longest: it takes them on by a slice and lets other work in. The rest look in now and then. Who
//! finds their hash done takes it and leaves.
//!
//! Nobody says so when a client goes away: its request is just not heard of again. So the next one
//! computes when the first is late, and a hash that has not been asked for in a while is passed over,
//! and forgotten in the end.

use std::collections::VecDeque;

use super::hashing::{self, Digest, Hashing};
use crate::domain::{Refusal, Timestamp};

/// Names a hash in the queue.
pub type Ticket = u64;

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// Take the hash and go.
    Done(Digest),
    /// Let other work in and come back after so many milliseconds.
    Later {
        /// How long.
        ms: u32,
    },
    /// The hash was forgotten, because it was not asked for in time.
    Forgotten,
}

/// The hashes that an isolate is computing, those that have waited longest in front.
#[derive(Default)]
pub struct HashQueue {
    jobs: VecDeque<Job>,
    next_ticket: Ticket,
}

struct Job {
    ticket: Ticket,
    hashing: Box<Hashing>,
    seen: Timestamp,
}

impl HashQueue {
    /// Rounds in the queue at most: 128 hashes of cost 10, for which a client waits some
    /// ten seconds.
    pub const ROUNDS_MAX: u64 = 128 << 10;
    /// Hashes in the queue at most, however little work they are.
    pub const MAX: usize = 1_024;
    /// Two to four milliseconds of work, which is what others wait for. A timer takes one more until
    /// the next slice: shorter slices would leave the processor idle for a larger part of the time.
    const SLICE_ROUNDS: u32 = 32;
    /// How seldom the others look in: after a millisecond for each before them, and this at most, so
    /// that a long queue is no work in itself.
    const FAR_MS: u32 = 50;
    /// Milliseconds after which the next one computes in the place of the first.
    const LATE_MS: i64 = 20;
    /// Milliseconds after which a hash is passed over.
    const ABSENT_MS: i64 = 100;
    /// Milliseconds after which a hash is forgotten.
    const FORGOTTEN_MS: i64 = 2_000;

    /// Puts a hash in the queue.
    ///
    /// # Errors
    /// `Overloaded` when it is full.
    pub fn submit(&mut self, hashing: Hashing, now: Timestamp) -> Result<Ticket, Refusal> {
        self.jobs.retain(|job| now.ms_since(job.seen) < Self::FORGOTTEN_MS);
        let rounds = self.jobs.iter().map(|job| u64::from(job.hashing.rounds_left())).sum::<u64>();
        let is_full = rounds.saturating_add(u64::from(hashing.rounds_left())) > Self::ROUNDS_MAX;
        if is_full || self.jobs.len() >= Self::MAX {
            return Err(Refusal::Overloaded);
        }
        let ticket = self.next_ticket;
        self.next_ticket = ticket.wrapping_add(1);
        self.jobs.push_back(Job { ticket, hashing: Box::new(hashing), seen: now });
        Ok(ticket)
    }

    /// Looks in, and computes for a slice if nobody who is older will.
    pub fn turn(&mut self, ticket: Ticket, now: Timestamp) -> Turn {
        let Some(job) = self.jobs.iter_mut().find(|job| job.ticket == ticket) else {
            return Turn::Forgotten;
        };
        job.seen = now;
        let is_done = job.hashing.is_done();
        let before = self.jobs.iter().take_while(|job| job.ticket != ticket);
        let is_first = !before.clone().any(|job| job.is_waiting(now, Self::LATE_MS));
        let before = before.filter(|job| job.is_waiting(now, Self::ABSENT_MS)).count();
        if !is_done && is_first {
            let waiting = self.jobs.iter_mut().filter(|job| job.is_waiting(now, Self::ABSENT_MS));
            hashing::advance(waiting.map(|job| &mut *job.hashing), Self::SLICE_ROUNDS);
        }
        match self.jobs.iter().position(|job| job.ticket == ticket && job.hashing.is_done()) {
            Some(at) => self.jobs.remove(at).map_or(Turn::Forgotten, |job| Turn::Done(job.hashing.finish())),
            None => Turn::Later { ms: u32::try_from(before).map_or(Self::FAR_MS, |ms| ms.min(Self::FAR_MS)) },
        }
    }

    /// Forgets a hash that nobody wants any more.
    pub fn withdraw(&mut self, ticket: Ticket) {
        self.jobs.retain(|job| job.ticket != ticket);
    }
}

impl Job {
    /// Whether there is something to compute, and somebody who has asked for it within `ms`.
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
        let [a, b, c, d] = [1, 2, 3, 4].map(|name| queue.submit(hashing(name, 7), at(0)).unwrap());
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
        // The fourth has not been taken a step.
        for _ in 1..slices {
            assert_eq!(queue.turn(d, at(1)), Turn::Later { ms: 0 });
        }
        assert_eq!(queue.turn(d, at(1)), expected(4, 7));
    }

    #[test]
    fn the_next_one_computes_when_the_first_is_late() {
        let mut queue = HashQueue::default();
        let [first, next] = [1, 2].map(|name| queue.submit(hashing(name, 6), at(0)).unwrap());
        let slices = (1_u32 << 6).div_ceil(HashQueue::SLICE_ROUNDS);
        for _ in 0..slices {
            assert_eq!(queue.turn(next, at(19)), Turn::Later { ms: 1 });
        }
        for _ in 1..slices {
            assert_eq!(queue.turn(next, at(20)), Turn::Later { ms: 1 });
        }
        assert_eq!(queue.turn(next, at(20)), expected(2, 6));
        assert_eq!(queue.turn(first, at(21)), expected(1, 6));
    }

    #[test]
    fn who_has_gone_is_passed_over_and_forgotten() {
        let mut queue = HashQueue::default();
        let gone: Vec<_> = (0..SIDE_BY_SIDE).map(|_| queue.submit(hashing(1, 12), at(0)).unwrap()).collect();
        let stays = queue.submit(hashing(2, 6), at(0)).unwrap();
        assert_eq!(queue.turn(gone[0], at(0)), Turn::Later { ms: 0 });
        assert_eq!(queue.turn(stays, at(50)), Turn::Later { ms: 3 });
        assert_eq!(finish(&mut queue, stays, at(100)), expected(2, 6));

        let next = queue.submit(hashing(3, 4), at(2_000)).unwrap();
        assert_eq!(queue.turn(gone[0], at(2_000)), Turn::Forgotten);
        assert_eq!(finish(&mut queue, next, at(2_000)), expected(3, 4));
    }

    #[test]
    fn a_full_queue_refuses_and_recovers_though_nobody_comes_back() {
        let mut queue = HashQueue::default();
        for name in 0..HashQueue::ROUNDS_MAX >> 12 {
            queue.submit(hashing(name as u8, 12), at(0)).unwrap();
        }
        assert_eq!(queue.submit(hashing(1, 4), at(1_999)), Err(Refusal::Overloaded));
        let ticket = queue.submit(hashing(1, 4), at(2_000)).unwrap();
        assert_eq!(finish(&mut queue, ticket, at(2_000)), expected(1, 4));
    }

    #[test]
    fn a_hash_that_is_withdrawn_makes_room() {
        let mut queue = HashQueue::default();
        let tickets: Vec<_> =
            (0..HashQueue::MAX).map(|name| queue.submit(hashing(name as u8, 4), at(0)).unwrap()).collect();
        queue.withdraw(tickets[0]);
        assert_eq!(queue.turn(tickets[0], at(0)), Turn::Forgotten);
        assert!(queue.submit(hashing(1, 4), at(0)).is_ok());
    }
}
