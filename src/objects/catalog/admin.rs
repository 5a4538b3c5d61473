//! What an operator asks of the Catalog. It is derived, so that it can be built again: the events
//! that it knows are named page by page, each is asked to report again, and one that does not exist
//! is forgotten.

use serde::{Deserialize, Serialize};

use super::{Catalog, Reply, store};
use crate::domain::{EventId, Timestamp};
use crate::objects::sql::{self, Sql, SqlError, Value};
use crate::objects::upkeep::Upkeep;
use crate::objects::{Fault, Kind, Turn};

/// A question or an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminOrder {
    /// A page of the events that the Catalog has heard of, deleted ones included.
    Known {
        /// Only those behind this one.
        after: Option<EventId>,
        /// How many at most.
        limit: u32,
    },
    /// Those of these events that it has heard of.
    KnownOf(Vec<EventId>),
    /// Forgets events that do not exist.
    Forget(Vec<EventId>),
    /// What is asked of any object.
    Upkeep(Upkeep),
}

impl AdminOrder {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Known { .. } | Self::KnownOf(_) => Kind::Read,
            Self::Forget(_) => Kind::GuardedWrite,
            Self::Upkeep(upkeep) => upkeep.kind(),
        }
    }
}

impl Catalog {
    pub(super) fn administer(&self, turn: &mut Turn<'_>, order: AdminOrder) -> Result<Reply, Fault> {
        match order {
            AdminOrder::Upkeep(upkeep) => Ok(Reply::Upkeep(upkeep.carry_out(turn)?)),
            _ if !self.founded => Ok(Reply::Known { events: Vec::new(), more: false }),
            AdminOrder::Known { after, limit } => Ok(known(turn.sql, after, limit)?),
            AdminOrder::KnownOf(ids) => Ok(known_of(turn.sql, &ids)?),
            AdminOrder::Forget(ids) => {
                ids.into_iter().try_for_each(|id| store::forget(turn.sql, id))?;
                Ok(Reply::Done)
            }
        }
    }
}

fn known(sql: &dyn Sql, after: Option<EventId>, limit: u32) -> Result<Reply, SqlError> {
    let after = after.map_or(Value::from(""), Value::from);
    let rows = sql.run(
        "SELECT event, version FROM versions WHERE event > ? ORDER BY event LIMIT ?",
        &[after, limit.saturating_add(1).into()],
    )?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let events = rows.iter().take(limit).map(|row| Ok((row.get(0)?, row.get(1)?)));
    Ok(Reply::Known { events: events.collect::<Result<_, SqlError>>()?, more: rows.len() > limit })
}

fn known_of(sql: &dyn Sql, ids: &[EventId]) -> Result<Reply, SqlError> {
    let rows = sql.run(
        "SELECT event, version FROM versions WHERE event IN (SELECT value FROM json_each(?))",
        &[sql::json(&ids)?],
    )?;
    let events = rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?)));
    Ok(Reply::Known { events: events.collect::<Result<_, SqlError>>()?, more: false })
}

/// How late reports have lately come in: memory alone, since it is about now.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReportLag {
    /// The longest that a report had waited when it came in, and when it did.
    worst: Option<(i64, Timestamp)>,
}

impl ReportLag {
    /// Milliseconds after which a report that came late says nothing about now.
    const REMEMBERED_MS: i64 = 10 * 60 * 1000;

    /// A report has come in that had waited for so long.
    pub(super) fn note(&mut self, now: Timestamp, waited_ms: i64) {
        if waited_ms >= self.ms(now) {
            self.worst = Some((waited_ms, now));
        }
    }

    /// Milliseconds that the latest of the last ten minutes had waited.
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
