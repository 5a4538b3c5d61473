//! Counts of a large event's registrations, by blocks in the order of arrival.
//!
//! Arrivals are numbered. A block is a range of consecutive numbers, 1,024 of them for a real event. The
//! counts of each block are kept in memory and in a row of their own. So a million registrations are a
//! thousand rows to load. A position on the waitlist is the sum of the earlier blocks, found in O(log n),
//! plus a count within one block.

use std::collections::BTreeSet;

use crate::domain::fenwick::Fenwick;

/// The counts of one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Its number: the number of any of its arrivals without the lower bits.
    pub number: u64,
    /// How many arrivals in it have a seat.
    pub confirmed: u32,
    /// How many arrivals in it wait.
    pub waitlisted: u32,
}

/// The counts of all blocks.
#[derive(Debug, Clone)]
pub(super) struct Blocks {
    bits: u32,
    confirmed: Vec<u32>,
    waitlisted: Vec<u32>,
    ahead: Fenwick,
    confirmed_in_all: u32,
    waitlisted_in_all: u32,
    changed: BTreeSet<usize>,
}

impl Blocks {
    /// Restores stored counts, in any order, with blocks of 2^`bits` arrivals.
    pub(super) fn restore(bits: u32, known: impl IntoIterator<Item = Block>) -> Self {
        let mut blocks = Self {
            bits,
            confirmed: Vec::new(),
            waitlisted: Vec::new(),
            ahead: Fenwick::default(),
            confirmed_in_all: 0,
            waitlisted_in_all: 0,
            changed: BTreeSet::new(),
        };
        for Block { number, confirmed, waitlisted } in known {
            let at = index(number);
            blocks.reach(at);
            set(&mut blocks.confirmed, at, confirmed);
            set(&mut blocks.waitlisted, at, waitlisted);
            blocks.confirmed_in_all = blocks.confirmed_in_all.saturating_add(confirmed);
            blocks.waitlisted_in_all = blocks.waitlisted_in_all.saturating_add(waitlisted);
        }
        blocks.ahead = Fenwick::default();
        for waitlisted in &blocks.waitlisted {
            blocks.ahead.push(*waitlisted);
        }
        blocks
    }

    pub(super) const fn confirmed(&self) -> u32 {
        self.confirmed_in_all
    }

    pub(super) const fn waitlisted(&self) -> u32 {
        self.waitlisted_in_all
    }

    /// How many wait in the blocks before this arrival's block, and the first number of that block.
    pub(super) fn ahead_of_block(&self, seq: u64) -> (u32, u64) {
        let number = self.number(seq);
        (self.ahead.sum_of_first(index(number)), number.checked_shl(self.bits).unwrap_or(0))
    }

    pub(super) fn add(&mut self, seq: u64, has_seat: bool) {
        let at = self.touch(seq);
        if has_seat {
            raise(&mut self.confirmed, at, &mut self.confirmed_in_all);
        } else {
            raise(&mut self.waitlisted, at, &mut self.waitlisted_in_all);
            self.ahead.increase(at);
        }
    }

    pub(super) fn remove(&mut self, seq: u64, has_seat: bool) {
        let at = self.touch(seq);
        if has_seat {
            lower(&mut self.confirmed, at, &mut self.confirmed_in_all);
        } else {
            lower(&mut self.waitlisted, at, &mut self.waitlisted_in_all);
            self.ahead.decrease(at);
        }
    }

    /// The blocks that have changed since the last call.
    pub(super) fn take_changed(&mut self) -> Vec<Block> {
        let changed = std::mem::take(&mut self.changed);
        changed
            .into_iter()
            .map(|at| Block {
                number: u64::try_from(at).unwrap_or(u64::MAX),
                confirmed: self.confirmed.get(at).copied().unwrap_or(0),
                waitlisted: self.waitlisted.get(at).copied().unwrap_or(0),
            })
            .collect()
    }

    const fn number(&self, seq: u64) -> u64 {
        match seq.checked_shr(self.bits) {
            Some(number) => number,
            None => 0,
        }
    }

    fn touch(&mut self, seq: u64) -> usize {
        let at = index(self.number(seq));
        self.reach(at);
        self.changed.insert(at);
        at
    }

    /// Makes the vectors long enough. Numbers grow by one, so they grow by one block at a time.
    fn reach(&mut self, at: usize) {
        while self.confirmed.len() <= at {
            self.confirmed.push(0);
            self.waitlisted.push(0);
            self.ahead.push(0);
        }
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn set(counts: &mut [u32], at: usize, to: u32) {
    if let Some(count) = counts.get_mut(at) {
        *count = to;
    }
}

fn raise(counts: &mut [u32], at: usize, in_all: &mut u32) {
    if let Some(count) = counts.get_mut(at) {
        *count = count.saturating_add(1);
        *in_all = in_all.saturating_add(1);
    }
}

fn lower(counts: &mut [u32], at: usize, in_all: &mut u32) {
    if let Some(count) = counts.get_mut(at) {
        *count = count.saturating_sub(1);
        *in_all = in_all.saturating_sub(1);
    }
}
