//! Authentication: password hashes, signed tokens, one-time tokens.

pub mod admin;
pub mod digest;
pub mod hash_queue;
pub mod links;
pub mod onetime;
pub mod passwords;
pub mod tokens;
mod verified;

pub use event_platform_hashing as hashing;
