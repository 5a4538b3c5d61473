//! The path of a request from its arrival to its answer.
//!
//! (1) The request gets an id. (2) A deployment with a bad setting answers every request with that problem;
//! one that is configured for local use only answers nobody else. (3) The route table finds the handler. (4)
//! The answer gets what every answer has: the id, `nosniff`, the body of a problem, the entity-tag of a read
//! and, where it applies, the 304. (5) One line is logged: what was asked and how it ended, and about the
//! person only the user id.

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::BodyExt;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::api::health;
use crate::api::routes::Routes;
use crate::api::shared::body_stream::BodyStream;
use crate::api::shared::cacheable::{Cacheable, CachedBody};
use crate::api::shared::conditional;
use crate::api::shared::context::{App, RequestContext, X_REQUEST_ID};
use crate::api::shared::current_request::OfRequest;
use crate::api::shared::measured_client::MeasuredClient;
use crate::api::shared::plain_path;
use crate::api::shared::ports::{ObjectClient, Runtime};
use crate::api::shared::problem::Problem;
use crate::config::{Config, ConfigError};
use crate::domain::host;
use crate::log_sampling::LogSampling;

/// The log line of a request.
#[derive(Serialize)]
struct LogLine<'a> {
    level: &'static str,
    event: &'static str,
    method: &'a str,
    route: Option<&'a str>,
    status: u16,
    duration_ms: i64,
    request_id: &'a str,
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
}

impl LogLine<'_> {
    fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The API of one isolate.
pub struct Api {
    runtime: Arc<dyn Runtime>,
    log_sampling: LogSampling,
    routes: Option<Routes>,
    /// The settings that are still needed before anybody but this machine gets an answer; mostly none.
    missing_elsewhere: Vec<ConfigError>,
    /// Whether this was logged.
    told: OnceLock<()>,
}

impl Api {
    /// Builds the route table with these settings, or what answers in its place if they are bad.
    #[must_use]
    pub fn new(
        config: Result<Config, ConfigError>,
        objects: Arc<dyn ObjectClient>,
        runtime: Arc<dyn Runtime>,
    ) -> Self {
        let log_sampling = config.as_ref().map_or(LogSampling::ALL, |config| config.log_sampling);
        let objects = Arc::new(MeasuredClient::new(objects, Arc::clone(&runtime)));
        let mut missing_elsewhere = Vec::new();
        let routes = match config {
            Ok(config) => {
                missing_elsewhere = config.missing_elsewhere();
                let app = App::new(config, objects, Arc::clone(&runtime));
                Some(Routes::new(Arc::new(app)))
            }
            Err(error) => {
                tell(runtime.as_ref(), &error);
                None
            }
        };
        Self { runtime, log_sampling, routes, missing_elsewhere, told: OnceLock::new() }
    }

    /// Whether to answer a request for this URL. Its host comes from the `Host` header, by which the
    /// platform's edge found this deployment.
    fn may_answer(&self, uri: &Uri) -> bool {
        if self.missing_elsewhere.is_empty() || uri.host().is_some_and(host::is_loopback) {
            return true;
        }
        self.told.get_or_init(|| {
            self.missing_elsewhere.iter().for_each(|error| tell(self.runtime.as_ref(), error));
        });
        false
    }

    /// Answers a request.
    pub async fn serve(&self, request: Request<Bytes>) -> http::Response<Bytes> {
        let started = self.runtime.now();
        let request_id = self.request_id();
        let method = request.method().clone();
        let if_none_match = conditional::if_none_match(request.headers());
        let head = method == Method::HEAD;
        let context =
            Arc::new(RequestContext { head, request_id: request_id.clone(), ..RequestContext::default() });
        let response = match self.routes.as_ref().filter(|_| self.may_answer(request.uri())) {
            None if request.uri().path() == health::PATH => health::misconfigured(),
            None => Problem::misconfigured().into_response(),
            Some(routes) => {
                let mut request = request.map(Body::from);
                *request.uri_mut() = plain_path::normalized(std::mem::take(request.uri_mut()));
                request.extensions_mut().insert(Arc::clone(&context));
                if context.head {
                    *request.method_mut() = Method::GET;
                }
                OfRequest::new(&request_id, routes.answer(request)).await
            }
        };
        let cause = response.extensions().get::<Problem>().and_then(Problem::cause).map(str::to_owned);
        let mut response = finish(response, &method, if_none_match.as_deref(), &request_id).await;
        let mut line = LogLine {
            level: if response.status().is_server_error() { "error" } else { "info" },
            event: "request",
            method: method.as_str(),
            route: context.route.get().copied(),
            status: response.status().as_u16(),
            duration_ms: self.runtime.now().ms_since(started),
            request_id: &request_id,
            user_id: context.user.get().map(ToString::to_string),
            cause: cause.as_deref(),
        };
        if line.level != "info" || self.log_sampling.keeps(&request_id) {
            self.runtime.log(&line.text());
        }
        let kept_until = response.extensions().get::<CachedBody>().and_then(|kept| kept.until);
        if let (&Method::GET, Some(until)) = (&method, kept_until) {
            line.duration_ms = 0;
            if let Some((before, after)) = line.text().split_once(&request_id) {
                let line = (before.to_owned(), after.to_owned());
                let log_sampling = self.log_sampling;
                response.extensions_mut().insert(Cacheable { until, line, log_sampling });
            }
        }
        response
    }

    fn request_id(&self) -> String {
        let mut bits = [0; 16];
        self.runtime.fill_random(&mut bits);
        uuid::Builder::from_random_bytes(bits)
            .into_uuid()
            .hyphenated()
            .encode_lower(&mut Uuid::encode_buffer())
            .to_owned()
    }
}

/// Logs which setting is bad, never its value.
fn tell(runtime: &dyn Runtime, error: &ConfigError) {
    let line = json!({ "level": "error", "event": "misconfigured", "detail": error.to_string() });
    runtime.log(&line.to_string());
}

async fn finish(
    response: Response,
    method: &Method,
    if_none_match: Option<&str>,
    request_id: &str,
) -> http::Response<Bytes> {
    let (mut parts, body) = response.into_parts();
    let body = match parts.extensions.get::<Problem>() {
        Some(problem) => Bytes::from(problem.body(request_id)),
        None => body.collect().await.map(|collected| collected.to_bytes()).unwrap_or_default(),
    };
    let streamed = parts.extensions.get::<BodyStream>().is_some();
    let reads = matches!(*method, Method::GET | Method::HEAD) && parts.status == StatusCode::OK && !streamed;
    if reads && !parts.headers.contains_key(ETAG) {
        parts.headers.insert(ETAG, conditional::etag_of(&body));
    }
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        parts.headers.insert(X_REQUEST_ID, request_id);
    }
    parts.headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // One header, whatever the handler and the CORS layer have added.
    let negotiated = parts.headers.get_all(VARY).iter().any(|name| name == "accept");
    let vary = if negotiated { "origin, accept" } else { "origin" };
    parts.headers.insert(VARY, HeaderValue::from_static(vary));
    parts.headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let unchanged = reads
        && if_none_match
            .zip(parts.headers.get(ETAG))
            .is_some_and(|(list, etag)| conditional::lists(list, etag));
    if unchanged {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(CONTENT_TYPE);
        parts.headers.remove(CONTENT_DISPOSITION);
        parts.headers.remove(CONTENT_LENGTH);
        return http::Response::from_parts(parts, Bytes::new());
    }
    if *method == Method::HEAD {
        if parts.extensions.remove::<BodyStream>().is_none() {
            parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        return http::Response::from_parts(parts, Bytes::new());
    }
    http::Response::from_parts(parts, body)
}
