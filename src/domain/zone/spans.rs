//! The periods in which a zone has one offset: first its history, which `build.rs` packs and
//! describes, then what its rule says for each year.

use chrono::{NaiveDate, NaiveTime, Weekday};

include!(concat!(env!("OUT_DIR"), "/zones.rs"));

/// A period with one offset, in seconds (since the Unix epoch), from `since` (inclusive) to `until`
/// (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) since: i64,
    pub(super) until: i64,
    pub(super) offset: i64,
}

/// A change of clocks that happens every year, on a day like the last Sunday in March.
struct Change {
    month: u32,
    /// Which of the month's days with this weekday; 5 is the last.
    week: u8,
    weekday: Weekday,
    /// How long after that day begins in UTC: days before and after are possible.
    seconds: i64,
    /// The offset from then on.
    offset: i64,
}

impl Change {
    fn in_year(&self, year: i32) -> Option<i64> {
        let day = |week| NaiveDate::from_weekday_of_month_opt(year, self.month, self.weekday, week);
        let day = day(self.week).or_else(|| day(4))?;
        Some(day.and_time(NaiveTime::MIN).and_utc().timestamp().saturating_add(self.seconds))
    }
}

/// The two periods of a rule that begin in this year.
fn ruled([first, second]: &[Change; 2], year: i32) -> Option<[Span; 2]> {
    let (since, middle) = (first.in_year(year)?, second.in_year(year)?);
    let until = first.in_year(year.saturating_add(1))?;
    Some([
        Span { since, until: middle, offset: first.offset },
        Span { since: middle, until, offset: second.offset },
    ])
}

/// The spans of a history in order, then those of its rule, but only within a year of `year`: others
/// are not needed to tell the time then.
pub(super) fn near(year: i32, history: u16) -> impl Iterator<Item = Span> {
    let packed = HISTORIES.get(usize::from(history)).copied().unwrap_or_default();
    let (rule, rest) = packed.split_first().unwrap_or((&0, &[]));
    let rule = usize::from(*rule).checked_sub(1).and_then(|rule| RULES.get(rule));
    let years = year.saturating_sub(1)..=year.saturating_add(1);
    let ruled = years.filter_map(move |year| ruled(rule?, year)).flatten();
    let spans = History { rest, since: i64::MIN, offset: 0 }.chain(ruled);
    // The rule begins in the middle of a year, where the history ends.
    let spans = spans.scan(i64::MIN, |end, span| {
        let since = span.since.max(*end);
        *end = span.until.max(*end);
        Some(Span { since, ..span })
    });
    spans.filter(|span| span.since < span.until)
}

/// Reads a history.
struct History {
    rest: &'static [u8],
    since: i64,
    offset: i64,
}

impl History {
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

impl Iterator for History {
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
