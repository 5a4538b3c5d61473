//! Runs an object: loads it, runs its batches, and discards it when its storage fails.
//!
//! A batch executes all waiting commands in one transaction, and so with one commit (group commit). A refused
//! command has changed nothing and fails alone. When the storage fails, the whole batch is rolled back,
//! nothing in it is acknowledged, and the object is rebuilt from the last committed state.

mod copies;
mod running;

use super::backup;
use super::lease::{Lease, longest};
use super::messages::envelope::{Answer, Checked, CommandId, Envelope, Outcome, Queued, Stamp};
use super::outbox::{Delivery, Outbox, OutboxEntry, OutboxMessage, Pace};
use super::sql::{Sql, SqlError};
use super::write_buffer::WriteBuffer;
use super::{idempotency, schema};
use crate::domain::{Refusal, Timestamp};
use crate::objects::object::{Check, Fault, Kind, Object, Transaction};

/// One object and the state kept next to it.
pub struct Host<O> {
    longest_lease_ms: u32,
    salt: u32,
    pace: Pace,
    /// The time of day at which this object is backed up, if backups are made.
    copied_at_ms: Option<i64>,
    /// What outlives a discarded object: granted leases stay in force, and a stamp never identifies two
    /// states.
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
    /// The longest lease that any instance of this object has granted, as stored.
    longest_granted_ms: u32,
    /// When a backup is due, if the object has changed since the last one.
    copy_due: Option<Timestamp>,
}

impl<O: Object> Host<O> {
    /// A host whose object is loaded when it is first needed.
    #[must_use]
    pub fn new(longest_lease_ms: u32) -> Self {
        Self {
            longest_lease_ms,
            salt: 0,
            pace: Pace::default(),
            copied_at_ms: None,
            standing: None,
            running: None,
        }
    }

    /// The same, with these random bits in its stamps.
    #[must_use]
    pub fn salted(self, salt: u32) -> Self {
        Self { salt, ..self }
    }

    /// The same, with this pace for outgoing mail.
    #[must_use]
    pub fn paced(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// The same, backed up at this time of day on days when the object has changed.
    #[must_use]
    pub fn copied_at(self, time_of_day_ms: i64) -> Self {
        Self { copied_at_ms: Some(time_of_day_ms).filter(|_| O::COPIED), ..self }
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
        // Nothing is leased before the first write: after a restart nobody would know of the lease.
        let lease_ms = if leased && running.founded { standing.lease.grant(now) } else { 0 };
        let outcome = if leased && envelope.have == Some(standing.stamp) {
            Outcome::Unchanged
        } else {
            running.execute(sql, now, envelope.command, false)?.0
        };
        running.changed = false;
        Ok(Answer::new(standing.stamp, lease_ms, outcome))
    }

    /// Checks in memory what a command that must wait for leases would do, before anybody waits. `None` if it
    /// changes what leases protect.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn check(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        command: &O::Command,
    ) -> Result<Checked<O::Reply>, SqlError> {
        let (running, standing) = self.running(sql, now)?;
        let outcome = match running.object.check(sql, now, command) {
            Ok(Check::Change) => return Ok(Checked::Guarded),
            Ok(Check::Write) => return Ok(Checked::Unguarded),
            Ok(Check::Done(reply)) => Outcome::Reply(reply),
            Err(Fault::Refused(refusal)) => Outcome::Refused(refusal),
            Err(Fault::Storage(error)) => return Err(error),
        };
        Ok(Checked::Answered(Answer::new(standing.stamp, 0, outcome)))
    }

    /// Whether this object remembers an answer to the command.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn has_answered(&mut self, sql: &dyn Sql, now: Timestamp, id: &CommandId) -> Result<bool, SqlError> {
        let (running, _) = self.running(sql, now)?;
        Ok(running.founded && idempotency::find(sql, id)?.is_some())
    }

    /// Executes all `commands` in one transaction and returns one outcome for each, in the same order. A
    /// command that changes what leases protect is turned away while a lease is in force: the caller has
    /// waited for the leases to run out, but the object may have been rebuilt since. A command that was
    /// answered before gets the same answer again.
    ///
    /// # Errors
    /// When the storage fails: then none of them has happened.
    pub fn run_batch(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        commands: Vec<Queued<O::Command>>,
    ) -> Result<Vec<Answer<O::Reply>>, SqlError> {
        let longest_lease_ms = self.longest_lease_ms;
        let mut outcomes = Vec::with_capacity(commands.len());
        let mut commands = commands.into_iter();
        let copied_at_ms = self.copied_at_ms;
        self.transact(sql, now, |sql, running, standing| {
            let concerned: Vec<&O::Command> =
                commands.as_slice().iter().map(|queued| &queued.command).collect();
            running.object.prepare(sql, &concerned)?;
            let leases_are_out = standing.lease.remaining_ms(now) > 0;
            let mut remembers = false;
            for Queued { command, id, again } in commands.by_ref() {
                let repeated = id.as_ref().filter(|_| again && running.founded);
                if let Some(answer) = repeated.map(|id| idempotency::find(sql, id)).transpose()?.flatten() {
                    outcomes.push(Outcome::Reply(answer.json(0)?));
                    continue;
                }
                if leases_are_out && running.must_wait(sql, now, &command)? {
                    outcomes.push(Outcome::Refused(Refusal::Overloaded));
                    continue;
                }
                if !running.founded && running.object.founds(&command) {
                    schema::migrate(sql, O::MIGRATIONS)?;
                    running.founded = true;
                    running.note_longest_lease(sql, longest_lease_ms)?;
                }
                let (outcome, changed) = running.execute(sql, now, command, again)?;
                if let (Some(id), Outcome::Reply(reply), true) = (&id, &outcome, changed && running.founded) {
                    idempotency::remember(sql, id, reply)?;
                    remembers = true;
                }
                outcomes.push(outcome);
            }
            if remembers {
                idempotency::trim(sql)?;
            }
            running.plan_copy(sql, now, copied_at_ms)?;
            running.forget_longer_leases(sql, now, standing.stamp, longest_lease_ms)
        })?;
        let (running, standing) = self.running(sql, now)?;
        standing.note_change(running);
        let stamp = standing.stamp;
        Ok(outcomes.into_iter().map(|outcome| Answer::new(stamp, 0, outcome)).collect())
    }

    /// Stops granting leases and returns the milliseconds until all granted leases have run out.
    ///
    /// # Errors
    /// When the object cannot be loaded.
    pub fn hold_leases(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<u32, SqlError> {
        let (_, standing) = self.running(sql, now)?;
        standing.lease.hold();
        Ok(standing.lease.remaining_ms(now))
    }

    /// Milliseconds until every granted lease has run out.
    #[must_use]
    pub fn leases_remaining_ms(&self, now: Timestamp) -> u32 {
        self.standing.as_ref().map_or(self.longest_lease_ms, |standing| standing.lease.remaining_ms(now))
    }

    /// Grants leases again. `changed` says whether anything has changed; only then does it count as a change.
    pub fn release_leases(&mut self, now: Timestamp, changed: bool) {
        if let Some(standing) = &mut self.standing {
            standing.lease.release(now, changed);
        }
    }

    /// When the object needs to be woken, if at all.
    #[must_use]
    pub fn next_alarm(&self) -> Option<Timestamp> {
        let running = self.running.as_ref().filter(|running| running.founded)?;
        let broadcast = running.object.broadcast_due().filter(|_| running.outbox.has_room());
        let copy = running.copy_due.filter(|_| self.copied_at_ms.is_some());
        let unfinished = running.object.unfinished_since();
        let due = [unfinished, broadcast, running.outbox.next_due(), copy].into_iter().flatten().min();
        due.or_else(|| running.object.spent_at())
    }

    /// The messages that are due, each filled with the current state. If a broadcast is due, its next page is
    /// added first. An object that holds nothing any more and has nothing to send is deleted.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn due(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<Vec<OutboxEntry>, SqlError> {
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
            running.resume(sql, now)?;
            running.write_broadcast(sql, now)?;
            due = running.outbox.due(sql, now, &pace)?;
            Ok(())
        })?;
        let (running, standing) = self.running(sql, now)?;
        standing.note_change(running);
        let mut sealed = Vec::new();
        for item in due {
            if let Some(message) = running.object.seal(sql, item.message, now)? {
                sealed.push(OutboxEntry { message, ..item });
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

    /// The object's current report, to be delivered before an answer.
    #[must_use]
    pub fn report(&self, now: Timestamp) -> Option<OutboxMessage> {
        let report = self.running.as_ref().and_then(|running| running.object.report(now))?;
        Some(OutboxMessage::Report(Some(Box::new(report))))
    }

    /// Lets the object know that its report has arrived.
    pub fn reported(&mut self, report: &OutboxMessage) {
        if let Some(running) = &mut self.running {
            running.object.delivered(report);
        }
    }

    /// Records how tries ended.
    ///
    /// # Errors
    /// When the storage fails: then the messages will be tried again.
    pub fn acknowledge(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        results: &[(OutboxEntry, Delivery)],
    ) -> Result<(), SqlError> {
        self.transact(sql, now, |sql, running, _| running.acknowledge(sql, now, results))
    }

    /// The loaded object, for tests that compare memory with storage.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn object(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<&O, SqlError> {
        Ok(&self.running(sql, now)?.0.object)
    }

    /// Does `work` in one transaction, in which added rows are written together. If it fails, none of it has
    /// happened.
    fn transact(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        mut work: impl FnMut(&dyn Sql, &mut Running<O>, &mut Standing) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let (running, standing) = self.running(sql, now)?;
        let write_buffer = WriteBuffer::new(sql);
        let done = sql.transaction(&mut || {
            work(&write_buffer, running, standing)?;
            write_buffer.flush()
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
            let mut running = Running::load(sql)?;
            if running.founded && running.longest_granted_ms < self.longest_lease_ms {
                running.note_longest_lease(sql, self.longest_lease_ms)?;
            }
            self.running = Some(running);
        }
        let running = self.running.as_mut().ok_or_else(|| SqlError::new("the object is not loaded"))?;
        let standing = self.standing.get_or_insert_with(|| {
            let longest_ms = self.longest_lease_ms;
            let lease = if running.founded {
                Lease::after_restart(longest_ms, longest_ms.max(running.longest_granted_ms), now)
            } else {
                Lease::fresh(longest_ms, now)
            };
            Standing { lease, stamp: Stamp::new(now, self.salt) }
        });
        Ok((running, standing))
    }

    /// After a storage failure, memory may contain things that were not stored.
    fn throw_away(&mut self) {
        self.running = None;
        if let Some(standing) = &mut self.standing {
            standing.stamp = standing.stamp.next();
        }
    }
}

impl Standing {
    /// Gives the state a new stamp if it has changed.
    fn note_change<O>(&mut self, running: &mut Running<O>) {
        if std::mem::take(&mut running.changed) {
            self.stamp = self.stamp.next();
        }
    }
}
