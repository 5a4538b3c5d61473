//! Time zones: the offset at an instant, and the instant of a wall-clock time.
//!
//! The data come from the crate `chrono-tz`. Linking it would add 24 bytes for each of 36,000 clock
//! changes: 149 KB of a compressed Worker of 598 KB, as measured then. So `build.rs` asks that crate
//! when compiling and packs the answers into 22 KB, which made it a Worker of 471 KB.
//!
//! To update the IANA database, raise `chrono-tz` in `Cargo.toml`, in both places. The tests here
//! compare every zone with that crate.

use std::borrow::Cow;
use std::fmt;

use chrono::NaiveDateTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Timestamp;

include!(concat!(env!("OUT_DIR"), "/zones.rs"));

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
        let span = self.spans().find(|span| at.seconds() < span.until);
        span.and_then(|span| i32::try_from(span.offset).ok()).unwrap_or_default()
    }

    /// The earliest instant at which clocks in this zone show `local`, or `None` if a clock change
    /// skips it.
    #[must_use]
    pub fn first_instant(self, local: NaiveDateTime) -> Option<Timestamp> {
        let local = Timestamp::from(local.and_utc());
        self.spans().find_map(|span| {
            let instant = local.plus_ms(span.offset.saturating_mul(-1000));
            (span.since..span.until).contains(&instant.seconds()).then_some(instant)
        })
    }

    fn spans(self) -> Spans {
        let history =
            NAMES.get(usize::from(self.0)).and_then(|(_, history)| HISTORIES.get(usize::from(*history)));
        Spans { rest: history.copied().unwrap_or_default(), since: i64::MIN, offset: 0 }
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

/// A period with one offset, in seconds (since the Unix epoch), from `since` (inclusive) to `until`
/// (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    since: i64,
    until: i64,
    offset: i64,
}

/// Reads the history of a zone, in the format that `build.rs` describes.
struct Spans {
    rest: &'static [u8],
    since: i64,
    offset: i64,
}

impl Spans {
    const DAY: i64 = 86_400;

    fn number(&mut self) -> Option<i64> {
        let (mut number, mut shift) = (0_i64, 0_u32);
        loop {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            number |= i64::from(byte & 0x7f).checked_shl(shift)?;
            shift = shift.saturating_add(7);
            if byte & 0x80 == 0 {
                let unit = if number & 1 == 0 { 3600 } else { 1 };
                return Some((number >> 1).saturating_mul(unit));
            }
        }
    }
}

impl Iterator for Spans {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        let difference = self.number()?.saturating_sub(Self::DAY);
        let offset = self.offset.saturating_add(difference);
        let since = self.since;
        let until = self.number().map_or(i64::MAX, |length| since.max(SINCE).saturating_add(length));
        (self.since, self.offset) = (until, offset);
        Some(Span { since, until, offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Offset, TimeZone};
    use chrono_tz::{TZ_VARIANTS, Tz};
    use proptest::prelude::*;

    const DAY: i64 = 86_400;

    fn seconds(rfc3339: &str) -> i64 {
        Timestamp::parse_rfc3339(rfc3339).unwrap().seconds()
    }

    /// The date and time at these seconds in UTC.
    fn naive(seconds: i64) -> NaiveDateTime {
        DateTime::from_timestamp(seconds, 0).unwrap().naive_utc()
    }

    fn true_offset(zone: Tz, at: i64) -> i64 {
        zone.offset_from_utc_datetime(&naive(at)).fix().local_minus_utc().into()
    }

    fn true_first_instant(zone: Tz, local: NaiveDateTime) -> Option<Timestamp> {
        zone.from_local_datetime(&local).earliest().map(|at| at.to_utc().into())
    }

    fn ours(zone: Tz) -> Zone {
        Zone::parse(zone.name()).unwrap()
    }

    /// One zone for each history: a test of a history need not run for each of its names.
    fn one_for_each_history() -> impl Iterator<Item = (Tz, Zone)> {
        HISTORIES.iter().enumerate().map(|(history, _)| {
            let (name, _) = NAMES.iter().find(|(_, index)| usize::from(*index) == history).unwrap();
            (name.parse().unwrap(), Zone::parse(name).unwrap())
        })
    }

    #[test]
    fn every_name_reads_back_as_it_was_written() {
        assert_eq!(NAMES.len(), TZ_VARIANTS.len());
        for zone in TZ_VARIANTS.map(ours).into_iter().chain([Zone::UTC]) {
            let json = serde_json::to_string(&zone).unwrap();
            assert_eq!(json, format!("\"{}\"", zone.name()));
            assert_eq!(serde_json::from_str::<Zone>(&json).unwrap(), zone);
        }
        assert!(TZ_VARIANTS.iter().all(|zone| ours(*zone).name() == zone.name()));
        assert_eq!(Zone::UTC.name(), "UTC");
        for name in ["", "europe/berlin", "Europe/Berlin ", "Europe", "CEST", "+02:00"] {
            assert_eq!(Zone::parse(name), None, "{name}");
            assert!(serde_json::from_value::<Zone>(name.into()).is_err(), "{name}");
        }
    }

    #[test]
    fn every_zone_has_the_offsets_of_its_source() {
        let (begin, end) = (seconds("1900-01-01T00:00:00Z") - DAY, seconds("9998-12-31T23:59:59Z") + DAY);
        // The rules of `chrono-tz` end with 2099. Later ones would show at these sparser samples.
        let (soon, late) = (begin..seconds("2101-01-01T00:00:00Z"), seconds("2101-01-01T00:00:00Z")..end);
        let looks: Vec<_> =
            soon.step_by(60 * DAY as usize).chain(late.step_by(2000 * DAY as usize)).collect();
        for zone in TZ_VARIANTS {
            for span in ours(zone).spans().filter(|span| span.until > begin) {
                let from = looks.partition_point(|at| *at < span.since);
                let looks = looks[from..].iter().copied().take_while(|at| *at < span.until);
                for at in looks.chain([span.since.max(begin), span.until.min(end) - 1]) {
                    assert_eq!(span.offset, true_offset(zone, at), "{zone} {}", naive(at));
                }
            }
        }
    }

    #[test]
    fn an_offset_holds_from_its_first_second_to_its_last() {
        for (zone, ours) in one_for_each_history() {
            for span in ours.spans().filter(|span| span.until < i64::MAX) {
                for at in [span.until - 1, span.until, span.until + 1] {
                    let offset = ours.offset_seconds(Timestamp::from_ms(at * 1000));
                    assert_eq!(i64::from(offset), true_offset(zone, at), "{zone} {}", naive(at));
                }
            }
        }
    }

    #[test]
    fn around_every_change_of_a_clock_the_first_instant_is_found() {
        for (zone, ours) in one_for_each_history() {
            let spans: Vec<_> = ours.spans().collect();
            for pair in spans.windows(2) {
                for edge in pair.iter().map(|span| pair[1].since + span.offset) {
                    for local in [edge - 1, edge, edge + 1].map(naive) {
                        assert_eq!(
                            ours.first_instant(local),
                            true_first_instant(zone, local),
                            "{zone} {local}"
                        );
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_wall_clock_time_is_understood_as_by_the_source(
            zone in proptest::sample::select(TZ_VARIANTS.as_slice()),
            minutes in seconds("1900-01-01T00:00:00Z") / 60..seconds("2110-01-01T00:00:00Z") / 60,
        ) {
            let local = naive(minutes * 60);
            prop_assert_eq!(ours(zone).first_instant(local), true_first_instant(zone, local));
        }
    }
}
