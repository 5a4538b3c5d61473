//! Who is held back for calling too often, where the deployment binds the limits.
//!
//! A client is counted before the account that it calls about: a client that is held back does not
//! use up what the account's owner may do.

use super::access::Asked;
use super::door::App;
use super::ports::RateLimit;
use super::problem::Problem;
use crate::domain::AccountKey;

/// Counts a call of this client.
pub(super) async fn client(asked: &Asked, limit: RateLimit) -> Result<(), Problem> {
    admit(&asked.app, limit, &asked.client.to_string()).await
}

/// Counts a call about this account.
pub(super) async fn account(app: &App, account: &AccountKey, limit: RateLimit) -> Result<(), Problem> {
    admit(app, limit, account.as_str()).await
}

async fn admit(app: &App, limit: RateLimit, key: &str) -> Result<(), Problem> {
    if app.runtime.within_rate(limit, key).await {
        Ok(())
    } else {
        Err(Problem::rate_limited(limit.period_s()))
    }
}
