//! Leases as the host grants and drains them, and stamps that say when a copy is still good.

use event_platform::domain::Refusal;
use event_platform::objects::event::{Command, Event};
use event_platform::objects::{Envelope, Host, Outcome};

use super::{read, run_batch};
use crate::support::fixtures::*;
use crate::support::sqlite::Sqlite;
use crate::support::world::START;

const LEASE_MS: u32 = 1_000;

fn with_an_event() -> (Sqlite, Host<Event>) {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Event>::new(LEASE_MS));
    run_batch(&mut host, &sql, START, vec![create(1, &soon())]).unwrap();
    (sql, host)
}

#[test]
fn a_change_is_turned_away_while_a_lease_is_out() {
    let (sql, mut host) = with_an_event();
    let now = START.plus_ms(60_000);
    assert_eq!(read(&mut host, &sql, now, Command::Read).unwrap().lease_ms, LEASE_MS);
    let stored = sql.dump();
    let outcomes = run_batch(&mut host, &sql, now.plus_ms(999), vec![update(capacity(Some(5)))]).unwrap();
    assert_eq!(outcomes, [Outcome::Refused(Refusal::Overloaded)]);
    assert_eq!(sql.dump(), stored);
    let outcomes = run_batch(&mut host, &sql, now.plus_ms(1_000), vec![update(capacity(Some(5)))]).unwrap();
    assert!(matches!(outcomes[0], Outcome::Reply(_)));
}

#[test]
fn seats_change_while_leases_are_out() {
    let (sql, mut host) = with_an_event();
    let now = START.plus_ms(60_000);
    assert!(read(&mut host, &sql, now, Command::Read).unwrap().lease_ms > 0);
    assert!(matches!(run_batch(&mut host, &sql, now, vec![register(1, 1)]).unwrap()[0], Outcome::Reply(_)));
}

#[test]
fn an_object_that_comes_back_assumes_that_a_full_lease_is_out() {
    let (sql, _) = with_an_event();
    let mut host = Host::<Event>::new(LEASE_MS);
    let now = START.plus_ms(60_000);
    assert_eq!(host.hold_leases(&sql, now), Ok(LEASE_MS));
    let outcomes = run_batch(&mut host, &sql, now, vec![update(capacity(Some(5)))]).unwrap();
    assert_eq!(outcomes, [Outcome::Refused(Refusal::Overloaded)]);
    assert_eq!(host.leases_remaining_ms(now.plus_ms(1_000)), 0);
}

#[test]
fn who_holds_the_newest_copy_hears_that_nothing_has_changed() {
    let (sql, mut host) = with_an_event();
    let now = START.plus_ms(60_000);
    let stamp = read(&mut host, &sql, now, Command::Read).unwrap().stamp;
    let again = |host: &mut Host<Event>| {
        host.read(&sql, now, Envelope::knowing(Command::Read, Some(stamp))).unwrap().outcome
    };
    assert_eq!(again(&mut host), Outcome::Unchanged);
    run_batch(&mut host, &sql, now, vec![Command::Leave { user: user(1) }]).unwrap();
    assert_eq!(again(&mut host), Outcome::Unchanged, "a refusal changes nothing");
    run_batch(&mut host, &sql, now, vec![register(1, 1)]).unwrap();
    assert!(matches!(again(&mut host), Outcome::Reply(_)));
}

/// The wait for leases to run out must end when the object was thrown away meanwhile, because a
/// turn failed, even if nobody asks the object anything: nothing else would load it again.
#[test]
fn the_wait_for_leases_ends_after_a_failed_turn() {
    let (sql, mut host) = with_an_event();
    let now = START.plus_ms(60_000);
    read(&mut host, &sql, now, Command::Read).unwrap();
    assert_eq!(host.hold_leases(&sql, now), Ok(LEASE_MS));
    sql.fail_after(0);
    assert!(run_batch(&mut host, &sql, now, vec![register(1, 1)]).is_err());
    sql.heal();
    assert_eq!(host.leases_remaining_ms(now.plus_ms(i64::from(LEASE_MS) * 10)), 0);
}

/// A stamp names one state for ever: the object that is loaded again within the millisecond in
/// which it was loaded before has another one, because it may have written in between.
#[test]
fn a_copy_from_before_a_failed_turn_is_not_taken_for_the_newest() {
    let (sql, _) = with_an_event();
    let mut host = Host::<Event>::new(LEASE_MS);
    let now = START.plus_ms(60_000);
    let stamp = read(&mut host, &sql, now, Command::Read).unwrap().stamp;
    run_batch(&mut host, &sql, now, vec![register(1, 1)]).unwrap();
    sql.fail_after(0);
    assert!(run_batch(&mut host, &sql, now, vec![register(2, 2)]).is_err());
    sql.heal();
    let answer = host.read(&sql, now, Envelope::knowing(Command::Read, Some(stamp))).unwrap();
    assert_ne!(answer.outcome, Outcome::Unchanged, "one seat is taken now");
}

/// The setting was lowered, by a deployment or a rollback, while a copy is held under a long lease.
#[test]
fn an_object_that_comes_back_waits_for_the_longest_lease_that_it_ever_granted() {
    const LONG_MS: u32 = 10_000;
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Event>::new(LONG_MS));
    run_batch(&mut host, &sql, START, vec![create(1, &soon())]).unwrap();
    let now = START.plus_ms(60_000);
    assert_eq!(read(&mut host, &sql, now, Command::Read).unwrap().lease_ms, LONG_MS);

    let mut lowered = Host::<Event>::new(LEASE_MS);
    assert_eq!(lowered.hold_leases(&sql, now.plus_ms(1)), Ok(LONG_MS));
    lowered.release_leases(now.plus_ms(1), false);
    let later = now.plus_ms(1).plus_ms(i64::from(LONG_MS));
    run_batch(&mut lowered, &sql, later, vec![update(capacity(Some(5)))]).unwrap();
    assert_eq!(Host::<Event>::new(LEASE_MS).hold_leases(&sql, later), Ok(LEASE_MS), "they have run out");
}

#[test]
fn a_raised_setting_is_written_down_before_a_longer_lease_is_granted() {
    let (sql, _) = with_an_event();
    let raised = || Host::<Event>::new(5_000);
    let now = START.plus_ms(60_000);
    read(&mut raised(), &sql, now, Command::Read).unwrap();
    assert_eq!(Host::<Event>::new(LEASE_MS).hold_leases(&sql, now), Ok(5_000));
}

#[test]
fn nothing_is_leased_of_what_does_not_exist() {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Event>::new(LEASE_MS));
    read(&mut host, &sql, START, Command::Read).unwrap();
    let answer = read(&mut host, &sql, START.plus_ms(60_000), Command::Read).unwrap();
    assert_eq!(answer.lease_ms, 0);
}
