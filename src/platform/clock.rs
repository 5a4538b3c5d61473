//! The runtime's clock, which stands still while a request computes.

use crate::domain::Timestamp;

/// The time now, as exactly as the runtime reports it.
pub(super) fn now() -> Timestamp {
    #[allow(clippy::cast_possible_truncation, reason = "milliseconds stay far below 2^53")]
    Timestamp::from_ms(js_sys::Date::now() as i64)
}
