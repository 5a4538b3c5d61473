//! What sign-up, login and all that changes a password have in common: fresh tokens, and links for
//! mails.

use http::Uri;

use super::access::Caller;
use super::asking::unexpected;
use super::door::{App, Trace};
use super::problem::Problem;
use super::{audit, fields::Fields, hashing};
use crate::auth::{digest, onetime};
use crate::domain::{AccountKey, ClientKey, Email, Secret};
use crate::objects::account::{Link, Order, Reply};

/// Milliseconds that a link to choose a new password works: an hour.
pub(super) const RESET_TTL_MS: i64 = 60 * 60 * 1000;
/// Milliseconds that the link in a confirmation mail works: 24 hours.
pub(super) const VERIFICATION_TTL_MS: i64 = 24 * 60 * 60 * 1000;

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
    pub(super) async fn matched(
        self,
        app: &App,
        client: ClientKey,
    ) -> Result<Option<Secret<String>>, Problem> {
        let password = self.password.as_deref().unwrap_or_default();
        let matched = hashing::verify(app, client, password, self.hash.as_ref()).await?;
        Ok(self.hash.filter(|_| matched))
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
pub(super) fn base_url(app: &App, uri: &Uri) -> String {
    app.config.public_url.clone().unwrap_or_else(|| {
        let scheme = uri.scheme_str().unwrap_or("https");
        let authority = uri.authority().map_or("localhost", http::uri::Authority::as_str);
        format!("{scheme}://{authority}")
    })
}
