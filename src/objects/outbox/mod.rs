//! What must leave an object: mail, and facts for other objects.
//!
//! A message is a row written in the same transaction as the fact that it reports, and it stays until it is
//! delivered. Delivery is at least once, receivers are idempotent, and a message has the same key for every
//! try. There is one row per key: posting a key again replaces the message.
//!
//! Mail has its own queue. The mails to one person are sent in the order in which they were posted: a later
//! mail waits for an earlier one to the same address. Mails that a provider accepts in one request form a
//! *batch*, which is stored before it is sent, so that every try has the same key and no mail is ever sent
//! under two keys.

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
