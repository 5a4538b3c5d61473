//! The seats of one event: who has one, who waits, and in which order.
//!
//! Invariants, held by every public function:
//! 1. Confirmed seats never exceed the capacity.
//! 2. While the event is published, nobody waits when a seat is free. Whatever frees a seat gives it to
//!    the head of the waitlist in the same step.
//! 3. The waitlist is served strictly in the order of arrival. Whoever leaves and comes back starts at
//!    the end.
//! 4. One user has at most one seat.
//!
//! A refusal changes nothing. A command looks only at the people whom it concerns, and costs O(log n)
//! for each of them.
//!
//! A roster is *complete* while the event is small: every registration is in memory. Above a limit it
//! becomes *partial*, permanently. Then it holds the counts, the first in line, and the registrations
//! that were prefetched for the commands of a batch.
//!
//! The rules do not look anybody up. The caller passes in the registration in question, as
//! [`Roster::of_user`] and [`Roster::of_id`] know it or as it is stored. So the rules read nothing, and
//! are the same for both kinds. A partial roster that gives many seats at once may have to be told who
//! is next ([`Roster::lacks_heads`]). The second invariant then holds once [`Roster::owes_seats`] is
//! `false`; until then, whoever registers joins the waitlist.

mod blocks;
mod known;
mod line;
mod seat;

use super::event::{Details, Status};
use super::{Refusal, RegistrationId, Timestamp, UserId, limits};
pub use blocks::Block;
use known::Known;
use line::{Line, Served};
pub use seat::{Admission, Departure, Lookup, Position, Seat, Seats, Sizes};

/// The current registrations of one event.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    sizes: Sizes,
    known: Known,
    line: Line,
    next_seq: u64,
}

impl Roster {
    /// An empty roster.
    #[must_use]
    pub fn new(sizes: Sizes) -> Self {
        Self { sizes, ..Self::default() }
    }

    /// Restores all registrations, given in the order of arrival. `next_seq` is above every number
    /// used so far.
    #[must_use]
    pub fn restore(sizes: Sizes, seats: impl IntoIterator<Item = Seat>, next_seq: u64) -> Self {
        let mut roster = Self { next_seq, ..Self::new(sizes) };
        let seats = seats.into_iter();
        roster.known.reserve(seats.size_hint().0);
        seats.for_each(|seat| roster.insert(seat));
        roster
    }

    /// Restores the counts of more registrations than fit in memory.
    #[must_use]
    pub fn restore_partial(sizes: Sizes, blocks: impl IntoIterator<Item = Block>, next_seq: u64) -> Self {
        Self { sizes, known: Known::default(), line: Line::partial(sizes, blocks), next_seq }
    }

    /// The counts of seats under `details`.
    #[must_use]
    pub fn seats(&self, details: &Details) -> Seats {
        let confirmed = self.confirmed();
        Seats {
            confirmed,
            waitlisted: self.line.waiting(),
            remaining: details.capacity().map(|capacity| capacity.saturating_sub(confirmed)),
        }
    }

    /// Whether nobody is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.confirmed() == 0 && self.line.waiting() == 0
    }

    /// The registration of a user.
    #[must_use]
    pub fn of_user(&self, user: UserId) -> Lookup<'_> {
        self.settled(self.known.of_user(user))
    }

    /// The registration with this id.
    #[must_use]
    pub fn of_id(&self, id: RegistrationId) -> Lookup<'_> {
        self.settled(self.known.of_id(id))
    }

    /// The position on the waitlist of the arrival with this number, which must be waiting.
    #[must_use]
    pub fn position(&self, seq: u64) -> Option<Position> {
        self.line.position(seq)
    }

    /// How many wait. This is also the position of whoever has just joined the waitlist.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.line.waiting()
    }

    /// The registrations in memory, in no particular order, and those of the first in line.
    pub fn in_memory(&self) -> impl Iterator<Item = &Seat> {
        self.known.iter().chain(self.line.heads())
    }

    /// Gives `user` a seat, or a place at the end of the waitlist. `standing` is the user's current
    /// registration, if any.
    ///
    /// # Errors
    /// `RegistrationNotOpen`, for a draft too, `EventCancelled`, `RegistrationClosed`, `EventFull`.
    pub fn register(
        &mut self,
        details: &Details,
        now: Timestamp,
        id: RegistrationId,
        user: UserId,
        standing: Option<Seat>,
    ) -> Result<Admission, Refusal> {
        if let Some(standing) = standing {
            return Ok(Admission::Standing(standing));
        }
        match details.status() {
            Status::Draft => return Err(Refusal::RegistrationNotOpen),
            Status::Cancelled => return Err(Refusal::EventCancelled),
            Status::Published => details.registration().admit(now)?,
        }
        let (free, waiting) = (self.free(details), self.line.waiting());
        // People who wait go first. They wait while a seat is free only in the moments when many people
        // are being given seats.
        let has_seat = free > 0 && waiting == 0;
        if free <= waiting && !has_seat && !details.waitlist() {
            return Err(Refusal::EventFull);
        }
        let seat = Seat {
            seq: self.next_seq,
            id,
            user,
            registered_at: now,
            confirmed_at: has_seat.then_some(now),
            checked_in_at: None,
        };
        self.next_seq = self.next_seq.saturating_add(1);
        self.insert(seat.clone());
        Ok(Admission::New(seat))
    }

    /// Ends this registration, and gives the seat, if it had one, to the first in line.
    pub fn leave(&mut self, details: &Details, now: Timestamp, left: Seat) -> Departure {
        self.take_out(&left);
        Departure { left, promoted: self.promote(details, now, 1) }
    }

    /// Removes a registration and moves nobody up: for an event that has ended permanently.
    pub fn forget(&mut self, seat: &Seat) {
        self.take_out(seat);
    }

    /// Whether the event may change from `current` to `next` with the present registrations.
    ///
    /// # Errors
    /// `InvalidTransition` or `CapacityBelowConfirmed`.
    pub fn admits_change(&self, current: &Details, next: &Details) -> Result<(), Refusal> {
        if !current.status().may_become(next.status(), !self.is_empty()) {
            return Err(Refusal::InvalidTransition);
        }
        if next.capacity().is_some_and(|capacity| capacity < self.confirmed()) {
            return Err(Refusal::CapacityBelowConfirmed);
        }
        Ok(())
    }

    /// Whether somebody waits although a seat is free.
    #[must_use]
    pub fn owes_seats(&self, details: &Details) -> bool {
        details.status() == Status::Published && self.free(details) > 0 && self.line.waiting() > 0
    }

    /// Gives the seats that are free under `details` to those who have waited longest, in order: at most
    /// `most` of them, and no more than are known to be first in line. After a change of the details,
    /// call it until [`Roster::owes_seats`] is `false`. [`Roster::leave`] calls it itself.
    pub fn promote(&mut self, details: &Details, now: Timestamp, most: usize) -> Vec<Seat> {
        let mut promoted = Vec::new();
        while promoted.len() < most && self.owes_seats(details) {
            let seat = match self.line.serve() {
                Some(Served::Known(seq)) => self.known.get(seq).cloned(),
                Some(Served::Head(seat)) => Some(seat),
                None => break,
            };
            if let Some(seat) = seat {
                let seat = Seat { confirmed_at: Some(now), ..seat };
                self.replace(&seat);
                promoted.push(seat);
            }
        }
        promoted
    }

    /// Marks a participant as attending, or removes the mark. Repeating it changes nothing.
    ///
    /// # Errors
    /// `NotConfirmed` for somebody on the waitlist.
    pub fn check_in(&mut self, seat: Seat, at: Option<Timestamp>) -> Result<Seat, Refusal> {
        if !seat.is_confirmed() {
            return Err(Refusal::NotConfirmed);
        }
        let seat = Seat { checked_in_at: at.map(|at| seat.checked_in_at.unwrap_or(at)), ..seat };
        self.replace(&seat);
        Ok(seat)
    }

    /// Lets the participant with the registration `standing` join, from 15 minutes before the start
    /// until the end.
    ///
    /// # Errors
    /// `NotRegistered`, `EventCancelled`, `NotOpenYet`, `EventOver`, `NoJoinUrl`.
    pub fn join(
        &mut self,
        details: &Details,
        now: Timestamp,
        standing: Option<Seat>,
    ) -> Result<Seat, Refusal> {
        let seat = standing.filter(Seat::is_confirmed).ok_or(Refusal::NotRegistered)?;
        if details.status() == Status::Cancelled {
            return Err(Refusal::EventCancelled);
        }
        if now < details.schedule().starts_at().plus_ms(limits::JOIN_OPENS_BEFORE_MS.saturating_neg()) {
            return Err(Refusal::NotOpenYet);
        }
        if details.is_over(now) {
            return Err(Refusal::EventOver);
        }
        if details.join_url().is_none() {
            return Err(Refusal::NoJoinUrl);
        }
        self.check_in(seat, Some(now))
    }

    /// How much fits in memory.
    #[must_use]
    pub const fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// Whether registrations have to be looked up, because not all are in memory.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        matches!(self.line, Line::Partial { .. })
    }

    /// Prepares a partial roster for commands about these users and ids: `found` are their current
    /// registrations. Earlier prefetched registrations are dropped.
    pub fn prefetched(
        &mut self,
        users: impl IntoIterator<Item = UserId>,
        ids: impl IntoIterator<Item = RegistrationId>,
        found: Vec<Seat>,
    ) {
        if self.is_partial() {
            self.known = Known::default();
            found.into_iter().for_each(|seat| self.known.insert(seat));
            users.into_iter().for_each(|user| self.known.miss(Some(user), None));
            ids.into_iter().for_each(|id| self.known.miss(None, Some(id)));
        }
    }

    /// Whether somebody waits but nobody is known to be first. Then call [`Roster::learn_heads`] before
    /// anything that may give a seat away.
    #[must_use]
    pub fn lacks_heads(&self) -> bool {
        self.line.lacks_heads()
    }

    /// Learns who is first in line, in order.
    pub fn learn_heads(&mut self, first_in_line: Vec<Seat>) {
        self.line.learn_heads(first_in_line);
    }

    /// The counts that have changed since the last call. A roster that has just become partial
    /// returns all of them.
    pub fn take_changed_blocks(&mut self) -> Vec<Block> {
        self.line.take_changed_blocks()
    }

    /// What is not in the memory of a complete roster does not exist.
    fn settled<'a>(&self, found: Lookup<'a>) -> Lookup<'a> {
        if found == Lookup::Elsewhere && !self.is_partial() { Lookup::Nothing } else { found }
    }

    fn take_out(&mut self, left: &Seat) {
        self.known.remove(left);
        self.line.remove(left);
        if self.is_partial() {
            self.known.miss(Some(left.user), Some(left.id));
        }
    }

    fn insert(&mut self, seat: Seat) {
        self.next_seq = self.next_seq.max(seat.seq.saturating_add(1));
        self.line.add(&seat, self.sizes);
        self.known.insert(seat);
        if let Line::Complete(waitlist) = &self.line
            && u32::try_from(self.known.len()).is_ok_and(|known| known > self.sizes.complete_max)
        {
            self.line = Line::outgrown(waitlist, &self.known, self.sizes);
            self.known = Known::default();
        }
    }

    fn replace(&mut self, seat: &Seat) {
        if let Some(known) = self.known.get_mut(seat.seq) {
            known.clone_from(seat);
        }
    }

    fn confirmed(&self) -> u32 {
        self.line.confirmed(&self.known)
    }

    fn free(&self, details: &Details) -> u32 {
        details.capacity().map_or(u32::MAX, |capacity| capacity.saturating_sub(self.confirmed()))
    }
}
