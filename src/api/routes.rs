//! The route table: every path of the contract, in one place.
//!
//! It is plain data, searched from the top. Handlers and extractors are axum's, but its router is not used:
//! an isolate would have to build it before its first answer, which made a start 2.4 ms slower.

use std::convert::Infallible;
use std::future::ready;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::Request;
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::{
    ALLOW, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION, ORIGIN,
    RETRY_AFTER,
};
use http::{HeaderValue, Method, StatusCode};
use tower::{Layer, Service, service_fn};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::api::accounts;
use crate::api::accounts::export;
use crate::api::accounts::passwords;
use crate::api::accounts::sessions;
use crate::api::accounts::verification;
use crate::api::admin;
use crate::api::calendars;
use crate::api::events;
use crate::api::health;
use crate::api::hooks;
use crate::api::registrations;
use crate::api::registrations::links;
use crate::api::shared::context::{App, RequestContext, X_REQUEST_ID};
use crate::api::shared::ports::BoxFuture;
use crate::api::shared::problem::Problem;
use crate::api::shared::residence;
use crate::config::Cors;

/// A path, with ids in braces, and its handlers by method.
struct Resource {
    path: &'static str,
    handlers: &'static [(Method, Handle)],
}

type Handle = fn(Request, Arc<App>) -> BoxFuture<'static, Response>;

macro_rules! at {
    ($path:expr, $($method:ident $handler:path),+) => {
        Resource {
            path: $path,
            handlers: &[$((Method::$method, |request, app| Handler::call($handler, request, app))),+],
        }
    };
}

/// Like `at`, but for operators. Their calls share one handler: an axum handler for each would make up a
/// tenth of the Worker.
macro_rules! operators {
    ($path:expr, $method:ident $handler:path) => {
        Resource {
            path: $path,
            handlers: &[(Method::$method, |request, app| {
                admin::answer(request, app, |operator| Box::pin($handler(operator)))
            })],
        }
    };
}

static TABLE: &[Resource] = &[
    at!("/api/events", GET events::list, POST events::create),
    at!(
        "/api/events/{id}",
        GET events::read, PUT events::update, PATCH events::update, DELETE events::delete
    ),
    at!(
        "/api/events/{id}/register",
        GET registrations::own, POST registrations::register, DELETE registrations::leave
    ),
    at!("/api/events/{id}/calendar.ics", GET calendars::event),
    at!("/api/events/{id}/join", POST registrations::join),
    at!("/api/events/{id}/registrations", GET registrations::list),
    at!("/api/events/{id}/registrations/{registration}", DELETE registrations::remove),
    at!(
        "/api/events/{id}/registrations/{registration}/check-in",
        POST registrations::check_in, DELETE registrations::undo_check_in
    ),
    at!(
        "/api/events/{id}/registrations/{registration}/cancel",
        GET links::cancel_page, POST links::cancel
    ),
    at!(
        "/api/events/{id}/registrations/{registration}/unremind",
        GET links::unremind_page, POST links::unremind
    ),
    at!("/api/me", GET accounts::me, PATCH accounts::rename, DELETE accounts::delete),
    at!("/api/me/password", PUT passwords::change),
    at!("/api/me/export", GET export::export),
    at!("/api/me/events", GET events::own),
    at!("/api/me/registrations", GET registrations::own_list),
    at!("/api/me/calendar-key", POST calendars::new_key),
    at!("/api/me/calendar.ics", GET calendars::feed),
    at!("/api/register", POST accounts::register),
    at!("/api/login", POST sessions::login),
    at!("/api/token/refresh", POST sessions::refresh),
    at!("/api/logout", POST sessions::logout),
    at!("/api/verify-email", GET verification::page, POST verification::verify),
    at!("/api/verify-email/form", POST verification::verify_by_form),
    at!("/api/verify-email/resend", POST verification::resend),
    at!("/api/password/forgot", POST passwords::forgot),
    at!("/api/password/reset", GET passwords::page, POST passwords::reset),
    at!("/api/password/reset/form", POST passwords::reset_by_form),
    at!("/api/hooks/mail/{provider}", POST hooks::mail),
    at!(health::PATH, GET health::get),
    operators!("/api/admin/accounts/lookup", POST admin::accounts::lookup),
    operators!("/api/admin/accounts/{account}", GET admin::accounts::look),
    operators!("/api/admin/accounts/{account}/suspend", POST admin::accounts::suspend),
    operators!("/api/admin/accounts/{account}/restore", POST admin::accounts::restore),
    operators!("/api/admin/events/{id}", GET admin::events::look),
    operators!("/api/admin/events/{id}/take-down", POST admin::events::take_down),
    operators!("/api/admin/events/{id}/restore", POST admin::events::restore),
    operators!("/api/admin/catalog/rebuild", POST admin::catalog::rebuild),
    operators!("/api/admin/objects/{kind}/{name}", GET admin::objects::look),
    operators!("/api/admin/objects/{kind}/{name}/dead-letters", GET admin::objects::dead_letters),
    operators!("/api/admin/objects/{kind}/{name}/dead-letters/resend", POST admin::objects::resend),
    operators!("/api/admin/objects/{kind}/{name}/retry", POST admin::objects::retry),
    operators!("/api/admin/objects/{kind}/{name}/rewind", POST admin::objects::rewind),
    operators!("/api/admin/objects/{kind}/{name}/copy", POST admin::copies::copy),
    operators!("/api/admin/objects/{kind}/{name}/copy/restore", POST admin::copies::restore),
];

impl Resource {
    /// Whether a path matches: segment by segment, with any text in place of each id.
    fn is_at(&self, path: &str) -> bool {
        let mut segments = path.split('/');
        let mut same = self.path.split('/').map(|expected| {
            let segment = segments.next()?;
            let fits = segment == expected || (expected.starts_with('{') && !segment.is_empty());
            fits.then_some(())
        });
        same.all(|same| same.is_some()) && segments.next().is_none()
    }

    /// The methods for `Allow`. HEAD is answered wherever GET is.
    fn allow(&self) -> String {
        let mut names: Vec<&str> = self.handlers.iter().map(|(method, _)| method.as_str()).collect();
        if names.contains(&"GET") {
            names.push("HEAD");
        }
        names.join(", ")
    }
}

/// The route table, with CORS around it.
pub(super) struct Routes {
    app: Arc<App>,
    cors: OnceLock<CorsLayer>,
}

impl Routes {
    pub(super) const fn new(app: Arc<App>) -> Self {
        Self { app, cors: OnceLock::new() }
    }

    /// Answers a request if the data lives here. Health calls and preflights need no data.
    pub(super) async fn answer(&self, request: Request) -> Response {
        let asks_nobody = *request.method() == Method::OPTIONS || request.uri().path() == health::PATH;
        if asks_nobody && self.app.residence.get().is_none() {
            return self.answer_here(request).await;
        }
        let writes = *request.method() != Method::GET;
        residence::guard(&self.app, writes, self.answer_here(request)).await
    }

    /// The CORS layer is added only when it is needed.
    async fn answer_here(&self, request: Request) -> Response {
        let cross_origin = request.method() == Method::OPTIONS || request.headers().contains_key(ORIGIN);
        if !cross_origin {
            return handle(&self.app, request).await;
        }
        let layer = self.cors.get_or_init(|| cors(&self.app.config.cors));
        let inner = service_fn(|request| handle(&self.app, request).map(Ok::<_, Infallible>));
        let Ok(response) = layer.layer(inner).call(request).await;
        preflight_has_no_content(response)
    }
}

/// Finds the handler, and stores the matched pattern for the log.
fn handle(app: &Arc<App>, request: Request) -> BoxFuture<'static, Response> {
    let path = request.uri().path();
    // Without an operator token, the operators' paths do not exist.
    let exists = app.config.admin_token.is_some() || !path.starts_with(admin::PREFIX);
    let Some(resource) = TABLE.iter().find(|resource| exists && resource.is_at(path)) else {
        return Box::pin(ready(Problem::not_found().into_response()));
    };
    if let Some(context) = request.extensions().get::<Arc<RequestContext>>() {
        let _ = context.route.set(resource.path);
    }
    match resource.handlers.iter().find(|(method, _)| method == request.method()) {
        Some((_, handle)) => handle(request, Arc::clone(app)),
        None => {
            let mut response = Problem::method_not_allowed().into_response();
            if let Ok(allow) = HeaderValue::from_str(&resource.allow()) {
                response.headers_mut().insert(ALLOW, allow);
            }
            Box::pin(ready(response))
        }
    }
}

/// Which origins browsers may call from, and what they may read. Never with credentials: tokens travel in a
/// header that a page sets itself.
fn cors(setting: &Cors) -> CorsLayer {
    let origins = match setting {
        Cors::Any => AllowOrigin::any(),
        Cors::List(origins) => {
            AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
        }
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_MATCH,
            IF_NONE_MATCH,
            HeaderName::from_static("idempotency-key"),
        ])
        .expose_headers([ETAG, LOCATION, LINK, RETRY_AFTER, X_REQUEST_ID])
        .max_age(Duration::from_secs(600))
        .vary([ORIGIN])
}

/// The CORS layer answers every `OPTIONS` with an empty 200, which becomes a 204.
fn preflight_has_no_content(response: Response) -> Response {
    let preflight = response.headers().contains_key(http::header::ACCESS_CONTROL_ALLOW_METHODS);
    if preflight { (StatusCode::NO_CONTENT, response).into_response() } else { response }
}
