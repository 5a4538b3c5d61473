//! What the native tests share. The objects, the API and the SQL are those of production; what the
//! runtime adds to them is played here, in one thread and in virtual time:
//!
//! - [`sqlite`]: a database per object, which fails on demand.
//! - [`node`]: one object with its database and its alarm, as the runtime keeps them.
//! - [`post`]: a mail provider that knows idempotency keys.
//! - [`world`]: all objects of a deployment, the clock, chance and the log.
//! - [`contract`]: what the OpenAPI document says of them.
//! - [`app`]: requests, answers and people, for tests that speak HTTP.
//! - [`naive`]: an event in the fewest words, which the real one is held against.
//! - [`fixtures`]: people and events by number.
//! - [`checks`]: what must be true of the objects of a deployment once everything has arrived.

#![allow(dead_code, reason = "each test crate uses what it needs of it")]

pub(crate) mod app;
pub(crate) mod checks;
pub(crate) mod contract;
pub(crate) mod fixtures;
pub(crate) mod naive;
pub(crate) mod node;
pub(crate) mod post;
pub(crate) mod sqlite;
pub(crate) mod world;
