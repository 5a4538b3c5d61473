//! The objects as the runtime meets them: batches, failing disks, leases, queues, outboxes,
//! schemas, and the JSON of everything that is stored or sent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects)]

mod accounts;
mod backups;
mod batches;
mod broadcasts;
mod large_events;
mod leases;
mod mail_pacer;
mod mail_pacing;
mod outbox;
mod queue;
mod retries;
mod schema;
mod search_index;
#[path = "../support/mod.rs"]
mod support;
mod wire;

use event_platform::domain::Timestamp;
use event_platform::domain::event::EventPatch;
use event_platform::objects::sql::{Sql, SqlError};
use event_platform::objects::{Answer, Envelope, Host, Object, Outcome, Queued, catalog};

use support::fixtures::{create, event_id};
use support::naive::NaiveEvent;
use support::world::START;

/// The first report of event `number`.
fn report(number: u32, patch: &EventPatch) -> catalog::Command {
    let mut naive = NaiveEvent::default();
    naive.execute(START, &create(number, patch));
    catalog::Command::Report(Box::new(catalog::Report {
        event: event_id(number),
        version: 1,
        as_of: START,
        changed: true,
        entry: naive.event(),
        participations: vec![],
        waited_ms: 0,
    }))
}

/// Asks an object for something that changes nothing.
fn read<O: Object>(
    host: &mut Host<O>,
    sql: &dyn Sql,
    now: Timestamp,
    command: O::Command,
) -> Result<Answer<O::Reply>, SqlError> {
    host.read(sql, now, Envelope::new(command))
}

/// Gives an object a batch; how each command ended.
fn run_batch<O: Object>(
    host: &mut Host<O>,
    sql: &dyn Sql,
    now: Timestamp,
    commands: Vec<O::Command>,
) -> Result<Vec<Outcome<O::Reply>>, SqlError> {
    let answers = host.run_batch(sql, now, commands.into_iter().map(Queued::from).collect())?;
    Ok(answers.into_iter().map(|answer| answer.outcome).collect())
}
