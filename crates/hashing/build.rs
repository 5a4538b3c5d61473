//! Computes Blowfish's initial state: the fraction of π, in words of 32 bits. `OUT_DIR/pi.rs` contains it as
//! an array.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic here stops the build and not a request"
)]

use std::{env, fs, path::Path};

/// The words of Blowfish's state: 18 subkeys and four tables of 256.
const PI_WORDS: usize = 18 + 4 * 256;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = env::var_os("OUT_DIR").expect("cargo names a directory");
    let source = format!("{:?}\n", pi_fraction(PI_WORDS));
    fs::write(Path::new(&out).join("pi.rs"), source).expect("the directory can be written");
}

/// The first words of the fraction of π, by Machin's formula: 16·arctan(1/5) − 4·arctan(1/239).
///
/// Numbers are fixed-point: one word before the point and many after it. Each division loses less than one
/// unit of the last word; a few extra words keep that error out of the result.
fn pi_fraction(words: usize) -> Vec<u32> {
    let mut pi = vec![0; words + 3];
    for (factor, base, mut positive) in [(16, 5, true), (4, 239, false)] {
        let mut power = vec![0; pi.len()];
        power[0] = factor;
        divide(&mut power, base);
        for odd in (1..).step_by(2) {
            let mut term = power.clone();
            divide(&mut term, odd);
            if term.iter().all(|word| *word == 0) {
                break;
            }
            add(&mut pi, &term, positive);
            positive = !positive;
            divide(&mut power, base * base);
        }
    }
    pi[1..=words].to_vec()
}

fn divide(number: &mut [u32], by: u32) {
    let mut rest = 0;
    for word in number.iter_mut().skip_while(|word| **word == 0) {
        let value = rest << 32 | u64::from(*word);
        *word = (value / u64::from(by)) as u32;
        rest = value % u64::from(by);
    }
}

/// Adds `term` to `sum`, or subtracts it.
fn add(sum: &mut [u32], term: &[u32], positive: bool) {
    let mut carry = 0;
    for (word, term) in sum.iter_mut().zip(term).rev() {
        let term = if positive { i64::from(*term) } else { -i64::from(*term) };
        let value = i64::from(*word) + term + carry;
        *word = value as u32;
        carry = value >> 32;
    }
}
