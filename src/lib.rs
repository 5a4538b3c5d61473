//! The backend for virtual events: accounts, events and registrations, on a Workers runtime.
//!
//! It has four layers, and dependencies between them point inward only:
//!
//! ```text
//! platform ──▶ api ──▶ objects ──▶ domain
//! ```
//!
//! - [`domain`]: value types and rules, without I/O, clock or SQL.
//! - [`objects`]: the state. Four synchronous state machines over SQL.
//! - [`auth`], [`mail`], [`calendar`], [`cache`], [`config`]: what objects and the API share.
//! - [`api`]: HTTP in, HTTP out, independent of any runtime.
//! - `platform`: the Workers runtime, on wasm only; nothing else uses the `worker` crate.
//!
//! `docs/architecture.md` explains why.

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
mod json;
pub mod log_sampling;
pub mod mail;
pub mod metrics;
pub mod objects;
#[cfg(target_arch = "wasm32")]
mod platform;
