//! How the Catalog's lists are executed: along an index, in the order of the list, whatever is asked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod support;

use event_platform::domain::event::Status;
use event_platform::domain::{Timestamp, UserId};
use event_platform::objects::Host;
use event_platform::objects::catalog::{Catalog, Command, Cursor, Order, Query, Report, Scope, statements};
use event_platform::objects::sql::Sql;
use support::sqlite::Sqlite;
use support::{fixtures, sqlite};

const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

/// A Catalog that has its tables: a report of an event that is gone makes them.
fn catalog() -> Sqlite {
    let sql = sqlite::Sqlite::in_memory();
    let report = Report {
        event: fixtures::event_id(1),
        version: 1,
        as_of: NOW,
        changed: true,
        entry: None,
        participations: Vec::new(),
        waited_ms: 0,
    };
    Host::<Catalog>::new(0).run_batch(&sql, NOW, vec![Command::Report(Box::new(report)).into()]).unwrap();
    sql
}

/// Every combination of what a list can be asked for.
fn queries() -> Vec<Query> {
    let user: UserId = fixtures::user(1);
    let orders = [
        Order::Relevance,
        Order::StartsAt,
        Order::StartsAtDescending,
        Order::CreatedAt,
        Order::CreatedAtDescending,
    ];
    let mut queries = Vec::new();
    for order in orders {
        for bits in 0..64_u32 {
            let has = |bit: u32| bits & (1 << bit) != 0;
            let own = has(5);
            queries.push(Query {
                scope: if own { Scope::Own(user) } else { Scope::Public(Status::Published) },
                words: (has(0) && !own).then(|| vec!["rust".to_owned(), "wasm".to_owned()]),
                tag: (has(1) && !own).then(|| "talks".to_owned()),
                organizer: (has(2) && !own).then_some(user),
                from: has(3).then_some(NOW),
                to: has(3).then_some(NOW.plus_ms(1_000_000)),
                order,
                after: has(4).then_some(Cursor { past_titles: false, at: 7 }),
                limit: 50,
            });
        }
    }
    queries
}

#[test]
fn no_list_is_made_by_a_full_scan_or_a_sort() {
    let sql = catalog();
    for query in queries() {
        for (statement, params) in statements(&query) {
            let plan = sql.run(&format!("EXPLAIN QUERY PLAN {statement}"), &params).unwrap();
            for row in plan {
                let step: String = row.get(3).unwrap();
                let scans = step.starts_with("SCAN") && !step.contains("VIRTUAL TABLE INDEX");
                assert!(!scans && !step.contains("TEMP B-TREE"), "{step}\n{statement}\n{query:?}");
            }
        }
    }
}
