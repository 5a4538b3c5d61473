//! Operators' calls for accounts: look up by address, suspend, restore.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Operator;
use crate::api::shared::audit;
use crate::api::shared::object_client::key_of;
use crate::api::shared::object_client::{self, unexpected};
use crate::api::shared::problem::Problem;
use crate::api::shared::view::{Id, Instant};
use crate::domain::{AccountKey, Email, UserId};
use crate::objects::account::{AdminOrder, Command, Overview, Reply};
use crate::objects::messages::maintenance::ObjectName;

#[derive(Serialize)]
struct OneAccount<'a> {
    account: AccountView<'a>,
}

#[derive(Serialize)]
struct AccountView<'a> {
    key: &'a str,
    user_id: Id<UserId>,
    role: &'static str,
    email_verified: bool,
    created_at: Instant,
    suspended: bool,
    sessions: u32,
    failed_logins: u32,
}

/// `POST /api/admin/accounts/lookup`: the account with an address. The address is in the body, since
/// addresses do not belong in URLs.
pub(in crate::api) async fn lookup(mut operator: Operator) -> Result<Response, Problem> {
    let body = operator.body()?;
    let mut fields = body.fields();
    let email = fields
        .required_text("email", |text| Email::parse(text).or_else(|error| Email::known(text).ok_or(error)));
    fields.finish()?;
    let key = key_of(&email.ok_or_else(unexpected)?)?;
    let object = ObjectName::Account(key.clone());
    audit::log_operator(&operator.app, &operator.context, "lookup", true, Some(&object));
    order(&operator, &key, AdminOrder::Look).await
}

/// `GET /api/admin/accounts/:account`.
pub(in crate::api) async fn look(operator: Operator) -> Result<Response, Problem> {
    order(&operator, &operator.account()?, AdminOrder::Look).await
}

/// `POST /api/admin/accounts/:account/suspend`: ends all sessions and blocks logins; the account's events are
/// hidden within seconds.
pub(in crate::api) async fn suspend(operator: Operator) -> Result<Response, Problem> {
    order(&operator, &operator.account()?, AdminOrder::Suspend).await
}

/// `POST /api/admin/accounts/:account/restore`: reverses that, except that the sessions stay ended.
pub(in crate::api) async fn restore(operator: Operator) -> Result<Response, Problem> {
    order(&operator, &operator.account()?, AdminOrder::Restore).await
}

async fn order(operator: &Operator, key: &AccountKey, order: AdminOrder) -> Result<Response, Problem> {
    match object_client::account(&operator.app, key, Command::Admin(order)).await? {
        Reply::Overview(overview) => Ok(view(key, &overview)),
        _ => Err(unexpected()),
    }
}

fn view(key: &AccountKey, overview: &Overview) -> Response {
    let account = AccountView {
        key: key.as_str(),
        user_id: Id(overview.user),
        role: overview.role.as_str(),
        email_verified: overview.email_verified,
        created_at: Instant(overview.created_at),
        suspended: overview.suspended,
        sessions: overview.sessions,
        failed_logins: overview.failed_logins,
    };
    Json(OneAccount { account }).into_response()
}
