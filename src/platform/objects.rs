//! The three Durable Object classes, each a shell around its state machine.

use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use super::shell::Shell;
use crate::objects;

macro_rules! durable {
    ($(#[$doc:meta])* $name:ident, $machine:ty) => {
        $(#[$doc])*
        #[durable_object(alarm)]
        pub struct $name {
            shell: Shell,
        }

        impl DurableObject for $name {
            fn new(state: State, env: Env) -> Self {
                Self { shell: Shell::new::<$machine>(&state, &env) }
            }

            async fn fetch(&self, request: Request) -> Result<Response> {
                self.shell.fetch(request).await
            }

            async fn alarm(&self) -> Result<Response> {
                self.shell.alarm().await
            }
        }
    };
}

durable! {
    /// One e-mail address and its account.
    Account, objects::account::Account
}
durable! {
    /// One event and its seats.
    Event, objects::event::Event
}
durable! {
    /// The index of events.
    Catalog, objects::catalog::Catalog
}
