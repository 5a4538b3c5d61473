//! What the API needs of the runtime that it runs on.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::domain::{AccountKey, EventId, Timestamp};
use crate::mail::webhook::Scheme;
use crate::objects::{Answer, Envelope, account, catalog, event};

/// A future that may be moved between threads, as the router demands.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Reaches the objects, wherever they live.
pub trait Hub: Send + Sync {
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

    /// Whether this client may try now; `true` where no limit is bound.
    fn within_rate<'a>(&'a self, client: &'a str) -> BoxFuture<'a, bool>;
}

/// An object did not answer. The words are for the log.
#[derive(Debug)]
pub struct Unreachable(pub String);

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "object unreachable: {}", self.0)
    }
}

impl std::error::Error for Unreachable {}
