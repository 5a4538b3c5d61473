//! When an event takes place: wall-clock time in a zone, and the instants that follow from it.

use chrono::{Datelike, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use super::{FieldError, Timestamp, Zone, limits};

/// Reads `YYYY-MM-DD` in the years 1900 to 9998, so that every instant that follows from it has a
/// four-digit year (RFC 3339 §5.6).
///
/// # Errors
/// `invalid_date`.
pub fn parse_date(text: &str) -> Result<NaiveDate, FieldError> {
    let [year, month, day] = numbers(text, '-', [4, 2, 2]).unwrap_or_default();
    i32::try_from(year)
        .ok()
        .and_then(|year| NaiveDate::from_ymd_opt(year, month, day))
        .filter(|date| (1900..=9998).contains(&date.year()))
        .ok_or(FieldError::new("date", "invalid_date", "Give a date like 2024-05-25."))
}

/// Reads `HH:MM`.
///
/// # Errors
/// `invalid_time`.
pub fn parse_time(text: &str) -> Result<NaiveTime, FieldError> {
    let time = numbers(text, ':', [2, 2]);
    time.and_then(|[hour, minute]| NaiveTime::from_hms_opt(hour, minute, 0)).ok_or(FieldError::new(
        "time",
        "invalid_time",
        "Give a time like 14:00.",
    ))
}

/// Reads numbers with exactly these many digits, separated by `separator`.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[u32; N]> {
    let mut parts = text.split(separator);
    let mut read = [0; N];
    for (number, digits) in read.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits)?;
        *number = part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(read)
}

/// Reads the IANA name of a time zone.
///
/// # Errors
/// `unknown_timezone`.
pub fn parse_timezone(text: &str) -> Result<Zone, FieldError> {
    Zone::parse(text).ok_or(FieldError::new(
        "timezone",
        "unknown_timezone",
        "Give an IANA name like Europe/Berlin.",
    ))
}

/// Reads a duration in minutes.
///
/// # Errors
/// `out_of_range`.
pub fn parse_duration(minutes: i64) -> Result<u32, FieldError> {
    u32::try_from(minutes)
        .ok()
        .filter(|minutes| (1..=limits::DURATION_MAX_MINUTES).contains(minutes))
        .ok_or(FieldError::new("duration_minutes", "out_of_range", "Give 1 to 44640 minutes."))
}

/// Date, time, zone and duration of an event. The start is an instant that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    date: NaiveDate,
    time: NaiveTime,
    timezone: Zone,
    duration_minutes: u32,
}

impl Schedule {
    /// The default duration of an event, in minutes.
    pub const DEFAULT_DURATION_MINUTES: u32 = 60;

    /// Makes a schedule.
    ///
    /// # Errors
    /// `nonexistent_time` if a clock change skips the time on that day.
    pub fn new(
        date: NaiveDate,
        time: NaiveTime,
        timezone: Zone,
        duration_minutes: u32,
    ) -> Result<Self, FieldError> {
        let schedule = Self { date, time, timezone, duration_minutes };
        match schedule.first_instant() {
            Ok(_) => Ok(schedule),
            Err(_) => Err(FieldError::new(
                "time",
                "nonexistent_time",
                "The clock skips this time on that day in that time zone.",
            )),
        }
    }

    /// The same start with another duration.
    #[must_use]
    pub const fn lasting(self, duration_minutes: u32) -> Self {
        Self { duration_minutes, ..self }
    }

    /// The date in the event's zone.
    #[must_use]
    pub const fn date(&self) -> NaiveDate {
        self.date
    }

    /// The wall-clock time in the event's zone.
    #[must_use]
    pub const fn time(&self) -> NaiveTime {
        self.time
    }

    /// The zone of date and time.
    #[must_use]
    pub const fn timezone(&self) -> Zone {
        self.timezone
    }

    /// How long the event lasts, in minutes.
    #[must_use]
    pub const fn duration_minutes(&self) -> u32 {
        self.duration_minutes
    }

    /// The instant of the start. A time that occurs twice means the first occurrence. A stored time may
    /// be skipped by what a newer time zone database says: it means what it did (RFC 5545 §3.3.5).
    #[must_use]
    pub fn starts_at(&self) -> Timestamp {
        self.first_instant().unwrap_or_else(|skipped| skipped)
    }

    /// The instant of the end.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.starts_at().plus_ms(i64::from(self.duration_minutes).saturating_mul(60_000))
    }

    fn first_instant(&self) -> Result<Timestamp, Timestamp> {
        self.timezone.first_instant(self.date.and_time(self.time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(date: &str, time: &str, zone: &str) -> Result<String, String> {
        let (date, time) = (parse_date(date).unwrap(), parse_time(time).unwrap());
        Schedule::new(date, time, parse_timezone(zone).unwrap(), 60)
            .map(|schedule| schedule.starts_at().to_rfc3339())
            .map_err(|error| error.code.into_owned())
    }

    #[test]
    fn wall_clock_time_follows_the_zone() {
        for (date, time, zone, expected) in [
            ("2024-05-25", "14:00", "UTC", "2024-05-25T14:00:00Z"),
            ("2024-07-01", "14:00", "Europe/London", "2024-07-01T13:00:00Z"),
            ("2024-01-01", "14:00", "America/New_York", "2024-01-01T19:00:00Z"),
            ("2024-01-01", "14:00", "Australia/Lord_Howe", "2024-01-01T03:00:00Z"),
            ("2024-01-01", "00:15", "Asia/Kathmandu", "2023-12-31T18:30:00Z"),
            ("2100-07-01", "12:00", "Europe/Berlin", "2100-07-01T10:00:00Z"),
            ("2400-01-01", "12:00", "Pacific/Auckland", "2399-12-31T23:00:00Z"),
            ("9998-12-31", "23:59", "America/New_York", "9999-01-01T04:59:00Z"),
        ] {
            assert_eq!(start(date, time, zone).as_deref(), Ok(expected), "{zone}");
        }
    }

    #[test]
    fn a_skipped_time_does_not_exist() {
        assert_eq!(start("2025-03-30", "02:30", "Europe/Berlin").unwrap_err(), "nonexistent_time");
        assert_eq!(start("2024-10-06", "02:15", "Australia/Lord_Howe").unwrap_err(), "nonexistent_time");
        assert_eq!(start("2011-12-30", "12:00", "Pacific/Apia").unwrap_err(), "nonexistent_time");
        assert_eq!(start("2100-03-28", "02:30", "Europe/Berlin").unwrap_err(), "nonexistent_time");
    }

    #[test]
    fn a_stored_time_that_is_skipped_now_means_what_it_did() {
        for (date, time, zone, expected) in [
            ("2100-03-28", "02:30", "Europe/Berlin", "2100-03-28T01:30:00Z"),
            ("2011-12-30", "12:00", "Pacific/Apia", "2011-12-30T22:00:00Z"),
        ] {
            let stored = serde_json::json!({
                "date": date, "time": format!("{time}:00"), "timezone": zone, "duration_minutes": 60,
            });
            let schedule: Schedule = serde_json::from_value(stored).unwrap();
            assert_eq!(schedule.starts_at().to_rfc3339(), expected, "{zone}");
        }
    }

    #[test]
    fn of_a_doubled_time_the_first_is_meant() {
        assert_eq!(start("2025-10-26", "02:30", "Europe/Berlin").unwrap(), "2025-10-26T00:30:00Z");
        assert_eq!(start("2024-11-03", "01:30", "America/New_York").unwrap(), "2024-11-03T05:30:00Z");
    }

    #[test]
    fn only_the_contracts_spelling_is_read() {
        for text in
            ["2024-5-25", "2024-02-30", "25.05.2024", "2024-05-25T14:00", "", "1899-12-31", "+024-01-01"]
        {
            assert!(parse_date(text).is_err(), "{text}");
        }
        for text in ["14", "24:00", "14:60", "14:00:00", "2:30", "2:30 ", "14h00"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
        for text in ["Mars/Olympus", "", "+02:00"] {
            assert!(parse_timezone(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_event_lasts_a_minute_to_a_month() {
        for (minutes, fits) in [(0, false), (1, true), (44_640, true), (44_641, false), (-1, false)] {
            assert_eq!(parse_duration(minutes).is_ok(), fits, "{minutes}");
        }
    }
}
