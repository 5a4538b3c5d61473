//! How the objects' own time and memory grow: 100,000 registrations in one event, 100,000 events in
//! the Catalog. Native, over SQLite in memory; `cargo bench --bench scale`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
#![allow(clippy::panic, clippy::cast_precision_loss, missing_docs)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use event_platform::domain::event::{Change, Description, EventPatch, Status, Title};
use event_platform::domain::roster::{Lookup, Roster, Seats, Sizes};
use event_platform::domain::{Timestamp, schedule};
use event_platform::objects::catalog::{Catalog, Command, Cursor, Order, Query, Reply, Report, Scope, words};
use event_platform::objects::event::{self, Event, Snapshot};
use event_platform::objects::sql::Sql;
use event_platform::objects::{Envelope, Host, Outcome};

#[path = "../../tests/support/mod.rs"]
mod support;

use support::fixtures;
use support::sqlite::Sqlite;

const MANY: u32 = 100_000;
const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

/// Counts the bytes that are in use.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

#[allow(unsafe_code, reason = "an allocator is unsafe by its nature; this one hands everything on")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    roster();
    for people in [100_000, 230_000, 1_000_000] {
        large_event(people);
    }
    catalog();
    unspaced();
}

/// An event of so many, three in five with a seat, read back from its database; then a thousand more.
fn large_event(people: u32) {
    let sql = filled(people);
    let counting = Instant::now();
    Host::<Event>::new(0).object(&sql, NOW).unwrap();
    let counting = counting.elapsed();

    let before = IN_USE.load(Ordering::Relaxed);
    let in_use = || (IN_USE.load(Ordering::Relaxed).saturating_sub(before)) as f64 / 1e6;
    let loading = Instant::now();
    let mut host = Host::<Event>::new(0);
    host.object(&sql, NOW).unwrap();
    let loading = loading.elapsed();
    let loaded = in_use();
    let registering = Instant::now();
    for from in (people..people + 1_000).step_by(50) {
        let commands = (from..from + 50).map(|number| fixtures::register(number, number).into());
        host.run_batch(&sql, NOW, commands.collect()).unwrap();
    }
    let registering = registering.elapsed().as_secs_f64() * 1e6 / 1e3;
    let leaving = Instant::now();
    for from in (0..1_000).step_by(50) {
        let leave = |number| event::Command::Leave { user: fixtures::user(number) }.into();
        host.run_batch(&sql, NOW, (from..from + 50).map(leave).collect()).unwrap();
    }
    let leaving = leaving.elapsed().as_secs_f64() * 1e6 / 1e3;
    let looking = Instant::now();
    for number in people..people + 1_000 {
        let command = event::Command::Mine { user: fixtures::user(number) };
        host.read(&sql, NOW, Envelope::new(command)).unwrap();
    }
    let looking = looking.elapsed().as_secs_f64() * 1e6 / 1e3;
    println!("event of {people}: counted in {counting:.0?} by the first load, loaded in {loading:.2?}");
    println!("  memory {loaded:.2} MB once loaded, {:.2} MB after a thousand more", in_use());
    println!("  register {registering:.0} µs, leave {leaving:.0} µs, look at one's place {looking:.0} µs");
}

/// The database of an event as a version that kept no counts has left it.
fn filled(people: u32) -> Sqlite {
    let sql = Sqlite::in_memory();
    let capacity = EventPatch { capacity: Change::Set(people / 5 * 3), ..fixtures::soon() };
    Host::<Event>::new(0)
        .run_batch(&sql, NOW, vec![fixtures::create(1, &capacity).into(), fixtures::register(0, 0).into()])
        .unwrap();
    let with_number = |column: &str| format!("substr({column}, 1, 28) || printf('%08x', n)");
    sql.run(
        &format!(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {people} - 1)
             INSERT INTO registrations (seq, id, user_id, account, name, email, status, registered_at,
                 confirmed_at, change, told, origin)
             SELECT n, {}, {}, account, name, n || email, iif(n < {people} / 5 * 3, 'confirmed', 'waitlisted'),
                 registered_at, iif(n < {people} / 5 * 3, confirmed_at, NULL), change + n, told, origin
             FROM n, (SELECT * FROM registrations)",
            with_number("id"),
            with_number("user_id")
        ),
        &[],
    )
    .unwrap();
    sql
}

/// Half of the people get a seat, half wait; then the middle of the waitlist asks and leaves.
fn roster() {
    let details = fixtures::details(&EventPatch { capacity: Change::Set(MANY / 2), ..fixtures::soon() });
    let before = IN_USE.load(Ordering::Relaxed);
    let mut roster = Roster::new(Sizes { complete_max: MANY, ..Sizes::DEFAULT });
    let registering = Instant::now();
    for number in 0..MANY {
        let (id, user) = (fixtures::registration_id(number), fixtures::user(number));
        std::hint::black_box(roster.of_user(user));
        roster.register(&details, NOW, id, user, None).unwrap();
    }
    let registering = registering.elapsed();
    let bytes = IN_USE.load(Ordering::Relaxed) - before;
    let leaving = Instant::now();
    for number in MANY / 4..MANY / 4 * 3 {
        let Lookup::Stands(seat) = roster.of_user(fixtures::user(number)) else { unreachable!() };
        let seat = seat.clone();
        std::hint::black_box(roster.position(seat.seq));
        roster.leave(&details, NOW, seat);
    }
    let leaving = leaving.elapsed();
    println!("roster of {MANY}: {:.1} MB in memory", bytes as f64 / 1e6);
    println!("  register            {:>8.2} µs each", registering.as_secs_f64() * 1e6 / f64::from(MANY));
    println!("  position and leave  {:>8.2} µs each", leaving.as_secs_f64() * 1e6 / f64::from(MANY / 2));
}

fn catalog() {
    let sql = Sqlite::in_memory();
    let mut host = Host::<Catalog>::new(0);
    let filling = Instant::now();
    for from in (0..MANY).step_by(1_000) {
        let reports = (from..from + 1_000)
            .map(|number| Command::Report(Box::new(report(number, SPACED))).into())
            .collect();
        host.run_batch(&sql, NOW, reports).unwrap();
    }
    let (seconds, megabytes) = (filling.elapsed().as_secs_f64(), size(&sql));
    println!("catalog of {MANY} events, filled in {seconds:.1} s, {megabytes:.0} MB; a page of 50:");
    let everything = fixtures::everything(Scope::Public(Status::Published));
    let with = |change: fn(&mut Query)| {
        let mut query = everything.clone();
        change(&mut query);
        query
    };
    let queries: [(&str, Query); 9] = [
        ("first page", everything.clone()),
        ("by creation, newest first", with(|query| query.order = Order::CreatedAtDescending)),
        (
            "in the middle",
            with(|query| {
                let at = NOW.ms().div_euclid(60_000) * (1 << 20) + 50_000 * 60 * (1 << 20);
                query.after = Some(Cursor { past_titles: false, at });
            }),
        ),
        ("of one organizer", with(|query| query.organizer = Some(fixtures::user(7)))),
        ("with a tag that all have", with(|query| query.tag = Some("all".to_owned()))),
        ("a word that all have", with(|query| search(query, "conference"))),
        ("a word that one in 1000 has", with(|query| search(query, "topic7"))),
        ("the beginning of a word that all have, and one", with(|query| search(query, "conf topic12"))),
        (
            "a word that all have, newest first",
            with(|query| {
                search(query, "conference");
                query.order = Order::CreatedAtDescending;
            }),
        ),
    ];
    for (name, query) in queries {
        let rounds = 20;
        let started = Instant::now();
        let mut found = 0;
        for _ in 0..rounds {
            let envelope = Envelope::new(Command::List(query.clone()));
            let answer = host.read(&sql, NOW, envelope).unwrap();
            let Outcome::Reply(Reply::Page { events, .. }) = answer.outcome else { unreachable!() };
            found = events.len();
        }
        let ms = started.elapsed().as_secs_f64() * 1e3 / f64::from(rounds);
        println!("  {name:<48} {ms:>6.2} ms  ({found} events)");
    }
}

/// The same with texts in a script without spaces, and an index of an older version that is built anew.
fn unspaced() {
    let sql = Sqlite::in_memory();
    let mut host = Host::<Catalog>::new(0);
    let filling = Instant::now();
    for from in (0..MANY).step_by(1_000) {
        let command = |number| Command::Report(Box::new(report(number, UNSPACED))).into();
        host.run_batch(&sql, NOW, (from..from + 1_000).map(command).collect()).unwrap();
    }
    let (seconds, megabytes) = (filling.elapsed().as_secs_f64(), size(&sql));
    let words: usize = SPACED.split_whitespace().count();
    println!(
        "the same with {} Japanese letters for {words} words: filled in {seconds:.1} s, {megabytes:.0} MB",
        UNSPACED.chars().count()
    );
    for question in ["会議", "開発者会議", "者", "topic7 会議"] {
        let mut query = fixtures::everything(Scope::Public(Status::Published));
        search(&mut query, question);
        let started = Instant::now();
        for _ in 0..20 {
            host.read(&sql, NOW, Envelope::new(Command::List(query.clone()))).unwrap();
        }
        println!("  {question:<48} {:>6.2} ms", started.elapsed().as_secs_f64() * 1e3 / 20.0);
    }
    sql.run("UPDATE events SET words_version = 1", &[]).unwrap();
    let mut host = Host::<Catalog>::new(0);
    let loading = Instant::now();
    host.object(&sql, NOW).unwrap();
    let loading = loading.elapsed();
    let (rebuilding, mut longest, mut parts) = (Instant::now(), std::time::Duration::ZERO, 0);
    while host.next_alarm().is_some() {
        let part = Instant::now();
        host.due(&sql, NOW).unwrap();
        longest = longest.max(part.elapsed());
        parts += 1;
    }
    println!(
        "  loaded in {loading:.1?}, built anew in {:.1?}: {parts} parts, the longest {longest:.1?}",
        rebuilding.elapsed()
    );
}

/// What SQLite uses, in MB.
fn size(sql: &Sqlite) -> f64 {
    let pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    event_platform::objects::sql::value::<u64>(sql, pages, &[]).unwrap().unwrap() as f64 / 1e6
}

const SPACED: &str = "A conference about many things, online.";
const UNSPACED: &str = "東京の開発者会議では多くの話題についてオンラインで話します。";

fn search(query: &mut Query, text: &str) {
    query.words = Some(words(text));
    query.order = Order::Relevance;
}

/// An event an hour after the one before, of one of a thousand topics and a thousand organizers.
fn report(number: u32, description: &str) -> Report {
    let topic = format!("Talk {number} on topic{}", number % 1_000);
    let details = fixtures::details(&EventPatch {
        title: Change::Set(Title::parse(&topic).unwrap()),
        description: Change::Set(Description::parse(description).unwrap()),
        date: Change::Set(schedule::parse_date(&day(number)).unwrap()),
        tags: Change::Set(event_platform::domain::event::Tags::parse(["all"]).unwrap()),
        ..fixtures::soon()
    });
    let organizer = event_platform::domain::event::Organizer {
        id: fixtures::user(number % 1_000),
        ..fixtures::organizer()
    };
    let entry = Snapshot {
        id: fixtures::event_id(number),
        organizer,
        details,
        seats: Seats::default(),
        hidden: None,
        version: 1,
        created_at: NOW.plus_ms(i64::from(number)),
        updated_at: NOW,
    };
    Report {
        event: entry.id,
        version: 1,
        as_of: NOW,
        changed: true,
        entry: Some(entry),
        participations: Vec::new(),
        waited_ms: 0,
    }
}

fn day(number: u32) -> String {
    NOW.plus_ms(i64::from(number) * 3_600_000).to_rfc3339()[..10].to_owned()
}
