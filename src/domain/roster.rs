//! The seats of one event: who holds one, who waits, and in which order.
//!
//! Invariants, held by every public function:
//! 1. Confirmed seats never exceed the capacity.
//! 2. Nobody waits while a seat is free and the event is on; whatever frees a seat gives it to
//!    the head of the waitlist in the same step.
//! 3. The waitlist is served strictly in the order of arrival; who leaves and comes back is new.
//! 4. One user holds at most one seat.
//!
//! A refusal changes nothing. No command looks at more than the people it concerns: the cost is
//! O(log n) for each of them.
//!
//! A roster is *complete* while the event is small: every registration is in memory. Past a bound it
//! becomes *partial* for good, and holds the counts, the first in line, and what was prefetched of a
//! turn's commands. The rules do not look anybody up. They are handed the registration in question, as
//! [`Roster::of_user`] and [`Roster::of_id`] know it or as it is stored, so they are the same for both
//! and read nothing. A partial roster that gives many seats at once may have to be told who is next
//! ([`Roster::lacks_heads`]), and the second invariant then holds once [`Roster::owes_seats`] says no:
//! until that, whoever comes joins the line.

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

/// The standing registrations of one event.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    sizes: Sizes,
    known: Known,
    line: Line,
    next_seq: u64,
}

impl Roster {
    /// Nobody has come yet.
    #[must_use]
    pub fn new(sizes: Sizes) -> Self {
        Self { sizes, ..Self::default() }
    }

    /// Takes up what stands, in the order of arrival: all of it. `next_seq` lies above every number
    /// used.
    #[must_use]
    pub fn restore(sizes: Sizes, seats: impl IntoIterator<Item = Seat>, next_seq: u64) -> Self {
        let mut roster = Self { next_seq, ..Self::new(sizes) };
        let seats = seats.into_iter();
        roster.known.reserve(seats.size_hint().0);
        seats.for_each(|seat| roster.insert(seat));
        roster
    }

    /// Takes up the counts of more registrations than are kept in memory.
    #[must_use]
    pub fn restore_partial(sizes: Sizes, blocks: impl IntoIterator<Item = Block>, next_seq: u64) -> Self {
        Self { sizes, known: Known::default(), line: Line::partial(sizes, blocks), next_seq }
    }

    /// How the seats stand under `details`.
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

    /// The registration of this id.
    #[must_use]
    pub fn of_id(&self, id: RegistrationId) -> Lookup<'_> {
        self.settled(self.known.of_id(id))
    }

    /// The place on the waitlist of the arrival of this number, which waits.
    #[must_use]
    pub fn position(&self, seq: u64) -> Option<Position> {
        self.line.position(seq)
    }

    /// How many wait, which is the position of whoever has just joined the line.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.line.waiting()
    }

    /// The registrations that are in memory, in no particular order, and those of the first in line.
    pub fn in_memory(&self) -> impl Iterator<Item = &Seat> {
        self.known.iter().chain(self.line.heads())
    }

    /// Gives `user` a seat, or a place at the tail of the waitlist. `standing` is what the user has.
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
        // Who waits goes first. Nobody waits while a seat is free, but for the moments in which many
        // are given their seats.
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

    /// Ends this registration, and moves the first in line up if that frees a seat.
    pub fn leave(&mut self, details: &Details, now: Timestamp, left: Seat) -> Departure {
        self.take_out(&left);
        Departure { left, promoted: self.promote(details, now, 1) }
    }

    /// Takes a registration out and moves nobody up: for an event that is over for good.
    pub fn forget(&mut self, seat: &Seat) {
        self.take_out(seat);
    }

    /// Whether the event may change from `current` to `next` with those registered now.
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

    /// Whether somebody waits for a seat that is free.
    #[must_use]
    pub fn owes_seats(&self, details: &Details) -> bool {
        details.status() == Status::Published && self.free(details) > 0 && self.line.waiting() > 0
    }

    /// Gives the seats that are free under `details` to those who have waited longest, in order: `most`
    /// of them, and as many as are known to be first in line. Called again and again after the details
    /// have changed, until [`Roster::owes_seats`] says no; leaving does it by itself.
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

    /// Marks a participant as attending, or takes the mark back. Repeating it changes nothing.
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

    /// Lets a participant in, whose registration is `standing`: from 15 minutes before the start until
    /// the end.
    ///
    /// # Errors
    /// `Forbidden` variants of the contract: `NotRegistered`, `EventCancelled`, `NotOpenYet`,
    /// `EventOver`, `NoJoinUrl`.
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
        if now >= details.schedule().ends_at() {
            return Err(Refusal::EventOver);
        }
        if details.join_url().is_none() {
            return Err(Refusal::NoJoinUrl);
        }
        self.check_in(seat, Some(now))
    }

    /// How much is kept in memory.
    #[must_use]
    pub const fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// Whether registrations are to be looked up, rather than all in memory.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        matches!(self.line, Line::Partial { .. })
    }

    /// Prepares a partial roster for commands about these users and ids: `found` is what stands of them.
    /// What was prefetched before is forgotten.
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

    /// Whether somebody waits and nobody is known to be first: [`Roster::learn_heads`] is to be called
    /// before anything that may give a seat away.
    #[must_use]
    pub fn lacks_heads(&self) -> bool {
        self.line.lacks_heads()
    }

    /// Learns who are first in line, in their order.
    pub fn learn_heads(&mut self, first_in_line: Vec<Seat>) {
        self.line.learn_heads(first_in_line);
    }

    /// The counts that have changed since the last question. A roster that has just become partial
    /// gives all of them.
    pub fn take_changed_blocks(&mut self) -> Vec<Block> {
        self.line.take_changed_blocks()
    }

    /// What is not in the memory of a complete roster is not there at all.
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
