//! What travels between an isolate and an object: commands one way, answers the other.
//!
//! During a rollout two versions of the program talk to each other for hours. So messages carry the
//! version of the protocol that their writer speaks, new members are optional, and a command that an
//! object does not know is answered with a refusal that every version understands: come back later.

use serde::{Deserialize, Serialize};

use crate::domain::{Refusal, Timestamp};

/// The version of the protocol that this program speaks. It grows with each command, member or reply
/// that the version before does not know. It serves those who read logs: nothing is decided by it.
pub const PROTOCOL: u32 = 2;

/// Names a state of an object in memory: when it was loaded, random bits drawn then, and how many
/// batches have written since. Equal stamps mean that nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    loaded_at: Timestamp,
    #[serde(rename = "turns")]
    batches: u64,
    /// Two instances may be loaded within the same millisecond, on two machines by two clocks.
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

/// Names a command that must not be done twice, however often it is sent: random, and the same for every
/// try.
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
    /// The stamp of the answer that the asker still holds, if the command is a leased read.
    pub have: Option<Stamp>,
    /// The version of the protocol that the asker speaks.
    #[serde(default = "first_protocol")]
    pub protocol: u32,
    /// What the command is remembered by, if it must be.
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

    /// A leased read by somebody who holds the answer with this stamp.
    pub const fn knowing(command: C, have: Option<Stamp>) -> Self {
        Self { command, have, protocol: PROTOCOL, id: None }
    }
}

/// A command that waits for its batch.
#[derive(Debug, Clone)]
pub struct Queued<C> {
    /// What is asked.
    pub command: C,
    /// What it is remembered by.
    pub id: Option<CommandId>,
    /// Whether it was sent before: then it may have been done.
    pub again: bool,
}

impl<C> From<C> for Queued<C> {
    fn from(command: C) -> Self {
        Self { command, id: None, again: false }
    }
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
    /// The version of the protocol that the object speaks.
    #[serde(default = "first_protocol")]
    pub protocol: u32,
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
    pub(in crate::objects) const fn new(stamp: Stamp, lease_ms: u32, outcome: Outcome<R>) -> Self {
        Self { stamp, lease_ms, outcome, protocol: PROTOCOL }
    }

    /// Whether the command was granted.
    #[must_use]
    pub const fn is_granted(&self) -> bool {
        !matches!(self.outcome, Outcome::Refused(_))
    }

    /// The answer to a command that was not even looked at.
    #[must_use]
    pub const fn refused(refusal: Refusal) -> Self {
        Self::new(Stamp::new(Timestamp::from_ms(0), 0), 0, Outcome::Refused(refusal))
    }
}

/// What a look in memory says of a command before anybody waits for it.
#[derive(Debug)]
pub enum Checked<R> {
    /// It changes nothing: this is the answer.
    Answered(Answer<R>),
    /// It changes something that no lease protects.
    Unguarded,
    /// Leases have to run out first.
    Guarded,
}
