//! Finding a registration: in memory if the roster has it, otherwise by an index.
//!
//! A large event keeps almost nobody in memory. The registrations that the commands of a batch need are read
//! in one statement before the first command executes, so that many requests cost one database call instead
//! of one each. They are updated along with every change and dropped at the next batch.

use super::held::Held;
use super::seat_store;
use crate::domain::roster::{Lookup, Position, Seat};
use crate::domain::{RegistrationId, UserId};
use crate::objects::messages::account_change::ChangeKind;
use crate::objects::messages::event::Command;
use crate::objects::sql::{Sql, SqlError};

impl Held {
    /// Reads the registrations that these commands are about.
    pub(super) fn prefetch(&mut self, sql: &dyn Sql, commands: &[&Command]) -> Result<(), SqlError> {
        if !self.roster.is_partial() {
            return Ok(());
        }
        let users: Vec<UserId> = commands.iter().copied().filter_map(concerned_user).collect();
        let ids: Vec<RegistrationId> = commands.iter().copied().filter_map(concerned_id).collect();
        let found = match (users.is_empty(), ids.is_empty()) {
            (true, true) => Vec::new(),
            _ => seat_store::seats(sql, &users, &ids)?,
        };
        self.roster.prefetched(users, ids, found);
        Ok(())
    }

    /// The active registration of a user.
    pub(super) fn seat_of_user(&self, sql: &dyn Sql, user: UserId) -> Result<Option<Seat>, SqlError> {
        match self.roster.of_user(user) {
            Lookup::Stands(seat) => Ok(Some(seat.clone())),
            Lookup::Nothing => Ok(None),
            Lookup::Elsewhere => Ok(seat_store::seats(sql, &[user], &[])?.pop()),
        }
    }

    /// The active registration with this id.
    pub(super) fn seat_of_id(&self, sql: &dyn Sql, id: RegistrationId) -> Result<Option<Seat>, SqlError> {
        match self.roster.of_id(id) {
            Lookup::Stands(seat) => Ok(Some(seat.clone())),
            Lookup::Nothing => Ok(None),
            Lookup::Elsewhere => Ok(seat_store::seats(sql, &[], &[id])?.pop()),
        }
    }

    /// The place on the waitlist, counted from 1; `None` for a confirmed seat.
    pub(super) fn position(&self, sql: &dyn Sql, seat: &Seat) -> Result<Option<u32>, SqlError> {
        if seat.is_confirmed() { Ok(None) } else { self.position_of(sql, seat.seq) }
    }

    /// The same for the waiting registration with this number.
    pub(super) fn position_of(&self, sql: &dyn Sql, seq: u64) -> Result<Option<u32>, SqlError> {
        match self.roster.position(seq) {
            None => Ok(None),
            Some(Position::Exact(position)) => Ok(Some(position)),
            Some(Position::InBlock { ahead, from_seq }) => {
                let within = seat_store::count_waiting(sql, from_seq, seq)?;
                Ok(Some(ahead.saturating_add(within)))
            }
        }
    }

    /// See [`super::SizedEvent::standing`].
    pub(super) fn standing(&self, sql: &dyn Sql) -> Result<Vec<(Seat, Option<u32>)>, SqlError> {
        let mut seats: Vec<Seat> = self.roster.in_memory().cloned().collect();
        if self.roster.is_partial() {
            seats.extend(seat_store::after(sql, None, None)?);
        }
        // Seats in memory come first, and are kept.
        seats.sort_by_key(|seat| seat.seq);
        seats.dedup_by_key(|seat| seat.seq);
        let with_position = |seat: Seat| Ok((seat.clone(), self.position(sql, &seat)?));
        seats.into_iter().map(with_position).collect()
    }
}

fn concerned_user(command: &Command) -> Option<UserId> {
    match command {
        Command::Register { participant, .. } => Some(participant.id),
        Command::Leave { user } | Command::Join { user } => Some(*user),
        Command::AccountChange(account_change) if account_change.kind == ChangeKind::Erased => {
            Some(account_change.user)
        }
        _ => None,
    }
}

fn concerned_id(command: &Command) -> Option<RegistrationId> {
    match command {
        Command::Remove { id, .. }
        | Command::CheckIn { id, .. }
        | Command::Withdraw { id }
        | Command::Unremind { id } => Some(*id),
        _ => None,
    }
}
