//! Who waits, in which order, and how many have a seat. While an event is small, everything is known
//! exactly. Once it is large, only the counts of blocks and the first in line are.

use std::collections::VecDeque;

use super::blocks::{Block, Blocks};
use super::known::Known;
use super::{Position, Seat, Sizes};
use crate::domain::waitlist::Waitlist;

#[derive(Debug, Clone)]
pub(super) enum Line {
    /// Every registration is in memory.
    Complete(Waitlist),
    /// Registrations are counted. The first in line are known, unless [`Line::lacks_heads`].
    Partial { blocks: Blocks, heads: VecDeque<Seat> },
}

impl Default for Line {
    fn default() -> Self {
        Self::Complete(Waitlist::default())
    }
}

impl Line {
    pub(super) fn partial(sizes: Sizes, known: impl IntoIterator<Item = Block>) -> Self {
        Self::Partial { blocks: Blocks::restore(sizes.block_bits, known), heads: VecDeque::new() }
    }

    /// The partial line that replaces a complete one when there is no more room for all.
    pub(super) fn outgrown(waitlist: &Waitlist, known: &Known, sizes: Sizes) -> Self {
        let mut blocks = Blocks::restore(sizes.block_bits, []);
        known.iter().for_each(|seat| blocks.add(seat.seq, seat.is_confirmed()));
        let heads = waitlist.heads(sizes.heads_max()).filter_map(|seq| known.get(seq).cloned()).collect();
        Self::Partial { blocks, heads }
    }

    pub(super) fn waiting(&self) -> u32 {
        match self {
            Self::Complete(waitlist) => u32::try_from(waitlist.len()).unwrap_or(u32::MAX),
            Self::Partial { blocks, .. } => blocks.waitlisted(),
        }
    }

    pub(super) fn confirmed(&self, known: &Known) -> u32 {
        match self {
            Self::Complete(waitlist) => {
                u32::try_from(known.len().saturating_sub(waitlist.len())).unwrap_or(u32::MAX)
            }
            Self::Partial { blocks, .. } => blocks.confirmed(),
        }
    }

    pub(super) fn position(&self, seq: u64) -> Option<Position> {
        match self {
            Self::Complete(waitlist) => waitlist.position(seq).map(Position::Exact),
            Self::Partial { blocks, .. } => {
                let (ahead, from_seq) = blocks.ahead_of_block(seq);
                Some(Position::InBlock { ahead, from_seq })
            }
        }
    }

    pub(super) fn add(&mut self, seat: &Seat, sizes: Sizes) {
        match self {
            Self::Complete(waitlist) if !seat.is_confirmed() => waitlist.push(seat.seq),
            Self::Complete(_) => {}
            Self::Partial { blocks, heads } => {
                let all_are_known =
                    u32::try_from(heads.len()).is_ok_and(|known| known == blocks.waitlisted());
                if !seat.is_confirmed() && all_are_known && heads.len() < sizes.heads_max() {
                    heads.push_back(seat.clone());
                }
                blocks.add(seat.seq, seat.is_confirmed());
            }
        }
    }

    pub(super) fn remove(&mut self, seat: &Seat) {
        match self {
            Self::Complete(waitlist) => {
                waitlist.remove(seat.seq);
            }
            Self::Partial { blocks, heads } => {
                blocks.remove(seat.seq, seat.is_confirmed());
                if let Ok(at) = heads.binary_search_by_key(&seat.seq, |head| head.seq) {
                    heads.remove(at);
                }
            }
        }
    }

    /// Removes the first in line, who gets a seat.
    pub(super) fn serve(&mut self) -> Option<Served> {
        match self {
            Self::Complete(waitlist) => {
                let seq = waitlist.first()?;
                waitlist.remove(seq);
                Some(Served::Known(seq))
            }
            Self::Partial { blocks, heads } => {
                let seat = heads.pop_front()?;
                blocks.remove(seat.seq, false);
                blocks.add(seat.seq, true);
                Some(Served::Head(seat))
            }
        }
    }

    pub(super) fn lacks_heads(&self) -> bool {
        matches!(self, Self::Partial { blocks, heads } if heads.is_empty() && blocks.waitlisted() > 0)
    }

    pub(super) fn learn_heads(&mut self, first_in_line: Vec<Seat>) {
        if let Self::Partial { heads, .. } = self {
            *heads = first_in_line.into();
        }
    }

    pub(super) fn heads(&self) -> impl Iterator<Item = &Seat> {
        match self {
            Self::Complete(_) => None,
            Self::Partial { heads, .. } => Some(heads.iter()),
        }
        .into_iter()
        .flatten()
    }

    pub(super) fn take_changed_blocks(&mut self) -> Vec<Block> {
        match self {
            Self::Complete(_) => Vec::new(),
            Self::Partial { blocks, .. } => blocks.take_changed(),
        }
    }
}

/// Who was first in line.
pub(super) enum Served {
    /// A registration that is in memory.
    Known(u64),
    /// One of the heads that were read ahead.
    Head(Seat),
}
