//! Passes measurements to the runtime, every few seconds and only if a dataset is bound.

use std::cell::{OnceCell, RefCell};

use wasm_bindgen::prelude::wasm_bindgen;

use super::clock::now;
use crate::domain::Timestamp;
use crate::metrics::{Meter, Metric, Point, Subject};
use crate::objects::sql::Sql;

#[wasm_bindgen(module = "/src/platform/metrics.js")]
extern "C" {
    #[wasm_bindgen(js_name = measures)]
    fn is_bound() -> bool;

    #[wasm_bindgen(js_name = writePoint)]
    fn write_point(metric: &str, subject: &str, version: &str, count: f64, sum: f64, max: f64);

    #[wasm_bindgen(js_name = takeHits)]
    fn take_cache_hits(subject: &str) -> u32;
}

thread_local! {
    static BOUND: OnceCell<bool> = const { OnceCell::new() };
    static METER: RefCell<Meter> = RefCell::default();
}

/// Whether measuring is on.
pub(super) fn measures() -> bool {
    BOUND.with(|bound| *bound.get_or_init(is_bound))
}

/// Records a value, and writes the collected ones if it is time.
pub(super) fn record(metric: Metric, subject: Subject, value: u64) {
    if measures() {
        let now = now();
        METER.with_borrow_mut(|meter| {
            meter.record(now, metric, subject, value);
            write_due(meter, now);
        });
    }
}

/// Records how many messages an object's outbox holds, and for how long. Unreadable values are skipped.
pub(super) fn record_outbox(sql: &dyn Sql, subject: Subject) {
    if !measures() {
        return;
    }
    let Ok(rows) = sql.run("SELECT count(*), min(posted_at) FROM outbox", &[]) else { return };
    let Some(row) = rows.first() else { return };
    if let (Ok(messages), Ok(oldest)) = (row.get::<u64>(0), row.get::<Option<Timestamp>>(1)) {
        let age_ms = oldest.map_or(0, |at| now().ms_since(at));
        record(Metric::OutboxMessages, subject, messages);
        record(Metric::OutboxAgeMs, subject, u64::try_from(age_ms).unwrap_or(0));
    }
}

#[allow(clippy::cast_precision_loss, reason = "they are for charts")]
fn write_due(meter: &mut Meter, now: Timestamp) {
    let mut points = meter.due(now);
    if points.is_empty() {
        return;
    }
    // Repeated answers are counted outside wasm, and written as hits of their own.
    for subject in [Subject::Event, Subject::Catalog] {
        let count = u64::from(take_cache_hits(subject.as_str()));
        if count > 0 {
            points.push(Point { metric: Metric::LeaseHit, subject, count, sum: count, max: 1 });
        }
    }
    for Point { metric, subject, count, sum, max } in points {
        let (metric, subject) = (metric.as_str(), subject.as_str());
        write_point(metric, subject, env!("CARGO_PKG_VERSION"), count as f64, sum as f64, max as f64);
    }
}
