//! The contract, noun by noun, through the whole API in process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects)]

mod accounts;
mod attendance;
mod changes;
mod conditional;
mod errors;
mod events;
mod listing;
mod login;
mod mail;
mod openapi;
mod ownership;
mod participants;
mod privacy;
mod registrations;
mod service;
#[path = "../support/mod.rs"]
mod support;
mod waitlist;
