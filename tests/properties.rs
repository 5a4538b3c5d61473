//! Whatever is asked of the objects, in whatever order: the rules hold, the answers are those of a
//! naive model, and what was written gives back what is in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects)]

mod support;

use std::collections::BTreeMap;

use event_platform::domain::event::{Change, EventPatch, JoinUrl, Status};
use event_platform::domain::roster::{Admission, Roster, Seat, Seats};
use event_platform::domain::{Timestamp, UserId};
use event_platform::objects::account::{self, Account};
use event_platform::objects::catalog::{self, Catalog, Participation, Report};
use event_platform::objects::event::{Command, Event, IfMatch, Reply, SeatStatus, Snapshot};
use event_platform::objects::{Envelope, Host, Kind, Object, Outcome, Queued};
use proptest::collection::vec;
use proptest::prelude::*;
use support::checks::{catalog_differences, in_order, participations};
use support::fixtures::*;
use support::naive::NaiveEvent;
use support::sqlite::Sqlite;
use support::world::START;

const PEOPLE: u32 = 8;

/// What may happen to an event's seats. A registration is named by its number, counted over all
/// that were ever asked for.
#[derive(Debug, Clone)]
enum Step {
    Register(u32),
    Leave(u32),
    Remove { by: u32, registration: u32 },
    CheckIn { by: u32, registration: u32, present: bool },
    Join(u32),
    Change { by: u32, patch: Box<EventPatch>, if_match: Option<u64> },
    Delete(u32),
    Mine(u32),
    List { status: Option<SeatStatus>, after: Option<u64>, limit: u32 },
    Read,
}

fn step() -> impl Strategy<Value = Step> {
    let person = 0..PEOPLE;
    let organizer = prop_oneof![19 => Just(ORGANIZER), 1 => 0..PEOPLE];
    let registration = 0..60_u32;
    prop_oneof![
        30 => person.clone().prop_map(Step::Register),
        15 => person.clone().prop_map(Step::Leave),
        5 => (organizer.clone(), registration.clone())
            .prop_map(|(by, registration)| Step::Remove { by, registration }),
        8 => (organizer.clone(), registration, any::<bool>())
            .prop_map(|(by, registration, present)| Step::CheckIn { by, registration, present }),
        5 => person.clone().prop_map(Step::Join),
        15 => (organizer.clone(), patch(), prop::option::weighted(0.1, 1..6_u64))
            .prop_map(|(by, patch, if_match)| Step::Change { by, patch: Box::new(patch), if_match }),
        1 => organizer.prop_map(Step::Delete),
        5 => person.prop_map(Step::Mine),
        5 => (seat_status(), prop::option::of(0..40_u64), 1..10_u32)
            .prop_map(|(status, after, limit)| Step::List { status, after, limit }),
        2 => Just(Step::Read),
    ]
}

fn patch() -> impl Strategy<Value = EventPatch> {
    let minutes = |minutes: i64| START.plus_ms(minutes * 60_000);
    let status =
        prop_oneof![4 => Just(Status::Published), 1 => Just(Status::Draft), 1 => Just(Status::Cancelled)];
    prop_oneof![
        12 => prop::option::weighted(0.9, 1..6_u32).prop_map(capacity),
        3 => any::<bool>().prop_map(|waits| EventPatch { waitlist: Change::Set(waits), ..EventPatch::default() }),
        3 => status.prop_map(|status| EventPatch { status: Change::Set(status), ..EventPatch::default() }),
        1 => Just(EventPatch { join_url: Change::Reset, ..EventPatch::default() }),
        1 => Just(EventPatch {
            join_url: Change::Set(JoinUrl::parse("https://meet.example/other").unwrap()),
            ..EventPatch::default()
        }),
        2 => (-60..60_i64).prop_map(move |at| EventPatch {
            registration_opens_at: Change::Set(minutes(at)),
            ..EventPatch::default()
        }),
        2 => Just(EventPatch {
            registration_opens_at: Change::Reset,
            registration_closes_at: Change::Reset,
            ..EventPatch::default()
        }),
    ]
}

fn seat_status() -> impl Strategy<Value = Option<SeatStatus>> {
    prop::option::of(prop_oneof![
        Just(SeatStatus::Confirmed),
        Just(SeatStatus::Waitlisted),
        Just(SeatStatus::Cancelled)
    ])
}

fn command(step: Step, registrations: &mut u32) -> Command {
    match step {
        Step::Register(person) => {
            *registrations += 1;
            register(*registrations - 1, person)
        }
        Step::Leave(person) => Command::Leave { user: user(person) },
        Step::Remove { by, registration } => {
            Command::Remove { by: user(by), id: registration_id(registration) }
        }
        Step::CheckIn { by, registration, present } => {
            Command::CheckIn { by: user(by), id: registration_id(registration), present }
        }
        Step::Join(person) => Command::Join { user: user(person) },
        Step::Change { by, patch, if_match } => {
            let if_match = if_match.map(|version| IfMatch::Versions(vec![version]));
            Command::Update { by: user(by), patch, if_match }
        }
        Step::Delete(by) => Command::Delete { by: user(by), if_match: None },
        Step::Mine(person) => Command::Mine { user: user(person) },
        Step::List { status, after, limit } => Command::List { by: user(ORGANIZER), status, after, limit },
        Step::Read => Command::Read,
    }
}

/// An object that is asked as the runtime asks it: reads one by one, writes in one turn.
fn ask<O: Object<Command: Clone>>(
    host: &mut Host<O>,
    sql: &Sqlite,
    now: Timestamp,
    commands: &[O::Command],
) -> Vec<Outcome<O::Reply>> {
    let reads = |command: &O::Command| matches!(O::kind(command), Kind::Read | Kind::LeasedRead);
    let mut outcomes = Vec::new();
    for group in commands.chunk_by(|a, b| !reads(a) && !reads(b)) {
        if let [command] = group
            && reads(command)
        {
            let envelope = Envelope::new(command.clone());
            outcomes.push(host.read(sql, now, envelope).unwrap().outcome);
        } else {
            let answers = host.turn(sql, now, group.iter().cloned().map(Queued::from).collect()).unwrap();
            outcomes.extend(answers.into_iter().map(|answer| answer.outcome));
        }
    }
    outcomes
}

/// The rules of `domain::roster`, in the order in which they stand there.
fn hold_the_rules(event: &Snapshot, seats: &[(Seat, Option<u32>)]) -> Result<(), TestCaseError> {
    let (confirmed, waiting): (Vec<_>, Vec<_>) = seats.iter().partition(|(seat, _)| seat.is_confirmed());
    let free = event.details.capacity().is_none_or(|capacity| confirmed.len() < capacity as usize);
    prop_assert!(event.details.capacity().is_none_or(|capacity| confirmed.len() <= capacity as usize));
    prop_assert!(waiting.is_empty() || !free || event.details.status() != Status::Published);
    let positions: Vec<_> = waiting.iter().map(|(_, position)| position.unwrap() as usize).collect();
    prop_assert_eq!(positions, (1..=waiting.len()).collect::<Vec<_>>());
    let mut users: Vec<_> = seats.iter().map(|(seat, _)| seat.user).collect();
    users.sort();
    users.dedup();
    prop_assert_eq!(users.len(), seats.len());
    prop_assert_eq!(event.seats.confirmed as usize, confirmed.len());
    prop_assert_eq!(event.seats.waitlisted as usize, waiting.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_event_answers_as_the_naive_one_does_and_is_rebuilt_as_it_was(
        first in patch(),
        groups in vec((vec(step(), 1..12), 0..300_000_i64, prop::bool::weighted(0.1)), 1..20),
    ) {
        let (sql, mut host) = (Sqlite::in_memory(), Host::<Event>::new(0));
        let (mut naive, mut now, mut registrations) = (NaiveEvent::default(), START, 0);
        let created = create(1, &EventPatch { capacity: first.capacity, waitlist: first.waitlist, ..soon() });
        let expected = naive.execute(now, &created);
        prop_assert_eq!(ask(&mut host, &sql, now, &[created]), vec![expected]);

        for (steps, pause_ms, restart) in groups {
            now = now.plus_ms(pause_ms);
            let commands: Vec<_> =
                steps.into_iter().map(|step| command(step, &mut registrations)).collect();
            let expected: Vec<_> = commands.iter().map(|command| naive.execute(now, command)).collect();
            let answers = ask(&mut host, &sql, now, &commands);
            for ((answer, expected), command) in answers.into_iter().zip(expected).zip(&commands) {
                prop_assert_eq!(answer, expected, "to {:?}", command);
            }

            let kept = in_order(host.object(&sql, now).unwrap().roster().unwrap());
            let mut again = Host::<Event>::new(0);
            let rebuilt = in_order(again.object(&sql, now).unwrap().roster().unwrap());
            prop_assert_eq!(&rebuilt, &kept);
            if let Some(event) = naive.event() {
                hold_the_rules(&event, &kept)?;
                let read = ask(&mut again, &sql, now, &[Command::Read]);
                prop_assert_eq!(read, vec![Outcome::Reply(Reply::Event(Box::new(event)))]);
            }
            if restart {
                host = again;
            }
        }
    }

    #[test]
    fn promotion_is_in_the_order_of_arrival_and_who_returns_is_last(
        seats in 1..4_u32,
        steps in vec((0..PEOPLE, any::<bool>()), 1..80),
    ) {
        let at = details(&EventPatch { capacity: Change::Set(seats), ..soon() });
        let (mut roster, mut line, mut promoted) = (Roster::default(), Vec::<UserId>::new(), Vec::new());
        for (number, (person, comes)) in (0..).zip(steps) {
            let person = user(person);
            if comes {
                match roster.register(&at, START, registration_id(number), person).unwrap() {
                    Admission::New(seat) if !seat.is_confirmed() => line.push(person),
                    Admission::New(_) => prop_assert!(line.is_empty(), "somebody was overtaken"),
                    Admission::Standing(seat) => prop_assert_eq!(seat.user, person),
                }
            } else if let Ok(departure) = roster.leave(&at, START, person) {
                line.retain(|waiting| *waiting != person);
                promoted.extend(departure.promoted.iter().map(|seat| seat.user));
            }
            for moved_up in promoted.drain(..) {
                prop_assert_eq!(moved_up, line.remove(0));
            }
            prop_assert!(roster.seats(&at).confirmed <= seats);
        }
    }

    #[test]
    fn who_has_left_leaves_nothing_behind(people in vec(0..PEOPLE, 1..20)) {
        let at = details(&soon());
        let mut roster = Roster::default();
        for (number, person) in (0..).zip(&people) {
            roster.register(&at, START, registration_id(number), user(*person)).unwrap();
            roster.leave(&at, START, user(*person)).unwrap();
        }
        let blank = Roster::restore([], u64::try_from(people.len()).unwrap());
        prop_assert_eq!(format!("{roster:?}"), format!("{blank:?}"));
    }

    #[test]
    fn an_account_is_rebuilt_as_it_was(
        steps in vec((0..65_u32, 0..3_u32, 0..20_000_i64), 1..60),
    ) {
        let (sql, mut host, mut now) = (Sqlite::in_memory(), Host::<Account>::new(0), START);
        ask(&mut host, &sql, now, &[account::Command::SignUp(Box::new(sign_up(0)))]);
        for (at, (what, number, pause_ms)) in (0..).zip(steps) {
            now = now.plus_ms(pause_ms);
            let login = |matched| account::Command::FinishLogin { matched, session: session(at, now, 60_000), stronger: None };
            let commands = match what {
                0..10 => vec![account::Command::SignUp(Box::new(sign_up(number)))],
                10..40 => vec![login(Some(hash(0)))],
                // The first few failures in a row are not kept.
                40..60 => vec![login(None); 5],
                _ => vec![account::Command::VerifyEmail { token: sign_up(number).verification.digest }],
            };
            ask(&mut host, &sql, now, &commands);
            let mut again = Host::<Account>::new(0);
            prop_assert_eq!(again.object(&sql, now).unwrap(), host.object(&sql, now).unwrap());
        }
    }

    #[test]
    fn reports_lead_to_one_list_of_participants_in_whatever_order_and_however_often_they_arrive(
        (changes, order) in vec(0..PEOPLE, 1..12).prop_flat_map(|changes| {
            let order: Vec<_> = (0..changes.len()).chain(0..changes.len()).collect();
            (Just(changes), Just(order).prop_shuffle())
        }),
    ) {
        let (sql, mut host) = (Sqlite::in_memory(), Host::<Catalog>::new(0));
        let told = comings_and_goings(&changes);
        let blank = reports(&[(false, 0)]).remove(0);
        for at in order {
            let report = Box::new(Report { participations: vec![told[at].clone()], ..blank.clone() });
            ask(&mut host, &sql, START, &[catalog::Command::Report(report)]);
        }
        for person in 0..PEOPLE {
            let stands = changes.iter().filter(|changed| **changed == person).count() % 2 == 1;
            let expected = stands.then_some(blank.event).into_iter().collect();
            prop_assert_eq!(participations(&sql, user(person)), expected);
        }
    }

    #[test]
    fn the_catalog_shows_the_newest_report_in_whatever_order_and_however_often_they_arrive(
        (changes, order) in vec((any::<bool>(), 0..3_u32), 1..10).prop_flat_map(|changes| {
            let order: Vec<_> = (0..changes.len()).chain(0..changes.len()).collect();
            (Just(changes), Just(order).prop_shuffle())
        }),
    ) {
        let (sql, mut host) = (Sqlite::in_memory(), Host::<Catalog>::new(0));
        let reports = reports(&changes);
        for at in order {
            let report = Box::new(reports[at].clone());
            ask(&mut host, &sql, START, &[catalog::Command::Report(report)]);
        }
        let truth = reports.last().unwrap();
        let events = [(truth.event, truth.entry.clone())].into();
        prop_assert_eq!(catalog_differences(&sql, &events), Vec::<String>::new());
    }
}

/// Each time the person of this number comes, or goes who has come before.
fn comings_and_goings(changes: &[u32]) -> Vec<Participation> {
    let mut standing: BTreeMap<u32, u64> = BTreeMap::new();
    (1..)
        .zip(changes)
        .map(|(change, person)| {
            let left = standing.remove(person);
            let seq = left.unwrap_or(change);
            if left.is_none() {
                standing.insert(*person, seq);
            }
            Participation { change, user: user(*person), seq, stands: left.is_none() }
        })
        .collect()
}

/// What an event reports of itself one after the other: each time either its version or nothing
/// but its seats are others.
fn reports(changes: &[(bool, u32)]) -> Vec<Report> {
    let mut naive = NaiveEvent::default();
    naive.execute(START, &create(1, &soon()));
    let first = naive.event().unwrap();
    let mut version = 1;
    (1..)
        .zip(changes)
        .map(|(at, (changed, confirmed))| {
            version += u64::from(*changed);
            let seats = Seats { confirmed: *confirmed, ..first.seats };
            let details = first.details.clone().without_join_url();
            let entry = Some(Snapshot { seats, version, details, ..first.clone() });
            let (as_of, participations) = (START.plus_ms(at), Vec::new());
            Report { event: first.id, version, as_of, news: *changed, entry, participations }
        })
        .collect()
}
