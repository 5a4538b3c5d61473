//! What a deployment measures about itself: counts, sums and maxima, aggregated in memory and written every
//! few seconds. They say nothing about any person.
//!
//! The number of metrics is fixed, so memory is bounded, and writing all of them takes a handful of data
//! points. The counts of an isolate that goes quiet are written when it next counts something.

use std::collections::BTreeMap;

use crate::domain::Timestamp;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Milliseconds until an object answers a call.
    QuestionMs,
    /// A read that was answered from memory within its lease.
    LeaseHit,
    /// A read for which the object was asked.
    LeaseMiss,
    /// Commands in one transaction of an object.
    BatchCommands,
    /// Milliseconds from a batch's first command to its end.
    BatchMs,
    /// Commands that waited when a batch began, including those for the next batch.
    QueueCommands,
    /// Milliseconds that a change waited for leases to run out.
    DrainMs,
    /// Messages in an outbox when its alarm fired.
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

/// The kind of object that a value is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Accounts.
    Account,
    /// Events.
    Event,
    /// The Catalog.
    Catalog,
    /// The mail pacer.
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

/// The measurements of one metric since the last write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The metric.
    pub metric: Metric,
    /// The kind of object.
    pub subject: Subject,
    /// The number of values.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
    /// The largest.
    pub max: u64,
}

/// Aggregates values until they are written.
#[derive(Debug, Default)]
pub struct Meter {
    points: BTreeMap<(Metric, Subject), Point>,
    since: Option<Timestamp>,
}

impl Meter {
    /// The shortest time between two writes, in milliseconds.
    pub const WRITE_EVERY_MS: i64 = 10_000;

    /// Records `count` values with the sum `sum` and the largest value `max`.
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

    /// Records one value.
    pub fn record(&mut self, now: Timestamp, metric: Metric, subject: Subject, value: u64) {
        self.add(now, Point { metric, subject, count: 1, sum: value, max: value });
    }

    /// The points to write now, if it is time.
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
