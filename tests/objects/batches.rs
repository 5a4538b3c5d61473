//! A batch executes all that wait in one commit: all of it is stored, or nothing.

use std::path::Path;

use event_platform::domain::event::{Change, EventPatch};
use event_platform::domain::{Refusal, Timestamp};
use event_platform::objects::account::{self, Account};
use event_platform::objects::catalog::{self, Catalog, Report};
use event_platform::objects::event::{Command, Event, Reply};
use event_platform::objects::outbox::Delivery;
use event_platform::objects::{Host, Object, Outcome};

use super::{read, run_batch};
use crate::support::checks::in_order;
use crate::support::fixtures::*;
use crate::support::naive::NaiveEvent;
use crate::support::sqlite::Sqlite;
use crate::support::world::START;

fn one_seat() -> EventPatch {
    EventPatch { capacity: Change::Set(1), ..soon() }
}

#[test]
fn all_that_wait_share_one_commit_and_one_that_is_refused_fails_alone() {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Event>::new(0));
    run_batch(&mut host, &sql, START, vec![create(1, &one_seat())]).unwrap();
    let before = sql.commits();
    let commands = vec![
        register(1, 1),
        register(2, 2),
        Command::Leave { user: user(3) },
        Command::Delete { by: user(1), if_match: None },
        register(3, 3),
        register(4, 1),
    ];
    let outcomes = run_batch(&mut host, &sql, START, commands).unwrap();
    assert_eq!(sql.commits(), before + 1);
    let place = |outcome: &Outcome<Reply>| match outcome {
        Outcome::Reply(Reply::Registration { new, registration }) => Ok((*new, registration.position)),
        Outcome::Refused(refusal) => Err(refusal.clone()),
        other => panic!("{other:?}"),
    };
    let expected = [
        Ok((true, None)),
        Ok((true, Some(1))),
        Err(Refusal::NotFound),
        Err(Refusal::Forbidden),
        Ok((true, Some(2))),
        Ok((false, None)),
    ];
    assert_eq!(outcomes.iter().map(place).collect::<Vec<_>>(), expected);
}

#[test]
fn fifty_sign_ups_of_one_address_make_one_account() {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Account>::new(0));
    let sign_up = |number| account::SignUp { id: user(number), ..sign_up(7) };
    let commands = (0..50).map(|number| account::Command::SignUp(Box::new(sign_up(number)))).collect();
    let outcomes = run_batch(&mut host, &sql, START, commands).unwrap();
    assert!(
        matches!(&outcomes[0], Outcome::Reply(account::Reply::Profile(profile)) if profile.id == user(0))
    );
    assert!(outcomes[1..].iter().all(|outcome| *outcome == Outcome::Refused(Refusal::EmailTaken)));
    assert_eq!(sql.dump().iter().filter(|row| row.starts_with("outbox:")).count(), 1, "one mail");
}

/// Has the disk fail at each statement of a batch in turn: nothing is stored, and the object is as
/// it was before. At last the batch succeeds, as it does on a disk that never failed.
fn fails_cleanly<O: Object<Command: Clone, Reply: PartialEq + std::fmt::Debug>>(
    before: &[O::Command],
    commands: &[O::Command],
    look: &O::Command,
) {
    let name = serde_json::to_string(commands).unwrap();
    let prepare = || {
        let (sql, mut host) = (Sqlite::in_memory(), Host::<O>::new(0));
        before
            .iter()
            .for_each(|command| drop(run_batch(&mut host, &sql, START, vec![command.clone()]).unwrap()));
        (sql, host)
    };
    let now = START.plus_ms(600_000);
    let (untouched, mut other) = prepare();
    let expected = run_batch(&mut other, &untouched, now, commands.to_vec()).unwrap();

    let (sql, mut host) = prepare();
    let (stored, seen) = (sql.dump(), read(&mut host, &sql, now, look.clone()).unwrap().outcome);
    for statements in 0.. {
        sql.fail_after(statements);
        let outcome = run_batch(&mut host, &sql, now, commands.to_vec());
        sql.heal();
        if let Ok(outcomes) = outcome {
            assert!(statements > 1, "{name} takes more than {statements} statements");
            assert_eq!(outcomes, expected, "{name}");
            assert_eq!(sql.dump(), untouched.dump(), "{name}");
            return;
        }
        assert_eq!(sql.dump(), stored, "{name} failed after {statements} statements");
        let seen_now = read(&mut host, &sql, now, look.clone()).unwrap().outcome;
        assert_eq!(seen_now, seen, "{name} failed after {statements} statements");
    }
}

#[test]
fn an_event_survives_a_disk_that_fails_at_any_statement() {
    let crowd = [create(1, &one_seat()), register(1, 1), register(2, 2), register(3, 3)];
    let by = user(ORGANIZER);
    for commands in [
        vec![register(9, 9)],
        vec![register(9, 1)],
        vec![Command::Leave { user: user(1) }],
        vec![Command::Remove { by, id: registration_id(2) }],
        vec![update(capacity(Some(2)))],
        vec![update(capacity(None))],
        vec![Command::CheckIn { by, id: registration_id(1), present: true }],
        vec![Command::Join { user: user(1) }],
        vec![Command::Delete { by, if_match: None }],
        vec![register(9, 9), Command::Leave { user: user(1) }, update(capacity(Some(3))), register(10, 1)],
    ] {
        let look = Command::List { by, status: None, after: None, limit: 200 };
        fails_cleanly::<Event>(&crowd, &commands, &look);
    }
    fails_cleanly::<Event>(&[], &[create(1, &one_seat())], &Command::Read);
}

#[test]
fn an_account_survives_a_disk_that_fails_at_any_statement() {
    use account::{Command, Order};
    let login = |number, matched| Command::FinishLogin {
        matched,
        session: session(number, START, 60_000_000),
        stronger: None,
    };
    let signed_up = Command::SignUp(Box::new(sign_up(1)));
    let token = sign_up(1).verification.digest;
    fails_cleanly::<Account>(&[], std::slice::from_ref(&signed_up), &Command::Exists);
    for commands in
        [vec![login(1, Some(hash(1)))], vec![login(1, None); 7], vec![Command::VerifyEmail { token }]]
    {
        fails_cleanly::<Account>(std::slice::from_ref(&signed_up), &commands, &Command::BeginLogin);
    }
    let (by, matched, family) = (holder(1, 1), Some(hash(1)), session(1, START, 0).refresh.digest);
    let refresh = |shown: &str| {
        let next = crate::support::fixtures::token("next", START.plus_ms(60_000));
        Command::Refresh(family.clone(), shown.to_owned(), next)
    };
    for commands in [
        vec![refresh(&family), refresh(&family)],
        vec![Command::By(by, Order::Logout)],
        vec![Command::By(by, Order::ChangePassword(matched.clone(), hash(2)))],
        vec![Command::By(by, Order::Rename(None)), Command::By(by, Order::Delete(matched))],
    ] {
        let before = [signed_up.clone(), login(1, Some(hash(1)))];
        fails_cleanly::<Account>(&before, &commands, &Command::By(by, Order::Export));
    }
}

#[test]
fn the_catalog_survives_a_disk_that_fails_at_any_statement() {
    let report = |number, version, titled: Option<&str>| {
        let mut naive = NaiveEvent::default();
        naive.execute(START, &create(number, &soon()));
        let entry = titled.and_then(|_| naive.event());
        let as_of = Timestamp::from_ms(version);
        let version = u64::try_from(version).unwrap();
        let report = Report {
            event: event_id(number),
            version,
            as_of,
            changed: true,
            entry,
            participations: vec![],
            waited_ms: 0,
        };
        catalog::Command::Report(Box::new(report))
    };
    let look = catalog::Command::List(everything(catalog::Scope::Own(user(ORGANIZER))));
    let gone = catalog::Command::AccountChange(erased(ORGANIZER), vec![event_id(9)]);
    fails_cleanly::<Catalog>(&[report(1, 1, Some("first"))], &[gone, report(1, 2, Some("late"))], &look);
    let before = [report(1, 1, Some("first")), report(2, 1, Some("second"))];
    fails_cleanly::<Catalog>(&[], &[report(1, 1, Some("first"))], &look);
    fails_cleanly::<Catalog>(&before, &[report(1, 2, Some("changed"))], &look);
    fails_cleanly::<Catalog>(&before, &[report(1, 2, None), report(3, 1, Some("third"))], &look);
}

#[test]
fn a_failed_settlement_means_that_everything_is_tried_again() {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Event>::new(0));
    run_batch(&mut host, &sql, START, vec![create(1, &soon()), register(1, 1)]).unwrap();
    let now = START.plus_ms(5_000);
    let due = host.due(&sql, now).unwrap();
    let results: Vec<_> = due.iter().map(|item| (item.clone(), Delivery::Done)).collect();
    assert!(results.len() > 1);
    let stored = sql.dump();
    for statements in 0..3 {
        sql.fail_after(statements);
        assert!(host.acknowledge(&sql, now, &results).is_err());
        sql.heal();
        assert_eq!(sql.dump(), stored);
        assert_eq!(host.due(&sql, now).unwrap().len(), due.len());
    }
    host.acknowledge(&sql, now, &results).unwrap();
    assert!(host.due(&sql, now).unwrap().is_empty());
}

#[test]
fn what_was_committed_is_on_the_disk() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("what_was_committed_is_on_the_disk.sqlite");
    let _ = std::fs::remove_file(&file);
    let commands = [create(1, &one_seat()), register(1, 1), register(2, 2), Command::Leave { user: user(1) }];
    let mut naive = NaiveEvent::default();
    for command in commands {
        let (sql, mut host) = (Sqlite::open(&file), Host::<Event>::new(0));
        let expected = naive.execute(START, &command);
        assert_eq!(run_batch(&mut host, &sql, START, vec![command]).unwrap(), [expected]);
    }
    let (sql, mut host) = (Sqlite::open(&file), Host::<Event>::new(0));
    let mine = Command::Mine { user: user(2) };
    assert_eq!(read(&mut host, &sql, START, mine.clone()).unwrap().outcome, naive.execute(START, &mine));
    drop(sql);
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn an_event_with_more_seats_than_one_read_takes_comes_back_as_it_was() {
    const PEOPLE: u32 = 10_000;
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Event>::new(0));
    run_batch(&mut host, &sql, START, vec![create(1, &one_seat())]).unwrap();
    run_batch(&mut host, &sql, START, (0..PEOPLE).map(|number| register(number, number)).collect()).unwrap();
    let leave = (0..PEOPLE).step_by(7).map(|number| Command::Leave { user: user(number) }).collect();
    run_batch(&mut host, &sql, START.plus_ms(5), leave).unwrap();

    let before = in_order(&mut host, &sql, START);
    assert_eq!(before.len(), PEOPLE as usize - PEOPLE.div_ceil(7) as usize);
    assert_eq!(in_order(&mut Host::<Event>::new(0), &sql, START), before);
}
