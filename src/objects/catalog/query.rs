//! Lists, page by page. A page begins behind the last event of the page before (keyset
//! pagination), so that events which come and go meanwhile never shift the others.

use super::protocol::{Cursor, Order, Query, Reply, Scope};
use crate::objects::event::Snapshot;
use crate::objects::sql::{Row, Sql, SqlError, Value};

/// Reads the page that `query` asks for.
pub(super) fn page(sql: &dyn Sql, query: &Query) -> Result<Reply, SqlError> {
    let (statement, params) = statement(query);
    let rows = sql.run(&statement, &params)?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let next = if rows.len() > limit {
        rows.get(limit.saturating_sub(1)).map(read_cursor).transpose()?
    } else {
        None
    };
    let events = rows.iter().take(limit).map(|row| row.json::<Snapshot>(2)).collect::<Result<_, _>>()?;
    Ok(Reply::Page { events, next })
}

fn read_cursor(row: &Row) -> Result<Cursor, SqlError> {
    Ok(Cursor { at: row.get(0)?, id: row.get(1)? })
}

/// The statement for a query and its parameters, every value bound.
fn statement(query: &Query) -> (String, Vec<Value>) {
    let (column, direction, beyond) = match query.order {
        Order::StartsAt => ("starts_at", "ASC", ">"),
        Order::StartsAtDescending => ("starts_at", "DESC", "<"),
        Order::CreatedAt => ("created_at", "ASC", ">"),
        Order::CreatedAtDescending => ("created_at", "DESC", "<"),
    };
    let mut conditions = vec!["snapshot IS NOT NULL".to_owned()];
    let mut params: Vec<Value> = Vec::new();
    let mut add = |condition: &str, values: &mut Vec<Value>| {
        conditions.push(condition.to_owned());
        params.append(values);
    };
    match query.scope {
        Scope::Public(status) => add("listed = 1 AND status = ?", &mut vec![status.as_str().into()]),
        Scope::Own(user) => add("organizer = ?", &mut vec![user.into()]),
    }
    if let Some(organizer) = query.organizer {
        add("organizer = ?", &mut vec![organizer.into()]);
    }
    if let Some(tag) = &query.tag {
        let tag = Value::Text(tag.to_lowercase());
        add("EXISTS (SELECT 1 FROM tags WHERE tags.tag = ? AND tags.event = events.id)", &mut vec![tag]);
    }
    if let Some(from) = query.from {
        add("starts_at >= ?", &mut vec![from.into()]);
    }
    if let Some(to) = query.to {
        add("starts_at < ?", &mut vec![to.into()]);
    }
    if let Some(Cursor { at, id }) = query.after {
        add(&format!("({column}, id) {beyond} (?, ?)"), &mut vec![at.into(), id.into()]);
    }
    params.push(query.limit.saturating_add(1).into());
    let statement = format!(
        "SELECT {column}, id, snapshot FROM events WHERE {} ORDER BY {column} {direction}, id {direction} LIMIT ?",
        conditions.join(" AND ")
    );
    (statement, params)
}
