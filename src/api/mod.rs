//! The HTTP API: one route table, a folder for each noun, one place for errors.
//!
//! [`Api`] is the entry point. It knows no runtime: what it needs from one is in [`ports`].

mod accounts;
mod admin;
mod calendars;
mod events;
mod health;
mod hooks;
#[cfg(not(target_arch = "wasm32"))]
pub mod openapi;
mod pipeline;
mod registrations;
mod routes;
mod shared;

pub use pipeline::Api;
pub use shared::background::Background;
pub use shared::body_stream::{BodyStream, BrokenOff, Pieces};
pub use shared::cacheable::{Cacheable, CachedBody};
pub use shared::current_request::current_request;
pub use shared::input::BODY_MAX_BYTES;
pub use shared::ports;
