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
//! | notice | a seat given back, who moves up, and what is erased are one turn |
//!
//! What everybody has to hear is a *circular*: one row written with the fact, which becomes letters
//! page by page when the alarm rings, so that no turn grows with the number of participants.
//!
//! The Catalog's copy is a report of what is true when it is delivered: a change of details is
//! reported at once, before the organizer has an answer; seats that change, and who has come or
//! gone, are reported together within [`SEATS_REPORT_AFTER_MS`], and the letters about them leave
//! at the same time.

mod circular_store;
mod circulars;
mod details;
mod email_status;
mod notices;
mod protocol;
mod seats;
mod store;

pub use protocol::{Command, Create, IfMatch, Participant, Registration, Reply, SeatStatus, Snapshot};

use super::catalog::Report;
use super::notice::News;
use super::outbox::Parcel;
use super::sql::{Sql, SqlError};
use super::{Check, Fault, Kind, Object, Turn};
use crate::domain::event::{Details, Organizer, Status};
use crate::domain::roster::Roster;
use crate::domain::{EventId, Refusal, Timestamp, UserId};
use circulars::Circular;

/// Milliseconds after which the Catalog hears of changed seats, and the letters about them leave.
pub const SEATS_REPORT_AFTER_MS: i64 = 1_000;
/// Milliseconds after which a report is repeated whose delivery was not confirmed.
const REPORT_AGAIN_AFTER_MS: i64 = 2_000;
/// The outbox key of the report to the Catalog.
pub const REPORT_KEY: &str = "report";

/// One event; nothing before it was created.
#[derive(Debug, Default)]
pub struct Event {
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
}

/// What the Catalog knows and will hear, as far as memory tells.
#[derive(Debug, Clone, Copy, Default)]
struct Reported {
    version: Option<u64>,
    seats_due: Option<Timestamp>,
}

impl Object for Event {
    const GRANTS_LEASES: bool = true;
    const MIGRATIONS: &'static [super::schema::Step] = store::MIGRATIONS;
    type Command = Command;
    type Reply = Reply;

    fn blank() -> Self {
        Self::default()
    }

    fn load(sql: &dyn Sql) -> Result<Self, SqlError> {
        Ok(Self { held: store::load(sql)? })
    }

    fn founds(&self, command: &Command) -> bool {
        matches!(command, Command::Create(_))
    }

    fn kind(command: &Command) -> Kind {
        match command {
            Command::Read => Kind::LeasedRead,
            Command::Mine { .. } | Command::Record(_) | Command::List { .. } => Kind::Read,
            Command::Update { .. } | Command::Delete { .. } => Kind::GuardedWrite,
            Command::Notice(notice) if notice.news == News::Erased => Kind::GuardedWrite,
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
        let is_notice = matches!(command, Command::Notice(_));
        let held = self.held.as_ref().filter(|held| is_notice || !held.deleted).ok_or(Refusal::NotFound)?;
        held.check(sql, command)
    }

    fn execute(&mut self, turn: &mut Turn<'_>, command: Command) -> Result<Reply, Fault> {
        if let Command::Create(create) = command {
            return self.create(turn, *create);
        }
        if let Command::Notice(notice) = command {
            turn.unchanged = !self.held.as_mut().map_or(Ok(false), |held| held.notice(turn, &notice))?;
            return Ok(Reply::Done);
        }
        let held = self.held.as_mut().filter(|held| !held.deleted).ok_or(Refusal::NotFound)?;
        match command {
            Command::Create(_) | Command::Notice(_) => Err(Refusal::NotFound.into()),
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
            Command::Notice(notice) => notice.news == News::Erased,
            _ => false,
        }
    }

    fn delivered(&mut self, parcel: &Parcel) {
        if let (Parcel::Report(Some(report)), Some(held)) = (parcel, &mut self.held) {
            held.reported.version = held.reported.version.max(Some(report.version));
        }
    }

    fn report(&self, now: Timestamp) -> Option<Report> {
        self.held.as_ref().map(|held| held.report(now))
    }

    fn circular_due(&self) -> Option<Timestamp> {
        self.held.as_ref().and_then(Held::circular_due)
    }

    fn write_circular(&mut self, turn: &mut Turn<'_>) -> Result<(), SqlError> {
        self.held.as_mut().map_or(Ok(()), |held| held.write_circular(turn))
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

impl Event {
    /// The seats, for tests that hold memory against what is stored.
    #[must_use]
    pub fn roster(&self) -> Option<&Roster> {
        self.held.as_ref().map(|held| &held.roster)
    }
}

impl Held {
    fn snapshot(&self) -> Snapshot {
        Snapshot {
            id: self.id,
            organizer: self.organizer.clone(),
            details: self.details.clone(),
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
        Report { event: self.id, version: self.version, as_of: now, news, entry, participations: Vec::new() }
    }

    /// Allows the organizer alone.
    fn only_organizer(&self, by: UserId) -> Result<(), Refusal> {
        self.exists_for(by)?;
        if self.organizer.id == by { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    /// A draft exists for its organizer alone.
    fn exists_for(&self, user: UserId) -> Result<(), Refusal> {
        let hidden = self.details.status() == Status::Draft && self.organizer.id != user;
        if hidden { Err(Refusal::NotFound) } else { Ok(()) }
    }
}
