//! The rules of accounts, events and seats, whatever stores or serves them.
//!
//! Nothing here reads a clock, draws a random number, uses SQL or knows HTTP. Time and new ids come in
//! as arguments, and what cannot be granted comes back as a [`Refusal`].

pub mod account;
pub mod client;
pub mod email;
pub mod email_status;
pub mod event;
pub mod fenwick;
pub mod guard;
pub mod host;
pub mod ids;
pub mod limits;
pub mod moderation;
pub mod password;
pub mod refusal;
pub mod residence;
pub mod roster;
pub mod schedule;
pub mod secret;
pub mod text;
pub mod time;
pub mod token_bucket;
pub mod waitlist;
pub mod zone;

pub use client::ClientKey;
pub use email::Email;
pub use email_status::EmailStatus;
pub use ids::{AccountKey, EventId, RegistrationId, SessionId, UserId};
pub use password::Password;
pub use refusal::{FieldError, Invalid, Refusal};
pub use residence::{Jurisdiction, Residence};
pub use secret::Secret;
pub use time::Timestamp;
pub use token_bucket::{Rate, TokenBucket};
pub use zone::Zone;
