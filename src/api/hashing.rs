//! Passwords, hashed a slice at a time so that other requests are answered in between.

use std::sync::PoisonError;

use super::door::App;
use super::problem::Problem;
use crate::auth::hash_queue::{HashQueue, Ticket, Turn};
use crate::auth::hashing::{Digest, Hashing, Salt};
use crate::auth::passwords::{Comparison, NewHash};
use crate::domain::{Password, Secret};

/// The hash of a new password.
pub(super) async fn hash(app: &App, password: &Password) -> Result<Secret<String>, Problem> {
    let mut salt = Salt::default();
    app.runtime.fill_random(&mut salt);
    let (new, hashing) = NewHash::begin(password, app.config.bcrypt_cost, salt).ok_or_else(no_such_cost)?;
    Ok(new.finish(&compute(app, hashing).await?))
}

/// Whether `candidate` is the password behind `stored`, found out in the same time without one.
pub(super) async fn verify(
    app: &App,
    candidate: &str,
    stored: Option<&Secret<String>>,
) -> Result<bool, Problem> {
    let (comparison, hashing) =
        Comparison::begin(candidate, stored, app.config.bcrypt_cost).ok_or_else(no_such_cost)?;
    Ok(comparison.finish(&compute(app, hashing).await?))
}

async fn compute(app: &App, hashing: Hashing) -> Result<Digest, Problem> {
    let ticket = with_queue(app, |queue| queue.submit(hashing, app.runtime.now()))?;
    let _claim = Claim { app, ticket };
    loop {
        match with_queue(app, |queue| queue.turn(ticket, app.runtime.now())) {
            Turn::Done(digest) => return Ok(digest),
            Turn::Later { ms } => app.runtime.pause(ms).await,
            Turn::Forgotten => return Err(crate::domain::Refusal::Overloaded.into()),
        }
    }
}

/// Takes the hash out of the queue when the request ends, however it does.
struct Claim<'a> {
    app: &'a App,
    ticket: Ticket,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        with_queue(self.app, |queue| queue.withdraw(self.ticket));
    }
}

fn with_queue<T>(app: &App, work: impl FnOnce(&mut HashQueue) -> T) -> T {
    work(&mut app.hashes.lock().unwrap_or_else(PoisonError::into_inner))
}

fn no_such_cost() -> Problem {
    Problem::internal("a cost that bcrypt does not have")
}
