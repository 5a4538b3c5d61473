//! How times and ids are written.

use serde::Serialize;

use crate::domain::Timestamp;

/// An instant as RFC 3339 in UTC.
pub(in crate::api) struct Instant(pub(in crate::api) Timestamp);

impl Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339())
    }
}

/// An id as text.
pub(in crate::api) struct Id<T>(pub(in crate::api) T);

impl<T: std::fmt::Display> Serialize for Id<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
