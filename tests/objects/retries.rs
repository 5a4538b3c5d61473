//! A command that is sent again, because nobody heard whether it was executed, is not executed again.

use event_platform::domain::{Refusal, Timestamp};
use event_platform::objects::account::{self, Account, NewSession, OneTimeToken, Order};
use event_platform::objects::event::{Command, Event, IfMatch, Reply};
use event_platform::objects::messages::envelope::CommandId;
use event_platform::objects::{Host, Object, Outcome, Queued};

use super::{read, run_batch};
use crate::support::fixtures::*;
use crate::support::sqlite::Sqlite;
use crate::support::world::START;

/// Sends a command for the first time or again, as the isolate does: under an id if it needs one.
fn send<O: Object<Command: Clone>>(
    sql: &Sqlite,
    now: Timestamp,
    command: &O::Command,
    again: bool,
) -> Outcome<O::Reply> {
    let id = O::remembers(command).then(|| CommandId::new(7));
    let queued = Queued { command: command.clone(), id, again };
    // The object was reset in between: it knows what is stored, and nothing else.
    let mut answers = Host::<O>::new(0).run_batch(sql, now, vec![queued]).unwrap();
    answers.remove(0).outcome
}

/// A command, tried twice, has the answer of the first try and the effect of one.
#[track_caller]
fn is_done_once<O: Object<Command: Clone, Reply: PartialEq + std::fmt::Debug>>(
    before: &[O::Command],
    command: &O::Command,
) {
    let prepared = || {
        let (sql, mut host) = (Sqlite::in_memory(), Host::<O>::new(0));
        before
            .iter()
            .for_each(|command| drop(run_batch(&mut host, &sql, START, vec![command.clone()]).unwrap()));
        sql
    };
    let sql = prepared();
    let first = send::<O>(&sql, START.plus_ms(10), command, false);
    assert!(matches!(first, Outcome::Reply(_)), "{first:?}");
    let stored = sql.dump();
    assert_eq!(send::<O>(&sql, START.plus_ms(200), command, true), first);
    assert_eq!(sql.dump(), stored);
}

#[test]
fn what_people_do_at_an_event_is_done_once() {
    let by = user(ORGANIZER);
    let crowd = [create(1, &soon()), register(1, 1), register(2, 2)];
    let id = registration_id(1);
    is_done_once::<Event>(&[], &create(1, &soon()));
    for command in [
        register(9, 9),
        Command::Leave { user: user(1) },
        Command::Remove { by, id },
        Command::Withdraw { id },
        Command::Unremind { id },
        Command::CheckIn { by, id, present: true },
        Command::Delete { by, if_match: Some(IfMatch::Versions(vec![1])) },
    ] {
        is_done_once::<Event>(&crowd, &command);
    }
}

#[test]
fn an_edit_under_a_condition_is_done_once() {
    let Command::Update { by, patch, .. } = update(capacity(Some(5))) else { panic!("no update") };
    let command = Command::Update { by, patch, if_match: Some(IfMatch::Versions(vec![1])) };
    is_done_once::<Event>(&[create(1, &soon())], &command);
}

#[test]
fn what_people_do_to_their_account_is_done_once() {
    let joined = account::Command::SignUp(Box::new(sign_up(1)));
    let begun = account::Command::FinishLogin {
        matched: Some(hash(1)),
        session: session(1, START, 86_400_000),
        stronger: None,
    };
    let holder = holder(1, 1);
    let by = |order| account::Command::By(holder, order);
    is_done_once::<Account>(&[], &joined);
    is_done_once::<Account>(std::slice::from_ref(&joined), &begun);
    let NewSession { refresh, .. } = session(1, START, 86_400_000);
    let next = OneTimeToken { digest: "next".to_owned(), ..refresh.clone() };
    for command in [
        account::Command::Refresh(refresh.digest.clone(), refresh.digest, next),
        account::Command::VerifyEmail { token: sign_up(1).verification.digest },
        by(Order::Logout),
        by(Order::ChangePassword(Some(hash(1)), hash(2))),
        by(Order::Rename(None)),
        by(Order::Delete(Some(hash(1)))),
    ] {
        is_done_once::<Account>(&[joined.clone(), begun.clone()], &command);
    }
}

#[test]
fn somebody_elses_command_is_executed() {
    let sql = Sqlite::in_memory();
    let mut host = Host::<Event>::new(0);
    run_batch(&mut host, &sql, START, vec![create(1, &soon()), register(1, 1)]).unwrap();
    let leave = Command::Leave { user: user(1) };
    let queued = |id| Queued { command: leave.clone(), id: Some(CommandId::new(id)), again: true };
    let answers = host.run_batch(&sql, START, vec![queued(1), queued(2), queued(1)]).unwrap();
    let outcomes: Vec<_> = answers.into_iter().map(|answer| answer.outcome).collect();
    let done = Outcome::Reply(Reply::Done);
    assert_eq!(outcomes, [done.clone(), Outcome::Refused(Refusal::NotFound), done]);
}

#[test]
fn what_is_remembered_is_bounded() {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Event>::new(0));
    run_batch(&mut host, &sql, START, vec![create(1, &soon())]).unwrap();
    for round in 0..1_200 {
        let leave = Command::Leave { user: user(1) };
        let queued = Queued { command: leave, id: Some(CommandId::new(round)), again: false };
        host.run_batch(&sql, START, vec![register(u32::try_from(round).unwrap(), 1).into(), queued]).unwrap();
    }
    let kept = sql.dump().iter().filter(|row| row.starts_with("answered:")).count();
    assert_eq!(kept, 1_000);
    assert!(read(&mut host, &sql, START, Command::Read).is_ok());
}
