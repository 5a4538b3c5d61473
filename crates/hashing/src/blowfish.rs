//! The key schedule of bcrypt, EksBlowfish, for several hashes at once (Provos and Mazières, "A
//! Future-Adaptable Password Scheme", 1999).
//!
//! Each of Blowfish's steps needs the one before, and most of its time goes by waiting for four
//! table lookups. A processor can wait for several hashes as well as for one, so a round for three
//! takes little longer than for one (`docs/performance.md` has the figures). No library offers
//! that: the ones there are keep their tables to themselves and run one hash to its end. So the
//! cipher is here, and the `bcrypt` crate is what it is tested against.

#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "every index is a byte or a constant within a table of that size"
)]

use std::array;
use std::cell::RefCell;

/// Hashes that are computed side by side at most. A fourth makes none of them faster.
pub(super) const LANES: usize = 3;

/// A key, or a salt, as it is mixed into the state: repeated until it fills 18 words.
pub(super) type Words = [u32; 18];

/// What key and salt have made of the digits of π so far.
pub(super) struct Schedule {
    key: Words,
    salt: Words,
    state: State,
}

#[derive(Clone, Copy)]
struct State {
    subkeys: Words,
    tables: [[u32; 256]; 4],
}

/// What every hash begins with: the digits of π.
static PI: [u32; 18 + 4 * 256] = include!(concat!(env!("OUT_DIR"), "/pi.rs"));

thread_local! {
    /// Where states are worked on. Their addresses are known when this is compiled, which saves an
    /// addition in each lookup: 28 ms instead of 34 a hash, three at a time. A state is copied here
    /// and back for some thousand lookups per word.
    static BENCH: RefCell<[State; LANES]> =
        const { RefCell::new([State { subkeys: [0; 18], tables: [[0; 256]; 4] }; LANES]) };
}

/// Does something for each of `N` lanes, without a loop at run time and without a call, which the
/// compiler would make of a closure where it saves space.
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
        let mut state = State { subkeys: [0; 18], tables: [[0; 256]; 4] };
        let words = state.subkeys.iter_mut().chain(state.tables.as_flattened_mut());
        for (word, digits) in words.zip(PI) {
            *word = digits;
        }
        let mut halves = [[salt[0], salt[1]], [salt[2], salt[3]]].into_iter().cycle();
        expand(array::from_mut(&mut state), [&key], |([left], [right])| {
            let [first, second] = halves.next().unwrap_or_default();
            *left ^= first;
            *right ^= second;
        });
        Self { key, salt, state }
    }

    /// Encrypts two words.
    pub(super) fn encrypt(&self, (left, right): (u32, u32)) -> (u32, u32) {
        let ([left], [right]) = encrypt(array::from_ref(&self.state), ([left], [right]));
        (left, right)
    }
}

impl State {
    #[inline(always)]
    fn lookup(&self, word: u32) -> u32 {
        let [a, b, c, d] = word.to_be_bytes();
        let [first, second, third, fourth] = &self.tables;
        let sum = first[usize::from(a)].wrapping_add(second[usize::from(b)]);
        (sum ^ third[usize::from(c)]).wrapping_add(fourth[usize::from(d)])
    }
}

/// Mixes key and salt into each state `rounds` times more, side by side.
pub(super) fn advance<const N: usize>(schedules: [&mut Schedule; N], rounds: u32) {
    // Nothing in here calls out, so that nobody can borrow the bench twice.
    BENCH.with_borrow_mut(|bench| {
        for (place, schedule) in bench.iter_mut().zip(&schedules) {
            *place = schedule.state;
        }
        for _ in 0..rounds {
            expand(bench, schedules.each_ref().map(|schedule| &schedule.key), |_| {});
            expand(bench, schedules.each_ref().map(|schedule| &schedule.salt), |_| {});
        }
        for (place, schedule) in bench.iter().zip(schedules) {
            schedule.state = *place;
        }
    });
}

/// A block of each lane: its left halves and its right halves.
type Blocks<const N: usize> = ([u32; N], [u32; N]);

/// `ExpandKey(state, salt, key)` for the first `N` states; `salt` changes each block.
#[inline(always)]
fn expand<const M: usize, const N: usize>(
    states: &mut [State; M],
    keys: [&Words; N],
    mut salt: impl FnMut(&mut Blocks<N>),
) {
    for (state, key) in states.iter_mut().zip(keys) {
        for (subkey, word) in state.subkeys.iter_mut().zip(key) {
            *subkey ^= word;
        }
    }
    let mut blocks = ([0; N], [0; N]);
    for pair in 0..9 {
        salt(&mut blocks);
        blocks = encrypt(states, blocks);
        each!(N, n => {
            states[n].subkeys[2 * pair] = blocks.0[n];
            states[n].subkeys[2 * pair + 1] = blocks.1[n];
        });
    }
    for table in 0..4 {
        for pair in 0..128 {
            salt(&mut blocks);
            blocks = encrypt(states, blocks);
            each!(N, n => {
                states[n].tables[table][2 * pair] = blocks.0[n];
                states[n].tables[table][2 * pair + 1] = blocks.1[n];
            });
        }
    }
}

/// Encrypts a block in each of the first `N` states.
///
/// The loop stays a loop: unrolled, the compiler sorts the steps by lane, and each lane waits by
/// itself again.
#[inline(always)]
fn encrypt<const M: usize, const N: usize>(
    states: &[State; M],
    (mut left, mut right): Blocks<N>,
) -> Blocks<N> {
    for pair in 0..8 {
        each!(N, n => {
            left[n] ^= states[n].subkeys[2 * pair];
            right[n] ^= states[n].lookup(left[n]);
        });
        each!(N, n => {
            right[n] ^= states[n].subkeys[2 * pair + 1];
            left[n] ^= states[n].lookup(right[n]);
        });
    }
    each!(N, n => {
        left[n] ^= states[n].subkeys[16];
        right[n] ^= states[n].subkeys[17];
    });
    (right, left)
}
