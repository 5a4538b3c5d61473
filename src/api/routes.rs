//! The route table: every path of the contract, in one place.

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use http::header::{
    AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION, ORIGIN,
    RETRY_AFTER,
};
use http::{HeaderValue, Method, StatusCode};
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_layer::Layer;
use tower_service::Service;

use super::door::{App, Trace, X_REQUEST_ID};
use super::problem::Problem;
use super::{
    accounts, calendar, events, export, health, links, passwords, registrations, sessions, verification,
};
use crate::config::Cors;

/// The route table, and what browsers on other origins need around it.
pub(super) struct Routes {
    table: Router,
    cors: CorsLayer,
}

impl Routes {
    pub(super) fn new(app: Arc<App>) -> Self {
        let cors = cors(&app.config.cors);
        Self { table: table(app), cors }
    }

    /// Answers a request. The layer goes around the table as a whole, and only when it is needed: as
    /// the router's own it would go around each of its routes.
    pub(super) async fn answer(&self, request: Request) -> Response {
        let cross_origin = request.method() == Method::OPTIONS || request.headers().contains_key(ORIGIN);
        let mut table = self.table.clone();
        let Ok(response) = if cross_origin {
            self.cors.layer(table).call(request).await.map(preflight_has_no_content)
        } else {
            table.call(request).await
        };
        response
    }
}

fn table(app: Arc<App>) -> Router {
    Router::new()
        .route(health::PATH, get(health::get))
        .route("/api/register", post(accounts::register))
        .route("/api/login", post(sessions::login))
        .route("/api/token/refresh", post(sessions::refresh))
        .route("/api/logout", post(sessions::logout))
        .route("/api/verify-email", get(verification::page).post(verification::verify))
        .route("/api/verify-email/resend", post(verification::resend))
        .route("/api/password/forgot", post(passwords::forgot))
        .route("/api/password/reset", get(passwords::page).post(passwords::reset))
        .route("/api/password/reset/form", post(passwords::reset_by_form))
        .route("/api/me", get(accounts::me).patch(accounts::rename).delete(accounts::delete))
        .route("/api/me/password", put(passwords::change))
        .route("/api/me/export", get(export::export))
        .route("/api/me/events", get(events::own))
        .route("/api/me/registrations", get(registrations::own_list))
        .route("/api/me/calendar-key", post(calendar::new_key))
        .route("/api/me/calendar.ics", get(calendar::feed))
        .route("/api/events", get(events::list).post(events::create))
        .route(
            "/api/events/{id}",
            get(events::read).put(events::update).patch(events::update).delete(events::delete),
        )
        .route(
            "/api/events/{id}/register",
            get(registrations::own).post(registrations::register).delete(registrations::leave),
        )
        .route("/api/events/{id}/calendar.ics", get(calendar::event))
        .route("/api/events/{id}/join", post(registrations::join))
        .route("/api/events/{id}/registrations", get(registrations::list))
        .route("/api/events/{id}/registrations/{registration}", axum::routing::delete(registrations::remove))
        .route(
            "/api/events/{id}/registrations/{registration}/check-in",
            post(registrations::check_in).delete(registrations::undo_check_in),
        )
        .route(
            "/api/events/{id}/registrations/{registration}/cancel",
            get(links::cancel_page).post(links::cancel),
        )
        .route(
            "/api/events/{id}/registrations/{registration}/unremind",
            get(links::unremind_page).post(links::unremind),
        )
        .route_layer(from_fn(note_route))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .with_state(app)
}

/// Leaves the pattern that matched for the log.
async fn note_route(request: Request, next: Next) -> Response {
    let extensions = request.extensions();
    if let (Some(trace), Some(path)) = (extensions.get::<Arc<Trace>>(), extensions.get::<MatchedPath>()) {
        let _ = trace.route.set(path.as_str().to_owned());
    }
    next.run(request).await
}

/// Who may call from a browser, and what they may see. Never with credentials: tokens travel in a
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

/// The CORS layer answers every `OPTIONS` with an empty 200.
fn preflight_has_no_content(response: Response) -> Response {
    let preflight = response.headers().contains_key(http::header::ACCESS_CONTROL_ALLOW_METHODS);
    if preflight { (StatusCode::NO_CONTENT, response).into_response() } else { response }
}
