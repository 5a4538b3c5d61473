//! Lists, page by page. A page begins after the last event of the previous page (keyset pagination), so that
//! events that appear or disappear in the meantime never shift the others.

use super::store::first_at;
use super::words::{Asked, Match};
use crate::objects::messages::catalog::{Cursor, Order, Query, Reply, Scope};
use crate::objects::messages::event::Snapshot;
use crate::objects::sql::{Sql, SqlError, Value};

/// Reads the page that `query` asks for. By relevance it takes two walks: first over the events with all words in
/// the title, then over the others. `some_are_old` says that an older version has indexed some events.
pub(super) fn page(sql: &dyn Sql, query: &Query, some_are_old: bool) -> Result<Reply, SqlError> {
    let asked = query.words.as_ref().map(|words| Asked::new(words, some_are_old));
    if asked.as_ref().is_some_and(Asked::is_empty) {
        return Ok(Reply::Page { events: Vec::new(), next: None });
    }
    let wanted = query.limit.saturating_add(1);
    let mut found: Vec<(Cursor, Snapshot)> = Vec::new();
    for walk in walks(query, asked.as_ref(), some_are_old) {
        let left = wanted.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        let (statement, params) = walk.statement(query, left);
        for row in sql.run(&statement, &params)? {
            let cursor = Cursor { past_titles: walk.past_titles, at: row.get(0)? };
            found.push((cursor, row.json(1)?));
        }
    }
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().map(|(cursor, _)| *cursor).filter(|_| more);
    Ok(Reply::Page { events: found.into_iter().map(|(_, snapshot)| snapshot).collect(), next })
}

/// The statements for a page and their parameters, for inspecting how they are executed.
#[must_use]
pub fn statements(query: &Query) -> Vec<(String, Vec<Value>)> {
    let asked = query.words.as_ref().map(|words| Asked::new(words, false));
    walks(query, asked.as_ref(), false).iter().map(|walk| walk.statement(query, query.limit)).collect()
}

/// One walk along an index.
struct Walk {
    past_titles: bool,
    after: Option<i64>,
    matching: Option<String>,
}

fn walks(query: &Query, asked: Option<&Asked>, some_are_old: bool) -> Vec<Walk> {
    let status = match query.scope {
        Scope::Public(status) => status,
        Scope::Own(_) => return vec![Walk::plain(query)],
    };
    let filters = || {
        let filters = Match::default().status(status).organizer(query.organizer);
        filters.tag(query.tag.as_deref(), some_are_old)
    };
    match (asked, query.order) {
        (None, _) if query.tag.is_none() => vec![Walk::plain(query)],
        (None, _) => vec![Walk { matching: Some(filters().into_text()), ..Walk::plain(query) }],
        (Some(asked), Order::Relevance) => {
            let others = Walk {
                past_titles: true,
                after: query.after.filter(|after| after.past_titles).map(|after| after.at),
                matching: Some(filters().words(asked).not_title(asked).into_text()),
            };
            if query.after.is_some_and(|after| after.past_titles) {
                return vec![others];
            }
            let titles = Walk { matching: Some(filters().title(asked).into_text()), ..Walk::plain(query) };
            vec![titles, others]
        }
        (Some(asked), _) => {
            vec![Walk { matching: Some(filters().words(asked).into_text()), ..Walk::plain(query) }]
        }
    }
}

impl Walk {
    fn plain(query: &Query) -> Self {
        Self { past_titles: false, after: query.after.map(|after| after.at), matching: None }
    }

    /// The statement and its parameters, every value bound.
    fn statement(&self, query: &Query, limit: u32) -> (String, Vec<Value>) {
        let (column, index, descending) = match query.order {
            Order::Relevance | Order::StartsAt => ("by_start", "words_by_start", false),
            Order::StartsAtDescending => ("by_start", "words_by_start", true),
            Order::CreatedAt => ("by_birth", "words_by_birth", false),
            Order::CreatedAtDescending => ("by_birth", "words_by_birth", true),
        };
        let (key, source) = match &self.matching {
            None => (format!("events.{column}"), "events".to_owned()),
            // The index comes first: it is walked in order, and each match is looked up.
            Some(_) => (
                format!("{index}.rowid"),
                format!("{index} CROSS JOIN events ON events.{column} = {index}.rowid"),
            ),
        };
        let mut conditions: Vec<String> = Vec::new();
        let mut params: Vec<Value> = Vec::new();
        let mut require = |condition: String, value: Value| {
            conditions.push(condition);
            params.push(value);
        };
        match (&self.matching, query.scope) {
            (Some(matching), _) => require(format!("{index} MATCH ?"), matching.as_str().into()),
            (None, Scope::Own(user)) => require("organizer = ?".to_owned(), user.into()),
            (None, Scope::Public(status)) => {
                // The plus keeps the planner from walking the whole list to find one organizer's events.
                let walked = if query.organizer.is_some() { "+" } else { "" };
                require(format!("{walked}listed = 1 AND {walked}status = ?"), status.as_str().into());
                if let Some(organizer) = query.organizer {
                    require("organizer = ?".to_owned(), organizer.into());
                }
            }
        }
        // In order of start, these bounds limit the walk. In the other order they are checked along the way,
        // and the plus keeps the planner from collecting and sorting instead.
        let start = if column == "by_start" { key.as_str() } else { "+events.by_start" };
        if let Some(from) = query.from {
            require(format!("{start} >= ?"), first_at(from).into());
        }
        if let Some(to) = query.to {
            require(format!("{start} < ?"), first_at(to).into());
        }
        if let Some(after) = self.after {
            require(format!("{key} {} ?", if descending { "<" } else { ">" }), after.into());
        }
        params.push(limit.into());
        let direction = if descending { "DESC" } else { "ASC" };
        let conditions = conditions.join(" AND ");
        let statement = format!(
            "SELECT {key}, events.snapshot FROM {source} WHERE {conditions} ORDER BY {key} {direction} LIMIT ?"
        );
        (statement, params)
    }
}
