//! Proving who somebody is: password hashes, signed tokens, one-time tokens.

mod blowfish;
pub mod digest;
pub mod hash_queue;
pub mod hashing;
pub mod links;
pub mod onetime;
pub mod passwords;
pub mod tokens;
