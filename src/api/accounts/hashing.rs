//! Hashes passwords in slices, so that other requests are answered in between, and fairly between clients.

use std::sync::PoisonError;

use crate::api::shared::context::App;
use crate::api::shared::problem::Problem;
use crate::auth::hash_queue::{HashQueue, Ticket, Turn};
use crate::auth::hashing::{Digest, Hashing, Salt};
use crate::auth::passwords::{self, Comparison, NewHash};
use crate::domain::text::nfc;
use crate::domain::{ClientKey, Password, Refusal, Secret};

/// Rejects a client with too many unfinished hashes before anything else is done for it, so that a flood
/// costs little more than its answers.
pub(in crate::api) fn admit(app: &App, client: ClientKey) -> Result<(), Problem> {
    let rounds = 1_u64.checked_shl(app.config.bcrypt_cost).unwrap_or(u64::MAX);
    let admits = with_queue(app, |queue| queue.admits(client, rounds, app.runtime.now()));
    if admits { Ok(()) } else { Err(Refusal::Overloaded.into()) }
}

/// The hash of a new password.
pub(in crate::api) async fn hash(
    app: &App,
    client: ClientKey,
    password: &Password,
) -> Result<Secret<String>, Problem> {
    let mut salt = Salt::default();
    app.runtime.fill_random(&mut salt);
    let (new, hashing) = NewHash::begin(password, app.config.bcrypt_cost, salt).ok_or_else(no_such_cost)?;
    Ok(new.finish(&compute(app, client, hashing).await?))
}

/// Whether `candidate` is the password behind `stored`. It takes just as long if there is no hash, or one
/// that is weaker than today's: the 2^c rounds of the weaker hash and then one hash each of the costs c to
/// cost - 1 are 2^cost rounds in all.
pub(in crate::api) async fn verify(
    app: &App,
    client: ClientKey,
    candidate: &str,
    stored: Option<&Secret<String>>,
) -> Result<bool, Problem> {
    let cost = app.config.bcrypt_cost;
    let composed = nfc(candidate);
    // A hash from before passwords were composed matches what was typed.
    let as_typed = Some(candidate).filter(|candidate| *candidate != composed);
    let mut matched = false;
    for spelling in [Some(composed.as_str()), as_typed].into_iter().flatten() {
        matched |= compare(app, client, spelling, stored, cost).await?;
        for missing in stored.and_then(passwords::cost).unwrap_or(cost)..cost {
            compare(app, client, spelling, None, missing).await?;
        }
    }
    Ok(matched)
}

/// A stronger hash to replace one with a lower cost than today's setting.
pub(in crate::api) async fn stronger(
    app: &App,
    client: ClientKey,
    password: &str,
    hash: &Secret<String>,
) -> Option<Secret<String>> {
    let weak = passwords::cost(hash).is_some_and(|cost| cost < app.config.bcrypt_cost);
    // A password that could not be set today gets no stronger hash: locking its owner out would gain nothing.
    let password = weak.then(|| Password::parse("password", password).ok()).flatten()?;
    self::hash(app, client, &password).await.ok()
}

async fn compare(
    app: &App,
    client: ClientKey,
    candidate: &str,
    stored: Option<&Secret<String>>,
    cost: u32,
) -> Result<bool, Problem> {
    let (comparison, hashing) = Comparison::begin(candidate, stored, cost).ok_or_else(no_such_cost)?;
    Ok(comparison.finish(&compute(app, client, hashing).await?))
}

async fn compute(app: &App, client: ClientKey, hashing: Hashing) -> Result<Digest, Problem> {
    let ticket = with_queue(app, |queue| queue.submit(client, hashing, app.runtime.now()))?;
    let _claim = Claim { app, ticket };
    loop {
        match with_queue(app, |queue| queue.turn(ticket, app.runtime.now())) {
            Turn::Done(digest) => return Ok(digest),
            Turn::Later { ms } => app.runtime.pause(ms).await,
            Turn::Forgotten => return Err(Refusal::Overloaded.into()),
        }
    }
}

/// Takes the hash out of the queue when the request ends, for whatever reason.
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
