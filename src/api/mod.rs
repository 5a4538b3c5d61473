//! How the platform is asked: one route table, a module per noun, one place for errors.
//!
//! [`Api`] is the door. It knows no runtime: what it needs of one is in [`ports`].

mod access;
mod accounts;
mod conditional;
mod csv;
mod door;
mod event_input;
mod events;
mod fields;
mod health;
mod input;
#[cfg(not(target_arch = "wasm32"))]
pub mod openapi;
mod page;
pub mod ports;
mod problem;
mod registrations;
mod routes;
mod view;

pub use door::{Api, Kept};
pub use input::BODY_MAX_BYTES;
