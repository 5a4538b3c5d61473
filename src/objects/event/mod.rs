//! The Event object: one event, its seats and its waitlist.
//!
//! It is named by the event's id. Seats and waitlist are decided here and nowhere else, one
//! command after the other, so that no seat is ever sold twice; all commands that wait share one
//! transaction. What follows from a decision (mail, the Catalog's copy) is a parcel written in
//! that transaction.
//!
//! | command | atomic because |
//! |---|---|
//! | create, update, delete | `If-Match`, rules and write happen in one turn |
//! | register, leave, remove | who moves up is decided and written with what freed the seat |
//! | check in, join | one turn |
//! | take down, put back, report again | one turn, like a change |
//! | notice | a seat given back, who moves up, and what is erased are one turn |
//!
//! What everybody has to hear is a *circular*: one row written with the fact, which becomes letters
//! page by page when the alarm rings, so that no turn grows with the number of participants.
//!
//! The Catalog's copy is a report of what is true when it is delivered: a change of details is
//! reported at once, before the organizer has an answer; seats that change, and who has come or
//! gone, are reported together within [`SEATS_REPORT_AFTER_MS`], and the letters about them leave
//! at the same time.

mod admin;
mod circular_store;
mod circulars;
mod details;
mod email_status;
mod lookup;
mod notices;
mod promotion;
mod protocol;
mod seat_store;
mod seats;
mod store;

pub use admin::AdminOrder;
pub use protocol::{Command, Create, IfMatch, Participant, Registration, Reply, SeatStatus, Snapshot};

use super::catalog::Report;
use super::outbox::Parcel;
use super::sql::{Sql, SqlError};
use super::{Check, Fault, Kind, Object, Turn};
use crate::domain::event::{Details, Organizer, Status};
use crate::domain::roster::{Roster, Seat, Sizes};
use crate::domain::{EventId, Refusal, Timestamp, UserId};
use circulars::Circular;

/// Milliseconds after which the Catalog hears of changed seats, and the letters about them leave.
pub const SEATS_REPORT_AFTER_MS: i64 = 1_000;
/// Milliseconds after which a report is repeated whose delivery was not confirmed.
const REPORT_AGAIN_AFTER_MS: i64 = 2_000;
/// The outbox key of the report to the Catalog.
pub const REPORT_KEY: &str = "report";

/// One event; nothing before it was created.
pub type Event = SizedEvent<{ Sizes::DEFAULT.complete_max }, { Sizes::DEFAULT.block_bits }>;

/// An event of which so much is kept in memory ([`Sizes`]): tests do with very little.
#[derive(Debug, Default)]
pub struct SizedEvent<const COMPLETE_MAX: u32, const BLOCK_BITS: u32> {
    held: Option<Held>,
}

#[derive(Debug, Clone)]
struct Held {
    id: EventId,
    organizer: Organizer,
    details: Details,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    deleted: bool,
    fingerprint: Option<String>,
    roster: Roster,
    /// Numbers the beginnings and ends of registrations.
    last_change: u64,
    /// The last of them that the Catalog is known to have heard of.
    told_change: u64,
    reported: Reported,
    /// The version that last changed what participants have to hear of.
    edition: u64,
    /// What waits to be told to everybody.
    circulars: Vec<Circular>,
    /// Whether the operator has taken the event down.
    taken_down: bool,
}

/// What the Catalog knows and will hear, as far as memory tells.
#[derive(Debug, Clone, Copy, Default)]
struct Reported {
    version: Option<u64>,
    seats_due: Option<Timestamp>,
    /// Since when something waits to be reported.
    waiting_since: Option<Timestamp>,
}

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
            held.reported.waiting_since = admin::report_waiting_since(sql)?;
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
            Command::Mine { .. } | Command::Record(_) | Command::List { .. } => Kind::Read,
            Command::Update { .. } | Command::Delete { .. } => Kind::GuardedWrite,
            Command::Admin(order) => order.kind(),
            Command::Notice(notice) if notice.news.is_guarded() => Kind::GuardedWrite,
            // No lease protects the organizer's name, which follows a change within seconds, or the list
            // of registrations.
            Command::Notice(_) => Kind::Write,
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
        if let (Command::Notice(_), None) = (command, &self.held) {
            return Ok(Check::Done(Reply::Done));
        }
        if let Command::Admin(order) = command {
            return self.check_admin(order);
        }
        let is_notice = matches!(command, Command::Notice(_));
        let held = self.held.as_ref().filter(|held| is_notice || !held.deleted).ok_or(Refusal::NotFound)?;
        held.check(sql, command)
    }

    fn execute(&mut self, turn: &mut Turn<'_>, command: Command) -> Result<Reply, Fault> {
        if let Command::Create(create) = command {
            return details::create(&mut self.held, Self::SIZES, turn, *create);
        }
        if let Command::Notice(notice) = command {
            turn.unchanged = !self.held.as_mut().map_or(Ok(false), |held| held.notice(turn, &notice))?;
            return Ok(Reply::Done);
        }
        if let Command::Admin(order) = command {
            return self.administer(turn, order);
        }
        let held = self.held.as_mut().filter(|held| !held.deleted).ok_or(Refusal::NotFound)?;
        match command {
            Command::Create(_) | Command::Notice(_) | Command::Admin(_) => Err(Refusal::NotFound.into()),
            Command::Read => Ok(Reply::Event(Box::new(held.snapshot()))),
            Command::Update { by, patch, if_match } => held.update(turn, by, &patch, if_match.as_ref()),
            Command::Delete { by, if_match } => held.delete(turn, by, if_match.as_ref()),
            Command::Register { id, participant } => held.register(turn, id, &participant),
            Command::Mine { user } => held.mine(turn, user),
            Command::Record(user) => held.record(turn, user),
            Command::Leave { user } => held.leave(turn, user),
            Command::List { by, status, after, limit } => held.list(turn, by, status, after, limit),
            Command::Remove { by, id } => held.remove(turn, by, id),
            Command::CheckIn { by, id, present } => held.check_in(turn, by, id, present),
            Command::Join { user } => held.join(turn, user),
            Command::Withdraw { id } => held.withdraw(turn, id),
            Command::Unremind { id } => held.unremind(turn, id),
        }
    }

    fn announces(command: &Command) -> bool {
        match command {
            Command::Create(_) | Command::Update { .. } | Command::Delete { .. } => true,
            Command::Notice(notice) => notice.news.is_guarded(),
            Command::Admin(order) => order.announces(),
            _ => false,
        }
    }

    fn delivered(&mut self, parcel: &Parcel) {
        if let (Parcel::Report(Some(report)), Some(held)) = (parcel, &mut self.held) {
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

    fn circular_due(&self) -> Option<Timestamp> {
        self.held.as_ref().and_then(Held::circular_due)
    }

    fn write_circular(&mut self, turn: &mut Turn<'_>) -> Result<(), SqlError> {
        self.held.as_mut().map_or(Ok(()), |held| held.write_circular(turn))
    }

    fn unfinished_since(&self) -> Option<Timestamp> {
        self.held.as_ref().and_then(Held::promoting_since)
    }

    fn resume(&mut self, turn: &mut Turn<'_>) -> Result<(), SqlError> {
        self.held.as_mut().map_or(Ok(()), |held| held.promote(turn))
    }

    fn seal(&self, sql: &dyn Sql, parcel: Parcel, now: Timestamp) -> Result<Option<Parcel>, SqlError> {
        let (Parcel::Report(_), Some(held)) = (&parcel, &self.held) else { return Ok(Some(parcel)) };
        let participations = store::participations_since(sql, held.told_change)?;
        let report = Report { participations, ..held.report(now) };
        Ok(Some(Parcel::Report(Some(Box::new(report)))))
    }

    fn settled(&mut self, turn: &mut Turn<'_>, parcel: &Parcel) -> Result<(), SqlError> {
        let (Parcel::Report(Some(report)), Some(held)) = (parcel, &mut self.held) else { return Ok(()) };
        // The row is gone, or was replaced meanwhile: seats that change from now on need one.
        held.reported.seats_due = None;
        let Some(told) = report.participations.last().map(|told| told.change) else { return Ok(()) };
        store::save_told(turn.sql, told)?;
        held.told_change = held.told_change.max(told);
        if held.told_change < held.last_change {
            turn.post(REPORT_KEY, &Parcel::Report(None), turn.now)?;
        }
        Ok(())
    }
}

impl<const COMPLETE_MAX: u32, const BLOCK_BITS: u32> SizedEvent<COMPLETE_MAX, BLOCK_BITS> {
    const SIZES: Sizes = Sizes { complete_max: COMPLETE_MAX, block_bits: BLOCK_BITS };

    /// Every registration in the order of arrival with its position, as memory has it: for tests that
    /// hold it against what is stored. What is not in memory is read.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn standing(&self, sql: &dyn Sql) -> Result<Vec<(Seat, Option<u32>)>, SqlError> {
        self.held.as_ref().map_or(Ok(Vec::new()), |held| held.standing(sql))
    }
}

impl Held {
    fn snapshot(&self) -> Snapshot {
        let hidden = self.hidden();
        let details = self.details.clone();
        Snapshot {
            id: self.id,
            organizer: self.organizer.clone(),
            details: if hidden.is_some() { details.as_draft() } else { details },
            hidden,
            seats: self.roster.seats(&self.details),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    fn report(&self, now: Timestamp) -> Report {
        let entry = (!self.deleted).then(|| {
            let snapshot = self.snapshot();
            Snapshot { details: snapshot.details.without_join_url(), ..snapshot }
        });
        let news = self.reported.version != Some(self.version);
        let waited_ms = self.reported.waiting_since.map_or(0, |since| now.ms_since(since).max(0));
        Report {
            event: self.id,
            version: self.version,
            as_of: now,
            news,
            entry,
            participations: Vec::new(),
            waited_ms,
        }
    }

    /// Allows the organizer alone.
    fn only_organizer(&self, by: UserId) -> Result<(), Refusal> {
        self.exists_for(by)?;
        if self.organizer.id == by { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    /// A draft exists for its organizer alone, and so does an event that the operator hides.
    fn exists_for(&self, user: UserId) -> Result<(), Refusal> {
        let hidden = self.details.status() == Status::Draft || self.hidden().is_some();
        if hidden && self.organizer.id != user { Err(Refusal::NotFound) } else { Ok(()) }
    }
}
