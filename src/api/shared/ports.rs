//! What the API needs from the runtime.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;

use serde::{Deserialize, Serialize};

use crate::domain::{AccountKey, EventId, Timestamp};
use crate::mail::webhook::Scheme;
use crate::metrics::{Metric, Subject};
use crate::objects::messages::maintenance::ObjectName;
use crate::objects::{Answer, Envelope, account, catalog, event};

/// A future that can move between threads, as the router requires.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Calls the objects, wherever they live.
pub trait ObjectClient: Send + Sync {
    /// Asks the account with this key.
    fn account<'a>(
        &'a self,
        key: &'a AccountKey,
        envelope: Envelope<account::Command>,
    ) -> BoxFuture<'a, Result<Answer<account::Reply>, Unreachable>>;

    /// Asks the event with this id.
    fn event(
        &self,
        id: EventId,
        envelope: Envelope<event::Command>,
    ) -> BoxFuture<'_, Result<Answer<event::Reply>, Unreachable>>;

    /// Asks the Catalog.
    fn catalog(
        &self,
        envelope: Envelope<catalog::Command>,
    ) -> BoxFuture<'_, Result<Answer<catalog::Reply>, Unreachable>>;

    /// Asks the Catalog outside any jurisdiction, which knows where the data lives. If the deployment has no
    /// jurisdiction, this is the ordinary Catalog.
    fn registry(
        &self,
        envelope: Envelope<catalog::Command>,
    ) -> BoxFuture<'_, Result<Answer<catalog::Reply>, Unreachable>>;

    /// Has the runtime do something with an object's storage, for an operator.
    fn manage<'a>(
        &'a self,
        _object: &'a ObjectName,
        _order: StorageOrder,
    ) -> BoxFuture<'a, Result<StorageReply, Unreachable>> {
        Box::pin(ready(Ok(StorageReply::NotSupported { why: "not here".to_owned() })))
    }
}

/// Operations on an object's storage that only the runtime can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageOrder {
    /// Report when the alarm is due.
    Inspect,
    /// Set the alarm to now.
    Ring,
    /// Restore the database to an earlier moment.
    Rewind {
        /// Milliseconds since the Unix epoch.
        to: Timestamp,
    },
    /// Write a copy to the bucket now.
    Copy,
    /// Replace the object's contents with a copy from the bucket.
    RestoreCopy {
        /// Which copy: the time when it was made, as in its keys.
        taken: String,
    },
}

/// The runtime's reply.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageReply {
    /// Done.
    Done,
    /// When the alarm is due, if it is set.
    Alarm {
        /// Milliseconds since the Unix epoch.
        at: Option<Timestamp>,
    },
    /// The object is about to restart with the earlier state.
    Rewound {
        /// A bookmark that undoes it.
        undo: String,
    },
    /// A copy was written or restored.
    Copied {
        /// The time when it was made, as in its keys.
        taken: String,
        /// Rows in all tables.
        rows: u64,
    },
    /// There is no such copy, or there is nothing to copy.
    Nothing,
    /// The copy is incomplete, or not in this format.
    Damaged {
        /// What is wrong with it, for the log.
        why: String,
    },
    /// The runtime does not support this.
    NotSupported {
        /// The runtime's message, for the log.
        why: String,
    },
}

/// Time, randomness and the log.
pub trait Runtime: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Fills `bytes` from a cryptographically secure source.
    fn fill_random(&self, bytes: &mut [u8]);

    /// Writes one line to the log.
    fn log(&self, line: &str);

    /// Lets other requests run: all that have already arrived, and those that arrive within so many
    /// milliseconds. Even 0 takes about a millisecond.
    fn pause(&self, ms: u32) -> BoxFuture<'_, ()>;

    /// Whether a signature is valid under a public key in DER.
    fn verify<'a>(
        &'a self,
        scheme: Scheme,
        key: &'a [u8],
        message: &'a [u8],
        signature: &'a [u8],
    ) -> BoxFuture<'a, bool>;

    /// Fetches the text at a mail provider's address, if possible.
    fn fetch_text<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Option<String>>;

    /// Counts a call for this key and says whether it is within the limit; `true` if the deployment does not
    /// bind the limit.
    fn within_rate<'a>(&'a self, limit: RateLimit, key: &'a str) -> BoxFuture<'a, bool>;

    /// Whether measuring is on. If it is off, nothing need be counted.
    fn measures(&self) -> bool {
        false
    }

    /// Records a measurement.
    fn measure(&self, _metric: Metric, _subject: Subject, _value: u64) {}
}

/// A rate limit that the platform enforces, as set in `wrangler.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RateLimit {
    /// A client's calls that hash a password or send a mail.
    Client,
    /// Logins, sign-ups and password resets for one account, from any client.
    Account,
    /// A client's calls that send mail to an existing account.
    Mail,
    /// Mails to one account that anybody can trigger.
    AccountMail,
    /// A client's sign-ups, each of which sends a mail.
    SignUp,
}

impl RateLimit {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Client, Self::Account, Self::Mail, Self::AccountMail, Self::SignUp];

    /// The name of its binding.
    #[must_use]
    pub const fn binding(self) -> &'static str {
        match self {
            Self::Client => "RATE_LIMITER",
            Self::Account => "ACCOUNT_RATE_LIMITER",
            Self::Mail => "MAIL_RATE_LIMITER",
            Self::AccountMail => "ACCOUNT_MAIL_RATE_LIMITER",
            Self::SignUp => "SIGN_UP_RATE_LIMITER",
        }
    }

    /// Seconds until a client may try again: the length of the limit's period. The platform offers these two.
    #[must_use]
    pub const fn period_s(self) -> u32 {
        match self {
            Self::Client | Self::Account => 10,
            Self::Mail | Self::AccountMail | Self::SignUp => 60,
        }
    }
}

/// An object did not answer. The text is for the log.
#[derive(Debug)]
pub enum Unreachable {
    /// It is overloaded, was reset more often than the call is retried, or runs another version. Another try
    /// may succeed, and does nothing twice.
    ForNow(String),
    /// It failed.
    Failed(String),
}

impl Unreachable {
    /// Whether the object runs a version that does not know the command.
    #[must_use]
    pub fn does_not_know_the_command(&self) -> bool {
        matches!(self, Self::Failed(cause) if cause.contains("unknown variant"))
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForNow(cause) => write!(f, "object unavailable: {cause}"),
            Self::Failed(cause) => write!(f, "object unreachable: {cause}"),
        }
    }
}

impl std::error::Error for Unreachable {}
