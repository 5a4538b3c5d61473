//! The registrations in memory. The platform makes all keys, users do not, so the maps need no hash that
//! resists chosen keys.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Lookup, Seat};
use crate::domain::{RegistrationId, UserId};

/// Some or all of the registrations, and the users and ids that are known to have none.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    seats: FxHashMap<u64, Seat>,
    by_user: FxHashMap<UserId, u64>,
    by_id: FxHashMap<RegistrationId, u64>,
    users_without: FxHashSet<UserId>,
    ids_without: FxHashSet<RegistrationId>,
}

impl Known {
    pub(super) fn reserve(&mut self, more: usize) {
        self.seats.reserve(more);
        self.by_user.reserve(more);
        self.by_id.reserve(more);
    }

    pub(super) fn len(&self) -> usize {
        self.seats.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Seat> {
        self.seats.values()
    }

    pub(super) fn of_user(&self, user: UserId) -> Lookup<'_> {
        self.found(self.by_user.get(&user), || self.users_without.contains(&user))
    }

    pub(super) fn of_id(&self, id: RegistrationId) -> Lookup<'_> {
        self.found(self.by_id.get(&id), || self.ids_without.contains(&id))
    }

    pub(super) fn get(&self, seq: u64) -> Option<&Seat> {
        self.seats.get(&seq)
    }

    pub(super) fn get_mut(&mut self, seq: u64) -> Option<&mut Seat> {
        self.seats.get_mut(&seq)
    }

    pub(super) fn insert(&mut self, seat: Seat) {
        self.by_user.insert(seat.user, seat.seq);
        self.by_id.insert(seat.id, seat.seq);
        self.users_without.remove(&seat.user);
        self.ids_without.remove(&seat.id);
        self.seats.insert(seat.seq, seat);
    }

    pub(super) fn remove(&mut self, seat: &Seat) {
        self.by_user.remove(&seat.user);
        self.by_id.remove(&seat.id);
        self.seats.remove(&seat.seq);
    }

    /// Records that this user and this id have no registration.
    pub(super) fn miss(&mut self, user: Option<UserId>, id: Option<RegistrationId>) {
        self.users_without.extend(user.filter(|user| !self.by_user.contains_key(user)));
        self.ids_without.extend(id.filter(|id| !self.by_id.contains_key(id)));
    }

    fn found(&self, seq: Option<&u64>, is_missing: impl Fn() -> bool) -> Lookup<'_> {
        match seq.and_then(|seq| self.seats.get(seq)) {
            Some(seat) => Lookup::Stands(seat),
            None if is_missing() => Lookup::Nothing,
            None => Lookup::Elsewhere,
        }
    }
}
