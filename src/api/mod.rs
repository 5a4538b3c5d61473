//! How the platform is asked: one route table, a module per noun, one place for errors.
//!
//! [`Api`] is the door. It knows no runtime: what it needs of one is in [`ports`].

mod access;
mod accounts;
mod afterwards;
mod asking;
mod audit;
mod calendar;
mod conditional;
mod confirmed;
mod credentials;
mod csv;
mod door;
mod event_input;
mod events;
mod export;
mod fields;
mod hashing;
mod health;
mod hooks;
mod html;
mod input;
mod links;
#[cfg(not(target_arch = "wasm32"))]
pub mod openapi;
mod page;
mod passwords;
pub mod ports;
mod problem;
mod rates;
mod registrations;
mod residence;
mod routes;
mod sessions;
mod verification;
mod view;

pub use afterwards::Afterwards;
pub use door::{Api, Kept, Repeatable};
pub use input::BODY_MAX_BYTES;
