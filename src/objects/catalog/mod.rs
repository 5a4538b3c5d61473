//! The Catalog object: the one index of events, and of who takes part in them, for lists.
//!
//! It owns nothing. Event objects report what is true of them, each report with the event's
//! version and the time at which it was true, so that a late or repeated one changes nothing. A
//! change is acknowledged to its organizer once it is in here, or once it is certain to come.
//!
//! Since it alone knows whom an event concerns, it passes on what becomes of users ([`super::notice`]):
//! a notice and the parcels for all events that it concerns are one turn, and so are a report and
//! the parcel for an event that has not heard yet.
//!
//! The Catalog outside any jurisdiction also remembers where the data of the deployment lives: the first
//! who asks decides it. One that has heard of events before anybody asked is from before there was a
//! choice: its data lives outside any jurisdiction.

mod notices;
mod protocol;
mod query;
mod store;
mod words;

pub use protocol::{Command, Cursor, Order, Participation, Query, Reply, Report, Scope};
pub use query::statements;
pub use words::words;

use super::sql::{Sql, SqlError};
use super::{Check, Fault, Kind, Object, Turn};
use crate::domain::{Residence, Timestamp};

/// The index of events. All of it lives in SQL, where the lists are made.
#[derive(Debug, Default)]
pub struct Catalog {
    founded: bool,
}

impl Object for Catalog {
    const GRANTS_LEASES: bool = true;
    const MIGRATIONS: &'static [super::schema::Step] = store::MIGRATIONS;
    type Command = Command;
    type Reply = Reply;

    fn blank() -> Self {
        Self::default()
    }

    fn load(_sql: &dyn Sql) -> Result<Self, SqlError> {
        Ok(Self { founded: true })
    }

    fn founds(&self, command: &Command) -> bool {
        matches!(command, Command::Report(_) | Command::Notice(..) | Command::Reside(_))
    }

    fn kind(command: &Command) -> Kind {
        match command {
            Command::List(_) => Kind::LeasedRead,
            Command::Participations { .. } | Command::Organizes(_) | Command::Residence => Kind::Read,
            Command::Report(report) if report.news => Kind::GuardedWrite,
            Command::Report(_) | Command::Notice(..) | Command::Reside(_) => Kind::Write,
        }
    }

    /// A report of a version that is known can tell of nothing but seats, and of who has come and gone.
    fn check(&self, sql: &dyn Sql, _now: Timestamp, command: &Command) -> Result<Check<Reply>, Fault> {
        match command {
            Command::Report(report) if self.founded && store::knows(sql, report)? => Ok(Check::Write),
            _ => Ok(Check::Change),
        }
    }

    fn execute(&mut self, turn: &mut Turn<'_>, command: Command) -> Result<Reply, Fault> {
        match command {
            Command::List(_) if !self.founded => Ok(Reply::Page { events: Vec::new(), next: None }),
            Command::List(query) => Ok(query::page(turn.sql, &query)?),
            Command::Participations { .. } if !self.founded => {
                Ok(Reply::Participations { events: Vec::new(), more: false })
            }
            Command::Participations { user, before, limit, ended } => {
                Ok(store::participations(turn.sql, user, before, limit, ended)?)
            }
            Command::Organizes(_) if !self.founded => Ok(Reply::Organizes(false)),
            Command::Organizes(user) => Ok(Reply::Organizes(store::organizes(turn.sql, user, turn.now)?)),
            Command::Residence if !self.founded => Ok(Reply::Residence(Residence::Undecided)),
            Command::Residence => Ok(Reply::Residence(store::residence(turn.sql)?)),
            Command::Reside(jurisdiction) => {
                turn.unchanged = true;
                if !self.founded {
                    self.founded = true;
                    store::reside(turn.sql, jurisdiction)?;
                }
                Ok(Reply::Residence(store::residence(turn.sql)?))
            }
            Command::Notice(notice, events) => {
                self.founded = true;
                turn.unchanged = true;
                notices::pass_on(turn, notice, events)?;
                Ok(Reply::Done)
            }
            Command::Report(mut report) => {
                self.founded = true;
                notices::correct(turn, &mut report)?;
                store::note_participations(turn.sql, &report)?;
                turn.unchanged = !store::apply(turn.sql, &report)?;
                Ok(Reply::Done)
            }
        }
    }
}
