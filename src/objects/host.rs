//! Runs an object: loads it, gives it turns, and throws it away when its storage fails.
//!
//! A turn executes all the commands that wait, in one transaction, and so with one commit (group
//! commit). A command that is refused has changed nothing and fails alone. When the storage
//! fails, the whole turn is rolled back, nothing of it is acknowledged, and the object is rebuilt
//! from what was committed before.

use serde::{Deserialize, Serialize};

use super::gathering::Gathering;
use super::lease::Lease;
use super::outbox::{Delivery, Item, Outbox, Pace, Parcel};
use super::sql::{Sql, SqlError};
use super::{Fault, Kind, Object, Turn, schema};
use crate::domain::{Refusal, Timestamp};

/// Names a state of an object in memory: when it was loaded, and how many turns have written
/// since. Equal stamps mean that nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    loaded_at: Timestamp,
    turns: u64,
}

/// A command on its way to an object, with the stamp of the answer that the asker still holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope<C> {
    /// What is asked.
    pub command: C,
    /// What the asker knows already, if the command is a leased read.
    pub have: Option<Stamp>,
}

/// What an object says to a command.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer<R> {
    /// The state that was asked.
    pub stamp: Stamp,
    /// For so many milliseconds, counted from before asking, the answer may be repeated.
    pub lease_ms: u32,
    /// The answer itself.
    pub outcome: Outcome<R>,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome<R> {
    /// As the asker's copy says.
    Unchanged,
    /// Done.
    Reply(R),
    /// Not done, and nothing changed.
    Refused(Refusal),
}

impl<R> Answer<R> {
    /// Whether the command was granted.
    #[must_use]
    pub const fn is_granted(&self) -> bool {
        !matches!(self.outcome, Outcome::Refused(_))
    }

    /// The answer to a command that was not even looked at.
    #[must_use]
    pub const fn refused(refusal: Refusal) -> Self {
        let stamp = Stamp { loaded_at: Timestamp::from_ms(0), turns: 0 };
        Self { stamp, lease_ms: 0, outcome: Outcome::Refused(refusal) }
    }
}

/// One object and what is kept beside it.
pub struct Host<O> {
    longest_lease_ms: u32,
    pace: Pace,
    /// What outlives an object that is thrown away: leases that are out stay out, and a stamp
    /// never names two states.
    standing: Option<Standing>,
    running: Option<Running<O>>,
}

struct Standing {
    lease: Lease,
    stamp: Stamp,
}

struct Running<O> {
    object: O,
    outbox: Outbox,
    founded: bool,
    changed: bool,
}

impl<O: Object> Host<O> {
    /// A host whose object is loaded when it is first needed.
    #[must_use]
    pub fn new(longest_lease_ms: u32) -> Self {
        Self { longest_lease_ms, pace: Pace::default(), standing: None, running: None }
    }

    /// The same with mail leaving at this pace.
    #[must_use]
    pub fn paced(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// Answers a command that changes nothing.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn read(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        envelope: Envelope<O::Command>,
    ) -> Result<Answer<O::Reply>, SqlError> {
        let leased = O::kind(&envelope.command) == Kind::LeasedRead;
        let (running, standing) = self.running(sql, now)?;
        let lease_ms = if leased { standing.lease.grant(now) } else { 0 };
        let outcome = if leased && envelope.have == Some(standing.stamp) {
            Outcome::Unchanged
        } else {
            running.execute(sql, now, envelope.command)?
        };
        running.changed = false;
        Ok(Answer { stamp: standing.stamp, lease_ms, outcome })
    }

    /// Executes all `commands` in one transaction, one outcome for each in the same order. One that
    /// changes what leases protect is turned away while a lease is out: the caller has waited for
    /// them to run out, but the object may have been rebuilt since.
    ///
    /// # Errors
    /// When the storage fails: then none of them has happened.
    pub fn turn(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        commands: Vec<O::Command>,
    ) -> Result<Vec<Answer<O::Reply>>, SqlError> {
        let mut outcomes = Vec::with_capacity(commands.len());
        let mut commands = commands.into_iter();
        self.transact(sql, now, |sql, running, standing| {
            for command in commands.by_ref() {
                if O::kind(&command) == Kind::GuardedWrite && standing.lease.remaining_ms(now) > 0 {
                    outcomes.push(Outcome::Refused(Refusal::Overloaded));
                    continue;
                }
                if !running.founded && running.object.founds(&command) {
                    schema::migrate(sql, O::MIGRATIONS)?;
                    running.founded = true;
                }
                outcomes.push(running.execute(sql, now, command)?);
            }
            Ok(())
        })?;
        let (running, standing) = self.running(sql, now)?;
        if std::mem::take(&mut running.changed) {
            standing.stamp.turns = standing.stamp.turns.saturating_add(1);
        }
        let stamp = standing.stamp;
        Ok(outcomes.into_iter().map(|outcome| Answer { stamp, lease_ms: 0, outcome }).collect())
    }

    /// Stops granting leases; milliseconds until all that were granted have run out.
    ///
    /// # Errors
    /// When the object cannot be loaded.
    pub fn hold_leases(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<u32, SqlError> {
        let (_, standing) = self.running(sql, now)?;
        standing.lease.hold();
        Ok(standing.lease.remaining_ms(now))
    }

    /// Milliseconds until every lease that was granted has run out.
    #[must_use]
    pub fn leases_remaining_ms(&self, now: Timestamp) -> u32 {
        self.standing.as_ref().map_or(self.longest_lease_ms, |standing| standing.lease.remaining_ms(now))
    }

    /// Grants leases again.
    pub fn release_leases(&mut self, now: Timestamp) {
        if let Some(standing) = &mut self.standing {
            standing.lease.release(now);
        }
    }

    /// When the object wants to be woken, if at all.
    #[must_use]
    pub fn next_alarm(&self) -> Option<Timestamp> {
        let running = self.running.as_ref().filter(|running| running.founded)?;
        let circular = running.object.circular_due().filter(|_| running.outbox.has_room());
        let due = [circular, running.outbox.next_due()].into_iter().flatten().min();
        due.or_else(|| running.object.spent_at())
    }

    /// The parcels that are due, each filled with what is true now. A circular that is due first
    /// adds its next page to them. An object that holds nothing any more, and has nothing to send,
    /// is deleted.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn due(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<Vec<Item>, SqlError> {
        let pace = self.pace;
        let (running, _) = self.running(sql, now)?;
        if !running.founded {
            return Ok(Vec::new());
        }
        let spent = running.object.spent_at().is_some_and(|at| at <= now);
        if spent && running.outbox.next_due().is_none() {
            self.throw_away();
            sql.wipe()?;
            return Ok(Vec::new());
        }
        let mut due = Vec::new();
        self.transact(sql, now, |sql, running, _| {
            running.write_circular(sql, now)?;
            due = running.outbox.due(sql, now, &pace)?;
            Ok(())
        })?;
        let (running, _) = self.running(sql, now)?;
        let mut sealed = Vec::new();
        for item in due {
            if let Some(parcel) = running.object.seal(sql, item.parcel, now)? {
                sealed.push(Item { parcel, ..item });
            }
        }
        Ok(sealed)
    }

    /// See [`Outbox::queue_until`].
    pub fn queue_mail_until(&mut self, until: Timestamp, leave_by: Timestamp) {
        if let Some(running) = &mut self.running {
            running.outbox.queue_until(until, leave_by);
        }
    }

    /// The object's report as of now, to be delivered before an answer.
    #[must_use]
    pub fn report(&self, now: Timestamp) -> Option<Parcel> {
        let report = self.running.as_ref().and_then(|running| running.object.report(now))?;
        Some(Parcel::Report(Some(Box::new(report))))
    }

    /// Lets the object know that its report has arrived.
    pub fn reported(&mut self, report: &Parcel) {
        if let Some(running) = &mut self.running {
            running.object.delivered(report);
        }
    }

    /// Notes how tries ended.
    ///
    /// # Errors
    /// When the storage fails: then the parcels will be tried again.
    pub fn settle(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        results: &[(Item, Delivery)],
    ) -> Result<(), SqlError> {
        self.transact(sql, now, |sql, running, _| running.settle(sql, now, results))
    }

    /// The object itself, loaded; for tests that compare memory with what is stored.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn object(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<&O, SqlError> {
        Ok(&self.running(sql, now)?.0.object)
    }

    /// Does `work` in one transaction, in which rows that are added go together. When it fails, nothing
    /// of it has happened.
    fn transact(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        mut work: impl FnMut(&dyn Sql, &mut Running<O>, &mut Standing) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let (running, standing) = self.running(sql, now)?;
        let gathering = Gathering::new(sql);
        let done = sql.transaction(&mut || {
            work(&gathering, running, standing)?;
            gathering.flush()
        });
        if done.is_err() {
            self.throw_away();
        }
        done
    }

    fn running(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
    ) -> Result<(&mut Running<O>, &mut Standing), SqlError> {
        if self.running.is_none() {
            self.running = Some(Running::load(sql)?);
        }
        let running = self.running.as_mut().ok_or_else(|| SqlError::new("the object is not loaded"))?;
        let standing = self.standing.get_or_insert_with(|| Standing {
            lease: if running.founded {
                Lease::after_restart(self.longest_lease_ms, now)
            } else {
                Lease::fresh(self.longest_lease_ms, now)
            },
            stamp: Stamp { loaded_at: now, turns: 0 },
        });
        Ok((running, standing))
    }

    /// After a failure of the storage memory may say what is not stored.
    fn throw_away(&mut self) {
        self.running = None;
        if let Some(standing) = &mut self.standing {
            standing.stamp.turns = standing.stamp.turns.saturating_add(1);
        }
    }
}

impl<O: Object> Running<O> {
    fn load(sql: &dyn Sql) -> Result<Self, SqlError> {
        let version = schema::version(sql)?;
        if version == 0 {
            let (object, outbox) = (O::blank(), Outbox::default());
            return Ok(Self { object, outbox, founded: false, changed: false });
        }
        if version != O::MIGRATIONS.len() {
            sql.transaction(&mut || schema::migrate(sql, O::MIGRATIONS))?;
        }
        Ok(Self { object: O::load(sql)?, outbox: Outbox::load(sql)?, founded: true, changed: false })
    }

    fn write_circular(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<(), SqlError> {
        if self.outbox.has_room() && self.object.circular_due().is_some_and(|due| due <= now) {
            let mut turn = Turn { sql, now, outbox: &mut self.outbox, unchanged: true };
            self.object.write_circular(&mut turn)?;
        }
        Ok(())
    }

    fn settle(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        results: &[(Item, Delivery)],
    ) -> Result<(), SqlError> {
        self.outbox.settle(sql, now, results)?;
        for (item, _) in results.iter().filter(|(_, delivery)| *delivery == Delivery::Done) {
            let mut turn = Turn { sql, now, outbox: &mut self.outbox, unchanged: true };
            self.object.settled(&mut turn, &item.parcel)?;
            self.object.delivered(&item.parcel);
        }
        Ok(())
    }

    fn execute(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        command: O::Command,
    ) -> Result<Outcome<O::Reply>, SqlError> {
        let mut turn = Turn { sql, now, outbox: &mut self.outbox, unchanged: false };
        match self.object.execute(&mut turn, command) {
            Ok(reply) => {
                self.changed |= !turn.unchanged;
                Ok(Outcome::Reply(reply))
            }
            Err(Fault::Refused(refusal)) => Ok(Outcome::Refused(refusal)),
            Err(Fault::Storage(error)) => Err(error),
        }
    }
}
