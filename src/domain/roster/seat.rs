//! What the rules of a roster speak of.

use crate::domain::{RegistrationId, Timestamp, UserId};

/// A standing registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// Its place in the order of arrival; grows with each registration.
    pub seq: u64,
    /// The registration's id.
    pub id: RegistrationId,
    /// Whose it is.
    pub user: UserId,
    /// When it was made.
    pub registered_at: Timestamp,
    /// When a seat was given; `None` while on the waitlist.
    pub confirmed_at: Option<Timestamp>,
    /// When the participant was marked as attending.
    pub checked_in_at: Option<Timestamp>,
}

impl Seat {
    /// Whether a seat has been given, rather than a place on the waitlist.
    #[must_use]
    pub const fn is_confirmed(&self) -> bool {
        self.confirmed_at.is_some()
    }
}

/// How the seats of an event stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Seats {
    /// Seats given.
    pub confirmed: u32,
    /// People waiting for one.
    pub waitlisted: u32,
    /// Seats left; `None` when there is no limit.
    pub remaining: Option<u32>,
}

/// What registering led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// A new registration.
    New(Seat),
    /// The caller was registered already: this is what stands.
    Standing(Seat),
}

/// A registration that ended, and who moved up because of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// The seat or place given back.
    pub left: Seat,
    /// Who got the seat, if anybody was waiting for it.
    pub promoted: Vec<Seat>,
}

/// How much of an event is kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Registrations of a roster that is complete, at most.
    pub complete_max: u32,
    /// A block holds 2 to the power of this many arrivals.
    pub block_bits: u32,
}

impl Sizes {
    /// 8,192 registrations take 1.6 MB, and an isolate has 128 for all of its objects. The blocks are a
    /// part of what is stored.
    pub const DEFAULT: Self = Self { complete_max: 8_192, block_bits: 10 };

    /// How many of the first in line a partial roster knows at most: a quarter of a block.
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

/// What a roster knows of somebody's registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// It stands.
    Stands(&'a Seat),
    /// There is none.
    Nothing,
    /// It is not in memory: ask where registrations are stored.
    Elsewhere,
}

/// A place on the waitlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Counted from 1.
    Exact(u32),
    /// So many wait in earlier blocks. Those who wait from this arrival on, up to and with the one in
    /// question, are to be added.
    InBlock {
        /// People in earlier blocks.
        ahead: u32,
        /// The first arrival of the block.
        from_seq: u64,
    },
}
