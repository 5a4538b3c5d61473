//! What is checked between steps, and what once everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use event_platform::domain::event::Status;
use event_platform::domain::{Email, EventId, Timestamp};
use event_platform::objects::account::Account;
use event_platform::objects::event::{Command, Event, Reply, SizedEvent, Snapshot};
use event_platform::objects::sql::Sql;
use event_platform::objects::{Envelope, Host, Outcome};

use crate::clients::Clients;
use crate::model::{Broken, NaiveAccount, Truth};
use crate::support::checks::{catalog_differences, in_order, participations};
use crate::support::naive::NaiveEvent;
use crate::support::node::{Address, EventMemory, TinyEvent};
use crate::world::{Happened, World};

/// Checks what a step may have broken.
pub(crate) fn after_step(world: &mut World, truth: &Truth, happened: &Happened) -> Result<(), Broken> {
    match happened {
        Happened::Executed { at: Address::Event(id), .. } => seats_are_sound(truth, *id),
        Happened::Forgot(Address::Event(id)) => is_rebuilt(world, truth, *id),
        _ => Ok(()),
    }
}

/// Never oversold; nobody waits for a seat that is free.
fn seats_are_sound(truth: &Truth, id: EventId) -> Result<(), Broken> {
    let Some(event) = truth.events.get(&id).and_then(|event| event.event()) else {
        return Ok(());
    };
    let (seats, capacity) = (event.seats, event.details.capacity());
    let oversold = capacity.is_some_and(|capacity| seats.confirmed > capacity);
    let idle = seats.waitlisted > 0 && capacity.is_none_or(|capacity| seats.confirmed < capacity);
    if oversold || (idle && event.details.status() == Status::Published) {
        return Err(format!("{id:?} has {seats:?} of {capacity:?}"));
    }
    Ok(())
}

/// What was written gives back everything that was acknowledged, in its order.
fn is_rebuilt(world: &mut World, truth: &Truth, id: EventId) -> Result<(), Broken> {
    let Some((naive, event)) = truth.events.get(&id).and_then(|naive| Some((naive, naive.event()?))) else {
        return Ok(());
    };
    let (now, memory) = (world.now, world.memory);
    let sql = &world.node(&Address::Event(id)).sql;
    match memory {
        EventMemory::Usual => is_stored(sql, now, &mut Host::<Event>::new(0), naive, event),
        EventMemory::Tiny => is_stored(sql, now, &mut Host::<TinyEvent>::new(0), naive, event),
    }
}

fn is_stored<const N: u32, const B: u32>(
    sql: &dyn Sql,
    now: Timestamp,
    host: &mut Host<SizedEvent<N, B>>,
    naive: &NaiveEvent,
    event: Snapshot,
) -> Result<(), Broken> {
    let id = event.id;
    let read = Envelope::new(Command::Read);
    let stored = host.read(sql, now, read).map_err(|error| error.to_string())?.outcome;
    if stored != Outcome::Reply(Reply::Event(Box::new(event))) {
        return Err(format!("{id:?} is stored as {stored:#?}"));
    }
    let seats = in_order(host, sql, now);
    let standing = naive.standing();
    let agrees = seats.len() == standing.len()
        && seats.iter().zip(&standing).all(|((seat, position), expected)| {
            (seat.user, seat.id, seat.registered_at, seat.confirmed_at, seat.checked_in_at, *position)
                == (
                    expected.user,
                    expected.id,
                    expected.registered_at,
                    expected.confirmed_at,
                    expected.checked_in_at,
                    expected.position,
                )
        });
    if agrees {
        return Ok(());
    }
    Err(format!("the seats of {id:?} are stored as {seats:#?}\nand stand as {standing:#?}"))
}

/// What careful clients were told is so, at any time.
pub(crate) fn acknowledged_stands(clients: &Clients, truth: &Truth) -> Result<(), Broken> {
    for (user, event, registration) in clients.acknowledged() {
        let Some(naive) = truth.events.get(&event).filter(|naive| naive.event().is_some()) else {
            continue;
        };
        let stands = naive.of_user(user);
        if stands != registration {
            return Err(format!("{user:?} was told {registration:?} of {event:?}, but {stands:?} stands"));
        }
    }
    Ok(())
}

/// Everything has arrived: all that was owed has gone out, and all copies equal what they are of.
pub(crate) fn at_rest(world: &mut World, truth: &Truth) -> Result<(), Broken> {
    for id in truth.events.keys() {
        is_rebuilt(world, truth, *id)?;
    }
    if let Some((template, times)) = truth.owed.iter().find(|(_, times)| **times > 0) {
        return Err(format!("{times} times a letter never went out: {template}"));
    }
    let events: BTreeMap<_, _> = truth.events.iter().map(|(id, naive)| (*id, naive.event())).collect();
    let differences = catalog_differences(&world.node(&Address::Catalog).sql, &events);
    if !differences.is_empty() {
        return Err(format!("the Catalog differs: {}", differences.join("\n")));
    }
    everybody_knows(truth)?;
    own_lists_equal_rosters(world, truth)?;
    nothing_is_left_of_the_erased(world, truth)?;
    accounts_are_rebuilt(world, truth)
}

/// Everybody who stands at an event knows when it takes place, or, once, that it does not.
fn everybody_knows(truth: &Truth) -> Result<(), Broken> {
    for (id, naive) in &truth.events {
        let live = naive.event();
        for standing in naive.standing() {
            let ended = truth.ended.get(&standing.id).copied().unwrap_or_default();
            if ended != u32::from(live.is_none()) {
                return Err(format!("{:?} of {id:?} has heard of its end {ended} times", standing.id));
            }
            let told = truth.told.get(&standing.id);
            if live.as_ref().is_some_and(|event| told != Some(event.details.schedule())) {
                return Err(format!("{:?} of {id:?} was told last of {told:?}", standing.id));
            }
        }
    }
    Ok(())
}

/// The Catalog takes everybody for a participant of the events at which they stand. What it has
/// heard of events that are deleted does not matter: they say themselves that they are gone.
fn own_lists_equal_rosters(world: &mut World, truth: &Truth) -> Result<(), Broken> {
    let catalog = &world.node(&Address::Catalog).sql;
    let live: BTreeMap<_, _> = truth.events.iter().filter(|(_, naive)| naive.event().is_some()).collect();
    for user in truth.accounts.values().filter_map(NaiveAccount::user) {
        let stands = |(id, naive): (&&EventId, &&NaiveEvent)| naive.of_user(user).map(|_| **id);
        let stands: BTreeSet<EventId> = live.iter().filter_map(stands).collect();
        let listed: BTreeSet<EventId> =
            participations(catalog, user).into_iter().filter(|event| live.contains_key(event)).collect();
        if listed != stands {
            return Err(format!("{user:?} has {listed:?} in the own list and stands at {stands:?}"));
        }
    }
    Ok(())
}

/// Who has deleted their account stands nowhere, and no row anywhere names them.
fn nothing_is_left_of_the_erased(world: &mut World, truth: &Truth) -> Result<(), Broken> {
    let has_account = |email: &Email| {
        let profiles = truth.accounts.values().filter_map(NaiveAccount::profile);
        profiles.into_iter().any(|profile| profile.email == *email)
    };
    for (user, email) in &truth.erased {
        if let Some((id, _)) = truth.events.iter().find(|(_, event)| event.address_of(*user).is_some()) {
            return Err(format!("{user:?} is gone and still known at {id:?}"));
        }
        let named = format!(" | {} | ", email.as_str());
        for address in world.addresses() {
            let rows = world.node(&address).sql.dump();
            let theirs = |row: &&String| {
                let of_them = row.contains(&user.to_string()) && row.contains(email.as_str());
                of_them || (row.contains(&named) && !has_account(email))
            };
            if let Some(row) = rows.iter().find(theirs) {
                return Err(format!("{user:?} is gone, but {address:?} holds {row}"));
            }
        }
    }
    Ok(())
}

/// What accounts have stored is what they have acknowledged.
fn accounts_are_rebuilt(world: &mut World, truth: &Truth) -> Result<(), Broken> {
    let now = world.now;
    for (key, account) in &truth.accounts {
        let sql: &dyn Sql = &world.node(&Address::Account(key.clone())).sql;
        let mut host = Host::<Account>::new(0);
        let mut ask = |command| {
            let envelope = Envelope::new(command);
            host.read(sql, now, envelope).map(|answer| answer.outcome).map_err(|error| error.to_string())
        };
        account.admits_stored(now, &mut ask)?;
    }
    Ok(())
}
