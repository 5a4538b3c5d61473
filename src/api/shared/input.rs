//! Request bodies and the ids in paths.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request};
use serde_json::{Map, Value};

use crate::api::shared::context::App;
use crate::api::shared::fields::Fields;
use crate::api::shared::problem::Problem;
use crate::api::shared::unreadable;
use crate::domain::{EventId, FieldError, RegistrationId};

/// The largest body, in bytes.
pub const BODY_MAX_BYTES: usize = 64 * 1024;

/// A request and its whole body, which must be neither too large nor encoded.
pub(in crate::api) async fn whole(request: Request<Body>) -> Result<(Parts, Bytes), Problem> {
    let (parts, body) = request.into_parts();
    let raw = to_bytes(body, BODY_MAX_BYTES).await.map_err(|_| Problem::body_too_large())?;
    let plain =
        |coding: &HeaderValue| coding.is_empty() || coding.as_bytes().eq_ignore_ascii_case(b"identity");
    if parts.headers.get_all(CONTENT_ENCODING).iter().all(plain) {
        Ok((parts, raw))
    } else {
        Err(Problem::unsupported_encoding())
    }
}

/// The members of a JSON object.
pub(in crate::api) struct JsonBody {
    members: Map<String, Value>,
    raw: Bytes,
}

impl JsonBody {
    pub(in crate::api) fn fields(&self) -> Fields<'_> {
        Fields::new(&self.members)
    }

    /// The bytes as they were sent.
    pub(in crate::api) fn raw(&self) -> &[u8] {
        &self.raw
    }
}

impl FromRequest<Arc<App>> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _app: &Arc<App>) -> Result<Self, Problem> {
        let (parts, raw) = whole(request).await?;
        let says_anything = !raw.is_empty() || parts.headers.contains_key(CONTENT_TYPE);
        if says_anything && !is_json(&parts.headers) {
            return Err(Problem::unsupported_media_type());
        }
        match serde_json::from_slice(&raw).ok().or_else(|| unreadable::read(&raw)) {
            Some(Value::Object(members)) => Ok(Self { members, raw }),
            Some(_) => Err(FieldError::new("", "invalid_type", "Send a JSON object.").into()),
            None => Err(Problem::malformed_json()),
        }
    }
}

/// The fields of a form on one of our pages.
pub(in crate::api) struct FormBody(Vec<(String, String)>);

impl FormBody {
    /// A field's text; empty if it is missing.
    pub(in crate::api) fn get(&self, field: &str) -> &str {
        self.0.iter().find(|(name, _)| name == field).map_or("", |(_, value)| value)
    }
}

impl FromRequest<Arc<App>> for FormBody {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _app: &Arc<App>) -> Result<Self, Problem> {
        let (parts, raw) = whole(request).await?;
        if !has_type(&parts.headers, "application/x-www-form-urlencoded") {
            return Err(Problem::unsupported_media_type());
        }
        Ok(Self(form_urlencoded::parse(&raw).into_owned().collect()))
    }
}

/// Whether the content type is JSON. Its parameters do not matter: JSON is UTF-8 (RFC 8259 §8.1).
fn is_json(headers: &HeaderMap) -> bool {
    has_type(headers, "application/json")
}

fn has_type(headers: &HeaderMap, media_type: &str) -> bool {
    let essence = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
}

/// The event in the path. A malformed id matches no event.
pub(in crate::api) struct EventPath(pub(in crate::api) EventId);

impl FromRequestParts<Arc<App>> for EventPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &Arc<App>) -> Result<Self, Problem> {
        event_of(parts.uri.path()).map(Self).ok_or(Problem::not_found())
    }
}

/// The registration in the path, and its event.
pub(in crate::api) struct RegistrationPath(pub(in crate::api) EventId, pub(in crate::api) RegistrationId);

impl FromRequestParts<Arc<App>> for RegistrationPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &Arc<App>) -> Result<Self, Problem> {
        let path = parts.uri.path();
        let ids = event_of(path).zip(registration_of(path));
        ids.map(|(event, id)| Self(event, id)).ok_or(Problem::not_found())
    }
}

/// The id in `/api/events/{id}`, the start of every event path.
fn event_of(path: &str) -> Option<EventId> {
    path.split('/').nth(3).and_then(EventId::parse)
}

/// The id in `/api/events/{id}/registrations/{registration}`.
fn registration_of(path: &str) -> Option<RegistrationId> {
    path.split('/').nth(5).and_then(RegistrationId::parse)
}
