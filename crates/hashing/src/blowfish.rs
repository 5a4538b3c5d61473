//! The key schedule of bcrypt, EksBlowfish, for several hashes at once (Provos and Mazières, "A
//! Future-Adaptable Password Scheme", 1999).
//!
//! Each step of Blowfish needs the previous one, and most of the time is spent waiting for four table
//! lookups. A processor can wait for several hashes at once, so a round for three takes little longer than a
//! round for one (`docs/performance.md` has the figures). No library offers that: the existing ones keep
//! their tables private and run one hash to its end. So the cipher is implemented here, and tested against
//! the `bcrypt` crate.

#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "every index is a byte or a constant within a table of that size"
)]

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// The most hashes computed side by side. A fourth would make each only 4 % faster.
pub(super) const LANES: usize = 3;

/// Words that are mixed into a block: one per round, and two at its end.
const SUBKEYS: usize = 18;

/// A key or a salt in the form that is mixed into the state: repeated until it fills 18 words.
pub(super) type Words = [u32; SUBKEYS];

/// What key and salt have so far made of the digits of π.
pub(super) struct Schedule {
    key: Words,
    salt: Words,
    state: State,
}

/// The 18 subkeys, followed by the four tables of 256 words.
type State = [u32; SUBKEYS + 4 * 256];

/// The initial state of every hash: the digits of π.
static PI: State = include!(concat!(env!("OUT_DIR"), "/pi.rs"));

/// The memory that states are worked on in. A static has an address that is known at compile time, which
/// saves an addition per lookup. Atomics make it mutable without `unsafe`: with a single thread, as in
/// WebAssembly, they are loaded and stored like any other word.
static BENCH: [[AtomicU32; PI.len()]; LANES] = [const { [const { AtomicU32::new(0) }; PI.len()] }; LANES];

/// Whoever holds this lock works on that memory.
static TURN: Mutex<()> = Mutex::new(());

/// Does something for each of `N` lanes, without a loop at run time and without a call, which the compiler
/// would make of a closure to save space.
macro_rules! each {
    ($lanes:ident, $n:ident => $step:block) => {
        const { assert!($lanes <= LANES) };
        each!($lanes, 0, $n => $step);
        each!($lanes, 1, $n => $step);
        each!($lanes, 2, $n => $step);
    };
    ($lanes:ident, $lane:literal, $n:ident => $step:block) => {
        if $lanes > $lane {
            let $n = $lane;
            $step
        }
    };
}

impl Schedule {
    /// Mixes key and salt in for the first time: `ExpandKey(state, salt, key)`.
    pub(super) fn new(key: Words, salt: Words) -> Self {
        let mut state = PI;
        let mut halves = [[salt[0], salt[1]], [salt[2], salt[3]]].into_iter().cycle();
        at_the_bench([&mut state], || {
            expand([&key], |([left], [right])| {
                let [first, second] = halves.next().unwrap_or_default();
                *left ^= first;
                *right ^= second;
            });
        });
        Self { key, salt, state }
    }

    /// Encrypts two words, `times` times.
    pub(super) fn encrypt(&mut self, (left, right): (u32, u32), times: u32) -> (u32, u32) {
        let ([left], [right]) = at_the_bench([&mut self.state], || {
            (0..times).fold(([left], [right]), |blocks, _| encrypt(blocks))
        });
        (left, right)
    }
}

/// Mixes key and salt into each state `rounds` more times, side by side.
pub(super) fn advance<const N: usize>(schedules: [&mut Schedule; N], rounds: u32) {
    let keys = schedules.each_ref().map(|schedule| schedule.key);
    let salts = schedules.each_ref().map(|schedule| schedule.salt);
    at_the_bench(schedules.map(|schedule| &mut schedule.state), || {
        for _ in 0..rounds {
            expand(keys.each_ref(), |_| {});
            expand(salts.each_ref(), |_| {});
        }
    });
}

/// Copies each state into a lane of the working memory, and copies them back when the work is done.
fn at_the_bench<const N: usize, T>(states: [&mut State; N], work: impl FnOnce() -> T) -> T {
    // Whatever a panic left there is overwritten.
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for (lane, state) in BENCH.iter().zip(&states) {
        for (place, word) in lane.iter().zip(state.iter()) {
            place.store(*word, Relaxed);
        }
    }
    let result = work();
    for (lane, state) in BENCH.iter().zip(states) {
        for (place, word) in lane.iter().zip(state) {
            *word = place.load(Relaxed);
        }
    }
    result
}

/// One block per lane: the left halves and the right halves.
type Blocks<const N: usize> = ([u32; N], [u32; N]);

/// `ExpandKey(state, salt, key)` in the first `N` lanes; `salt` changes each block.
#[inline(always)]
fn expand<const N: usize>(keys: [&Words; N], mut salt: impl FnMut(&mut Blocks<N>)) {
    for (lane, key) in BENCH.iter().zip(keys) {
        for (subkey, word) in lane.iter().zip(key) {
            subkey.store(subkey.load(Relaxed) ^ word, Relaxed);
        }
    }
    let mut blocks = ([0; N], [0; N]);
    for pair in 0..PI.len() / 2 {
        salt(&mut blocks);
        blocks = encrypt(blocks);
        each!(N, n => {
            BENCH[n][2 * pair].store(blocks.0[n], Relaxed);
            BENCH[n][2 * pair + 1].store(blocks.1[n], Relaxed);
        });
    }
}

/// Encrypts a block in each of the first `N` lanes.
///
/// The loop must stay a loop: if it is unrolled, the compiler sorts the steps by lane, and each lane waits on
/// its own again.
#[inline(always)]
fn encrypt<const N: usize>((mut left, mut right): Blocks<N>) -> Blocks<N> {
    for round in 0..16 {
        each!(N, n => {
            left[n] ^= word(n, round);
            right[n] ^= substituted(n, left[n]);
        });
        (left, right) = (right, left);
    }
    each!(N, n => {
        left[n] ^= word(n, 16);
        right[n] ^= word(n, 17);
    });
    (right, left)
}

/// Blowfish's function F: each byte of a word, the first one first, is looked up in its own table.
#[inline(always)]
fn substituted(lane: usize, input: u32) -> u32 {
    let sum = looked_up(lane, 0, input >> 24).wrapping_add(looked_up(lane, 1, input >> 16));
    (sum ^ looked_up(lane, 2, input >> 8)).wrapping_add(looked_up(lane, 3, input))
}

/// The entry for the last byte of `input`. Shifting is cheaper than `to_be_bytes`, for which WebAssembly has
/// no instruction.
#[inline(always)]
fn looked_up(lane: usize, table: usize, input: u32) -> u32 {
    word(lane, SUBKEYS + 256 * table + (input & 0xff) as usize)
}

#[inline(always)]
fn word(lane: usize, at: usize) -> u32 {
    BENCH[lane][at].load(Relaxed)
}
