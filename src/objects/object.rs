//! The interface of an object to the code that runs it: a state machine that decides, writes and answers in
//! one step.

use serde::{Serialize, de::DeserializeOwned};

use crate::domain::{Refusal, Timestamp};
use crate::objects::messages::catalog::Report;
use crate::objects::outbox::{Outbox, OutboxMessage};
use crate::objects::schema;
use crate::objects::sql::{Sql, SqlError};

/// What a command does to the object, as far as running it is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Changes nothing, and its answer may be kept under a lease.
    LeasedRead,
    /// Changes nothing.
    Read,
    /// Changes something that no lease protects.
    Write,
    /// Changes what leases protect: waits until all of them have run out.
    GuardedWrite,
}

/// What a command that changes what leases protect would do, checked in memory before its batch.
#[derive(Debug, PartialEq, Eq)]
pub enum Check<R> {
    /// It changes nothing, and this is the answer.
    Done(R),
    /// It changes something, but nothing that leases protect.
    Write,
    /// It changes what leases protect.
    Change,
}

/// A state machine that owns one SQLite database.
pub trait Object: Sized {
    /// Whether it grants leases on its answers.
    const GRANTS_LEASES: bool = false;
    /// The steps that build the schema, in order; their count is the schema's version.
    const MIGRATIONS: &'static [schema::Step];
    /// Whether the object is backed up, if a bucket is bound. Derived data is rebuilt instead.
    const COPIED: bool = false;
    /// The commands it accepts.
    type Command: Serialize + DeserializeOwned;
    /// Its answers.
    type Reply: Serialize + DeserializeOwned;

    /// The object before anything was written to it.
    fn blank() -> Self;

    /// Rebuilds the object from its database, whose schema is up to date.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn load(sql: &dyn Sql) -> Result<Self, SqlError>;

    /// Reads everything the commands of a batch need, before the first of them executes.
    ///
    /// # Errors
    /// When it cannot be read.
    fn prepare(&mut self, _sql: &dyn Sql, _commands: &[&Self::Command]) -> Result<(), SqlError> {
        Ok(())
    }

    /// Whether the command may be the first for an object. All other commands refuse on a blank object
    /// without touching its database, so that a request for something that does not exist never stores
    /// anything.
    fn founds(&self, command: &Self::Command) -> bool;

    /// How to run a command.
    fn kind(command: &Self::Command) -> Kind;

    /// Whether the command must not be executed twice. It then carries an id, and its answer is remembered.
    /// All others are safe to repeat: they find that they were already executed and give the same answer.
    fn remembers(_command: &Self::Command) -> bool {
        false
    }

    /// What a [`Kind::GuardedWrite`] would do now. A command that would be refused or change nothing must not
    /// make anybody wait for leases: otherwise a caller without permission could keep a thing out of every
    /// cache. The command is still executed in full later.
    ///
    /// # Errors
    /// As [`Object::execute`].
    fn check(
        &self,
        _sql: &dyn Sql,
        _now: Timestamp,
        _command: &Self::Command,
    ) -> Result<Check<Self::Reply>, Fault> {
        Ok(Check::Change)
    }

    /// Decides, then writes, then changes its memory, then answers.
    ///
    /// # Errors
    /// A refusal, with nothing changed; or a failure of the storage, after which the caller
    /// rolls the batch back and discards this object.
    fn execute(&mut self, tx: &mut Transaction<'_>, command: Self::Command) -> Result<Self::Reply, Fault>;

    /// Whether the answer waits until the object's report was delivered, or until its delivery has failed and
    /// it waits in the outbox.
    fn announces(_command: &Self::Command) -> bool {
        false
    }

    /// Called when a message has been delivered.
    fn delivered(&mut self, _message: &OutboxMessage) {}

    /// What the Catalog must know about the object at once, before an answer is sent.
    fn report(&self, _now: Timestamp) -> Option<Report> {
        None
    }

    /// When the object will hold nothing worth keeping. Its database is then deleted as soon as its outbox is
    /// empty.
    fn spent_at(&self) -> Option<Timestamp> {
        None
    }

    /// Since when there has been work too large for one transaction, if there is any.
    fn unfinished_since(&self) -> Option<Timestamp> {
        None
    }

    /// Does the next part of that work, as much as fits in a batch.
    ///
    /// # Errors
    /// When the storage fails.
    fn resume(&mut self, _tx: &mut Transaction<'_>) -> Result<(), SqlError> {
        Ok(())
    }

    /// The name under which a backup is stored; `None` if there is nothing to back up.
    fn copy_name(&self) -> Option<String> {
        None
    }

    /// When the object next writes a broadcast, if at all.
    fn broadcast_due(&self) -> Option<Timestamp> {
        None
    }

    /// Writes the next page of a broadcast that is due, so that no batch ever writes to all recipients at
    /// once.
    ///
    /// # Errors
    /// When the storage fails.
    fn write_broadcast(&mut self, _tx: &mut Transaction<'_>) -> Result<(), SqlError> {
        Ok(())
    }

    /// Called, in a transaction, when a message from the outbox has been delivered.
    ///
    /// # Errors
    /// When what follows from it cannot be written.
    fn acknowledged(&mut self, _tx: &mut Transaction<'_>, _message: &OutboxMessage) -> Result<(), SqlError> {
        Ok(())
    }

    /// Fills in a message that carries the state at the time of delivery. Other messages stay as they are.
    ///
    /// # Errors
    /// When the state cannot be read.
    fn seal(
        &self,
        _sql: &dyn Sql,
        message: OutboxMessage,
        _now: Timestamp,
    ) -> Result<Option<OutboxMessage>, SqlError> {
        Ok(Some(message))
    }
}

/// What a command can use while it executes.
pub struct Transaction<'a> {
    /// The object's database, inside a transaction.
    pub sql: &'a dyn Sql,
    /// The time of the batch.
    pub now: Timestamp,
    /// The messages that must leave the object.
    pub outbox: &'a mut Outbox,
    /// Set by a command that succeeded without changing anything, so that copies stay valid.
    pub unchanged: bool,
    /// Whether the command was sent before and so may already have been executed.
    pub again: bool,
}

impl Transaction<'_> {
    /// Writes a message to the outbox, in the transaction of this batch.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn post(&mut self, key: &str, message: &OutboxMessage, due: Timestamp) -> Result<(), SqlError> {
        self.outbox.post(self.sql, self.now, key, message, due, None)
    }

    /// The same for a message that is due now and is useless after `expires_at`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn post_until(
        &mut self,
        key: &str,
        message: &OutboxMessage,
        expires_at: Timestamp,
    ) -> Result<(), SqlError> {
        self.outbox.post(self.sql, self.now, key, message, self.now, Some(expires_at))
    }
}

/// Why a command was not executed.
#[derive(Debug)]
pub enum Fault {
    /// It is not allowed. Nothing was changed.
    Refused(Refusal),
    /// The database failed. The batch must be rolled back.
    Storage(SqlError),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<SqlError> for Fault {
    fn from(error: SqlError) -> Self {
        Self::Storage(error)
    }
}
