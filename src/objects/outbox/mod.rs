//! What must leave an object: mail, and facts for other objects.
//!
//! A message is a row written in the same transaction as the fact that it reports, and stays until
//! it was delivered. Delivery is at least once, receivers are idempotent, and the key of a message
//! is the same for every try. One row exists per key: posting a key again replaces the message.
//!
//! Mail has a queue of its own. A person's mails leave in the order in which they were posted: a
//! later one waits while an earlier one to the same address does. Mails that a provider takes in
//! one request are put together as a *batch*, which is written down before it leaves, so that
//! every try of it has the same key and no mail ever travels under two keys.

mod acknowledge;
mod dead_letters;
mod destinations;
mod message;
mod state;
mod urgency;

pub use crate::mail::{Delivery, Pace};
pub use destinations::{DESTINATIONS, batches_of};
pub use message::{GIVE_UP_AFTER_MS, OutboxEntry, OutboxMessage};
pub use state::{Outbox, TABLE};
pub use urgency::URGENCY;
