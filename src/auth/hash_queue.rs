//! Who is computing hashes, and whose turn it is.
//!
//! Each request drives its own hash, by timers of its own, because the runtime lets none wait for
//! another. So one of them *leads*: it takes the oldest hashes on by a slice, its own or not, lets
//! other work in, and comes back at once. The rest look in now and then. Who finds their hash done
//! takes it and leaves, and the next to look in leads.
//!
//! Nobody says so when a client goes away: its request is just not heard of again. So a leader that
//! has not been seen for a while is replaced, its hash is passed over, and forgotten in the end.

use std::collections::VecDeque;

use super::hashing::{self, Digest, Hashing, SIDE_BY_SIDE};
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
    leader: Option<Ticket>,
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
    /// About a millisecond of work, for one hash as for three. It takes a few slices until a
    /// request that comes in between is answered, so longer ones would be felt.
    const SLICE_ROUNDS: u32 = 16;
    /// How often those look in that are being computed, and those that wait for it: the further
    /// back, the less often, so that a long queue is no work in itself.
    const NEAR_MS: u32 = 2;
    const FAR_MS: std::ops::RangeInclusive<u32> = 10..=50;
    /// Milliseconds after which a leader is replaced and a hash is passed over.
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

    /// Looks in, and computes for about a millisecond if nobody else does.
    pub fn turn(&mut self, ticket: Ticket, now: Timestamp) -> Turn {
        let Some(job) = self.jobs.iter_mut().find(|job| job.ticket == ticket) else {
            return Turn::Forgotten;
        };
        job.seen = now;
        if !job.hashing.is_done() && !self.is_led_by_another(ticket, now) {
            self.leader = Some(ticket);
            let present = self.jobs.iter_mut().filter(|job| job.is_present(now));
            hashing::advance(present.map(|job| &mut *job.hashing), Self::SLICE_ROUNDS);
        }
        let waiting = self.jobs.iter().filter(|job| !job.hashing.is_done());
        let before = waiting.take_while(|job| job.ticket != ticket).count();
        match self.jobs.iter().position(|job| job.ticket == ticket && job.hashing.is_done()) {
            Some(at) => self.jobs.remove(at).map_or(Turn::Forgotten, |job| {
                self.leader = self.leader.filter(|leader| *leader != ticket);
                Turn::Done(job.hashing.finish())
            }),
            None if self.leader == Some(ticket) => Turn::Later { ms: 0 },
            None if before < SIDE_BY_SIDE => Turn::Later { ms: Self::NEAR_MS },
            None => {
                let ms = u32::try_from(before).unwrap_or(u32::MAX);
                Turn::Later { ms: ms.clamp(*Self::FAR_MS.start(), *Self::FAR_MS.end()) }
            }
        }
    }

    /// Forgets a hash that nobody wants any more.
    pub fn withdraw(&mut self, ticket: Ticket) {
        self.jobs.retain(|job| job.ticket != ticket);
    }

    fn is_led_by_another(&self, ticket: Ticket, now: Timestamp) -> bool {
        let leads = |job: &Job| self.leader == Some(job.ticket) && job.is_present(now);
        self.leader != Some(ticket) && self.jobs.iter().any(leads)
    }
}

impl Job {
    fn is_present(&self, now: Timestamp) -> bool {
        now.ms_since(self.seen) < HashQueue::ABSENT_MS
    }
}

#[cfg(test)]
mod tests {
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
    fn one_leads_and_the_others_are_done_with_it() {
        let mut queue = HashQueue::default();
        let [a, b, c, d] = [1, 2, 3, 4].map(|name| queue.submit(hashing(name, 6), at(0)).unwrap());
        assert_eq!(queue.turn(a, at(0)), Turn::Later { ms: 0 });
        assert_eq!(queue.turn(b, at(0)), Turn::Later { ms: HashQueue::NEAR_MS });
        assert_eq!(queue.turn(d, at(0)), Turn::Later { ms: *HashQueue::FAR_MS.start() });
        assert_eq!(finish(&mut queue, a, at(1)), expected(1, 6));
        // The leader has taken the two behind it along, and the fourth no step.
        assert_eq!(queue.turn(b, at(1)), expected(2, 6));
        assert_eq!(queue.turn(c, at(1)), expected(3, 6));
        assert_eq!(queue.turn(d, at(1)), Turn::Later { ms: 0 });
        assert_eq!(finish(&mut queue, d, at(1)), expected(4, 6));
    }

    #[test]
    fn a_leader_that_has_gone_is_replaced_and_its_hash_forgotten() {
        let mut queue = HashQueue::default();
        let gone = queue.submit(hashing(1, 12), at(0)).unwrap();
        let stays = queue.submit(hashing(2, 6), at(0)).unwrap();
        assert_eq!(queue.turn(gone, at(0)), Turn::Later { ms: 0 });
        assert_eq!(queue.turn(stays, at(50)), Turn::Later { ms: HashQueue::NEAR_MS });
        assert_eq!(finish(&mut queue, stays, at(100)), expected(2, 6));

        let next = queue.submit(hashing(3, 4), at(2_000)).unwrap();
        assert_eq!(queue.turn(gone, at(2_000)), Turn::Forgotten);
        assert_eq!(queue.turn(next, at(2_000)), expected(3, 4));
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
