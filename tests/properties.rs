//! Whatever is asked of the objects, in whatever order: the rules hold, the answers are those of a
//! naive model, and what was written gives back what is in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects)]

#[path = "properties/lists.rs"]
mod lists;
mod support;

use std::collections::BTreeMap;

use event_platform::domain::event::{Change, Details, EventPatch, JoinUrl, Status};
use event_platform::domain::roster::{Admission, Departure, Lookup, Position, Roster, Seat, Seats, Sizes};
use event_platform::domain::{Refusal, Timestamp, UserId};
use event_platform::objects::event::{Command, IfMatch, Reply, SeatStatus, SizedEvent, Snapshot};
use event_platform::objects::{Envelope, Host, Kind, Object, Outcome, Queued};
use proptest::collection::vec;
use proptest::prelude::*;
use support::checks::in_order;
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

/// An object that is asked as the runtime asks it: reads one by one, writes in one transaction.
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
            let answers =
                host.run_batch(sql, now, group.iter().cloned().map(Queued::from).collect()).unwrap();
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

/// Steps that share a batch, the pause before them, and whether the object restarts after them.
type Group = (Vec<Step>, i64, bool);

fn groups() -> impl Strategy<Value = Vec<Group>> {
    vec((vec(step(), 1..12), 0..300_000_i64, prop::bool::weighted(0.1)), 1..20)
}

/// An event answers as the naive one does and is rebuilt as it was, however little of it is in memory.
fn answers_as_the_naive_one_does<const N: u32, const B: u32>(
    first: EventPatch,
    groups: Vec<Group>,
) -> Result<(), TestCaseError> {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<SizedEvent<N, B>>::new(0));
    let (mut naive, mut now, mut registrations) = (NaiveEvent::default(), START, 0);
    let created = create(1, &EventPatch { capacity: first.capacity, waitlist: first.waitlist, ..soon() });
    let expected = naive.execute(now, &created);
    prop_assert_eq!(ask(&mut host, &sql, now, &[created]), vec![expected]);

    for (steps, pause_ms, restart) in groups {
        now = now.plus_ms(pause_ms);
        let commands: Vec<_> = steps.into_iter().map(|step| command(step, &mut registrations)).collect();
        let expected: Vec<_> = commands.iter().map(|command| naive.execute(now, command)).collect();
        let answers = ask(&mut host, &sql, now, &commands);
        for ((answer, expected), command) in answers.into_iter().zip(expected).zip(&commands) {
            prop_assert_eq!(answer, expected, "to {:?}", command);
        }

        let kept = in_order(&mut host, &sql, now);
        let mut again = Host::<SizedEvent<N, B>>::new(0);
        let rebuilt = in_order(&mut again, &sql, now);
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
    Ok(())
}

/// A roster, and what is stored beside it: where it is asked for what it has not in memory, and where it
/// is held against what it has.
struct Stored {
    roster: Roster,
    rows: BTreeMap<u64, Seat>,
}

impl Stored {
    fn new(sizes: Sizes) -> Self {
        Self { roster: Roster::new(sizes), rows: BTreeMap::new() }
    }

    fn of_user(&self, user: UserId) -> Option<Seat> {
        let row = self.rows.values().find(|seat| seat.user == user);
        match self.roster.of_user(user) {
            Lookup::Stands(seat) => assert_eq!(Some(seat), row),
            Lookup::Nothing => assert_eq!(None, row),
            Lookup::Elsewhere => {}
        }
        row.cloned()
    }

    fn register(&mut self, at: &Details, number: u32, person: UserId) -> Result<Admission, Refusal> {
        let standing = self.of_user(person);
        let admission = self.roster.register(at, START, registration_id(number), person, standing)?;
        if let Admission::New(seat) = &admission {
            self.rows.insert(seat.seq, seat.clone());
        }
        Ok(admission)
    }

    fn leave(&mut self, at: &Details, person: UserId) -> Option<Departure> {
        let seat = self.of_user(person)?;
        self.learn_heads();
        let departure = self.roster.leave(at, START, seat);
        self.rows.remove(&departure.left.seq);
        self.write(&departure.promoted);
        Some(departure)
    }

    fn promote(&mut self, at: &Details, most: usize) -> Vec<Seat> {
        self.learn_heads();
        let promoted = self.roster.promote(at, START, most);
        self.write(&promoted);
        promoted
    }

    fn learn_heads(&mut self) {
        if self.roster.lacks_heads() {
            let waiting = self.rows.values().filter(|seat| !seat.is_confirmed());
            self.roster.learn_heads(waiting.take(self.roster.sizes().heads_max()).cloned().collect());
        }
    }

    fn write(&mut self, promoted: &[Seat]) {
        for seat in promoted {
            self.rows.insert(seat.seq, seat.clone());
        }
    }

    fn position(&self, seat: &Seat) -> Option<u32> {
        let waits = |(_, other): &(&u64, &Seat)| !other.is_confirmed();
        match self.roster.position(seat.seq).filter(|_| !seat.is_confirmed())? {
            Position::Exact(position) => Some(position),
            Position::InBlock { ahead, from_seq } => {
                let within = self.rows.range(from_seq..=seat.seq).filter(waits).count();
                Some(ahead + u32::try_from(within).unwrap())
            }
        }
    }
}

/// From everything in memory to next to nothing.
fn sizes() -> impl Strategy<Value = Sizes> {
    prop_oneof![
        Just(Sizes::DEFAULT),
        (0..6_u32, 0..4_u32).prop_map(|(complete_max, block_bits)| Sizes { complete_max, block_bits }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_event_answers_as_the_naive_one_does_and_is_rebuilt_as_it_was(
        first in patch(), groups in groups(),
    ) {
        answers_as_the_naive_one_does::<{ Sizes::DEFAULT.complete_max }, { Sizes::DEFAULT.block_bits }>(first, groups)?;
    }

    #[test]
    fn an_event_that_has_outgrown_its_memory_answers_as_the_naive_one_does(
        first in patch(), groups in groups(), much in any::<bool>(),
    ) {
        if much {
            answers_as_the_naive_one_does::<4, 2>(first, groups)?;
        } else {
            answers_as_the_naive_one_does::<0, 0>(first, groups)?;
        }
    }

    #[test]
    fn promotion_is_in_the_order_of_arrival_and_who_returns_is_last(
        seats in 1..4_u32,
        sizes in sizes(),
        steps in vec((0..PEOPLE, any::<bool>()), 1..80),
    ) {
        let at = details(&EventPatch { capacity: Change::Set(seats), ..soon() });
        let (mut stored, mut line, mut promoted) = (Stored::new(sizes), Vec::<UserId>::new(), Vec::new());
        for (number, (person, comes)) in (0..).zip(steps) {
            let person = user(person);
            if comes {
                match stored.register(&at, number, person).unwrap() {
                    Admission::New(seat) if !seat.is_confirmed() => line.push(person),
                    Admission::New(_) => prop_assert!(line.is_empty(), "somebody was overtaken"),
                    Admission::Standing(seat) => prop_assert_eq!(seat.user, person),
                }
            } else if let Some(departure) = stored.leave(&at, person) {
                line.retain(|waiting| *waiting != person);
                promoted.extend(departure.promoted.iter().map(|seat| seat.user));
            }
            for moved_up in promoted.drain(..) {
                prop_assert_eq!(moved_up, line.remove(0));
            }
            for (place, waiting) in (1..).zip(&line) {
                prop_assert_eq!(stored.position(&stored.of_user(*waiting).unwrap()), Some(place));
            }
            prop_assert!(stored.roster.seats(&at).confirmed <= seats);
        }
    }

    #[test]
    fn nobody_is_overtaken_while_many_are_given_their_seats(
        sizes in sizes(),
        before in 1..20_u32,
        raised in 1..30_u32,
        waitlist in any::<bool>(),
        steps in vec((0..40_u32, 0..3_u8), 1..60),
    ) {
        let few = details(&EventPatch { capacity: Change::Set(1), ..soon() });
        let fields = EventPatch { capacity: Change::Set(raised), waitlist: Change::Set(waitlist), ..soon() };
        let many = details(&fields);
        let mut stored = Stored::new(sizes);
        for number in 0..before {
            stored.register(&few, number, user(number)).unwrap();
        }
        for (number, (person, what)) in (before..).zip(steps) {
            let seats = stored.roster.seats(&many);
            let free = raised - seats.confirmed;
            let promoted = match what {
                0 => {
                    let standing = stored.of_user(user(person));
                    match stored.register(&many, number, user(person)) {
                        Ok(Admission::New(seat)) => {
                            prop_assert_eq!(seat.is_confirmed(), free > 0 && seats.waitlisted == 0);
                        }
                        Ok(Admission::Standing(seat)) => prop_assert_eq!(Some(seat), standing),
                        Err(refusal) => {
                            prop_assert_eq!(refusal, Refusal::EventFull);
                            prop_assert!(!waitlist && free <= seats.waitlisted);
                        }
                    }
                    Vec::new()
                }
                1 => stored.leave(&many, user(person)).map_or(Vec::new(), |departure| departure.promoted),
                _ => stored.promote(&many, 2),
            };
            for (at, seat) in promoted.iter().enumerate() {
                let waits_longer = |other: &Seat| !other.is_confirmed() && other.seq < seat.seq;
                prop_assert!(!stored.rows.values().any(waits_longer), "{} was overtaken", at);
            }
            prop_assert!(stored.roster.seats(&many).confirmed <= raised);
        }
        while stored.roster.owes_seats(&many) {
            prop_assert!(!stored.promote(&many, 2).is_empty());
        }
        let (mut seats, rows) = (stored.roster.seats(&many), stored.rows.values());
        seats.remaining = None;
        let confirmed = u32::try_from(rows.clone().filter(|seat| seat.is_confirmed()).count()).unwrap();
        let waitlisted = u32::try_from(rows.count()).unwrap() - confirmed;
        prop_assert_eq!(seats, Seats { confirmed, waitlisted, remaining: None });
        prop_assert!(waitlisted == 0 || confirmed == raised);
    }

    #[test]
    fn who_has_left_leaves_nothing_behind(people in vec(0..PEOPLE, 1..20)) {
        let at = details(&soon());
        let mut stored = Stored::new(Sizes::DEFAULT);
        for (number, person) in (0..).zip(&people) {
            stored.register(&at, number, user(*person)).unwrap();
            stored.leave(&at, user(*person)).unwrap();
        }
        let blank = Roster::restore(Sizes::DEFAULT, [], u64::try_from(people.len()).unwrap());
        prop_assert_eq!(format!("{:?}", stored.roster), format!("{blank:?}"));
    }
}
