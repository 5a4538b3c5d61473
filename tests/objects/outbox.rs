//! What waits to leave an object: at least once, in order, and never two rows of one key.

use event_platform::domain::Timestamp;
use event_platform::objects::Host;
use event_platform::objects::account::{self, Account};
use event_platform::objects::event::{Command, Event, SEATS_REPORT_AFTER_MS};
use event_platform::objects::outbox::{Delivery, GIVE_UP_AFTER_MS, Outbox, OutboxEntry, OutboxMessage};
use event_platform::objects::sql::Sql;

use super::run_batch;
use crate::support::fixtures::*;
use crate::support::sqlite::Sqlite;
use crate::support::world::START;

const RETRY: Delivery = Delivery::Retry { after_ms: None };

fn with_an_event() -> (Sqlite, Host<Event>) {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Event>::new(0));
    run_batch(&mut host, &sql, START, vec![create(1, &soon())]).unwrap();
    (sql, host)
}

fn settle(host: &mut Host<Event>, sql: &dyn Sql, now: Timestamp, items: &[OutboxEntry], delivery: Delivery) {
    let results: Vec<_> = items.iter().map(|item| (item.clone(), delivery)).collect();
    host.acknowledge(sql, now, &results).unwrap();
}

/// Delivers everything that is due, and what is due because of it.
fn deliver_all(host: &mut Host<Event>, sql: &dyn Sql, now: Timestamp) {
    loop {
        let due = host.due(sql, now).unwrap();
        if due.is_empty() {
            return;
        }
        settle(host, sql, now, &due, Delivery::Done);
    }
}

#[test]
fn an_alarm_is_wanted_for_as_long_as_something_waits() {
    let (sql, mut host) = with_an_event();
    assert!(host.next_alarm().is_some_and(|alarm| alarm > START));
    deliver_all(&mut host, &sql, START.plus_ms(10_000));
    assert_eq!(host.next_alarm(), None);
    let now = START.plus_ms(20_000);
    run_batch(&mut host, &sql, now, vec![register(1, 1)]).unwrap();
    let alarm = now.plus_ms(SEATS_REPORT_AFTER_MS);
    assert_eq!(host.next_alarm(), Some(alarm));
    let mut again = Host::<Event>::new(0);
    again.object(&sql, now).unwrap();
    assert_eq!(again.next_alarm(), Some(alarm), "a restart forgets nothing");
}

/// An alarm and its commits cost more than the registration that asks for them.
#[test]
fn the_mails_of_a_second_leave_with_the_report_of_their_seats() {
    let (sql, mut host) = with_an_event();
    let now = START.plus_ms(10_000);
    deliver_all(&mut host, &sql, now);
    run_batch(&mut host, &sql, now, vec![register(1, 1)]).unwrap();
    run_batch(&mut host, &sql, now.plus_ms(400), vec![register(2, 2), Command::Leave { user: user(1) }])
        .unwrap();
    assert!(host.due(&sql, now.plus_ms(SEATS_REPORT_AFTER_MS - 1)).unwrap().is_empty());
    let coalescing = now.plus_ms(SEATS_REPORT_AFTER_MS);
    let due = host.due(&sql, coalescing).unwrap();
    // The second mail to one person waits for the first.
    let (report, registered) =
        ("report".to_owned(), |number| format!("registered/{}", registration_id(number)));
    assert_eq!(
        due.iter().map(|item| item.key.clone()).collect::<Vec<_>>(),
        [report, registered(1), registered(2)]
    );
}

#[test]
fn what_was_refused_is_not_tried_again_and_what_was_delayed_is() {
    let (sql, mut host) = with_an_event();
    let now = START.plus_ms(10_000);
    deliver_all(&mut host, &sql, now);
    run_batch(&mut host, &sql, now, vec![register(1, 1), register(2, 2)]).unwrap();
    let now = now.plus_ms(SEATS_REPORT_AFTER_MS);
    let mails: Vec<_> = host
        .due(&sql, now)
        .unwrap()
        .into_iter()
        .filter(|item| matches!(item.message, OutboxMessage::Mail(_)))
        .collect();
    assert_eq!(mails.len(), 2);
    settle(&mut host, &sql, now, &mails[..1], Delivery::Refused);
    settle(&mut host, &sql, now, &mails[1..], Delivery::Retry { after_ms: Some(30_000) });
    let keys = |host: &mut Host<Event>, ms| {
        let due = host.due(&sql, now.plus_ms(ms)).unwrap();
        due.iter()
            .filter(|item| item.key != "report")
            .map(|item| (item.key.clone(), item.attempts))
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&mut host, 29_999), []);
    assert_eq!(keys(&mut host, 30_000), [(mails[1].key.clone(), 1)]);
}

#[test]
fn a_message_that_was_replaced_on_its_way_is_not_forgotten() {
    let (sql, mut host) = with_an_event();
    let now = START.plus_ms(10_000);
    let in_flight = host.due(&sql, now).unwrap();
    assert!(matches!(&in_flight[..], [OutboxEntry { message: OutboxMessage::Report(Some(_)), .. }]));
    run_batch(&mut host, &sql, now, vec![update(capacity(Some(3)))]).unwrap();
    settle(&mut host, &sql, now, &in_flight, Delivery::Done);
    let due = host.due(&sql, now.plus_ms(10_000)).unwrap();
    let versions: Vec<_> = due
        .iter()
        .filter_map(|item| {
            if let OutboxMessage::Report(Some(report)) = &item.message { Some(report.version) } else { None }
        })
        .collect();
    assert_eq!(versions, [2]);
}

/// Every change of seats is reported, whatever has been reported just before.
#[test]
fn seats_that_change_right_after_a_report_are_reported_too() {
    let (sql, mut host) = with_an_event();
    deliver_all(&mut host, &sql, START.plus_ms(10_000));
    let at = |ms: i64| START.plus_ms(20_000 + ms);
    run_batch(&mut host, &sql, at(0), vec![register(1, 1)]).unwrap();
    let in_flight = host.due(&sql, at(1_000)).unwrap();
    run_batch(&mut host, &sql, at(1_100), vec![register(2, 2)]).unwrap();
    settle(&mut host, &sql, at(1_200), &in_flight, Delivery::Done);
    deliver_all(&mut host, &sql, at(1_200));
    run_batch(&mut host, &sql, at(1_300), vec![register(3, 3)]).unwrap();
    let due = host.due(&sql, at(60_000)).unwrap();
    let confirmed: Vec<_> = due
        .iter()
        .filter_map(|item| {
            if let OutboxMessage::Report(Some(report)) = &item.message { report.entry.clone() } else { None }
        })
        .map(|entry| entry.seats.confirmed)
        .collect();
    assert_eq!(confirmed, [3]);
}

#[test]
fn one_look_takes_a_bounded_number_and_the_oldest_first() {
    let (sql, mut host) = with_an_event();
    let now = START.plus_ms(10_000);
    deliver_all(&mut host, &sql, now);
    for number in 0..100 {
        run_batch(&mut host, &sql, now.plus_ms(i64::from(number)), vec![register(number, number)]).unwrap();
    }
    let due = host.due(&sql, now.plus_ms(SEATS_REPORT_AFTER_MS)).unwrap();
    let mails: Vec<_> = due.iter().filter(|item| item.message.recipient().is_some()).collect();
    assert_eq!(mails.len(), Outbox::BATCH as usize);
    assert_eq!(mails[0].key, format!("registered/{}", registration_id(0)));
    assert_eq!(mails[63].key, format!("registered/{}", registration_id(63)));
}

#[test]
fn a_mail_is_given_up_after_three_days() {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Account>::new(0));
    run_batch(&mut host, &sql, START, vec![account::Command::SignUp(Box::new(sign_up(1)))]).unwrap();
    let (mut now, mut tries) = (START, 0);
    while let Some(alarm) = host.next_alarm() {
        now = now.max(alarm);
        let results: Vec<_> = host.due(&sql, now).unwrap().into_iter().map(|item| (item, RETRY)).collect();
        host.acknowledge(&sql, now, &results).unwrap();
        tries += 1;
    }
    let hours = now.ms_since(START) / 3_600_000;
    assert!((72..97).contains(&hours) && (18..24).contains(&tries), "{tries} tries in {hours} hours");
    let parked = sql.run("SELECT key, reason, attempts FROM parked", &[]).unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].get::<String>(1).unwrap(), "given_up");
}

/// The Catalog may be away for as long as it likes: a report knows no provider that forgets.
#[test]
fn a_report_is_never_given_up() {
    let (sql, mut host) = with_an_event();
    let mut now = START;
    while now < START.plus_ms(3 * GIVE_UP_AFTER_MS) {
        now = host.next_alarm().expect("the report waits").max(now.plus_ms(1));
        let due = host.due(&sql, now).unwrap();
        settle(&mut host, &sql, now, &due, RETRY);
    }
}

#[test]
fn a_mail_is_decided_once_per_registration() {
    let (sql, mut host) = with_an_event();
    let leave = Command::Leave { user: user(1) };
    let commands = vec![register(1, 1), register(2, 1), leave.clone(), leave, register(3, 1)];
    run_batch(&mut host, &sql, START, commands).unwrap();
    let now = START.plus_ms(60_000);
    let mut keys = Vec::new();
    loop {
        let due = host.due(&sql, now).unwrap();
        if due.is_empty() {
            break;
        }
        let mails: Vec<_> = due.iter().map(|item| item.key.clone()).filter(|key| key != "report").collect();
        assert!(mails.len() <= 1, "a person's mails leave one after the other: {mails:?}");
        keys.extend(mails);
        settle(&mut host, &sql, now, &due, Delivery::Done);
    }
    let (first, third) = (registration_id(1), registration_id(3));
    let expected = [
        format!("registered/{first}"),
        format!("registration_cancelled/{first}"),
        format!("registered/{third}"),
    ];
    assert_eq!(keys, expected, "in the order in which they were decided");
}
