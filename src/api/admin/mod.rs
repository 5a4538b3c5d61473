//! What operators ask: with the deployment's `ADMIN_TOKEN`, and never with anything of a user's.
//!
//! Every call is a security line in the log, written before anything is done: what was asked, of which
//! object, in which request. How it ended is in the line of the request.

pub(super) mod accounts;
pub(super) mod catalog;
pub(super) mod copies;
pub(super) mod events;
pub(super) mod objects;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};

use super::access;
use super::audit;
use super::door::{App, Trace};
use super::page::Params;
use super::ports::{StorageOrder, StorageReply};
use super::problem::Problem;
use crate::domain::{AccountKey, EventId};
use crate::objects::upkeep::ObjectName;

/// What all paths for operators begin with.
pub(super) const PREFIX: &str = "/api/admin/";

/// Somebody who holds the operator's token, and what they ask.
pub(super) struct Operator {
    app: Arc<App>,
    trace: Arc<Trace>,
    uri: Uri,
}

impl FromRequestParts<Arc<App>> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let trace = parts.extensions.get::<Arc<Trace>>().cloned().unwrap_or_default();
        let operator = Self { app: Arc::clone(app), trace, uri: parts.uri.clone() };
        let holds = holds_token(&parts.headers, app);
        operator.log(&parts.method, holds, operator.object().as_ref());
        if holds { Ok(operator) } else { Err(Problem::unauthenticated()) }
    }
}

fn holds_token(headers: &HeaderMap, app: &App) -> bool {
    let shown = access::bearer(headers);
    app.config.admin_token.as_ref().zip(shown).is_some_and(|(token, shown)| token.is(shown))
}

impl Operator {
    fn log(&self, method: &Method, admitted: bool, object: Option<&ObjectName>) {
        let route = self.trace.route.get().copied().unwrap_or_default();
        audit::log_operator(&self.app, &self.trace, &format!("{method} {route}"), admitted, object);
    }

    fn segment(&self, at: usize) -> &str {
        self.uri.path().split('/').nth(at).unwrap_or_default()
    }

    /// The account that the path names. Nothing malformed is one.
    fn account(&self) -> Result<AccountKey, Problem> {
        AccountKey::parse(self.segment(4)).ok_or(Problem::not_found())
    }

    /// The event that the path names.
    fn event(&self) -> Result<EventId, Problem> {
        EventId::parse(self.segment(4)).ok_or(Problem::not_found())
    }

    /// The object that the path names, whatever the noun.
    fn object(&self) -> Option<ObjectName> {
        match self.segment(3) {
            "accounts" => self.account().ok().map(ObjectName::Account),
            "events" => self.event().ok().map(ObjectName::Event),
            "catalog" => Some(ObjectName::Catalog),
            _ => ObjectName::parse(self.segment(4), self.segment(5)),
        }
    }

    fn any_object(&self) -> Result<ObjectName, Problem> {
        self.object().ok_or(Problem::not_found())
    }

    fn params(&self) -> Params {
        Params::read(self.uri.query())
    }

    /// Has the runtime do something with an object.
    async fn manage(&self, object: &ObjectName, order: StorageOrder) -> Result<StorageReply, Problem> {
        Ok(self.app.hub.manage(object, order).await?)
    }
}
