//! The Workers runtime: the only layer that uses the `worker` crate, compiled for wasm only.
//!
//! It is thin. It converts the runtime's requests and responses ([`http`]), carries commands to objects
//! ([`object_client`]), runs objects ([`durable_object`]) on their SQLite ([`sql`]), and delivers their
//! outboxes ([`delivery`]): mail at the deployment's pace ([`pacing`]), and optionally through the binding
//! that sends it ([`email`]). It makes no decisions.

mod clock;
mod delivery;
mod durable_object;
mod email;
mod entry;
mod http;
mod metrics;
mod object_client;
mod pacing;
mod runtime;
mod sql;
mod stream;

use std::cell::OnceCell;
use std::rc::Rc;

use ::worker::Env;

use crate::config::{Config, ConfigError};

/// Reads this deployment's settings.
fn config(env: &Env) -> Result<Config, ConfigError> {
    Config::from_lookup(|name| env.var(name).ok().map(|value| value.to_string()))
}

thread_local! {
    /// The settings as objects see them, read once for all objects of an isolate.
    static OBJECT_CONFIG: OnceCell<Option<Rc<Config>>> = const { OnceCell::new() };
}

fn object_config(env: &Env) -> Option<Rc<Config>> {
    email::remember(env);
    OBJECT_CONFIG.with(|cell| cell.get_or_init(|| config(env).ok().map(Rc::new)).clone())
}
