//! Events that have outgrown their memory: how they come to be so, that everything in them is found by
//! an index, and what happens when a great many get a seat at once.

use std::cell::RefCell;

use event_platform::domain::event::{Change, EventPatch, Status};
use event_platform::domain::schedule::parse_time;
use event_platform::objects::event::{Command, Event, Reply, SeatStatus, SizedEvent, Snapshot};
use event_platform::objects::outbox::{Delivery, OutboxEntry};
use event_platform::objects::sql::{Row, Sql, SqlError, Value};
use event_platform::objects::{Host, Outcome};

use super::{read, run_batch};
use crate::support::checks::in_order;
use crate::support::fixtures::*;
use crate::support::node::TinyEvent;
use crate::support::sqlite::Sqlite;
use crate::support::world::START;

/// An event that keeps everything in memory, as versions before did.
type BoundlessEvent = SizedEvent<{ u32::MAX }, 10>;
/// A large event from the first registration on, with blocks of the usual size.
type LargeEvent = SizedEvent<0, 10>;

fn seats(capacity: u32) -> EventPatch {
    EventPatch { capacity: Change::Set(capacity), ..soon() }
}

fn snapshot<const N: u32, const B: u32>(host: &mut Host<SizedEvent<N, B>>, sql: &dyn Sql) -> Snapshot {
    match read(host, sql, START, Command::Read).unwrap().outcome {
        Outcome::Reply(Reply::Event(event)) => *event,
        other => panic!("{other:?}"),
    }
}

/// Lets so many people register, a batch for every 250.
fn crowd<const N: u32, const B: u32>(host: &mut Host<SizedEvent<N, B>>, sql: &dyn Sql, people: u32) {
    let everybody: Vec<u32> = (0..people).collect();
    for some in everybody.chunks(250) {
        let commands = some.iter().map(|number| register(*number, *number)).collect();
        run_batch(host, sql, START, commands).unwrap();
    }
}

#[test]
fn an_event_that_an_older_version_has_filled_is_counted_when_it_is_loaded() {
    let (sql, mut boundless) = (Sqlite::in_memory(), Host::<BoundlessEvent>::new(0));
    run_batch(&mut boundless, &sql, START, vec![create(1, &seats(700))]).unwrap();
    crowd(&mut boundless, &sql, 3_000);
    let leave = (0..3_000).step_by(13).map(|number| Command::Leave { user: user(number) }).collect();
    run_batch(&mut boundless, &sql, START, leave).unwrap();
    let blocks = "SELECT count(*), sum(confirmed), sum(waitlisted) FROM seat_blocks";
    let counted = |sql: &Sqlite| format!("{:?}", sql.run(blocks, &[]).unwrap());
    assert!(counted(&sql).contains("Integer(0), Null, Null"), "{}", counted(&sql));

    let mut large = Host::<LargeEvent>::new(0);
    assert_eq!(in_order(&mut large, &sql, START), in_order(&mut boundless, &sql, START));
    assert_eq!(snapshot(&mut large, &sql), snapshot(&mut boundless, &sql));
    assert!(counted(&sql).contains("Integer(3), Integer(700), Integer(2069)"), "{}", counted(&sql));
}

#[test]
fn an_event_that_outgrows_its_memory_in_the_middle_of_a_turn_stays_what_it_is() {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Event>::new(0));
    let (other_sql, mut boundless) = (Sqlite::in_memory(), Host::<BoundlessEvent>::new(0));
    run_batch(&mut host, &sql, START, vec![create(1, &seats(8_000))]).unwrap();
    run_batch(&mut boundless, &other_sql, START, vec![create(1, &seats(8_000))]).unwrap();
    crowd(&mut host, &sql, 8_100);
    crowd(&mut boundless, &other_sql, 8_100);
    // Everybody of the last batches comes twice, and some of them go at once.
    let commands: Vec<Command> = (8_100..8_300)
        .flat_map(|number| {
            let leaves = number % 3 == 0;
            let last = if leaves { Command::Leave { user: user(number) } } else { register(number, number) };
            [register(number, number), last]
        })
        .collect();
    let answers = run_batch(&mut host, &sql, START, commands.clone()).unwrap();
    assert_eq!(answers, run_batch(&mut boundless, &other_sql, START, commands).unwrap());
    let expected = in_order(&mut boundless, &other_sql, START);
    assert_eq!(in_order(&mut host, &sql, START), expected);
    assert_eq!(in_order(&mut Host::<Event>::new(0), &sql, START), expected);
}

/// Lets an alarm ring so many minutes after the start, and whatever is due arrive: the keys of that.
fn ring<const N: u32, const B: u32>(
    host: &mut Host<SizedEvent<N, B>>,
    sql: &dyn Sql,
    minutes: i64,
) -> Vec<String> {
    let now = START.plus_ms(minutes * 60_000);
    let due: Vec<OutboxEntry> = host.due(sql, now).unwrap();
    let keys = due.iter().map(|item| item.key.clone()).collect();
    let results: Vec<_> = due.into_iter().map(|item| (item, Delivery::Done)).collect();
    host.acknowledge(sql, now, &results).unwrap();
    keys
}

#[test]
fn many_who_get_a_seat_at_once_get_it_turn_by_turn_and_nobody_is_overtaken() {
    const PEOPLE: u32 = 5_000;
    const A_BATCH: u32 = 2_048;
    let (sql, mut host) = (Sqlite::in_memory(), Host::<LargeEvent>::new(0));
    run_batch(&mut host, &sql, START, vec![create(1, &seats(1))]).unwrap();
    crowd(&mut host, &sql, PEOPLE);
    let raised = run_batch(&mut host, &sql, START, vec![update(capacity(Some(4_500)))]).unwrap();
    let [Outcome::Reply(Reply::Event(event))] = &raised[..] else { panic!("{raised:?}") };
    assert_eq!((event.seats.confirmed, event.seats.waitlisted), (1 + A_BATCH, PEOPLE - 1 - A_BATCH));
    assert!(host.next_alarm().unwrap() <= START, "the alarm goes on");

    // Seats are free, but others have waited for longer.
    let late = run_batch(&mut host, &sql, START, vec![register(9_000, 9_000)]).unwrap();
    let [Outcome::Reply(Reply::Registration { registration, .. })] = &late[..] else { panic!("{late:?}") };
    assert_eq!(registration.status, SeatStatus::Waitlisted);
    assert_eq!(registration.position, Some(PEOPLE - A_BATCH));

    let stamp = read(&mut host, &sql, START, Command::Read).unwrap().stamp;
    let mut told = ring(&mut host, &sql, 1);
    assert_ne!(read(&mut host, &sql, START, Command::Read).unwrap().stamp, stamp);
    assert_eq!(snapshot(&mut host, &sql).seats.confirmed, 1 + 2 * A_BATCH);
    let mut host = Host::<LargeEvent>::new(0);
    assert_eq!(snapshot(&mut host, &sql).seats.confirmed, 1 + 2 * A_BATCH);
    for minutes in 2.. {
        let keys = ring(&mut host, &sql, minutes);
        if keys.is_empty() {
            break;
        }
        told.extend(keys);
    }
    let seats = in_order(&mut host, &sql, START);
    assert!(seats.iter().take(4_500).all(|(seat, _)| seat.is_confirmed()));
    let positions: Vec<_> = seats.iter().skip(4_500).map(|(_, position)| position.unwrap()).collect();
    assert_eq!(positions, (1..=501).collect::<Vec<_>>());
    told.retain(|key| key.starts_with("seat_is_yours/"));
    told.sort();
    let templates = told.len();
    told.dedup();
    assert_eq!((templates, told.len()), (4_499, 4_499));
}

#[test]
fn a_deleted_event_gives_no_more_seats() {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<LargeEvent>::new(0));
    run_batch(&mut host, &sql, START, vec![create(1, &seats(1))]).unwrap();
    crowd(&mut host, &sql, 3_000);
    let delete = Command::Delete { by: user(ORGANIZER), if_match: None };
    run_batch(&mut host, &sql, START, vec![update(capacity(None)), delete]).unwrap();
    let before = in_order(&mut host, &sql, START);
    ring(&mut host, &sql, 1);
    assert_eq!(in_order(&mut host, &sql, START), before);
}

/// A database that has each statement explained before it runs.
struct Explaining<'a> {
    sql: &'a Sqlite,
    complaints: RefCell<Vec<String>>,
}

impl Explaining<'_> {
    fn explain(&self, statement: &str, params: &[Value]) {
        let Ok(plan) = self.sql.run(&format!("EXPLAIN QUERY PLAN {statement}"), params) else { return };
        for row in plan {
            let step: String = row.get(3).unwrap();
            let scans = step.starts_with("SCAN registrations");
            let sorts =
                step.contains("TEMP B-TREE FOR ORDER BY") || step.contains("TEMP B-TREE FOR GROUP BY");
            if scans || sorts {
                self.complaints.borrow_mut().push(format!("{step}: {statement}"));
            }
        }
    }
}

impl Sql for Explaining<'_> {
    fn run(&self, statement: &str, params: &[Value]) -> Result<Vec<Row>, SqlError> {
        self.explain(statement, params);
        self.sql.run(statement, params)
    }

    fn transaction(&self, work: &mut dyn FnMut() -> Result<(), SqlError>) -> Result<(), SqlError> {
        self.sql.transaction(work)
    }

    fn wipe(&self) -> Result<(), SqlError> {
        self.sql.wipe()
    }
}

#[test]
fn nothing_that_is_asked_of_a_large_event_reads_or_sorts_all_of_it() {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<TinyEvent>::new(0));
    run_batch(&mut host, &sql, START, vec![create(1, &seats(5))]).unwrap();
    crowd(&mut host, &sql, 40);
    let sql = Explaining { sql: &sql, complaints: RefCell::default() };
    let by = user(ORGANIZER);
    let id = registration_id;
    let moved = EventPatch { time: Change::Set(parse_time("12:25").unwrap()), ..EventPatch::default() };
    let cancelled = EventPatch { status: Change::Set(Status::Cancelled), ..EventPatch::default() };
    let mut host = Host::<TinyEvent>::new(0);
    let writes = vec![
        vec![register(100, 100), Command::Leave { user: user(1) }, register(101, 1)],
        vec![Command::Remove { by, id: id(2) }, Command::CheckIn { by, id: id(3), present: true }],
        vec![Command::Withdraw { id: id(20) }, Command::Unremind { id: id(4) }],
        vec![Command::Join { user: user(3) }, update(capacity(Some(12)))],
        vec![Command::AccountChange(Box::new(erased(6))), update(moved)],
    ];
    for commands in writes {
        for outcome in run_batch(&mut host, &sql, START.plus_ms(10 * 60_000), commands).unwrap() {
            assert!(matches!(outcome, Outcome::Reply(_)), "{outcome:?}");
        }
    }
    let list = |status, after| Command::List { by, status, after, limit: 7 };
    let reads = [
        Command::Read,
        Command::Mine { user: user(35) },
        Command::Record(user(1)),
        Command::Record(user(2)),
        Command::Linked { id: id(35) },
        Command::Linked { id: id(1) },
        list(None, None),
        list(Some(SeatStatus::Confirmed), Some(3)),
        list(Some(SeatStatus::Waitlisted), Some(25)),
        list(Some(SeatStatus::Cancelled), None),
    ];
    for command in reads {
        let outcome = read(&mut host, &sql, START, command).unwrap().outcome;
        assert!(matches!(outcome, Outcome::Reply(_)), "{outcome:?}");
    }
    for minutes in [13, 14, 15, 16] {
        ring(&mut host, &sql, minutes);
    }
    run_batch(&mut host, &sql, START, vec![update(cancelled)]).unwrap();
    ring(&mut host, &sql, 17);
    assert_eq!(sql.complaints.take(), Vec::<String>::new());
}
