//! What sign-up, login and password changes share: fresh tokens, and links for mails.

use http::Uri;

use crate::api::accounts::hashing;
use crate::api::shared::access::Caller;
use crate::api::shared::audit;
use crate::api::shared::context::{App, RequestContext};
use crate::api::shared::fields::Fields;
use crate::api::shared::object_client::{self, unexpected};
use crate::api::shared::problem::Problem;
use crate::auth::onetime;
use crate::domain::{AccountKey, ClientKey, Refusal, Secret};
use crate::objects::account::{Command, Digest, Link, Order, Reply};

/// The lifetime of a password reset link in milliseconds: an hour.
pub(in crate::api) const RESET_TTL_MS: i64 = 60 * 60 * 1000;
/// The lifetime of a confirmation link in milliseconds: 24 hours.
pub(in crate::api) const VERIFICATION_TTL_MS: i64 = 24 * 60 * 60 * 1000;

/// Has the caller prove the password again, and returns the hash that it matched. `field` names the password.
pub(in crate::api) async fn prove(
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

/// A password and the hash that it must match, not compared yet.
pub(in crate::api) struct Proof {
    password: Option<String>,
    hash: Option<Secret<String>>,
}

impl Proof {
    /// The hash, if the password matches it.
    pub(in crate::api) async fn matched(
        self,
        app: &App,
        client: ClientKey,
    ) -> Result<Option<Secret<String>>, Problem> {
        let password = self.password.as_deref().unwrap_or_default();
        let matched = hashing::verify(app, client, password, self.hash.as_ref()).await?;
        Ok(self.hash.filter(|_| matched))
    }
}

/// Sends a command that needs the password, and logs a wrong one.
pub(in crate::api) async fn ordered(
    app: &App,
    context: &RequestContext,
    caller: &Caller,
    order: Order,
) -> Result<Reply, Problem> {
    match caller.order(app, order).await? {
        Reply::Failed(answer) => {
            audit::log_failure(app, context, Some(caller.bearer().user), &answer);
            Err(answer.into())
        }
        reply => Ok(reply),
    }
}

/// A link to `path` with a fresh token.
pub(in crate::api) fn link(app: &App, uri: &Uri, account: &AccountKey, path: &str, ttl_ms: i64) -> Link {
    let (token, stored) = onetime::issue(account, &app.entropy(), app.runtime.now().plus_ms(ttl_ms));
    let url = format!("{}{path}?token={}", app.base_url(uri), token.reveal());
    Link { token: stored, url: Secret::new(url) }
}

/// Whether a link's token still works. `ask` makes the question for it.
pub(in crate::api) async fn stands(
    app: &App,
    token: &str,
    ask: fn(Digest) -> Command,
) -> Result<(), Problem> {
    let (key, token) = onetime::read(token).ok_or(Refusal::InvalidToken)?;
    object_client::account(app, &key, ask(token)).await.map(|_| ())
}
