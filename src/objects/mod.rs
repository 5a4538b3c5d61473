//! The objects that hold the data: a few kinds, each a synchronous state machine over SQL.
//!
//! | object | one per | holds |
//! |---|---|---|
//! | [`account::Account`] | e-mail address | credentials, sessions |
//! | [`event::Event`] | event | details, seats, waitlist |
//! | [`catalog::Catalog`] | platform | the index of events and of who takes part |
//! | [`mail_pacer::MailPacer`] | platform | how much mail may leave, in memory alone |
//!
//! An object decides, writes and answers without awaiting anything, without a clock and without
//! randomness of its own ([`Object::execute`]). That makes the very same code run in the Workers
//! runtime, in native tests over SQLite, and in a simulation that crashes and delays at will.
//! What must leave an object goes through its [`outbox`], written with the fact it reports.

pub mod account;
pub mod backup;
pub mod catalog;
pub mod command_queue;
pub mod event;
pub mod host;
mod idempotency;
pub mod lease;
pub mod mail_pacer;
mod maintenance;
pub mod messages;
mod object;
pub mod outbox;
pub mod request_id;
pub mod schema;
pub mod sql;
mod write_buffer;

pub use host::Host;
pub use messages::envelope::{Answer, Envelope, Outcome, Queued, Stamp};
pub use object::{Check, Fault, Kind, Object, Transaction};
