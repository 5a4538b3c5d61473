//! What leaves when thousands are to be told: pages rather than floods, whole batches, one person's
//! mails in order, and no bad address in anybody's way.

use event_platform::domain::Timestamp;
use event_platform::domain::event::{Change, EventPatch, Status};
use event_platform::domain::schedule::parse_time;
use event_platform::objects::Host;
use event_platform::objects::event::{Command, Event};
use event_platform::objects::outbox::{Delivery, Outbox, OutboxEntry, OutboxMessage, Pace, batches_of};
use event_platform::objects::sql::Sql;

use super::run_batch;
use crate::support::fixtures::*;
use crate::support::sqlite::Sqlite;
use crate::support::world::START;

const PACE: Pace = Pace { requests: 4, batch: 100, batches_attachments: false };
const BATCHING: Pace = Pace { batches_attachments: true, ..PACE };

fn at(ms: i64) -> Timestamp {
    START.plus_ms(ms)
}

fn fresh(pace: Pace) -> Host<Event> {
    Host::<Event>::new(0).paced(pace)
}

/// An event with so many participants, who have had all their mail.
fn crowded(people: u32, pace: Pace) -> (Sqlite, Host<Event>) {
    let (sql, mut host) = (Sqlite::in_memory(), fresh(pace));
    run_batch(&mut host, &sql, START, vec![create(1, &soon())]).unwrap();
    let registrations = (0..people).map(|number| register(number, number)).collect();
    run_batch(&mut host, &sql, START, registrations).unwrap();
    sql.run("DELETE FROM outbox", &[]).unwrap();
    (sql, fresh(pace))
}

fn cancel() -> Command {
    update(EventPatch { status: Change::Set(Status::Cancelled), ..EventPatch::default() })
}

fn mails(items: Vec<OutboxEntry>) -> Vec<OutboxEntry> {
    items.into_iter().filter(|item| matches!(item.message, OutboxMessage::Mail(_))).collect()
}

fn settle(host: &mut Host<Event>, sql: &dyn Sql, now: Timestamp, items: &[OutboxEntry], delivery: Delivery) {
    let results: Vec<_> = items.iter().map(|item| (item.clone(), delivery)).collect();
    host.acknowledge(sql, now, &results).unwrap();
}

fn count(sql: &dyn Sql, statement: &str) -> u64 {
    sql.run(statement, &[]).unwrap()[0].get(0).unwrap()
}

/// Delivers for as long as something is wanted: each look with its instant and its mails.
fn deliver_all(host: &mut Host<Event>, sql: &dyn Sql, pace: Pace) -> Vec<(Timestamp, Vec<OutboxEntry>)> {
    let (mut looks, mut rests_until) = (Vec::new(), START);
    while let Some(alarm) = host.next_alarm() {
        let now = alarm.max(rests_until);
        let due = host.due(sql, now).unwrap();
        rests_until = now.plus_ms(pace.rest_ms(&due));
        settle(host, sql, now, &due, Delivery::Done);
        looks.push((now, mails(due)));
        assert!(looks.len() < 20_000, "it never ends");
    }
    looks
}

/// Cancelling writes one row, whoever takes part; what follows comes page by page.
#[test]
fn cancelling_writes_no_more_for_ten_thousand_than_for_one() {
    let written = |people| {
        let (sql, mut host) = crowded(people, PACE);
        run_batch(&mut host, &sql, at(1), vec![cancel()]).unwrap();
        (count(&sql, "SELECT count(*) FROM outbox"), count(&sql, "SELECT count(*) FROM circulars"))
    };
    assert_eq!(written(1), written(10_000));
}

#[test]
fn ten_thousand_hear_once_at_the_pace_of_the_provider() {
    let (sql, mut host) = crowded(10_000, BATCHING);
    run_batch(&mut host, &sql, at(1), vec![cancel()]).unwrap();
    let looks = deliver_all(&mut host, &sql, BATCHING);
    let mut told: Vec<_> = looks.iter().flat_map(|(_, items)| items).map(|item| item.key.clone()).collect();
    assert_eq!(told.len(), 10_000);
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 10_000);
    for (now, _) in &looks {
        let second = looks.iter().filter(|(other, _)| (0..1_000).contains(&other.ms_since(*now)));
        let requests: usize = second.map(|(_, items)| batches_of(items.clone()).len()).sum();
        assert!(requests <= 4, "{requests} requests in the second from {now:?}");
    }
    let took = looks.last().unwrap().0.ms_since(START);
    assert!(took < 120_000, "a hundred mails a request take {took} ms");
}

/// A page of mails goes into the outbox in one statement, not in one for each.
#[test]
fn a_page_takes_a_few_statements() {
    let (sql, mut host) = crowded(200, BATCHING);
    run_batch(&mut host, &sql, at(1), vec![cancel()]).unwrap();
    host.object(&sql, at(2)).unwrap();
    sql.fail_after(20);
    assert_eq!(mails(host.due(&sql, at(2)).unwrap()).len(), 200);
}

/// However long the provider is away, the outbox holds a bounded number of mails, and the rest of
/// the broadcast stays a row.
#[test]
fn an_outage_does_not_fill_the_outbox() {
    let (sql, mut host) = crowded(5_000, PACE);
    run_batch(&mut host, &sql, at(1), vec![cancel()]).unwrap();
    for _ in 0..500 {
        let Some(now) = host.next_alarm() else { break };
        let due = host.due(&sql, now.max(at(1))).unwrap();
        let (mails, others): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|item| matches!(item.message, OutboxMessage::Mail(_)));
        settle(&mut host, &sql, now, &others, Delivery::Done);
        settle(&mut host, &sql, now, &mails, Delivery::Retry { after_ms: None });
    }
    assert!(count(&sql, "SELECT count(*) FROM outbox") <= 600);
    assert_eq!(count(&sql, "SELECT count(*) FROM circulars"), 1);
}

/// A crash between two pages, or between a page and its delivery, neither skips nor repeats anybody.
#[test]
fn a_broadcast_goes_on_where_it_was_after_a_crash() {
    let (sql, mut host) = crowded(900, PACE);
    run_batch(&mut host, &sql, at(1), vec![cancel()]).unwrap();
    let mut told = Vec::new();
    let mut now = at(1);
    for look in 0.. {
        let Some(alarm) = host.next_alarm() else { break };
        now = now.max(alarm).plus_ms(1_000);
        let due = host.due(&sql, now).unwrap();
        if look % 3 == 1 {
            host = fresh(PACE);
            host.object(&sql, now).unwrap();
            continue;
        }
        settle(&mut host, &sql, now, &due, Delivery::Done);
        told.extend(mails(due).into_iter().map(|item| item.key));
    }
    assert_eq!(told.len(), 900);
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 900);
}

#[test]
fn a_batch_travels_under_one_key_with_the_same_mails_until_it_arrives() {
    let (sql, mut host) = crowded(250, BATCHING);
    run_batch(&mut host, &sql, at(1), vec![cancel()]).unwrap();
    let keys = |items: Vec<OutboxEntry>| -> Vec<(Option<String>, Vec<String>)> {
        let batches_of = batches_of(mails(items)).into_iter();
        batches_of
            .map(|items| (items[0].batch.clone(), items.into_iter().map(|item| item.key).collect()))
            .collect()
    };
    let first = keys(host.due(&sql, at(10)).unwrap());
    assert_eq!(first.iter().map(|(_, keys)| keys.len()).collect::<Vec<_>>(), [100, 100]);
    let mut host = fresh(BATCHING);
    host.object(&sql, at(10)).unwrap();
    let again = host.due(&sql, at(20)).unwrap();
    let tried = mails(again.clone());
    assert_eq!(keys(again)[..2], first[..], "a crash changes nothing");
    settle(&mut host, &sql, at(20), &tried, Delivery::Retry { after_ms: None });
    let later = keys(host.due(&sql, at(5_000)).unwrap());
    assert!(first.iter().all(|batch| later.contains(batch)), "{later:?}");
}

/// Mails to everybody and mails to one person go over different streams of a provider.
#[test]
fn a_batch_holds_mails_to_everybody_or_none_and_an_older_one_stays_as_it_is() {
    let (sql, mut host) = crowded(5, BATCHING);
    run_batch(&mut host, &sql, at(1), vec![register(11, 11), register(12, 12)]).unwrap();
    run_batch(&mut host, &sql, at(2), vec![cancel()]).unwrap();
    let of_everybody = |item: &OutboxEntry| match &item.message {
        OutboxMessage::Mail(mail) => mail.template.is_bulk(),
        _ => panic!("no mail"),
    };
    let due = mails(host.due(&sql, at(1_100)).unwrap());
    let mut batches: Vec<Vec<_>> =
        batches_of(due).iter().map(|items| items.iter().map(of_everybody).collect()).collect();
    batches.sort();
    assert_eq!(batches, [vec![false; 2], vec![true; 5]]);
    sql.run("UPDATE outbox SET batch = 'batch/old' WHERE batch IS NOT NULL", &[]).unwrap();
    let old = batches_of(mails(host.due(&sql, at(1_200)).unwrap()));
    assert_eq!(old.iter().map(Vec::len).collect::<Vec<_>>(), [7]);
}

#[test]
fn a_batch_that_is_refused_goes_on_one_by_one_and_the_bad_mail_is_parked() {
    let (sql, mut host) = crowded(5, BATCHING);
    run_batch(&mut host, &sql, at(1), vec![cancel()]).unwrap();
    let due = mails(host.due(&sql, at(10)).unwrap());
    assert_eq!(batches_of(due.clone()).len(), 1);
    settle(&mut host, &sql, at(10), &due, Delivery::Apart);
    let mut told = 0;
    for look in 0..10 {
        let alone = mails(host.due(&sql, at(20 + look)).unwrap());
        assert_eq!(batches_of(alone.clone()).len(), alone.len());
        for item in &alone {
            let bad = item.message.recipient() == Some(&email(3));
            told += u32::from(!bad);
            let delivery = if bad { Delivery::Refused } else { Delivery::Done };
            settle(&mut host, &sql, at(20 + look), std::slice::from_ref(item), delivery);
        }
    }
    assert_eq!(told, 4);
    assert_eq!(count(&sql, "SELECT count(*) FROM parked WHERE reason = 'refused'"), 1);
}

#[test]
fn what_was_parked_is_bounded() {
    let (sql, mut host) = crowded(300, BATCHING);
    run_batch(&mut host, &sql, at(1), vec![cancel()]).unwrap();
    let mut now = at(1);
    while let Some(alarm) = host.next_alarm() {
        now = now.max(alarm);
        let due = host.due(&sql, now).unwrap();
        settle(&mut host, &sql, now, &due, Delivery::Refused);
    }
    assert_eq!(count(&sql, "SELECT count(*) FROM parked"), u64::from(Outbox::DEAD_LETTERS_MAX));
}

/// A later mail waits for an earlier one to the same person, and nobody else does.
#[test]
fn a_persons_mails_keep_their_order_and_hold_up_nobody_else() {
    let (sql, mut host) = crowded(3, PACE);
    run_batch(&mut host, &sql, at(1), vec![Command::Leave { user: user(1) }, register(11, 1)]).unwrap();
    run_batch(&mut host, &sql, at(2), vec![Command::Leave { user: user(2) }]).unwrap();
    let due = mails(host.due(&sql, at(1_010)).unwrap());
    let first: Vec<_> = due.iter().map(|item| item.key.clone()).collect();
    let cancelled = |number| format!("registration_cancelled/{}", registration_id(number));
    assert_eq!(first, [cancelled(1), cancelled(2)]);
    settle(&mut host, &sql, at(1_010), &due[..1], Delivery::Retry { after_ms: None });
    settle(&mut host, &sql, at(1_010), &due[1..], Delivery::Done);
    assert!(mails(host.due(&sql, at(1_300)).unwrap()).is_empty());
    let report = host.due(&sql, at(1_300)).unwrap();
    settle(&mut host, &sql, at(1_300), &report, Delivery::Done);
    assert!(host.next_alarm().unwrap() > at(1_300), "and nobody is woken for nothing");
    let again = mails(host.due(&sql, at(3_000)).unwrap());
    assert_eq!(again.iter().map(|item| item.key.clone()).collect::<Vec<_>>(), [cancelled(1)]);
    settle(&mut host, &sql, at(3_000), &again, Delivery::Done);
    let next = mails(host.due(&sql, at(3_000)).unwrap());
    assert_eq!(next[0].key, format!("registered/{}", registration_id(11)));
}

/// What the provider asks for is obeyed by all mails of the object, and by mails alone.
#[test]
fn all_mail_rests_while_the_provider_asks_for_it() {
    let (sql, mut host) = crowded(3, PACE);
    run_batch(&mut host, &sql, at(1), vec![cancel()]).unwrap();
    let due = mails(host.due(&sql, at(10)).unwrap());
    assert_eq!(due.len(), 3);
    settle(&mut host, &sql, at(10), &due[..1], Delivery::Retry { after_ms: Some(60_000) });
    assert!(mails(host.due(&sql, at(59_000)).unwrap()).is_empty());
    assert!(!host.due(&sql, at(59_000)).unwrap().is_empty(), "the report does not wait");
    assert_eq!(mails(host.due(&sql, at(60_010)).unwrap()).len(), 3);
}

/// A database of the version before broadcasts: its events and participants are told of changes.
#[test]
fn an_older_event_tells_its_participants_too() {
    let (sql, mut host) = crowded(2, PACE);
    for table in [
        "editions",
        "circulars",
        "parked",
        "answered",
        "longest_lease",
        "seat_blocks",
        "takedown",
        "backup",
        "email_statuses",
    ] {
        sql.run(&format!("DROP TABLE {table}"), &[]).unwrap();
    }
    let indexes = [
        "outbox_mails",
        "outbox_others",
        "outbox_recipients",
        "outbox_batches",
        "outbox_urgency",
        "registrations_id",
        "registrations_former",
    ];
    for index in indexes {
        sql.run(&format!("DROP INDEX {index}"), &[]).unwrap();
    }
    for column in ["told", "origin", "reminded", "former"] {
        sql.run(&format!("ALTER TABLE registrations DROP COLUMN {column}"), &[]).unwrap();
    }
    for column in ["recipient", "expires_at", "batch", "leave_by"] {
        sql.run(&format!("ALTER TABLE outbox DROP COLUMN {column}"), &[]).unwrap();
    }
    sql.run("CREATE INDEX outbox_due ON outbox (due_at, id)", &[]).unwrap();
    sql.run("UPDATE schema_version SET version = 1", &[]).unwrap();
    let time = Change::Set(parse_time("13:00").unwrap());
    run_batch(&mut host, &sql, at(1), vec![update(EventPatch { time, ..EventPatch::default() })]).unwrap();
    let due = mails(host.due(&sql, at(121_000)).unwrap());
    let kinds: Vec<_> = due.iter().filter_map(|item| item.key.split('/').next()).collect();
    assert_eq!(kinds, ["event_changed", "event_changed"]);
}
