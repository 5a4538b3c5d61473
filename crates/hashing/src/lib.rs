//! Computes bcrypt hashes in steps, alone or side by side with others, so that other work can run in between.

mod blowfish;

use blowfish::{LANES, Schedule, Words};

/// What makes two hashes of the same password differ.
pub type Salt = [u8; 16];

/// The result. bcrypt drops the last of the 24 bytes that it computes.
pub type Digest = [u8; 23];

/// The most hashes that are computed side by side.
pub const SIDE_BY_SIDE: usize = LANES;

/// A hash that is being computed.
pub struct Hashing {
    schedule: Schedule,
    rounds_left: u32,
}

impl Hashing {
    /// The costs that are supported. A hash of cost 31 would take a day and a half.
    pub const COSTS: std::ops::RangeInclusive<u32> = 4..=16;
    /// The bytes of a password that bcrypt reads.
    const KEY_BYTES: usize = 72;

    /// Starts to hash a password, of which bcrypt reads 72 bytes, including the terminating NUL. Returns
    /// `None` for a cost outside [`COSTS`](Self::COSTS).
    #[must_use]
    pub fn new(password: &[u8], salt: Salt, cost: u32) -> Option<Self> {
        let rounds_left = 1_u32.checked_shl(cost).filter(|_| Self::COSTS.contains(&cost))?;
        let ended = password.iter().copied().chain([0]).take(Self::KEY_BYTES);
        Some(Self { schedule: Schedule::new(words(ended), words(salt.into_iter())), rounds_left })
    }

    /// The remaining rounds: 2^cost at first.
    #[must_use]
    pub const fn rounds_left(&self) -> u32 {
        self.rounds_left
    }

    /// Whether every round is done.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.rounds_left == 0
    }

    /// The hash; any remaining rounds are done first.
    #[must_use]
    pub fn finish(mut self) -> Digest {
        together([&mut self], u32::MAX);
        let text = [(b"Orph", b"eanB"), (b"ehol", b"derS"), (b"cryD", b"oubt")];
        let bytes = text.into_iter().flat_map(|(left, right)| {
            let block = (u32::from_be_bytes(*left), u32::from_be_bytes(*right));
            let (left, right) = self.schedule.encrypt(block, 64);
            [left, right].into_iter().flat_map(u32::to_be_bytes)
        });
        let mut digest = Digest::default();
        digest.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
        digest
    }
}

/// Advances the first [`SIDE_BY_SIDE`] of these hashes by up to `rounds` rounds: by fewer if one of them
/// needs no more.
pub fn advance<'a>(hashings: impl Iterator<Item = &'a mut Hashing>, rounds: u32) {
    let mut hashings = hashings.filter(|hashing| !hashing.is_done());
    match (hashings.next(), hashings.next(), hashings.next()) {
        (Some(a), Some(b), Some(c)) => together([a, b, c], rounds),
        (Some(a), Some(b), None) => together([a, b], rounds),
        (Some(a), None, _) => together([a], rounds),
        (None, ..) => {}
    }
}

fn together<const N: usize>(mut hashings: [&mut Hashing; N], rounds: u32) {
    let rounds = hashings.iter().map(|hashing| hashing.rounds_left).fold(rounds, u32::min);
    for hashing in &mut hashings {
        hashing.rounds_left = hashing.rounds_left.saturating_sub(rounds);
    }
    blowfish::advance(hashings.map(|hashing| &mut hashing.schedule), rounds);
}

/// The bytes, repeated until they fill the words.
fn words(bytes: impl Iterator<Item = u8> + Clone) -> Words {
    let mut bytes = bytes.cycle();
    Words::default().map(|_| u32::from_be_bytes([0; 4].map(|_| bytes.next().unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: Salt = *b"\x00\x01\xfe\xff and the end";

    /// The result of the `bcrypt` crate: the last 31 characters of its text.
    fn oracle(password: &[u8], salt: Salt, cost: u32) -> String {
        bcrypt::hash_with_salt(password, cost, salt).unwrap().to_string()[29..].to_owned()
    }

    fn text(digest: Digest) -> String {
        base64::Engine::encode(&bcrypt::BASE_64, digest)
    }

    fn compute(password: &[u8], salt: Salt, cost: u32) -> String {
        text(Hashing::new(password, salt, cost).unwrap().finish())
    }

    #[test]
    fn every_length_and_every_cheap_cost_gives_what_bcrypt_gives() {
        let password: Vec<u8> = (0..80).map(|n| n * 3 + 1).collect();
        for length in 0..=password.len() {
            let password = &password[..length];
            assert_eq!(compute(password, SALT, 4), oracle(password, SALT, 4), "{length} bytes");
        }
        for cost in 5..=8 {
            for length in [0, 1, 3, 4, 17, 55, 56, 57, 71, 72] {
                let password = &password[..length];
                assert_eq!(compute(password, SALT, cost), oracle(password, SALT, cost), "{cost}, {length}");
            }
        }
    }

    #[test]
    fn dear_costs_give_what_bcrypt_gives() {
        for cost in 9..=12 {
            assert_eq!(compute(b"SecurePassword123", SALT, cost), oracle(b"SecurePassword123", SALT, cost));
        }
    }

    #[test]
    fn nul_and_bytes_beyond_ascii_are_bytes_like_others() {
        for password in ["pässwörd", "密码密码", "\u{1f511}", "a\0b", "\0", "\u{7f}\u{80}\u{ff}"] {
            let password = password.as_bytes();
            assert_eq!(compute(password, SALT, 4), oracle(password, SALT, 4), "{password:?}");
            assert_eq!(compute(password, [0; 16], 4), oracle(password, [0; 16], 4), "{password:?}");
        }
    }

    #[test]
    fn costs_that_would_never_end_are_refused() {
        for cost in [0, 3, 17, 31, 32, u32::MAX] {
            assert!(Hashing::new(b"password", SALT, cost).is_none(), "{cost}");
        }
    }

    #[test]
    fn hashes_side_by_side_do_not_mix() {
        // Four with different costs. Three advance at a time, a few rounds each.
        let costs = [6, 4, 5, 4];
        let mut hashings: Vec<_> =
            costs.iter().map(|cost| Hashing::new(&[*cost as u8], SALT, *cost).unwrap()).collect();
        while hashings.iter().any(|hashing| !hashing.is_done()) {
            advance(hashings.iter_mut(), 5);
        }
        for (hashing, cost) in hashings.into_iter().zip(costs) {
            assert_eq!(text(hashing.finish()), oracle(&[cost as u8], SALT, cost));
        }
    }
}
