//! Asking the objects: one place for each of them, and what several handlers ask alike.

use futures_util::future::join_all;

use super::access::Caller;
use super::door::App;
use super::ports::Unreachable;
use super::problem::Problem;
use crate::domain::{AccountKey, EventId, UserId};
use crate::objects::event::{Registration, Snapshot};
use crate::objects::{Envelope, Outcome, account, catalog, event};

/// Asks an account and takes a refusal for the problem that it is.
pub(super) async fn account(
    app: &App,
    key: &AccountKey,
    command: account::Command,
) -> Result<account::Reply, Problem> {
    reply(app.hub.account(key, Envelope::new(command)).await?.outcome)
}

/// The same for an event.
pub(super) async fn event(app: &App, id: EventId, command: event::Command) -> Result<event::Reply, Problem> {
    reply(app.hub.event(id, Envelope::new(command)).await?.outcome)
}

/// The same for the Catalog.
pub(super) async fn catalog(app: &App, command: catalog::Command) -> Result<catalog::Reply, Problem> {
    reply(app.hub.catalog(Envelope::new(command)).await?.outcome)
}

/// Asks each of these events the same, side by side: what they answer, in their order. One that has
/// nothing to say is left out.
pub(super) async fn events(
    app: &App,
    ids: &[EventId],
    command: &event::Command,
) -> Result<Vec<event::Reply>, Problem> {
    let answers = join_all(ids.iter().map(|id| event(app, *id, command.clone()))).await;
    answers.into_iter().filter(|answer| !answer.as_ref().is_err_and(Problem::is_not_found)).collect()
}

/// Somebody's registrations at these events, each with its event, where `command` finds one.
pub(super) async fn registrations(
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

/// The events that the Catalog knows somebody to take part in, the newest first: those before
/// `before`, and whether there are more. With `ended` those too that somebody has left.
pub(super) async fn participations(
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

/// The events that the caller has lately been about to register for, of which the Catalog may not
/// have heard yet.
pub(super) async fn visits(app: &App, caller: &Caller) -> Result<Vec<EventId>, Problem> {
    match account(app, &caller.bearer().account, account::Command::Visits).await? {
        account::Reply::Visits(visits) => Ok(visits),
        _ => Err(unexpected()),
    }
}

/// The reply, or the problem that a refusal is.
pub(super) fn reply<R>(outcome: Outcome<R>) -> Result<R, Problem> {
    match outcome {
        Outcome::Reply(reply) => Ok(reply),
        Outcome::Refused(refusal) => Err(refusal.into()),
        Outcome::Unchanged => Err(unexpected()),
    }
}

/// An object has answered another question than the one that was asked.
pub(super) fn unexpected() -> Problem {
    Unreachable::Failed("an answer to another question".to_owned()).into()
}
