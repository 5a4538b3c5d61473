//! What an object is to those who run it: a state machine that decides, writes and answers in one go.

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

/// What a command comes to that changes what leases protect, as far as memory tells before its batch.
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
    /// Whether a copy is made of the object where a bucket is bound. What is derived is built again.
    const COPIED: bool = false;
    /// What can be asked of it.
    type Command: Serialize + DeserializeOwned;
    /// What it answers.
    type Reply: Serialize + DeserializeOwned;

    /// The object before anything was ever written to it.
    fn blank() -> Self;

    /// Rebuilds the object from its database, whose schema is up to date.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn load(sql: &dyn Sql) -> Result<Self, SqlError>;

    /// Reads at once what the commands of a batch will need, before the first of them executes.
    ///
    /// # Errors
    /// When it cannot be read.
    fn prepare(&mut self, _sql: &dyn Sql, _commands: &[&Self::Command]) -> Result<(), SqlError> {
        Ok(())
    }

    /// Whether the command may be the first that an object ever hears. Others find a blank object
    /// as it is and must refuse without touching its database, so that asking for what does not
    /// exist never stores anything.
    fn founds(&self, command: &Self::Command) -> bool;

    /// How a command is to be run.
    fn kind(command: &Self::Command) -> Kind;

    /// Whether it must not be done twice. It then carries an id, and the answer is remembered. Others
    /// are harmless to repeat: they find that they have been done, and answer as they did.
    fn remembers(_command: &Self::Command) -> bool {
        false
    }

    /// What a [`Kind::GuardedWrite`] would come to now. A refusal, or a command that would change nothing,
    /// must not make anybody wait for leases: whoever may not change a thing could otherwise keep it out of
    /// every cache. The command is executed later in full all the same.
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
    /// rolls the batch back and throws this object away.
    fn execute(&mut self, tx: &mut Transaction<'_>, command: Self::Command) -> Result<Self::Reply, Fault>;

    /// Whether the command is answered only once the object's report was delivered, or could not
    /// be and waits in the outbox.
    fn announces(_command: &Self::Command) -> bool {
        false
    }

    /// Hears that a message has arrived.
    fn delivered(&mut self, _message: &OutboxMessage) {}

    /// What the Catalog is to know of the object at once, before an answer goes out.
    fn report(&self, _now: Timestamp) -> Option<Report> {
        None
    }

    /// When the object will hold nothing that is worth keeping. Its database is deleted then, as
    /// soon as its outbox is empty.
    fn spent_at(&self) -> Option<Timestamp> {
        None
    }

    /// Since when there is work that was too much for one transaction, if there is.
    fn unfinished_since(&self) -> Option<Timestamp> {
        None
    }

    /// Does the next part of that work: what fits in a batch.
    ///
    /// # Errors
    /// When the storage fails.
    fn resume(&mut self, _tx: &mut Transaction<'_>) -> Result<(), SqlError> {
        Ok(())
    }

    /// The name that a copy is found under; nothing where there is nothing to copy.
    fn copy_name(&self) -> Option<String> {
        None
    }

    /// When the object wants to write mails to many, if at all.
    fn broadcast_due(&self) -> Option<Timestamp> {
        None
    }

    /// Writes the next page of a broadcast that is due: so no batch ever writes to everybody.
    ///
    /// # Errors
    /// When the storage fails.
    fn write_broadcast(&mut self, _tx: &mut Transaction<'_>) -> Result<(), SqlError> {
        Ok(())
    }

    /// Hears, in a transaction, that a message from the outbox has arrived.
    ///
    /// # Errors
    /// When what follows from it cannot be written.
    fn acknowledged(&mut self, _tx: &mut Transaction<'_>, _message: &OutboxMessage) -> Result<(), SqlError> {
        Ok(())
    }

    /// Fills a message that stands for the state at the time of delivery; others are as they are.
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

/// What a command has at hand while it executes.
pub struct Transaction<'a> {
    /// The object's database, inside a transaction.
    pub sql: &'a dyn Sql,
    /// The time of the batch.
    pub now: Timestamp,
    /// Where everything goes that must leave the object.
    pub outbox: &'a mut Outbox,
    /// Set by a command that was granted and had nothing to change, so that copies stay good.
    pub unchanged: bool,
    /// Whether the command was sent before, and may have been executed.
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

    /// The same for a message that is due now and has lost its point at `expires_at`.
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

/// Why a command did not do what it says.
#[derive(Debug)]
pub enum Fault {
    /// It may not be done. Nothing was changed.
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
