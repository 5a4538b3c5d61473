//! Errors as HTTP reports them: `application/problem+json` (RFC 9457). The only place where a refusal becomes
//! a status code.

use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::api::shared::ports::Unreachable;
use crate::domain::{FieldError, Refusal};

/// One kind of problem: its constant, its status and its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind(&'static str, StatusCode, &'static str);

/// An answer that reports an error.
#[derive(Debug, Clone)]
pub(in crate::api) struct Problem {
    kind: Kind,
    errors: Vec<FieldError>,
    retry_after: Option<u32>,
    /// The cause, only for the log.
    cause: Option<String>,
}

impl Problem {
    const fn of(code: &'static str, status: StatusCode, detail: &'static str) -> Self {
        Self { kind: Kind(code, status, detail), errors: Vec::new(), retry_after: None, cause: None }
    }

    pub(in crate::api) const fn malformed_json() -> Self {
        Self::of("malformed_json", StatusCode::BAD_REQUEST, "The body is not well-formed JSON.")
    }

    pub(in crate::api) const fn unauthenticated() -> Self {
        Self::of(
            "unauthenticated",
            StatusCode::UNAUTHORIZED,
            "Log in and send the token as Authorization: Bearer.",
        )
    }

    /// A message without a valid proof of its sender.
    pub(in crate::api) const fn invalid_signature() -> Self {
        Self::of("invalid_signature", StatusCode::UNAUTHORIZED, "The signature is missing or wrong.")
    }

    pub(in crate::api) const fn forbidden() -> Self {
        Self::of("forbidden", StatusCode::FORBIDDEN, "You may not do this.")
    }

    pub(in crate::api) const fn not_found() -> Self {
        Self::of("not_found", StatusCode::NOT_FOUND, "There is nothing here.")
    }

    pub(in crate::api) const fn method_not_allowed() -> Self {
        Self::of(
            "method_not_allowed",
            StatusCode::METHOD_NOT_ALLOWED,
            "Use one of the methods in the Allow header.",
        )
    }

    pub(in crate::api) const fn body_too_large() -> Self {
        Self::of("body_too_large", StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 65536 bytes.")
    }

    pub(in crate::api) const fn unsupported_media_type() -> Self {
        Self::of(
            "unsupported_media_type",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Send the body as application/json, without a Content-Encoding.",
        )
    }

    /// The same when it is the coding (RFC 9110 §12.5.3).
    pub(in crate::api) const fn unsupported_encoding() -> Self {
        Self::of(
            "unsupported_media_type",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Send the body without a Content-Encoding.",
        )
    }

    /// This runtime or deployment does not support what the operator asked for.
    pub(in crate::api) fn not_supported(cause: String) -> Self {
        let problem = Self::of(
            "not_supported",
            StatusCode::NOT_IMPLEMENTED,
            "This runtime has no such part, or none is bound to this deployment.",
        );
        Self { cause: Some(cause), ..problem }
    }

    /// A copy in the bucket is incomplete; nothing was changed.
    pub(in crate::api) fn damaged_copy(cause: String) -> Self {
        let problem = Self::of(
            "damaged_copy",
            StatusCode::CONFLICT,
            "The copy is not whole, or this version cannot read it; nothing was changed.",
        );
        Self { cause: Some(cause), ..problem }
    }

    /// A deep check got no answer from an object or the Catalog.
    pub(in crate::api) fn not_ready(cause: &str) -> Self {
        let problem = Self::of(
            "not_ready",
            StatusCode::SERVICE_UNAVAILABLE,
            "A part of this deployment does not answer in time.",
        );
        Self { cause: Some(cause.to_owned()), retry_after: Some(1), ..problem }
    }

    pub(in crate::api) const fn misconfigured() -> Self {
        Self::of(
            "misconfigured",
            StatusCode::SERVICE_UNAVAILABLE,
            "A setting of this deployment is missing or out of its range.",
        )
    }

    pub(in crate::api) fn rate_limited(retry_after: u32) -> Self {
        Refusal::RateLimited { retry_after }.into()
    }

    pub(in crate::api) fn internal(cause: impl Into<String>) -> Self {
        let problem =
            Self::of("internal", StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side.");
        Self { cause: Some(cause.into()), ..problem }
    }

    /// Whether this is a 404.
    pub(in crate::api) fn is_not_found(&self) -> bool {
        self.kind.1 == StatusCode::NOT_FOUND
    }

    /// Whether the fault is ours.
    pub(in crate::api) fn is_ours(&self) -> bool {
        self.kind.1.is_server_error()
    }

    /// The cause, for the log.
    pub(in crate::api) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The body, with the request id, so that people can ask about it.
    pub(in crate::api) fn body(&self, request_id: &str) -> String {
        let Kind(code, status, detail) = self.kind;
        let body = Body {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail,
            code,
            request_id,
            errors: &self.errors,
        };
        serde_json::to_string(&body).unwrap_or_default()
    }
}

/// A problem as it is sent (RFC 9457 §3.1), with our own members after `detail` (§3.2).
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: &'static str,
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        use StatusCode as S;
        match refusal {
            Refusal::EmailTaken => {
                Self::of("email_taken", S::CONFLICT, "This address has an account already.")
            }
            Refusal::InvalidCredentials => {
                Self::of("invalid_credentials", S::UNAUTHORIZED, "E-mail or password is wrong.")
            }
            Refusal::RateLimited { retry_after } => Self {
                retry_after: Some(retry_after),
                ..Self::of("rate_limited", S::TOO_MANY_REQUESTS, "Too many tries; wait and try again.")
            },
            Refusal::Unauthenticated => Self::unauthenticated(),
            Refusal::Forbidden => Self::forbidden(),
            Refusal::NotFound => Self::not_found(),
            Refusal::PreconditionFailed => Self::of(
                "precondition_failed",
                S::PRECONDITION_FAILED,
                "The event has changed since you read it.",
            ),
            Refusal::Invalid(invalid) => Self {
                errors: invalid.errors().to_vec(),
                ..Self::of("validation_failed", S::UNPROCESSABLE_ENTITY, "Some fields are not acceptable.")
            },
            Refusal::CapacityBelowConfirmed => {
                Self::of("capacity_below_confirmed", S::CONFLICT, "More seats are confirmed than that.")
            }
            Refusal::InvalidTransition => {
                Self::of("invalid_transition", S::CONFLICT, "The status cannot change in this way.")
            }
            Refusal::EventFull => Self::of("event_full", S::CONFLICT, "All seats are taken."),
            Refusal::RegistrationNotOpen => {
                Self::of("registration_not_open", S::CONFLICT, "Registration has not opened yet.")
            }
            Refusal::RegistrationClosed => {
                Self::of("registration_closed", S::CONFLICT, "Registration has closed.")
            }
            Refusal::EventCancelled => Self::of("event_cancelled", S::CONFLICT, "The event is cancelled."),
            Refusal::NotConfirmed => Self::of("not_confirmed", S::CONFLICT, "This registration has no seat."),
            Refusal::NotRegistered => {
                Self::of("not_registered", S::FORBIDDEN, "You have no seat at this event.")
            }
            Refusal::NotOpenYet => {
                Self::of("not_open_yet", S::CONFLICT, "Joining opens 15 minutes before the start.")
            }
            Refusal::EventOver => Self::of("event_over", S::CONFLICT, "The event is over."),
            Refusal::NoJoinUrl => {
                Self::of("no_join_url", S::CONFLICT, "The organizer has not given a link yet.")
            }
            Refusal::IdempotencyKeyReused => Self::of(
                "idempotency_key_reused",
                S::UNPROCESSABLE_ENTITY,
                "This Idempotency-Key was used with another body.",
            ),
            Refusal::InvalidToken => {
                Self::of("invalid_token", S::UNPROCESSABLE_ENTITY, "The token is unknown, spent or expired.")
            }
            Refusal::InvalidRefreshToken => Self::of(
                "invalid_refresh_token",
                S::UNAUTHORIZED,
                "The refresh token is unknown, spent or expired; log in again.",
            ),
            Refusal::HasEvents => Self::of(
                "has_events",
                S::CONFLICT,
                "Cancel or delete your published events that are still to come first.",
            ),
            Refusal::Overloaded => Self {
                retry_after: Some(1),
                ..Self::of(
                    "overloaded",
                    S::SERVICE_UNAVAILABLE,
                    "Too much is waiting; try again in a moment.",
                )
            },
        }
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Refusal::from(error).into()
    }
}

impl From<Unreachable> for Problem {
    fn from(error: Unreachable) -> Self {
        let cause = error.to_string();
        match error {
            Unreachable::ForNow(_) => Self { cause: Some(cause), ..Refusal::Overloaded.into() },
            Unreachable::Failed(_) => Self::internal(cause),
        }
    }
}

/// The headers of the answer. The pipeline writes the body, which contains the request id.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.1.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.kind.1 == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.kind == Self::unsupported_encoding().kind {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// What the OpenAPI document says about problems.
#[cfg(not(target_arch = "wasm32"))]
impl Problem {
    pub(in crate::api) fn overloaded() -> Self {
        Refusal::Overloaded.into()
    }

    /// A 422 that names a field.
    pub(in crate::api) fn invalid() -> Self {
        FieldError::new("", "invalid_type", "Send a JSON object.").into()
    }

    pub(in crate::api) const fn code(&self) -> &'static str {
        self.kind.0
    }

    pub(in crate::api) const fn status(&self) -> StatusCode {
        self.kind.1
    }

    pub(in crate::api) const fn detail(&self) -> &'static str {
        self.kind.2
    }

    pub(in crate::api) const fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }
}
