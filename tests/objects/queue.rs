//! Commands that wait for a batch: so many and no more.

use event_platform::domain::event::EventPatch;
use event_platform::objects::command_queue::{
    BATCH_MAX, CommandQueue, ObjectQueue, Submission, Ticket, WAITING_MAX,
};
use event_platform::objects::event::{Command, Event, IfMatch, Reply};
use event_platform::objects::{Answer, Envelope, Host, Outcome};

use crate::support::fixtures::*;
use crate::support::sqlite::Sqlite;
use crate::support::world::START;

fn queue() -> (Sqlite, ObjectQueue<Event>) {
    let (sql, mut queue) = (Sqlite::in_memory(), ObjectQueue::new(Host::<Event>::new(0)));
    receive(&mut queue, &sql, create(1, &soon()));
    queue.run_batch(&sql, START).unwrap();
    (sql, queue)
}

fn receive(queue: &mut ObjectQueue<Event>, sql: &Sqlite, command: Command) -> Submission {
    let text = serde_json::to_string(&Envelope::new(command)).unwrap();
    queue.receive(sql, START, &text, false).unwrap()
}

fn ticket(received: &Submission) -> Ticket {
    match received {
        Submission::Waiting { ticket, .. } => *ticket,
        other => panic!("it does not wait: {other:?}"),
    }
}

fn is_overloaded(received: &Submission) -> bool {
    matches!(received, Submission::Answered(answer) if answer.contains("\"refused\":\"overloaded\""))
}

#[test]
fn past_the_bound_a_command_is_told_to_come_back_and_reads_are_answered() {
    let (sql, mut queue) = queue();
    for number in 0..u32::try_from(WAITING_MAX).unwrap() {
        let command = if number % 8 == 0 { update(capacity(Some(9))) } else { register(number, number) };
        ticket(&receive(&mut queue, &sql, command));
    }
    assert!(is_overloaded(&receive(&mut queue, &sql, register(9_999, 9_999))));
    assert!(is_overloaded(&receive(&mut queue, &sql, update(capacity(None)))));
    assert!(matches!(receive(&mut queue, &sql, Command::Read), Submission::Answered(_)));
    queue.run_batch(&sql, START).unwrap();
    ticket(&receive(&mut queue, &sql, register(9_999, 9_999)));
}

#[test]
fn a_turn_takes_the_oldest_up_to_a_bound() {
    let (sql, mut queue) = queue();
    let tickets: Vec<_> =
        (0..600).map(|number| ticket(&receive(&mut queue, &sql, register(number, number)))).collect();
    let mut settled = Vec::new();
    for expected in [BATCH_MAX, BATCH_MAX, 600 - 2 * BATCH_MAX] {
        assert_eq!(queue.waiting(), expected);
        let tx = queue.run_batch(&sql, START).unwrap();
        assert_eq!(tx.len(), expected);
        settled.extend(tx.into_iter().map(|settled| settled.ticket));
    }
    assert_eq!(queue.waiting(), 0);
    assert_eq!(settled, tickets);
}

#[test]
fn a_guarded_command_waits_until_it_is_ready_or_withdrawn() {
    let (sql, mut queue) = queue();
    let first = receive(&mut queue, &sql, update(capacity(Some(1))));
    let second = receive(&mut queue, &sql, update(capacity(Some(2))));
    assert!(matches!(first, Submission::Waiting { guarded: true, announces: true, .. }));
    assert!(queue.waiting() == 0 && queue.run_batch(&sql, START).unwrap().is_empty());
    queue.withdraw(ticket(&first));
    queue.ready(ticket(&first));
    queue.ready(ticket(&second));
    let settled = queue.run_batch(&sql, START).unwrap();
    assert_eq!(settled.iter().map(|settled| settled.ticket).collect::<Vec<_>>(), [ticket(&second)]);
    let answer: Answer<Reply> = serde_json::from_str(&settled[0].answer).unwrap();
    assert!(
        matches!(answer.outcome, Outcome::Reply(Reply::Event(event)) if event.details.capacity() == Some(2))
    );
}

/// Whoever may not change an event, or changes nothing, makes nobody wait and takes nothing out of any cache.
#[test]
fn a_change_that_is_refused_or_none_is_answered_at_once() {
    let (sql, mut queue) = queue();
    queue.reported(&queue.report(START).unwrap());
    let Command::Update { patch, .. } = update(capacity(Some(9))) else { panic!("no update") };
    let stranger = Command::Update { by: user(1), patch: patch.clone(), if_match: None };
    let stale = Command::Update { by: user(ORGANIZER), patch, if_match: Some(IfMatch::Versions(vec![9])) };
    let delete = Command::Delete { by: user(1), if_match: None };
    for (command, expected) in [
        (stranger, "\"refused\":\"forbidden\""),
        (stale, "\"refused\":\"precondition_failed\""),
        (delete, "\"refused\":\"forbidden\""),
        (update(EventPatch::default()), "\"reply\":{\"event\""),
    ] {
        match receive(&mut queue, &sql, command) {
            Submission::Answered(answer) => assert!(answer.contains(expected), "{answer}"),
            other => panic!("{other:?}"),
        }
    }
}

/// The Catalog may not have heard of what stands: then the answer comes after it has.
#[test]
fn an_edit_that_changes_nothing_is_announced_unless_the_catalog_knows() {
    let (sql, mut queue) = queue();
    let received = receive(&mut queue, &sql, update(EventPatch::default()));
    assert!(matches!(received, Submission::Waiting { guarded: false, announces: true, .. }), "{received:?}");
}

#[test]
fn a_failed_turn_names_all_whose_commands_were_lost() {
    let (sql, mut queue) = queue();
    let tickets: Vec<_> =
        (0..3).map(|number| ticket(&receive(&mut queue, &sql, register(number, number)))).collect();
    sql.fail_after(2);
    assert_eq!(queue.run_batch(&sql, START).unwrap_err().tickets, tickets);
    sql.heal();
    assert_eq!(queue.waiting(), 0);
}

#[test]
fn a_command_of_another_version_is_told_to_come_back_and_changes_nothing() {
    let (sql, mut queue) = queue();
    let stored = sql.dump();
    for text in ["", "{}", "{\"command\":\"format_disk\",\"have\":null}"] {
        let Submission::Unknown { answer, .. } = queue.receive(&sql, START, text, false).unwrap() else {
            panic!("{text} is no command");
        };
        assert!(answer.contains("\"refused\":\"overloaded\""), "{answer}");
    }
    assert_eq!(sql.dump(), stored);
}

#[test]
fn without_group_commit_each_command_has_a_turn_of_its_own() {
    let (sql, queue) = queue();
    let mut queue = queue.without_group_commit();
    for number in 0..3 {
        ticket(&receive(&mut queue, &sql, register(number, number)));
    }
    let before = sql.commits();
    while queue.waiting() > 0 {
        assert_eq!(queue.waiting(), 1);
        assert_eq!(queue.run_batch(&sql, START).unwrap().len(), 1);
    }
    assert_eq!(sql.commits(), before + 3);
}
