//! The contract, noun by noun, through the whole API in process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects)]

mod accounts;
mod admin;
mod admin_objects;
mod attendance;
mod bodies;
mod bounces;
mod calendars;
mod changes;
mod conditional;
mod deletion;
mod errors;
mod events;
mod listing;
mod login;
mod mail;
mod mail_templates;
mod openapi;
mod ownership;
mod participants;
mod passwords;
mod privacy;
mod profile;
mod rates;
mod registrations;
mod residence;
mod search;
mod service;
mod sessions;
mod spreadsheets;
#[path = "../support/mod.rs"]
mod support;
mod waitlist;
