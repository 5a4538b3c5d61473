//! What sign-up, login and all that changes a password have in common: hashing, fresh tokens, links
//! for mails, and who is held back.

use http::Uri;

use super::access::{Asked, Caller, unexpected};
use super::door::{App, Trace};
use super::problem::Problem;
use super::{audit, fields::Fields};
use crate::auth::{digest, onetime, passwords};
use crate::domain::{AccountKey, Email, Password, Secret};
use crate::objects::account::{Link, Order, Reply};

/// Milliseconds that a link to choose a new password works: an hour.
pub(super) const RESET_TTL_MS: i64 = 60 * 60 * 1000;
/// Milliseconds that the link in a confirmation mail works: 24 hours.
pub(super) const VERIFICATION_TTL_MS: i64 = 24 * 60 * 60 * 1000;

/// The hash of a new password.
pub(super) fn hash(app: &App, password: &Password) -> Result<Secret<String>, Problem> {
    let mut salt = [0; 16];
    app.runtime.fill_random(&mut salt);
    passwords::hash(password, app.config.bcrypt_cost, salt)
        .ok_or_else(|| Problem::internal("bcrypt refused a password"))
}

/// Whether `candidate` is the password behind `hash`. It takes as long for no hash, and for a
/// weaker one than is made today: 2^c rounds and then 2^c + 2^(c+1) + … up to 2^(cost-1) more are
/// 2^cost in all.
pub(super) fn is_password(app: &App, candidate: &str, hash: Option<&Secret<String>>) -> bool {
    let cost = app.config.bcrypt_cost;
    let matched = passwords::verify(candidate, hash, cost);
    for missing in hash.and_then(passwords::cost).unwrap_or(cost)..cost {
        let _ = passwords::verify(candidate, None, missing);
    }
    matched
}

/// A stronger hash in the place of one that costs less than is asked for today.
pub(super) fn stronger(app: &App, password: &str, hash: &Secret<String>) -> Option<Secret<String>> {
    let weak = passwords::cost(hash).is_some_and(|cost| cost < app.config.bcrypt_cost);
    // One that could not be set today has no stronger hash: nothing is gained by locking its owner out.
    let password = weak.then(|| Password::parse("password", password).ok()).flatten()?;
    self::hash(app, &password).ok()
}

/// Has the caller prove the password once more: the hash that it matched. `field` names it.
pub(super) async fn prove(
    app: &App,
    caller: &Caller,
    fields: &mut Fields<'_>,
    field: &'static str,
) -> Result<Proof, Problem> {
    let password = fields.required_text(field, |text| Ok(text.to_owned()));
    let Reply::Challenge(hash) = caller.order(app, Order::Challenge).await? else {
        return Err(unexpected());
    };
    Ok(Proof { password, hash })
}

/// A password and the hash that it has to match, not compared yet.
pub(super) struct Proof {
    password: Option<String>,
    hash: Option<Secret<String>>,
}

impl Proof {
    /// The hash, if the password matches it.
    pub(super) fn matched(self, app: &App) -> Option<Secret<String>> {
        let matched = is_password(app, self.password.as_deref().unwrap_or_default(), self.hash.as_ref());
        self.hash.filter(|_| matched)
    }
}

/// Gives an order that a password has to be proved for, and logs if it was wrong.
pub(super) async fn ordered(
    app: &App,
    trace: &Trace,
    caller: &Caller,
    order: Order,
) -> Result<Reply, Problem> {
    match caller.order(app, order).await? {
        Reply::Failed(answer) => {
            audit::log_failure(app, trace, Some(caller.bearer().user), &answer);
            Err(answer.into())
        }
        reply => Ok(reply),
    }
}

pub(super) fn key_of(email: &Email) -> Result<AccountKey, Problem> {
    digest::account_key(email).ok_or_else(|| Problem::internal("an address has no key"))
}

pub(super) fn entropy(app: &App) -> onetime::Entropy {
    let mut entropy = onetime::Entropy::default();
    app.runtime.fill_random(&mut entropy);
    entropy
}

/// A link to `path` with a fresh token in it.
pub(super) fn link(app: &App, uri: &Uri, account: &AccountKey, path: &str, ttl_ms: i64) -> Link {
    let (token, stored) = onetime::issue(account, &entropy(app), app.runtime.now().plus_ms(ttl_ms));
    let url = format!("{}{path}?token={}", base_url(app, uri), token.reveal());
    Link { token: stored, url: Secret::new(url) }
}

/// Where links lead: the setting, or the origin that the client has called.
fn base_url(app: &App, uri: &Uri) -> String {
    app.config.public_url.clone().unwrap_or_else(|| {
        let scheme = uri.scheme_str().unwrap_or("https");
        let authority = uri.authority().map_or("localhost", http::uri::Authority::as_str);
        format!("{scheme}://{authority}")
    })
}

/// Holds back a client that tries too often, where the deployment binds a rate limit.
pub(super) async fn within_rate(asked: &Asked) -> Result<(), Problem> {
    let Asked { app, headers, .. } = asked;
    let client = headers.get("cf-connecting-ip").and_then(|value| value.to_str().ok()).unwrap_or("unknown");
    if app.runtime.within_rate(client).await { Ok(()) } else { Err(Problem::rate_limited(10)) }
}
