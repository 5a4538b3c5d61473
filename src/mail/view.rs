//! Formatting for readers.

use chrono::{Datelike, Month, Timelike, Weekday};

use crate::domain::schedule::Schedule;

/// Date and time where the event takes place, with the zone and its offset on that day:
/// `Monday, 1 July 2024, 14:00 (Europe/London, UTC+01:00)`.
#[must_use]
pub fn long_date(schedule: &Schedule) -> String {
    let minutes = schedule.timezone().offset_seconds(schedule.starts_at()).div_euclid(60);
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, rest) = (minutes.unsigned_abs().div_euclid(60), minutes.unsigned_abs().rem_euclid(60));
    format!(
        "{} ({}, UTC{sign}{hours:02}:{rest:02})",
        date_and_time(&schedule.date().and_time(schedule.time())),
        schedule.timezone().name(),
    )
}

fn date_and_time(at: &(impl Datelike + Timelike)) -> String {
    let weekday = match at.weekday() {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    };
    let month = u8::try_from(at.month()).ok().and_then(|month| Month::try_from(month).ok());
    let month = month.map_or("", |month| month.name());
    format!("{weekday}, {} {month} {}, {:02}:{:02}", at.day(), at.year(), at.hour(), at.minute())
}
