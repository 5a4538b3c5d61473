//! What the API needs of the runtime that it runs on.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;

use serde::{Deserialize, Serialize};

use crate::domain::{AccountKey, EventId, Timestamp};
use crate::mail::webhook::Scheme;
use crate::metrics::{Metric, Subject};
use crate::objects::messages::maintenance::ObjectName;
use crate::objects::{Answer, Envelope, account, catalog, event};

/// A future that may be moved between threads, as the router demands.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Reaches the objects, wherever they live.
pub trait ObjectClient: Send + Sync {
    /// Asks the account of this key.
    fn account<'a>(
        &'a self,
        key: &'a AccountKey,
        envelope: Envelope<account::Command>,
    ) -> BoxFuture<'a, Result<Answer<account::Reply>, Unreachable>>;

    /// Asks the event of this id.
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

    /// Asks the Catalog outside any jurisdiction, which knows where the data lives. Where the deployment
    /// has no jurisdiction it is the same.
    fn registry(
        &self,
        envelope: Envelope<catalog::Command>,
    ) -> BoxFuture<'_, Result<Answer<catalog::Reply>, Unreachable>>;

    /// Has the runtime itself do something with an object, for an operator.
    fn manage<'a>(
        &'a self,
        _object: &'a ObjectName,
        _order: StorageOrder,
    ) -> BoxFuture<'a, Result<StorageReply, Unreachable>> {
        Box::pin(ready(Ok(StorageReply::NotSupported { why: "not here".to_owned() })))
    }
}

/// What only the runtime can do with an object's storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageOrder {
    /// Says when the alarm rings.
    Inspect,
    /// Sets the alarm for now.
    Ring,
    /// Puts the database back to what it was at a moment.
    Rewind {
        /// Milliseconds since the Unix epoch.
        to: Timestamp,
    },
    /// Writes a copy to the bucket now.
    Copy,
    /// Puts a copy from the bucket in the place of what the object holds.
    RestoreCopy {
        /// Which one: the time at which it was made, as in its keys.
        taken: String,
    },
}

/// What the runtime says to it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageReply {
    /// It is done.
    Done,
    /// When the alarm rings, if one is set.
    Alarm {
        /// Milliseconds since the Unix epoch.
        at: Option<Timestamp>,
    },
    /// It is about to happen: the object restarts.
    Rewound {
        /// A bookmark that takes it back.
        undo: String,
    },
    /// A copy was written, or read back.
    Copied {
        /// The time at which it was made, as in its keys.
        taken: String,
        /// Rows of all tables.
        rows: u64,
    },
    /// There is no such copy, or nothing to copy.
    Nothing,
    /// The copy is not whole, or not one of this format.
    Damaged {
        /// What is wrong with it, for the log.
        why: String,
    },
    /// This runtime cannot do it.
    NotSupported {
        /// The runtime's own words, for the log.
        why: String,
    },
}

/// Time, chance and the log.
pub trait Runtime: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Fills `bytes` from a cryptographically secure source.
    fn fill_random(&self, bytes: &mut [u8]);

    /// Writes one line to the log.
    fn log(&self, line: &str);

    /// Lets other requests be answered: all that have come in by now, and those of so many
    /// milliseconds. Even none takes about one.
    fn pause(&self, ms: u32) -> BoxFuture<'_, ()>;

    /// Whether a signature is right, by a public key in DER.
    fn verify<'a>(
        &'a self,
        scheme: Scheme,
        key: &'a [u8],
        message: &'a [u8],
        signature: &'a [u8],
    ) -> BoxFuture<'a, bool>;

    /// The text at an address of a mail provider, if it can be had.
    fn fetch_text<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Option<String>>;

    /// Counts a call for this key, and says whether it is within the limit; `true` where the deployment
    /// does not bind it.
    fn within_rate<'a>(&'a self, limit: RateLimit, key: &'a str) -> BoxFuture<'a, bool>;

    /// Whether anything is measured: where nothing is, nothing need be counted.
    fn measures(&self) -> bool {
        false
    }

    /// Takes a measurement in.
    fn measure(&self, _metric: Metric, _subject: Subject, _value: u64) {}
}

/// A limit that the platform counts, as `wrangler.toml` sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RateLimit {
    /// Calls of one client that hash a password or have a mail sent.
    Client,
    /// Logins, sign-ups and forgotten passwords of one account, whoever calls.
    Account,
    /// Calls of one client that send mail to an account that stands.
    Mail,
    /// Mails to one account that anybody can cause.
    AccountMail,
    /// Sign-ups of one client, each of which sends a mail.
    SignUp,
}

impl RateLimit {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Client, Self::Account, Self::Mail, Self::AccountMail, Self::SignUp];

    /// The binding that sets it.
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

    /// Seconds after which a client may try again: the period that it counts in, of which the
    /// platform offers these two.
    #[must_use]
    pub const fn period_s(self) -> u32 {
        match self {
            Self::Client | Self::Account => 10,
            Self::Mail | Self::AccountMail | Self::SignUp => 60,
        }
    }
}

/// An object did not answer. The words are for the log.
#[derive(Debug)]
pub enum Unreachable {
    /// It has too much to do, was reset more often than it was asked again, or is of another version: the
    /// next try may succeed, and does nothing twice.
    ForNow(String),
    /// It has failed.
    Failed(String),
}

impl Unreachable {
    /// Whether the object is of a version that does not know the command.
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
