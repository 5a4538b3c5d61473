//! The Catalog object: the single index of events and their participants, for lists.
//!
//! It owns no data. Event objects report their state. Each report has the event's version and the time at
//! which it was true, so that a late or repeated report changes nothing. A change is acknowledged to its
//! organizer once it is in the Catalog, or once it is certain to arrive.
//!
//! Only the Catalog knows which events concern a user, so it passes account changes on
//! ([`crate::objects::messages::account_change`]). An account change and the messages for all events
//! concerned are one transaction, and so are a report and the message for an event that has not been told
//! yet.
//!
//! The Catalog outside any jurisdiction also remembers where the deployment stores its data. The first
//! request decides it. If that Catalog already knew events before the first request, the deployment is older
//! than the choice, and its data is outside any jurisdiction.

mod account_changes;
mod admin;
mod query;
mod reindex;
mod state;
mod store;
mod terms;
mod words;

pub use crate::objects::messages::catalog::{
    AdminOrder, Command, Cursor, Order, Participation, Query, Reply, Report, Scope,
};
pub use query::statements;
pub use state::Catalog;
pub use words::words;

use super::sql::{Sql, SqlError};
use crate::domain::{Residence, Timestamp};
use crate::objects::object::{Check, Fault, Kind, Object, Transaction};

impl Object for Catalog {
    const GRANTS_LEASES: bool = true;
    const MIGRATIONS: &'static [super::schema::Step] = store::MIGRATIONS;
    type Command = Command;
    type Reply = Reply;

    fn blank() -> Self {
        Self::default()
    }

    fn load(sql: &dyn Sql) -> Result<Self, SqlError> {
        Ok(Self { founded: true, some_are_old: reindex::is_due(sql)?, ..Self::default() })
    }

    fn founds(&self, command: &Command) -> bool {
        matches!(command, Command::Report(_) | Command::AccountChange(..) | Command::Reside(_))
    }

    fn kind(command: &Command) -> Kind {
        match command {
            Command::List(_) => Kind::LeasedRead,
            Command::Participations { .. }
            | Command::Organizes(_)
            | Command::Residence
            | Command::ReportLag => Kind::Read,
            Command::Admin(order) => order.kind(),
            Command::Report(report) if report.changed => Kind::GuardedWrite,
            Command::Report(_) | Command::AccountChange(..) | Command::Reside(_) => Kind::Write,
        }
    }

    /// A report of a known version can only be about seats, and about registrations that began or ended.
    fn check(&self, sql: &dyn Sql, _now: Timestamp, command: &Command) -> Result<Check<Reply>, Fault> {
        match command {
            Command::Report(report) if self.founded && store::knows(sql, report)? => Ok(Check::Write),
            _ => Ok(Check::Change),
        }
    }

    fn unfinished_since(&self) -> Option<Timestamp> {
        // Since always; the runtime refuses an alarm at 0.
        self.some_are_old.then_some(Timestamp::from_ms(1))
    }

    fn resume(&mut self, tx: &mut Transaction<'_>) -> Result<(), SqlError> {
        reindex::some(tx.sql)?;
        self.some_are_old = reindex::is_due(tx.sql)?;
        Ok(())
    }

    fn execute(&mut self, tx: &mut Transaction<'_>, command: Command) -> Result<Reply, Fault> {
        match command {
            Command::List(_) if !self.founded => Ok(Reply::Page { events: Vec::new(), next: None }),
            Command::List(query) => Ok(query::page(tx.sql, &query, self.some_are_old)?),
            Command::Participations { .. } if !self.founded => {
                Ok(Reply::Participations { events: Vec::new(), more: false })
            }
            Command::Participations { user, before, limit, ended } => {
                Ok(store::participations(tx.sql, user, before, limit, ended)?)
            }
            Command::Organizes(_) if !self.founded => Ok(Reply::Organizes(false)),
            Command::Organizes(user) => Ok(Reply::Organizes(store::organizes(tx.sql, user, tx.now)?)),
            Command::Residence if !self.founded => Ok(Reply::Residence(Residence::Undecided)),
            Command::Residence => Ok(Reply::Residence(store::residence(tx.sql)?)),
            Command::Reside(jurisdiction) => {
                tx.unchanged = true;
                if !self.founded {
                    self.founded = true;
                    store::reside(tx.sql, jurisdiction)?;
                }
                Ok(Reply::Residence(store::residence(tx.sql)?))
            }
            Command::AccountChange(account_change, events) => {
                self.founded = true;
                tx.unchanged = true;
                account_changes::pass_on(tx, account_change, events)?;
                Ok(Reply::Done)
            }
            Command::Admin(order) => self.administer(tx, order),
            Command::ReportLag => Ok(Reply::ReportLag(self.lag.ms(tx.now))),
            Command::Report(report) => self.receive_report(tx, report),
        }
    }
}

impl Catalog {
    /// A function of its own, as whatever stands in `execute` is compiled before an isolate's first list.
    #[inline(never)]
    fn receive_report(&mut self, tx: &mut Transaction<'_>, mut report: Box<Report>) -> Result<Reply, Fault> {
        self.founded = true;
        self.lag.note(tx.now, report.waited_ms);
        account_changes::correct(tx, &mut report)?;
        store::note_participations(tx.sql, &report)?;
        tx.unchanged = !store::apply(tx.sql, &report)?;
        Ok(Reply::Done)
    }
}
