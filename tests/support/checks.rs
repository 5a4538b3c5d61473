//! What must be true of a deployment once everything that was on its way has arrived.

use std::collections::{BTreeMap, BTreeSet};

use event_platform::domain::event::Status;
use event_platform::domain::roster::{Roster, Seat};
use event_platform::domain::{EventId, Timestamp, UserId};
use event_platform::objects::catalog::{Catalog, Command, Query, Reply, Scope};
use event_platform::objects::event::Snapshot;
use event_platform::objects::sql::Sql;
use event_platform::objects::{Envelope, Host, Outcome};

use super::fixtures::everything;

/// Where the Catalog and the Event objects disagree. `events` is what each object says of itself:
/// `None` for one that was deleted.
pub(crate) fn catalog_differences(
    catalog: &dyn Sql,
    events: &BTreeMap<EventId, Option<Snapshot>>,
) -> Vec<String> {
    let truth: BTreeMap<EventId, Snapshot> = events
        .iter()
        .filter_map(|(id, event)| Some((*id, event.clone()?)))
        .map(|(id, event)| (id, Snapshot { details: event.details.without_join_url(), ..event }))
        .collect();
    let organizers: BTreeSet<UserId> = truth.values().map(|event| event.organizer.id).collect();
    let mut listed: BTreeMap<EventId, Snapshot> = BTreeMap::new();
    for organizer in organizers {
        listed.extend(walk(catalog, Scope::Own(organizer)).into_iter().map(|event| (event.id, event)));
    }
    let mut differences = Vec::new();
    for (id, event) in &truth {
        match listed.remove(id) {
            Some(entry) if entry == *event => {}
            entry => differences.push(format!("{id:?} is listed as {entry:#?} and is {event:#?}")),
        }
    }
    differences.extend(listed.keys().map(|id| format!("{id:?} is listed and was deleted")));
    for status in [Status::Published, Status::Cancelled] {
        let public = walk(catalog, Scope::Public(status)).into_iter().map(|event| event.id);
        let public: BTreeSet<EventId> = public.collect();
        let expected =
            truth.values().filter(|event| event.details.status() == status && event.details.is_listed());
        if public != expected.map(|event| event.id).collect() {
            differences.push(format!("the public list of {status:?} events is {public:?}"));
        }
    }
    differences
}

/// The events that the Catalog takes somebody for a participant of.
pub(crate) fn participations(catalog: &dyn Sql, user: UserId) -> BTreeSet<EventId> {
    let (mut host, mut found, mut before) = (Host::<Catalog>::new(0), BTreeSet::new(), None);
    loop {
        let command = Command::Participations { user, before, limit: 5, ended: false };
        let envelope = Envelope::new(command);
        match host.read(catalog, Timestamp::default(), envelope).map(|answer| answer.outcome) {
            Ok(Outcome::Reply(Reply::Participations { events, more })) => {
                before = events.last().copied().filter(|_| more);
                found.extend(events);
            }
            other => panic!("a list is a list: {other:?}"),
        }
        if before.is_none() {
            return found;
        }
    }
}

/// A whole list, page by page.
fn walk(catalog: &dyn Sql, scope: Scope) -> Vec<Snapshot> {
    let (mut host, mut events, mut after) = (Host::<Catalog>::new(0), Vec::new(), None);
    loop {
        let query = Query { after, ..everything(scope) };
        let envelope = Envelope::new(Command::List(query));
        match host.read(catalog, Timestamp::default(), envelope).map(|answer| answer.outcome) {
            Ok(Outcome::Reply(Reply::Page { events: page, next })) => {
                events.extend(page);
                after = next;
            }
            other => panic!("a list is a list: {other:?}"),
        }
        if after.is_none() {
            return events;
        }
    }
}

/// The seats in the order of arrival, each with its position.
pub(crate) fn in_order(roster: &Roster) -> Vec<(Seat, Option<u32>)> {
    let mut seats: Vec<_> = roster.iter().map(|seat| (seat.clone(), roster.position(seat))).collect();
    seats.sort_by_key(|(seat, _)| seat.seq);
    seats
}
