//! Copies of an object, for `backup.js`: whether one is due, its parts, and restoring it.

use serde_json::json;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::Env;

use super::{DurableObjectHost, complain, log_error};
use crate::objects::backup;
use crate::platform::clock::now;

#[wasm_bindgen]
impl DurableObjectHost {
    /// Whether a copy is due.
    #[wasm_bindgen(js_name = copyIsDue)]
    pub fn copy_is_due(&self) -> bool {
        self.0.queue.borrow().copy_is_due(now())
    }

    /// Begins a copy: its name and schema as JSON, or nothing if there is nothing to copy.
    ///
    /// # Errors
    /// When the storage fails.
    #[wasm_bindgen(js_name = beginCopy)]
    pub fn begin_copy(&self) -> Result<Option<String>, JsValue> {
        let begun = self.0.queue.borrow_mut().begin_copy(&self.0.sql, now()).map_err(complain)?;
        Ok(begun.map(|(name, export)| {
            let about = json!({ "name": name, "schema_version": export.schema_version() });
            self.0.copy.replace(Some((export, 0)));
            about.to_string()
        }))
    }

    /// The next part of the current copy, if there is one.
    ///
    /// # Errors
    /// When the storage fails.
    #[wasm_bindgen(js_name = nextPart)]
    pub fn next_part(&self) -> Result<Option<String>, JsValue> {
        let mut copy = self.0.copy.borrow_mut();
        let Some((export, rows)) = copy.as_mut() else { return Ok(None) };
        let part = export.next_part(&self.0.sql).map_err(complain)?;
        *rows = part.as_ref().map_or(0, |part| part.rows);
        Ok(part.map(|part| part.text))
    }

    /// Rows of the last part.
    #[wasm_bindgen(js_name = partRows)]
    #[allow(clippy::cast_precision_loss, reason = "a part has some thousand rows")]
    pub fn part_rows(&self) -> f64 {
        self.0.copy.borrow().as_ref().map_or(0.0, |(_, rows)| *rows as f64)
    }

    /// Changes whenever the object may have been written to.
    pub fn writes(&self) -> u32 {
        self.0.writes.get()
    }

    /// Records that a copy was made or should be tried again.
    #[wasm_bindgen(js_name = endCopy)]
    pub fn end_copy(&self, done: bool) {
        self.0.copy.replace(None);
        let again = (!done).then(|| now().plus_ms(backup::RETRY_MS));
        if let Err(error) = self.0.queue.borrow_mut().end_copy(&self.0.sql, now(), again) {
            log_error("copy_not_noted", &error.to_string());
        }
        if let Err(error) = self.0.arm_alarm() {
            log_error("alarm_not_set", &error.to_string());
        }
    }

    /// Whether a copy with this schema can be restored.
    #[wasm_bindgen(js_name = knowsSchema)]
    pub fn knows_schema(&self, version: u32) -> bool {
        usize::try_from(version).is_ok_and(|version| (1..=self.0.schema_versions).contains(&version))
    }

    /// Empties the database before a copy is restored.
    ///
    /// # Errors
    /// When the storage fails.
    #[wasm_bindgen(js_name = beginRestore)]
    pub fn begin_restore(&self, version: u32) -> Result<(), JsValue> {
        let version = usize::try_from(version).unwrap_or(0);
        self.0.queue.borrow_mut().begin_restore(&self.0.sql, version).map_err(complain)
    }

    /// Restores a part and returns the number of rows.
    ///
    /// # Errors
    /// When the part is damaged or the storage fails.
    #[wasm_bindgen(js_name = importPart)]
    #[allow(clippy::cast_precision_loss, reason = "a part has some thousand rows")]
    pub fn import_part(&self, text: &str) -> Result<f64, JsValue> {
        backup::import(&self.0.sql, text).map(|rows| rows as f64).map_err(complain)
    }
}

/// Whether there is a bucket for copies.
pub(super) fn has_bucket(env: &Env) -> bool {
    js_sys::Reflect::has(env.as_ref(), &JsValue::from_str("BACKUPS")).unwrap_or(false)
}
