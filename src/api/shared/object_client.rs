//! Calls to objects: one function for each kind, and the queries that several handlers share.

use futures_util::future::join_all;

use crate::api::shared::context::App;
use crate::api::shared::ports::Unreachable;
use crate::api::shared::problem::Problem;
use crate::auth::digest;
use crate::domain::{AccountKey, Email, EventId, UserId};
use crate::objects::event::{Registration, Snapshot};
use crate::objects::messages::maintenance::{Maintenance, MaintenanceReply, ObjectName};
use crate::objects::{Envelope, Outcome, account, catalog, event};

/// Asks an account, and turns a refusal into its problem.
pub(in crate::api) async fn account(
    app: &App,
    key: &AccountKey,
    command: account::Command,
) -> Result<account::Reply, Problem> {
    reply(app.objects.account(key, Envelope::new(command)).await?.outcome)
}

/// The same for an event.
pub(in crate::api) async fn event(
    app: &App,
    id: EventId,
    command: event::Command,
) -> Result<event::Reply, Problem> {
    reply(app.objects.event(id, Envelope::new(command)).await?.outcome)
}

/// The same for the Catalog.
pub(in crate::api) async fn catalog(app: &App, command: catalog::Command) -> Result<catalog::Reply, Problem> {
    reply(app.objects.catalog(Envelope::new(command)).await?.outcome)
}

/// Sends an object one of the commands that all objects know.
pub(in crate::api) async fn maintenance(
    app: &App,
    object: &ObjectName,
    order: Maintenance,
) -> Result<MaintenanceReply, Problem> {
    match object {
        ObjectName::Account(key) => {
            match account(app, key, account::Command::Admin(account::AdminOrder::Maintenance(order))).await? {
                account::Reply::Maintenance(reply) => Ok(reply),
                _ => Err(unexpected()),
            }
        }
        ObjectName::Event(id) => {
            match event(app, *id, event::Command::Admin(event::AdminOrder::Maintenance(order))).await? {
                event::Reply::Maintenance(reply) => Ok(reply),
                _ => Err(unexpected()),
            }
        }
        ObjectName::Catalog => {
            match catalog(app, catalog::Command::Admin(catalog::AdminOrder::Maintenance(order))).await? {
                catalog::Reply::Maintenance(reply) => Ok(reply),
                _ => Err(unexpected()),
            }
        }
    }
}

/// The most events that a request asks at the same time.
const SIDE_BY_SIDE: usize = 16;

/// Sends each of these events the same command, some at a time, and returns the answers in order. Events
/// without an answer are left out. Callers bound how many there are: the platform allows a request some
/// hundreds of calls, and each wakes an object.
pub(in crate::api) async fn events(
    app: &App,
    ids: &[EventId],
    command: &event::Command,
) -> Result<Vec<event::Reply>, Problem> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(SIDE_BY_SIDE) {
        for answer in join_all(some.iter().map(|id| event(app, *id, command.clone()))).await {
            match answer {
                Err(problem) if problem.is_not_found() => {}
                answer => found.push(answer?),
            }
        }
    }
    Ok(found)
}

/// A user's registrations at these events, each with its event, if `command` finds one.
pub(in crate::api) async fn registrations(
    app: &App,
    ids: &[EventId],
    command: &event::Command,
) -> Result<Vec<(Registration, Snapshot)>, Problem> {
    let mine = |reply| match reply {
        event::Reply::Mine { registration, event } => Some((*registration, *event)),
        _ => None,
    };
    Ok(events(app, ids, command).await?.into_iter().filter_map(mine).collect())
}

/// The events that a user takes part in, as the Catalog knows them, newest first: those before `before`, and
/// whether there are more. With `ended`, events that the user has left are included.
pub(in crate::api) async fn participations(
    app: &App,
    user: UserId,
    before: Option<EventId>,
    limit: u32,
    ended: bool,
) -> Result<(Vec<EventId>, bool), Problem> {
    match catalog(app, catalog::Command::Participations { user, before, limit, ended }).await? {
        catalog::Reply::Participations { events, more } => Ok((events, more)),
        _ => Err(unexpected()),
    }
}

/// The key of the account with this address.
pub(in crate::api) fn key_of(email: &Email) -> Result<AccountKey, Problem> {
    digest::account_key(email).ok_or_else(|| Problem::internal("an address has no key"))
}

/// The reply, or the problem that stands for a refusal.
pub(in crate::api) fn reply<R>(outcome: Outcome<R>) -> Result<R, Problem> {
    match outcome {
        Outcome::Reply(reply) => Ok(reply),
        Outcome::Refused(refusal) => Err(refusal.into()),
        Outcome::Unchanged => Err(unexpected()),
    }
}

/// An object's answer does not fit the command.
pub(in crate::api) fn unexpected() -> Problem {
    Unreachable::Failed("an answer to another question".to_owned()).into()
}
