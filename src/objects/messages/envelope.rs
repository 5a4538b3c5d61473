//! The messages between an isolate and an object: commands one way, answers the other.
//!
//! During a rollout, two versions of the program talk to each other for hours. So messages carry the protocol
//! version of their writer, new members are optional, and an object answers a command it does not know with a
//! refusal that every version understands: try again later.

use serde::{Deserialize, Serialize};

use crate::domain::{Refusal, Timestamp};

/// The protocol version that this program speaks. It grows with each command, member or reply that the
/// previous version does not know. It is only for people who read logs: no code decides by it.
pub const PROTOCOL: u32 = 3;

/// Names a state of an object in memory: when it was loaded, random bits drawn then, and how many
/// batches have written since. Equal stamps mean that nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    loaded_at: Timestamp,
    #[serde(rename = "turns")]
    batches: u64,
    /// Random bits, because two instances may be loaded within the same millisecond, on two machines with two
    /// clocks.
    #[serde(default, skip_serializing_if = "is_zero")]
    salt: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_zero(salt: &u32) -> bool {
    *salt == 0
}

impl Stamp {
    pub(in crate::objects) const fn new(loaded_at: Timestamp, salt: u32) -> Self {
        Self { loaded_at, batches: 0, salt }
    }

    pub(in crate::objects) const fn loaded_at(self) -> Timestamp {
        self.loaded_at
    }

    /// The stamp after a batch that has written.
    pub(in crate::objects) const fn next(self) -> Self {
        Self { batches: self.batches.saturating_add(1), ..self }
    }
}

/// Identifies a command that must not be executed twice, however often it is sent. The id is random and the
/// same for every try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(String);

impl CommandId {
    /// The id made of these random bits.
    #[must_use]
    pub fn new(entropy: u128) -> Self {
        Self(format!("{entropy:032x}"))
    }

    /// The id as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A command on its way to an object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope<C> {
    /// What is asked.
    pub command: C,
    /// The stamp of the answer that the caller still has, if the command is a leased read.
    pub have: Option<Stamp>,
    /// The protocol version that the caller speaks.
    #[serde(default = "first_protocol")]
    pub protocol: u32,
    /// The id under which the answer is remembered, if it must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<CommandId>,
}

const fn first_protocol() -> u32 {
    1
}

impl<C> Envelope<C> {
    /// A command.
    pub const fn new(command: C) -> Self {
        Self::knowing(command, None)
    }

    /// A leased read by a caller that has the answer with this stamp.
    pub const fn knowing(command: C, have: Option<Stamp>) -> Self {
        Self { command, have, protocol: PROTOCOL, id: None }
    }
}

/// A command that waits for its batch.
#[derive(Debug, Clone)]
pub struct Queued<C> {
    /// What is asked.
    pub command: C,
    /// The id under which the answer is remembered.
    pub id: Option<CommandId>,
    /// Whether it was sent before and so may already have been executed.
    pub again: bool,
}

impl<C> From<C> for Queued<C> {
    fn from(command: C) -> Self {
        Self { command, id: None, again: false }
    }
}

/// How an object answers a command.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer<R> {
    /// The state that the answer is from.
    pub stamp: Stamp,
    /// How many milliseconds the answer may be reused, counted from before the request.
    pub lease_ms: u32,
    /// The answer itself.
    pub outcome: Outcome<R>,
    /// The version of the protocol that the object speaks.
    #[serde(default = "first_protocol")]
    pub protocol: u32,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome<R> {
    /// The caller's copy is still correct.
    Unchanged,
    /// Done.
    Reply(R),
    /// Refused; nothing changed.
    Refused(Refusal),
}

impl<R> Answer<R> {
    pub(in crate::objects) const fn new(stamp: Stamp, lease_ms: u32, outcome: Outcome<R>) -> Self {
        Self { stamp, lease_ms, outcome, protocol: PROTOCOL }
    }

    /// Whether the command was granted.
    #[must_use]
    pub const fn is_granted(&self) -> bool {
        !matches!(self.outcome, Outcome::Refused(_))
    }

    /// The answer to a command that was not even examined.
    #[must_use]
    pub const fn refused(refusal: Refusal) -> Self {
        Self::new(Stamp::new(Timestamp::from_ms(0), 0), 0, Outcome::Refused(refusal))
    }
}

/// The result of checking a command in memory, before anybody waits for it.
#[derive(Debug)]
pub enum Checked<R> {
    /// It changes nothing. This is the answer.
    Answered(Answer<R>),
    /// It changes something that no lease protects.
    Unguarded,
    /// Leases have to run out first.
    Guarded,
}
