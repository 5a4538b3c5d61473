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

use rustc_hash::FxHashMap;

use super::event::{Details, Status};
use super::waitlist::Waitlist;
use super::{Refusal, RegistrationId, Timestamp, UserId, limits};

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

/// The standing registrations of one event. All keys are made here and not by users, so the maps need
/// no hash that withstands them.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    seats: FxHashMap<u64, Seat>,
    by_user: FxHashMap<UserId, u64>,
    by_id: FxHashMap<RegistrationId, u64>,
    waiting: Waitlist,
    next_seq: u64,
}

impl Roster {
    /// Takes up what stands, in the order of arrival. `next_seq` lies above every number used.
    #[must_use]
    pub fn restore(seats: impl IntoIterator<Item = Seat>, next_seq: u64) -> Self {
        let mut roster = Self { next_seq, ..Self::default() };
        let seats = seats.into_iter();
        let (at_least, _) = seats.size_hint();
        roster.seats.reserve(at_least);
        roster.by_user.reserve(at_least);
        roster.by_id.reserve(at_least);
        seats.for_each(|seat| roster.insert(seat));
        roster
    }

    /// How the seats stand under `details`.
    #[must_use]
    pub fn seats(&self, details: &Details) -> Seats {
        let confirmed = self.confirmed();
        Seats {
            confirmed,
            waitlisted: u32::try_from(self.waiting.len()).unwrap_or(u32::MAX),
            remaining: details.capacity().map(|capacity| capacity.saturating_sub(confirmed)),
        }
    }

    /// Whether nobody is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// The registration of a user.
    #[must_use]
    pub fn of_user(&self, user: UserId) -> Option<&Seat> {
        self.seats.get(self.by_user.get(&user)?)
    }

    /// The registration of this id.
    #[must_use]
    pub fn of_id(&self, id: RegistrationId) -> Option<&Seat> {
        self.seats.get(self.by_id.get(&id)?)
    }

    /// The place on the waitlist, counted from 1; `None` for a confirmed seat.
    #[must_use]
    pub fn position(&self, seat: &Seat) -> Option<u32> {
        self.waiting.position(seat.seq)
    }

    /// Every standing registration, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Seat> {
        self.seats.values()
    }

    /// Gives `user` a seat, or a place at the tail of the waitlist.
    ///
    /// # Errors
    /// `RegistrationNotOpen`, for a draft too, `EventCancelled`, `RegistrationClosed`, `EventFull`.
    pub fn register(
        &mut self,
        details: &Details,
        now: Timestamp,
        id: RegistrationId,
        user: UserId,
    ) -> Result<Admission, Refusal> {
        if let Some(standing) = self.of_user(user) {
            return Ok(Admission::Standing(standing.clone()));
        }
        match details.status() {
            Status::Draft => return Err(Refusal::RegistrationNotOpen),
            Status::Cancelled => return Err(Refusal::EventCancelled),
            Status::Published => details.registration().admit(now)?,
        }
        let has_seat = self.free(details) > 0;
        if !has_seat && !details.waitlist() {
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

    /// Ends the registration of a user and moves the waitlist up.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn leave(&mut self, details: &Details, now: Timestamp, user: UserId) -> Result<Departure, Refusal> {
        let seq = *self.by_user.get(&user).ok_or(Refusal::NotFound)?;
        self.depart(details, now, seq)
    }

    /// Ends the registration of this id and moves the waitlist up.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn remove(
        &mut self,
        details: &Details,
        now: Timestamp,
        id: RegistrationId,
    ) -> Result<Departure, Refusal> {
        let seq = *self.by_id.get(&id).ok_or(Refusal::NotFound)?;
        self.depart(details, now, seq)
    }

    /// Takes a user out and moves nobody up: for an event that is over for good.
    pub fn forget(&mut self, user: UserId) {
        if let Some(seat) = self.by_user.get(&user).copied().and_then(|seq| self.seats.remove(&seq)) {
            self.take_out(&seat);
        }
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

    /// Gives the seats that are free under `details` to those who have waited longest, in order.
    /// Called after the details have changed; leaving does it by itself.
    pub fn promote(&mut self, details: &Details, now: Timestamp) -> Vec<Seat> {
        let mut promoted = Vec::new();
        if details.status() != Status::Published {
            return promoted;
        }
        let mut free = self.free(details);
        while free > 0 {
            let Some(seq) = self.waiting.first() else {
                break;
            };
            self.waiting.remove(seq);
            if let Some(seat) = self.seats.get_mut(&seq) {
                seat.confirmed_at = Some(now);
                promoted.push(seat.clone());
            }
            free = free.saturating_sub(1);
        }
        promoted
    }

    /// Marks a participant as attending, or takes the mark back. Repeating it changes nothing.
    ///
    /// # Errors
    /// `NotFound`, or `NotConfirmed` for somebody on the waitlist.
    pub fn check_in(&mut self, id: RegistrationId, at: Option<Timestamp>) -> Result<Seat, Refusal> {
        let seq = self.by_id.get(&id).ok_or(Refusal::NotFound)?;
        let seat = self.seats.get_mut(seq).ok_or(Refusal::NotFound)?;
        if !seat.is_confirmed() {
            return Err(Refusal::NotConfirmed);
        }
        seat.checked_in_at = at.map(|at| seat.checked_in_at.unwrap_or(at));
        Ok(seat.clone())
    }

    /// Lets a participant in: from 15 minutes before the start until the end.
    ///
    /// # Errors
    /// `Forbidden` variants of the contract: `NotRegistered`, `EventCancelled`, `NotOpenYet`,
    /// `EventOver`, `NoJoinUrl`.
    pub fn join(&mut self, details: &Details, now: Timestamp, user: UserId) -> Result<Seat, Refusal> {
        let seat = self.of_user(user).filter(|seat| seat.is_confirmed()).ok_or(Refusal::NotRegistered)?;
        let id = seat.id;
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
        self.check_in(id, Some(now))
    }

    fn depart(&mut self, details: &Details, now: Timestamp, seq: u64) -> Result<Departure, Refusal> {
        let left = self.seats.remove(&seq).ok_or(Refusal::NotFound)?;
        self.take_out(&left);
        Ok(Departure { left, promoted: self.promote(details, now) })
    }

    fn take_out(&mut self, left: &Seat) {
        self.by_user.remove(&left.user);
        self.by_id.remove(&left.id);
        self.waiting.remove(left.seq);
    }

    fn insert(&mut self, seat: Seat) {
        self.by_user.insert(seat.user, seat.seq);
        self.by_id.insert(seat.id, seat.seq);
        if !seat.is_confirmed() {
            self.waiting.push(seat.seq);
        }
        self.next_seq = self.next_seq.max(seat.seq.saturating_add(1));
        self.seats.insert(seat.seq, seat);
    }

    fn confirmed(&self) -> u32 {
        u32::try_from(self.seats.len().saturating_sub(self.waiting.len())).unwrap_or(u32::MAX)
    }

    fn free(&self, details: &Details) -> u32 {
        details.capacity().map_or(u32::MAX, |capacity| capacity.saturating_sub(self.confirmed()))
    }
}
