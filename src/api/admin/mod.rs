//! The operators' calls: authorized by the deployment's `ADMIN_TOKEN`, never by a user's token.
//!
//! Every call writes a security line to the log before anything is done: what was asked, about which object,
//! in which request. The line of the request says how it ended.

pub(super) mod accounts;
pub(super) mod catalog;
pub(super) mod copies;
pub(super) mod events;
pub(super) mod objects;

use std::mem::replace;
use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, Uri};

use crate::api::shared::access;
use crate::api::shared::audit;
use crate::api::shared::context::{App, RequestContext};
use crate::api::shared::input::JsonBody;
use crate::api::shared::object_client::unexpected;
use crate::api::shared::page::Params;
use crate::api::shared::ports::{BoxFuture, StorageOrder, StorageReply};
use crate::api::shared::problem::Problem;
use crate::domain::{AccountKey, EventId};
use crate::objects::messages::maintenance::ObjectName;

/// The prefix of all operators' paths.
pub(super) const PREFIX: &str = "/api/admin/";

/// A caller with the operator's token, and the request.
pub(super) struct Operator {
    app: Arc<App>,
    context: Arc<RequestContext>,
    uri: Uri,
    /// Only some calls take a body.
    body: Result<JsonBody, Problem>,
}

/// Answers a call after checking that an operator makes it.
pub(super) fn answer(
    request: Request,
    app: Arc<App>,
    handle: fn(Operator) -> BoxFuture<'static, Result<Response, Problem>>,
) -> BoxFuture<'static, Response> {
    Box::pin(async move {
        let answered = match Operator::admit(request, app).await {
            Ok(operator) => handle(operator).await,
            Err(problem) => Err(problem),
        };
        answered.into_response()
    })
}

fn holds_token(headers: &HeaderMap, app: &App) -> bool {
    let shown = access::bearer(headers);
    app.config.admin_token.as_ref().zip(shown).is_some_and(|(token, shown)| token.is(shown))
}

impl Operator {
    async fn admit(request: Request, app: Arc<App>) -> Result<Self, Problem> {
        let context = request.extensions().get::<Arc<RequestContext>>().cloned().unwrap_or_default();
        let holds = holds_token(request.headers(), &app);
        let mut operator = Self { app, context, uri: request.uri().clone(), body: Err(unexpected()) };
        operator.log(request.method(), holds, operator.object().as_ref());
        if !holds {
            return Err(Problem::unauthenticated());
        }
        operator.body = JsonBody::from_request(request, &operator.app).await;
        Ok(operator)
    }

    fn log(&self, method: &Method, admitted: bool, object: Option<&ObjectName>) {
        let route = self.context.route.get().copied().unwrap_or_default();
        audit::log_operator(&self.app, &self.context, &format!("{method} {route}"), admitted, object);
    }

    fn segment(&self, at: usize) -> &str {
        self.uri.path().split('/').nth(at).unwrap_or_default()
    }

    /// The account in the path. A malformed key matches none.
    fn account(&self) -> Result<AccountKey, Problem> {
        AccountKey::parse(self.segment(4)).ok_or(Problem::not_found())
    }

    /// The event in the path.
    fn event(&self) -> Result<EventId, Problem> {
        EventId::parse(self.segment(4)).ok_or(Problem::not_found())
    }

    /// The object in the path, of whatever kind.
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

    /// The request body; it can be taken once.
    fn body(&mut self) -> Result<JsonBody, Problem> {
        replace(&mut self.body, Err(unexpected()))
    }

    fn params(&self) -> Params {
        Params::read(self.uri.query())
    }

    /// Has the runtime do something with an object.
    async fn manage(&self, object: &ObjectName, order: StorageOrder) -> Result<StorageReply, Problem> {
        Ok(self.app.objects.manage(object, order).await?)
    }
}
