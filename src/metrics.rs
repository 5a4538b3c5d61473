//! What a deployment measures of itself: counts, sums and maxima, put together in memory and written
//! out every few seconds. There is nothing about anybody in it.
//!
//! There is a fixed number of metrics, so that memory is bounded, and a write of all of them is a
//! handful of data points. What a quiet isolate has counted goes out when it next counts something.

use std::collections::BTreeMap;

use crate::domain::Timestamp;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// A question to an object, in milliseconds until its answer.
    QuestionMs,
    /// A read that was answered from memory within its lease.
    LeaseHit,
    /// A read for which the object was asked.
    LeaseMiss,
    /// Commands in one transaction of an object.
    BatchCommands,
    /// Milliseconds from the first command of a batch until it was over.
    BatchMs,
    /// Commands that waited when a batch began, those of the next batch included.
    QueueCommands,
    /// Milliseconds that a change waited for leases to run out.
    DrainMs,
    /// Messages in an outbox when its alarm rang.
    OutboxMessages,
    /// Milliseconds that the oldest of them had waited.
    OutboxAgeMs,
}

impl Metric {
    /// The name, as operators query it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QuestionMs => "question_ms",
            Self::LeaseHit => "lease_hit",
            Self::LeaseMiss => "lease_miss",
            Self::BatchCommands => "turn_commands",
            Self::BatchMs => "turn_ms",
            Self::QueueCommands => "queue_commands",
            Self::DrainMs => "drain_ms",
            Self::OutboxMessages => "outbox_messages",
            Self::OutboxAgeMs => "outbox_age_ms",
        }
    }
}

/// Which kind of object it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Accounts.
    Account,
    /// Events.
    Event,
    /// The Catalog.
    Catalog,
    /// What paces the mail.
    MailPacer,
}

impl Subject {
    /// The name, as operators query it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Event => "event",
            Self::Catalog => "catalog",
            Self::MailPacer => "mail_pacer",
        }
    }
}

/// What was measured of one metric since the last write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// What.
    pub metric: Metric,
    /// Of which kind of object.
    pub subject: Subject,
    /// How many values.
    pub count: u64,
    /// All of them together.
    pub sum: u64,
    /// The largest.
    pub max: u64,
}

/// Puts values together until they are written.
#[derive(Debug, Default)]
pub struct Meter {
    points: BTreeMap<(Metric, Subject), Point>,
    since: Option<Timestamp>,
}

impl Meter {
    /// Milliseconds between two writes at least.
    pub const WRITE_EVERY_MS: i64 = 10_000;

    /// Takes `count` values of together `sum` in, the largest of which is `max`.
    pub fn add(&mut self, now: Timestamp, point: Point) {
        self.since.get_or_insert(now);
        let known = self.points.entry((point.metric, point.subject)).or_insert(Point {
            count: 0,
            sum: 0,
            max: 0,
            ..point
        });
        known.count = known.count.saturating_add(point.count);
        known.sum = known.sum.saturating_add(point.sum);
        known.max = known.max.max(point.max);
    }

    /// Takes one value in.
    pub fn record(&mut self, now: Timestamp, metric: Metric, subject: Subject, value: u64) {
        self.add(now, Point { metric, subject, count: 1, sum: value, max: value });
    }

    /// What is to be written now, if it is time.
    pub fn due(&mut self, now: Timestamp) -> Vec<Point> {
        if self.since.is_none_or(|since| now.ms_since(since) < Self::WRITE_EVERY_MS) {
            return Vec::new();
        }
        self.since = None;
        std::mem::take(&mut self.points).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn values_are_put_together_and_written_every_ten_seconds() {
        let mut meter = Meter::default();
        assert!(meter.due(at(0)).is_empty());
        meter.record(at(1_000), Metric::DrainMs, Subject::Event, 300);
        meter.record(at(2_000), Metric::DrainMs, Subject::Event, 500);
        meter.record(at(3_000), Metric::DrainMs, Subject::Catalog, 7);
        assert!(meter.due(at(10_999)).is_empty());
        let point = |subject, count, sum, max| Point { metric: Metric::DrainMs, subject, count, sum, max };
        assert_eq!(
            meter.due(at(11_000)),
            [point(Subject::Event, 2, 800, 500), point(Subject::Catalog, 1, 7, 7)]
        );
        assert!(meter.due(at(99_000)).is_empty(), "all of it was taken");
    }

    #[test]
    fn a_flood_takes_no_more_room_than_one_value() {
        let mut meter = Meter::default();
        (0..100_000).for_each(|ms| meter.record(at(ms), Metric::LeaseHit, Subject::Event, 1));
        assert_eq!(meter.points.len(), 1);
    }
}
