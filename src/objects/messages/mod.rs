//! The messages between isolates and objects, and between objects. This module is below everything that sends
//! or receives them, so that no object depends on another.

pub mod account;
pub mod account_change;
pub mod catalog;
pub mod envelope;
pub mod event;
pub mod mail_pacer;
pub mod maintenance;
