//! The platform's rate limits, where the deployment binds them.
//!
//! The client is counted before the account that it names: calls that are refused do not use up the account
//! owner's share. Calls from the machine that the Worker runs on are not counted, so a developer's script may
//! sign up fifty people at once.

use crate::api::shared::access::Asked;
use crate::api::shared::context::App;
use crate::api::shared::ports::RateLimit;
use crate::api::shared::problem::Problem;
use crate::domain::{AccountKey, ClientKey};

/// Counts a call of this client.
pub(in crate::api) async fn client(asked: &Asked, limit: RateLimit) -> Result<(), Problem> {
    admit(&asked.app, asked.client, limit, &asked.client.to_string()).await
}

/// Counts a call of this client about this account.
pub(in crate::api) async fn account(
    app: &App,
    client: ClientKey,
    account: &AccountKey,
    limit: RateLimit,
) -> Result<(), Problem> {
    admit(app, client, limit, account.as_str()).await
}

async fn admit(app: &App, client: ClientKey, limit: RateLimit, key: &str) -> Result<(), Problem> {
    if client.is_this_machine() || app.runtime.within_rate(limit, key).await {
        Ok(())
    } else {
        Err(Problem::rate_limited(limit.period_s()))
    }
}
