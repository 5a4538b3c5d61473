//! The queue of commands for an object, as text. This is what the runtime's host sees of an object.
//!
//! A queue speaks JSON and hides which object is behind it, so that one host serves all three. It is bounded:
//! when it is full, a command is told to come back later instead of waiting.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::Host;
use super::backup::Export;
use super::messages::envelope::Checked;
use super::outbox::{Delivery, OutboxEntry, OutboxMessage};
use super::sql::{Sql, SqlError};
use crate::domain::{Refusal, Timestamp};
use crate::objects::messages::envelope::{Answer, Envelope, Queued};
use crate::objects::object::{Kind, Object};

/// Identifies a waiting command.
pub type Ticket = u64;

/// What happens to a command that has arrived.
#[derive(Debug, PartialEq, Eq)]
pub enum Submission {
    /// This is the answer.
    Answered(String),
    /// The answer to a command from another version of the program: try again later.
    Unknown {
        /// The answer as text.
        answer: String,
        /// What could not be read, for the log.
        cause: String,
    },
    /// It waits for a batch.
    Waiting {
        /// Its ticket.
        ticket: Ticket,
        /// Leases must run out first; then [`CommandQueue::ready`] puts it in the queue.
        guarded: bool,
        /// The answer is sent after the object's report.
        announces: bool,
    },
}

/// An answer from a batch.
#[derive(Debug, PartialEq, Eq)]
pub struct Completed {
    /// The command it answers.
    pub ticket: Ticket,
    /// The answer as text.
    pub answer: String,
    /// Whether the command succeeded.
    pub granted: bool,
}

/// An object and the commands that wait for it.
pub trait CommandQueue {
    /// Accepts a command. `again` says that it was sent before and so may already have been executed.
    ///
    /// # Errors
    /// When the storage fails.
    fn receive(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        text: &str,
        again: bool,
    ) -> Result<Submission, SqlError>;

    /// Puts a guarded command in the queue.
    fn ready(&mut self, ticket: Ticket);

    /// Forgets a guarded command that cannot be executed.
    fn withdraw(&mut self, ticket: Ticket);

    /// Executes up to [`BATCH_MAX`] of the waiting commands in one transaction.
    ///
    /// # Errors
    /// When the storage fails: then none of them has happened.
    fn run_batch(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<Vec<Completed>, Failed>;

    /// How many commands the next batch will execute.
    fn waiting(&self) -> usize;

    /// See [`Host::hold_leases`].
    ///
    /// # Errors
    /// When the object cannot be loaded.
    fn hold_leases(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<u32, SqlError>;

    /// See [`Host::leases_remaining_ms`].
    fn leases_remaining_ms(&self, now: Timestamp) -> u32;

    /// See [`Host::release_leases`].
    fn release_leases(&mut self, now: Timestamp, changed: bool);

    /// See [`Host::next_alarm`].
    fn next_alarm(&self) -> Option<Timestamp>;

    /// See [`Host::due`].
    ///
    /// # Errors
    /// When the storage fails.
    fn due(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<Vec<OutboxEntry>, SqlError>;

    /// See [`Host::queue_mail_until`].
    fn queue_mail_until(&mut self, until: Timestamp, leave_by: Timestamp);

    /// See [`Host::acknowledge`].
    ///
    /// # Errors
    /// When the storage fails.
    fn acknowledge(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        results: &[(OutboxEntry, Delivery)],
    ) -> Result<(), SqlError>;

    /// See [`Host::report`].
    fn report(&self, now: Timestamp) -> Option<OutboxMessage>;

    /// See [`Host::reported`].
    fn reported(&mut self, report: &OutboxMessage);

    /// See [`Host::copy_is_due`].
    fn copy_is_due(&self, now: Timestamp) -> bool;

    /// See [`Host::begin_copy`].
    ///
    /// # Errors
    /// When the storage fails.
    fn begin_copy(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<Option<(String, Export)>, SqlError>;

    /// See [`Host::end_copy`].
    ///
    /// # Errors
    /// When the storage fails.
    fn end_copy(&mut self, sql: &dyn Sql, now: Timestamp, again: Option<Timestamp>) -> Result<(), SqlError>;

    /// See [`Host::begin_restore`].
    ///
    /// # Errors
    /// When the schema is not known, or the storage fails.
    fn begin_restore(&mut self, sql: &dyn Sql, schema_version: usize) -> Result<(), SqlError>;
}

/// The most commands that may wait, in the queue or for leases to run out.
pub const WAITING_MAX: usize = 1_024;
/// The most commands that one transaction executes.
pub const BATCH_MAX: usize = 256;

/// A batch that failed because of the storage: none of it has happened.
#[derive(Debug)]
pub struct Failed {
    /// The commands that were lost.
    pub tickets: Vec<Ticket>,
    /// Why.
    pub error: SqlError,
}

/// The queue of one kind of object.
pub struct ObjectQueue<O: Object> {
    host: Host<O>,
    guarded: BTreeMap<Ticket, Queued<O::Command>>,
    queue: VecDeque<(Ticket, Queued<O::Command>)>,
    next_ticket: Ticket,
    turn_max: usize,
}

impl<O: Object> ObjectQueue<O> {
    /// A queue in front of `host`.
    #[must_use]
    pub const fn new(host: Host<O>) -> Self {
        Self { host, guarded: BTreeMap::new(), queue: VecDeque::new(), next_ticket: 0, turn_max: BATCH_MAX }
    }

    /// The same with one command per batch, and so one commit per command. Group commit is measured against
    /// it.
    #[must_use]
    pub fn without_group_commit(self) -> Self {
        Self { turn_max: 1, ..self }
    }

    /// Whether a command must wait for leases to run out. One that was answered before need not: it gets its
    /// answer in a batch, so that its change is announced before the answer is sent.
    fn must_wait(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        kind: Kind,
        envelope: &Envelope<O::Command>,
        again: bool,
    ) -> Result<Checked<O::Reply>, SqlError> {
        if kind != Kind::GuardedWrite {
            return Ok(Checked::Unguarded);
        }
        if let Some(id) = envelope.id.as_ref().filter(|_| again)
            && self.host.has_answered(sql, now, id)?
        {
            return Ok(Checked::Unguarded);
        }
        self.host.check(sql, now, &envelope.command)
    }
}

impl<O: Object> CommandQueue for ObjectQueue<O> {
    fn receive(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        text: &str,
        again: bool,
    ) -> Result<Submission, SqlError> {
        let envelope: Envelope<O::Command> = match crate::json::from_str(text) {
            Ok(envelope) => envelope,
            Err(error) => return unknown::<O>(&error),
        };
        let kind = O::kind(&envelope.command);
        if matches!(kind, Kind::Read | Kind::LeasedRead) {
            return Ok(Submission::Answered(write(&self.host.read(sql, now, envelope)?)?));
        }
        if self.guarded.len().saturating_add(self.queue.len()) >= WAITING_MAX {
            let answer: Answer<O::Reply> = Answer::refused(Refusal::Overloaded);
            return Ok(Submission::Answered(write(&answer)?));
        }
        let guarded = match self.must_wait(sql, now, kind, &envelope, again)? {
            Checked::Answered(answer) => return Ok(Submission::Answered(write(&answer)?)),
            Checked::Unguarded => false,
            Checked::Guarded => true,
        };
        let ticket = self.next_ticket;
        self.next_ticket = ticket.wrapping_add(1);
        let announces = O::announces(&envelope.command);
        let queued = Queued { command: envelope.command, id: envelope.id, again };
        if guarded {
            self.guarded.insert(ticket, queued);
        } else {
            self.queue.push_back((ticket, queued));
        }
        Ok(Submission::Waiting { ticket, guarded, announces })
    }

    fn ready(&mut self, ticket: Ticket) {
        if let Some(command) = self.guarded.remove(&ticket) {
            self.queue.push_back((ticket, command));
        }
    }

    fn withdraw(&mut self, ticket: Ticket) {
        self.guarded.remove(&ticket);
    }

    fn run_batch(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<Vec<Completed>, Failed> {
        let batch = self.queue.len().min(self.turn_max);
        let (tickets, commands): (Vec<_>, Vec<_>) = self.queue.drain(..batch).unzip();
        let answers = match self.host.run_batch(sql, now, commands) {
            Ok(answers) => answers,
            Err(error) => return Err(Failed { tickets, error }),
        };
        let settled = tickets.iter().zip(&answers).map(|(ticket, answer)| {
            let granted = answer.is_granted();
            Ok(Completed { ticket: *ticket, answer: write(answer)?, granted })
        });
        settled.collect::<Result<_, _>>().map_err(|error| Failed { tickets, error })
    }

    fn waiting(&self) -> usize {
        self.queue.len().min(self.turn_max)
    }

    fn hold_leases(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<u32, SqlError> {
        self.host.hold_leases(sql, now)
    }

    fn leases_remaining_ms(&self, now: Timestamp) -> u32 {
        self.host.leases_remaining_ms(now)
    }

    fn release_leases(&mut self, now: Timestamp, changed: bool) {
        self.host.release_leases(now, changed);
    }

    fn next_alarm(&self) -> Option<Timestamp> {
        self.host.next_alarm()
    }

    fn due(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<Vec<OutboxEntry>, SqlError> {
        self.host.due(sql, now)
    }

    fn queue_mail_until(&mut self, until: Timestamp, leave_by: Timestamp) {
        self.host.queue_mail_until(until, leave_by);
    }

    fn acknowledge(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        results: &[(OutboxEntry, Delivery)],
    ) -> Result<(), SqlError> {
        self.host.acknowledge(sql, now, results)
    }

    fn report(&self, now: Timestamp) -> Option<OutboxMessage> {
        self.host.report(now)
    }

    fn reported(&mut self, report: &OutboxMessage) {
        self.host.reported(report);
    }

    fn copy_is_due(&self, now: Timestamp) -> bool {
        self.host.copy_is_due(now)
    }

    fn begin_copy(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<Option<(String, Export)>, SqlError> {
        self.host.begin_copy(sql, now)
    }

    fn end_copy(&mut self, sql: &dyn Sql, now: Timestamp, again: Option<Timestamp>) -> Result<(), SqlError> {
        self.host.end_copy(sql, now, again)
    }

    fn begin_restore(&mut self, sql: &dyn Sql, schema_version: usize) -> Result<(), SqlError> {
        self.host.begin_restore(sql, schema_version)
    }
}

/// The answer to a command that cannot be parsed, because it comes from a newer version of the program.
fn unknown<O: Object>(error: &serde_json::Error) -> Result<Submission, SqlError> {
    let answer: Answer<O::Reply> = Answer::refused(Refusal::Overloaded);
    Ok(Submission::Unknown { answer: write(&answer)?, cause: error.to_string() })
}

fn write<T: Serialize>(value: &T) -> Result<String, SqlError> {
    serde_json::to_string(value).map_err(|error| SqlError::new(error.to_string()))
}
