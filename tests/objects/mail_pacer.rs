//! The pacer's slots and its queue, question by question, and how an object keeps its mail back.

use event_platform::domain::Timestamp;
use event_platform::objects::event::Event;
use event_platform::objects::mail_pacer::{Ask, Command, MailPacer, Reply, Slots};
use event_platform::objects::outbox::{OutboxMessage, Pace};
use event_platform::objects::{Host, Outcome};

use super::read;
use crate::support::fixtures::*;
use crate::support::sqlite::Sqlite;
use crate::support::world::START;

const PACE: Pace = Pace { requests: 4, batch: 100, batches_attachments: false };
const MINUTE_MS: i64 = 60_000;

fn at(ms: i64) -> Timestamp {
    START.plus_ms(ms)
}

fn ask(waiter: &str, requests: u32, leave_by: i64) -> Command {
    Command::Ask(Ask { waiter: waiter.to_owned(), requests, leave_by: at(leave_by), per_second: 4 })
}

/// A pacer and what it says to one question after the other.
struct Counter(Host<MailPacer>, Sqlite);

impl Counter {
    fn at(&mut self, ms: i64, command: Command) -> Option<Slots> {
        match read(&mut self.0, &self.1, at(ms), command).unwrap().outcome {
            Outcome::Reply(Reply::Slots(slots)) => Some(slots),
            _ => None,
        }
    }

    fn granted(&mut self, ms: i64, command: Command) -> u32 {
        self.at(ms, command).unwrap().granted
    }
}

fn counter() -> Counter {
    let mut counter = Counter(Host::new(0), Sqlite::in_memory());
    // The first second after a start belongs to those who were served before it.
    let first = counter.at(0, ask("first", 4, 0)).unwrap();
    assert_eq!((first.granted, first.first_in_ms, first.apart_ms), (1, 1_000, 250));
    counter
}

/// Objects of one version ask the pacer of another while a new one is being rolled out.
#[test]
fn what_is_asked_of_the_pacer_and_what_it_answers() {
    let pairs = [
        (
            serde_json::to_string(&ask("a", 3, 7)).unwrap(),
            r#"{"ask":{"waiter":"a","requests":3,"leave_by":1893499200007,"per_second":4}}"#,
        ),
        (serde_json::to_string(&Command::Slowed { for_ms: 5 }).unwrap(), r#"{"slowed":{"for_ms":5}}"#),
        (
            serde_json::to_string(&Reply::Slots(Slots {
                granted: 1,
                first_in_ms: 2,
                apart_ms: 3,
                again_in_ms: 4,
            }))
            .unwrap(),
            r#"{"slots":{"granted":1,"first_in_ms":2,"apart_ms":3,"again_in_ms":4}}"#,
        ),
        (serde_json::to_string(&Reply::Done).unwrap(), r#""done""#),
    ];
    for (written, golden) in pairs {
        assert_eq!(written, golden);
    }
}

#[test]
fn a_pause_that_the_provider_asks_of_one_is_everybodys() {
    let mut counter = counter();
    counter.at(5_000, Command::Slowed { for_ms: 7_000 });
    assert_eq!(counter.granted(5_001, ask("a", 1, 0)), 0);
    assert_eq!(counter.granted(10_000, ask("b", 1, 0)), 0);
    assert_eq!(counter.at(11_500, ask("a", 1, 0)).unwrap().first_in_ms, 500);
}

#[test]
fn a_pause_ends_after_an_hour_however_long_it_was_to_be() {
    let mut counter = counter();
    counter.at(5_000, Command::Slowed { for_ms: u32::MAX });
    assert_eq!(counter.granted(30 * MINUTE_MS, ask("a", 1, 0)), 0);
    assert_eq!(counter.granted(61 * MINUTE_MS, ask("a", 1, 0)), 1);
}

#[test]
fn a_place_in_the_queue_is_kept_for_the_more_urgent_and_lost_by_who_does_not_come() {
    let mut counter = counter();
    assert_eq!(counter.granted(9_000, ask("bulk", 16, 60_000)), 5);
    let urgent = counter.at(9_000, ask("urgent", 2, 0)).unwrap();
    assert_eq!((urgent.granted, urgent.again_in_ms), (0, 750));
    assert_eq!(counter.granted(9_500, ask("bulk", 2, 60_000)), 0, "what is free is kept");
    assert_eq!(counter.granted(9_750, ask("urgent", 2, 0)), 2);
    assert_eq!(counter.granted(9_751, ask("lost", 4, 0)), 1);
    assert_eq!(counter.granted(11_000, ask("bulk", 4, 60_000)), 2, "five are free, three are wanted");
    assert_eq!(counter.granted(20_000, ask("bulk", 2, 60_000)), 2, "nobody waits for who is gone");
}

/// Instants pass: what can wait does not wait for ever, whatever comes in between.
#[test]
fn nothing_starves() {
    let mut counter = counter();
    let bulk_leaves_by = 60 * MINUTE_MS;
    let served = (1..60 * 60 * 8).find(|quarter| {
        let now = quarter * 250;
        for n in 0..3 {
            counter.at(now, ask(&format!("{quarter}/{n}"), 1, now - 15 * MINUTE_MS));
        }
        quarter % 4 == 0 && counter.granted(now, ask("bulk", 1, bulk_leaves_by)) == 1
    });
    let served_ms = served.expect("it waits for ever") * 250;
    assert!(served_ms < 78 * MINUTE_MS, "served after {served_ms} ms");
}

/// A mail that is more urgent than what an object waits with does not wait with it.
#[test]
fn a_more_urgent_mail_ends_the_wait_of_the_others() {
    let (sql, now) = (Sqlite::in_memory(), at(0));
    let mut host = Host::<Event>::new(0).paced(PACE);
    let commands = vec![create(1, &soon()), register(1, 1), register(2, 2)];
    super::run_batch(&mut host, &sql, now, commands).unwrap();
    let mails = |host: &mut Host<Event>, ms| {
        let due = host.due(&sql, at(ms)).unwrap();
        due.iter().filter(|item| matches!(item.message, OutboxMessage::Mail(_))).count()
    };
    assert_eq!(mails(&mut host, 1_000), 2);
    host.queue_mail_until(at(50_000), at(10 * MINUTE_MS));
    assert_eq!(mails(&mut host, 2_000), 0);
    super::run_batch(&mut host, &sql, at(3_000), vec![register(3, 3)]).unwrap();
    assert_eq!(mails(&mut host, 4_000), 0, "a third registration is no more urgent than two");
    host.queue_mail_until(at(50_000), at(60 * MINUTE_MS));
    super::run_batch(&mut host, &sql, at(5_000), vec![register(4, 4)]).unwrap();
    assert_eq!(mails(&mut host, 6_000), 4, "it is more urgent than what can wait for an hour");
}
