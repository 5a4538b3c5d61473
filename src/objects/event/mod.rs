//! The Event object: one event, its seats and its waitlist.
//!
//! It is named by the event's id. Seats and waitlist are decided only here, one command after the other, so
//! that no seat is ever given twice. All waiting commands share one transaction. What follows from a decision
//! (mail, the Catalog's copy) is a message written in that transaction.
//!
//! | command | atomic because |
//! |---|---|
//! | create, update, delete | `If-Match`, rules and write happen in one transaction |
//! | register, leave, remove | who moves up is decided and written with what freed the seat |
//! | check in, join | one transaction |
//! | take down, put back, report again | one transaction, like a change |
//! | account change | a seat given back, who moves up, and what is erased are one transaction |
//!
//! What all participants must be told is a *broadcast*: one row written with the fact, which the alarm turns
//! into mails page by page, so that no batch grows with the number of participants.
//!
//! The Catalog's copy comes from reports of what is true at delivery. A change of details is reported at
//! once, before the organizer gets an answer. Changed seats, and registrations that began or ended, are
//! reported together within [`SEATS_REPORT_AFTER_MS`], and the mails about them are sent at the same time.

mod account_changes;
mod admin;
mod broadcast;
mod broadcast_store;
mod broadcasts;
mod details;
mod email_status;
mod email_status_store;
mod held;
mod lookup;
mod promotion;
mod seat_store;
mod seats;
mod store;
mod takedown;

pub use held::{Event, REPORT_KEY, SEATS_REPORT_AFTER_MS, SizedEvent};

pub use crate::objects::messages::event::{
    AdminOrder, Command, Create, IfMatch, Participant, Registration, Reply, SeatStatus, Snapshot,
};

use super::outbox::OutboxMessage;
use super::sql::{Sql, SqlError};
use crate::domain::{Refusal, Timestamp};
use crate::objects::messages::catalog::Report;
use crate::objects::object::{Check, Fault, Kind, Object, Transaction};
use held::Held;

impl<const COMPLETE_MAX: u32, const BLOCK_BITS: u32> Object for SizedEvent<COMPLETE_MAX, BLOCK_BITS> {
    const GRANTS_LEASES: bool = true;
    const MIGRATIONS: &'static [super::schema::Step] = store::MIGRATIONS;
    const COPIED: bool = true;
    type Command = Command;
    type Reply = Reply;

    fn blank() -> Self {
        Self::default()
    }

    fn load(sql: &dyn Sql) -> Result<Self, SqlError> {
        let mut held = store::load(sql, Self::SIZES)?;
        if let Some(held) = &mut held {
            held.reported.waiting_since = store::report_waiting_since(sql)?;
        }
        Ok(Self { held })
    }

    fn prepare(&mut self, sql: &dyn Sql, commands: &[&Command]) -> Result<(), SqlError> {
        self.held.as_mut().map_or(Ok(()), |held| held.prefetch(sql, commands))
    }

    fn founds(&self, command: &Command) -> bool {
        matches!(command, Command::Create(_))
    }

    fn kind(command: &Command) -> Kind {
        match command {
            Command::Read => Kind::LeasedRead,
            Command::Mine { .. } | Command::Record(_) | Command::List { .. } | Command::Linked { .. } => {
                Kind::Read
            }
            Command::Update { .. } | Command::Delete { .. } => Kind::GuardedWrite,
            Command::Admin(order) => order.kind(),
            Command::AccountChange(account_change) if account_change.kind.is_guarded() => Kind::GuardedWrite,
            // No lease protects the list of registrations, or the organizer's name, which is updated within
            // seconds.
            Command::AccountChange(_) => Kind::Write,
            Command::Create(_)
            | Command::Register { .. }
            | Command::Leave { .. }
            | Command::Remove { .. }
            | Command::CheckIn { .. }
            | Command::Join { .. }
            | Command::Withdraw { .. }
            | Command::Unremind { .. } => Kind::Write,
        }
    }

    fn remembers(command: &Command) -> bool {
        matches!(
            command,
            Command::Update { .. }
                | Command::Delete { .. }
                | Command::Leave { .. }
                | Command::Remove { .. }
                | Command::Withdraw { .. }
        )
    }

    fn check(&self, sql: &dyn Sql, _now: Timestamp, command: &Command) -> Result<Check<Reply>, Fault> {
        if let (Command::AccountChange(_), None) = (command, &self.held) {
            return Ok(Check::Done(Reply::Done));
        }
        if let Command::Admin(order) = command {
            return self.check_admin(order);
        }
        let is_account_change = matches!(command, Command::AccountChange(_));
        let held =
            self.held.as_ref().filter(|held| is_account_change || !held.deleted).ok_or(Refusal::NotFound)?;
        held.check(sql, command)
    }

    fn execute(&mut self, tx: &mut Transaction<'_>, command: Command) -> Result<Reply, Fault> {
        if let Command::Create(create) = command {
            return details::create(&mut self.held, Self::SIZES, tx, *create);
        }
        if let Command::AccountChange(account_change) = command {
            tx.unchanged =
                !self.held.as_mut().map_or(Ok(false), |held| held.account_change(tx, &account_change))?;
            return Ok(Reply::Done);
        }
        if let Command::Admin(order) = command {
            return self.administer(tx, order);
        }
        let held = self.held.as_mut().filter(|held| !held.deleted).ok_or(Refusal::NotFound)?;
        match command {
            Command::Create(_) | Command::AccountChange(_) | Command::Admin(_) => {
                Err(Refusal::NotFound.into())
            }
            Command::Read => Ok(Reply::Event(Box::new(held.snapshot()))),
            Command::Update { by, patch, if_match } => held.update(tx, by, &patch, if_match.as_ref()),
            Command::Delete { by, if_match } => held.delete(tx, by, if_match.as_ref()),
            Command::Register { id, participant } => held.register(tx, id, &participant),
            Command::Mine { user } => held.mine(tx, user),
            Command::Record(user) => held.record(tx, user),
            Command::Linked { id } => held.linked(tx, id),
            Command::Leave { user } => held.leave(tx, user),
            Command::List { by, status, after, limit } => held.list(tx, by, status, after, limit),
            Command::Remove { by, id } => held.remove(tx, by, id),
            Command::CheckIn { by, id, present } => held.check_in(tx, by, id, present),
            Command::Join { user } => held.join(tx, user),
            Command::Withdraw { id } => held.withdraw(tx, id),
            Command::Unremind { id } => held.unremind(tx, id),
        }
    }

    fn announces(command: &Command) -> bool {
        match command {
            Command::Create(_) | Command::Update { .. } | Command::Delete { .. } => true,
            Command::AccountChange(account_change) => account_change.kind.is_guarded(),
            Command::Admin(order) => order.announces(),
            _ => false,
        }
    }

    fn delivered(&mut self, message: &OutboxMessage) {
        if let (OutboxMessage::Report(Some(report)), Some(held)) = (message, &mut self.held) {
            held.reported.version = held.reported.version.max(Some(report.version));
            held.reported.waiting_since = None;
        }
    }

    fn report(&self, now: Timestamp) -> Option<Report> {
        self.held.as_ref().map(|held| held.report(now))
    }

    fn copy_name(&self) -> Option<String> {
        self.held.as_ref().map(|held| held.id.to_string())
    }

    fn broadcast_due(&self) -> Option<Timestamp> {
        self.held.as_ref().and_then(Held::broadcast_due)
    }

    fn write_broadcast(&mut self, tx: &mut Transaction<'_>) -> Result<(), SqlError> {
        self.held.as_mut().map_or(Ok(()), |held| held.write_broadcast(tx))
    }

    fn unfinished_since(&self) -> Option<Timestamp> {
        self.held.as_ref().and_then(Held::promoting_since)
    }

    fn resume(&mut self, tx: &mut Transaction<'_>) -> Result<(), SqlError> {
        self.held.as_mut().map_or(Ok(()), |held| held.promote(tx))
    }

    fn seal(
        &self,
        sql: &dyn Sql,
        message: OutboxMessage,
        now: Timestamp,
    ) -> Result<Option<OutboxMessage>, SqlError> {
        let (OutboxMessage::Report(_), Some(held)) = (&message, &self.held) else { return Ok(Some(message)) };
        let participations = store::participations_since(sql, held.told_change)?;
        let report = Report { participations, ..held.report(now) };
        Ok(Some(OutboxMessage::Report(Some(Box::new(report)))))
    }

    fn acknowledged(&mut self, tx: &mut Transaction<'_>, message: &OutboxMessage) -> Result<(), SqlError> {
        let (OutboxMessage::Report(Some(report)), Some(held)) = (message, &mut self.held) else {
            return Ok(());
        };
        // The row is gone or was replaced in the meantime, so seats that change from now on need a new one.
        held.reported.seats_due = None;
        let Some(told) = report.participations.last().map(|told| told.change) else { return Ok(()) };
        store::save_told(tx.sql, told)?;
        held.told_change = held.told_change.max(told);
        if held.told_change < held.last_change {
            tx.post(REPORT_KEY, &OutboxMessage::Report(None), tx.now)?;
        }
        Ok(())
    }
}
