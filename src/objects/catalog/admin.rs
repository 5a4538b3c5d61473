//! Operator commands for the Catalog. The Catalog is derived data and can be rebuilt: the events it knows are
//! listed page by page, each is asked to report again, and one that does not exist is deleted.

use super::state::Catalog;
use super::store;
use crate::domain::EventId;
use crate::objects::messages::catalog::{AdminOrder, Reply};
use crate::objects::object::{Fault, Kind, Transaction};
use crate::objects::sql::{self, Sql, SqlError, Value};

impl AdminOrder {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Known { .. } | Self::KnownOf(_) => Kind::Read,
            Self::Forget(_) => Kind::GuardedWrite,
            Self::Maintenance(maintenance) => maintenance.kind(),
        }
    }
}

impl Catalog {
    #[inline(never)]
    pub(super) fn administer(&self, tx: &mut Transaction<'_>, order: AdminOrder) -> Result<Reply, Fault> {
        match order {
            AdminOrder::Maintenance(maintenance) => Ok(Reply::Maintenance(maintenance.carry_out(tx)?)),
            _ if !self.founded => Ok(Reply::Known { events: Vec::new(), more: false }),
            AdminOrder::Known { after, limit } => Ok(known(tx.sql, after, limit)?),
            AdminOrder::KnownOf(ids) => Ok(known_of(tx.sql, &ids)?),
            AdminOrder::Forget(ids) => {
                ids.into_iter().try_for_each(|id| store::forget(tx.sql, id))?;
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
