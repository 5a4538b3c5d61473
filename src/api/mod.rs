//! How the platform is asked: one route table, a module per noun, one place for errors.
//!
//! [`Api`] is the door. It knows no runtime: what it needs of one is in [`ports`].

mod access;
mod accounts;
mod admin;
mod afterwards;
mod asking;
mod audit;
mod body_stream;
mod calendar;
mod conditional;
mod confirmed;
mod credentials;
mod csv;
mod current_request;
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
mod measured;
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
mod spreadsheet;
mod verification;
mod view;

pub use afterwards::Afterwards;
pub use body_stream::{BodyStream, BrokenOff, Pieces};
pub use current_request::current_request;
pub use door::{Api, Kept, Repeatable};
pub use input::BODY_MAX_BYTES;
