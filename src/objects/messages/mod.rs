//! The messages between isolates and objects, and from one object to another: below all that send and
//! receive them, so that no object has to know another.

pub mod account;
pub mod account_change;
pub mod catalog;
pub mod envelope;
pub mod event;
pub mod mail_pacer;
pub mod maintenance;
