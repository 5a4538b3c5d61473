//! Computes the time zones' tables, which the source includes.
//!
//! `chrono-tz` publishes no tables, so they are found by asking: a look every few days, and
//! bisection where the offset has changed. `src/domain/zone.rs` says why and reads them. Written
//! to `OUT_DIR/zones.rs` are
//!
//! - `NAMES`: every name in order, with the index of its history; links like `US/Eastern` and
//!   zones that never differed share one.
//! - `HISTORIES`: for each stretch of time with one offset, by how much the offset differs from
//!   the one before (from 0 at first), and how long the stretch is; the last one has no end.
//!   Differences are stored a day too large, so that no number is negative.
//!
//! A number is a varint (LEB128) of hours, doubled, or of seconds, doubled and one more: nearly
//! all are whole hours, and then the length of a summer takes two bytes.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic here stops the build and not a request"
)]

use std::collections::HashMap;
use std::fmt::Write;
use std::{env, fs, path::Path};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A change that is undone within this time is missed. The two that lie closest are a week less
/// an hour apart (America/Recife in October 2000).
const STRIDE: i64 = 3 * DAY;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    write_source("zones.rs", &zones());
}

fn write_source(name: &str, source: &str) {
    let out = env::var_os("OUT_DIR").expect("cargo names a directory");
    fs::write(Path::new(&out).join(name), source).expect("the directory can be written");
}

fn zones() -> String {
    // Dates begin in 1900, and a day may begin half a day and more before it does in UTC.
    let since = midnight(1899, 12, 1);
    // Past its last rule `chrono-tz` keeps the offset of the end of 2099.
    let looks = Looks::new(since, midnight(2101, 1, 1));

    let mut zones = TZ_VARIANTS;
    zones.sort_unstable_by_key(|zone| zone.name());

    let mut histories: Vec<Vec<u8>> = Vec::new();
    let mut known = HashMap::new();
    let mut names = String::new();
    for zone in zones {
        let history = pack(since, &looks.spans(zone));
        let index = *known.entry(history.clone()).or_insert_with(|| {
            histories.push(history);
            histories.len() - 1
        });
        writeln!(names, "    ({:?}, {index}),", zone.name()).expect("a String takes all");
    }
    let utc = zones.iter().position(|zone| *zone == Tz::UTC).expect("UTC is a zone");

    let mut source = format!("const SINCE: i64 = {since};\nconst UTC: u16 = {utc};\n");
    source += &format!("static NAMES: [(&str, u16); {}] = [\n{names}];\n", zones.len());
    source += &format!("static HISTORIES: [&[u8]; {}] = [\n", histories.len());
    for history in &histories {
        writeln!(source, "    b\"{}\",", history.escape_ascii()).expect("a String takes all");
    }
    source += "];\n";
    source
}

fn midnight(year: i32, month: u32, day: u32) -> i64 {
    let date = NaiveDate::from_ymd_opt(year, month, day).expect("a date");
    date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp()
}

fn at(seconds: i64) -> NaiveDateTime {
    DateTime::from_timestamp(seconds, 0).expect("within chrono's years").naive_utc()
}

fn offset(zone: Tz, at: &NaiveDateTime) -> i64 {
    zone.offset_from_utc_datetime(at).fix().local_minus_utc().into()
}

/// The instants at which every zone is asked, in order.
struct Looks(Vec<(i64, NaiveDateTime)>);

impl Looks {
    fn new(since: i64, until: i64) -> Self {
        let strides = (until - since) / STRIDE;
        Self((0..=strides).map(|n| since + n * STRIDE).map(|seconds| (seconds, at(seconds))).collect())
    }

    /// Where each offset of a zone begins, and the offset, in seconds.
    fn spans(&self, zone: Tz) -> Vec<(i64, i64)> {
        let (since, first) = self.0[0];
        let mut spans = vec![(since, offset(zone, &first))];
        let mut before = since;
        for (seconds, look) in &self.0 {
            let (old, new) = (spans[spans.len() - 1].1, offset(zone, look));
            if old != new {
                let (mut low, mut high) = (before, *seconds);
                while high - low > 1 {
                    let middle = low + (high - low) / 2;
                    if offset(zone, &at(middle)) == old {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                let length = high - spans[spans.len() - 1].0;
                assert!(spans.len() == 1 || length > 2 * STRIDE, "{zone} needs closer looks near {look}");
                spans.push((high, new));
            }
            before = *seconds;
        }
        spans
    }
}

fn pack(since: i64, spans: &[(i64, i64)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut previous = (since, 0);
    for span in spans {
        if span.0 > since {
            push(&mut bytes, span.0 - previous.0);
        }
        push(&mut bytes, span.1 - previous.1 + DAY);
        previous = *span;
    }
    bytes
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
