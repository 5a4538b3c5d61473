//! The backend for virtual events: accounts, events and registrations, on a Workers runtime.
//!
//! The house has four floors, and arrows between them point inward only:
//!
//! ```text
//! platform ──▶ api ──▶ objects ──▶ domain
//! ```
//!
//! - [`domain`]: what is true. Value types and rules, without I/O, clock or SQL.
//! - [`objects`]: who holds it. Three synchronous state machines over SQL.
//! - [`auth`], [`mail`], [`calendar`], [`cache`], [`config`]: what objects and API share.
//! - [`api`]: how it is asked. HTTP in, HTTP out, knowing no runtime.
//! - `platform`: the Workers runtime, on wasm alone; nothing else names the `worker` crate.
//!
//! `docs/architecture.md` tells why.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

pub mod api;
pub mod auth;
pub mod cache;
pub mod calendar;
pub mod config;
pub mod domain;
pub mod log_sampling;
pub mod mail;
pub mod metrics;
pub mod objects;
#[cfg(target_arch = "wasm32")]
mod platform;
