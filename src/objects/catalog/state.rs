//! What the Catalog object holds in memory.

use crate::domain::Timestamp;

/// The index of events. All of it lives in SQL, where the lists are made.
#[derive(Debug, Default)]
pub struct Catalog {
    pub(super) founded: bool,
    pub(super) lag: ReportLag,
    /// Whether an older version of the program has indexed the words of some events.
    pub(super) some_are_old: bool,
}

/// How late recent reports have arrived. Only in memory, because it is about the present.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReportLag {
    /// The longest wait of a report, and when that report arrived.
    worst: Option<(i64, Timestamp)>,
}

impl ReportLag {
    /// Milliseconds after which a late report no longer matters.
    const REMEMBERED_MS: i64 = 10 * 60 * 1000;

    /// A report has arrived after waiting this long.
    pub(super) fn note(&mut self, now: Timestamp, waited_ms: i64) {
        if waited_ms >= self.ms(now) {
            self.worst = Some((waited_ms, now));
        }
    }

    /// The longest wait in the last ten minutes, in milliseconds.
    pub(super) fn ms(&self, now: Timestamp) -> i64 {
        let lately = self.worst.filter(|(_, at)| now.ms_since(*at) <= Self::REMEMBERED_MS);
        lately.map_or(0, |(waited_ms, _)| waited_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_report_of_ten_minutes_counts() {
        let at = Timestamp::from_ms;
        let mut lag = ReportLag::default();
        assert_eq!(lag.ms(at(0)), 0);
        lag.note(at(0), 5_000);
        lag.note(at(1_000), 70);
        assert_eq!(lag.ms(at(600_000)), 5_000);
        assert_eq!(lag.ms(at(600_001)), 0);
        lag.note(at(700_000), 70);
        assert_eq!(lag.ms(at(700_000)), 70);
    }
}
