//! Copies of objects in a bucket: make one now, or restore one.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Operator;
use crate::api::shared::object_client::unexpected;
use crate::api::shared::ports::{StorageOrder, StorageReply};
use crate::api::shared::problem::Problem;
use crate::domain::FieldError;

/// `POST …/copy`: writes a copy of the object to the bucket.
pub(in crate::api) async fn copy(operator: Operator) -> Result<Response, Problem> {
    let name = operator.any_object()?;
    answer(operator.manage(&name, StorageOrder::Copy).await?)
}

/// `POST …/copy/restore`: replaces everything that the object holds with a copy.
pub(in crate::api) async fn restore(mut operator: Operator) -> Result<Response, Problem> {
    let body = operator.body()?;
    let name = operator.any_object()?;
    let mut fields = body.fields();
    let taken = fields.required_text("taken", taken);
    fields.finish()?;
    let taken = taken.ok_or_else(unexpected)?.to_owned();
    answer(operator.manage(&name, StorageOrder::RestoreCopy { taken }).await?)
}

fn answer(reply: StorageReply) -> Result<Response, Problem> {
    match reply {
        StorageReply::Copied { taken, rows } => {
            Ok(Json(json!({ "taken": taken, "rows": rows })).into_response())
        }
        StorageReply::Nothing => Err(Problem::not_found()),
        StorageReply::Damaged { why } => Err(Problem::damaged_copy(why)),
        StorageReply::NotSupported { why } => Err(Problem::not_supported(why)),
        _ => Err(unexpected()),
    }
}

/// The time in a copy's keys, `20261125T031500Z`.
fn taken(text: &str) -> Result<&str, FieldError> {
    let shaped =
        text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'T' || byte == b'Z');
    if shaped {
        Ok(text)
    } else {
        Err(FieldError::new("taken", "invalid_time", "Give the time in the copy's keys."))
    }
}
