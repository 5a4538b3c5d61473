//! The types that the rules of a roster use.

use crate::domain::{RegistrationId, Timestamp, UserId};

/// A current registration, with or without a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// Its number in the order of arrival. It grows with each registration.
    pub seq: u64,
    /// The registration's id.
    pub id: RegistrationId,
    /// The registered user.
    pub user: UserId,
    /// When it was made.
    pub registered_at: Timestamp,
    /// When it got a seat; `None` while on the waitlist.
    pub confirmed_at: Option<Timestamp>,
    /// When the participant was marked as attending.
    pub checked_in_at: Option<Timestamp>,
}

impl Seat {
    /// Whether it has a seat, rather than a place on the waitlist.
    #[must_use]
    pub const fn is_confirmed(&self) -> bool {
        self.confirmed_at.is_some()
    }
}

/// The counts of an event's seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Seats {
    /// People with a seat.
    pub confirmed: u32,
    /// People waiting for a seat.
    pub waitlisted: u32,
    /// Free seats; `None` if there is no limit.
    pub remaining: Option<u32>,
}

/// The result of registering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// A new registration.
    New(Seat),
    /// The registration that the caller had already.
    Standing(Seat),
}

/// A registration that ended, and who got its seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// The seat or place given back.
    pub left: Seat,
    /// Who got the seat, if anybody was waiting.
    pub promoted: Vec<Seat>,
}

/// How much of an event fits in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The most registrations of a complete roster.
    pub complete_max: u32,
    /// A block holds 2 to the power of this many arrivals.
    pub block_bits: u32,
}

impl Sizes {
    /// 8,192 registrations take 1.6 MB, and an isolate has 128 MB for all its objects. The size of a
    /// block is part of what is stored: it cannot change.
    pub const DEFAULT: Self = Self { complete_max: 8_192, block_bits: 10 };

    /// The most people at the head of the line that a partial roster knows: a quarter of a block.
    #[must_use]
    pub fn heads_max(self) -> usize {
        1_usize.checked_shl(self.block_bits).map_or(1, |block| block.div_euclid(4).max(1))
    }
}

impl Default for Sizes {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What a roster knows about a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// There is one, and this is it.
    Stands(&'a Seat),
    /// There is none.
    Nothing,
    /// It is not in memory: look where registrations are stored.
    Elsewhere,
}

/// A place on the waitlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Counted from 1.
    Exact(u32),
    /// The people in earlier blocks. Add those who wait from `from_seq` up to and including the arrival
    /// in question.
    InBlock {
        /// People in earlier blocks.
        ahead: u32,
        /// The first arrival of the block.
        from_seq: u64,
    },
}
