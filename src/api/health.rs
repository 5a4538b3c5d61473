//! Whether the service is up.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::problem::Problem;

/// The one path that answers even when a setting is bad.
pub(super) const PATH: &str = "/api/health";

/// `GET /api/health`.
pub(super) async fn get() -> Response {
    Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") })).into_response()
}

/// What health says of a deployment with a bad setting: the problem that everybody else gets.
pub(super) fn misconfigured() -> Response {
    Problem::misconfigured().into_response()
}
