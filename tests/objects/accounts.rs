//! What happens to an account at the same moment.

use event_platform::domain::Secret;
use event_platform::objects::account::{Account, Command, Order, Reply};
use event_platform::objects::{Host, Outcome};

use super::run_batch;
use crate::support::fixtures::*;
use crate::support::sqlite::Sqlite;
use crate::support::world::START;

fn login(number: u32, matched: &Secret<String>, stronger: Option<Secret<String>>) -> Command {
    Command::FinishLogin { matched: Some(matched.clone()), session: session(number, START, 60_000), stronger }
}

fn is_in(outcome: &Outcome<Reply>) -> bool {
    matches!(outcome, Outcome::Reply(Reply::Profile(_)))
}

#[test]
fn a_login_on_its_way_while_the_hash_is_replaced_is_not_a_failure() {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Account>::new(0));
    let (weak, strong, other) = (hash(1), hash(2), hash(3));
    let commands = vec![
        Command::SignUp(Box::new(sign_up(1))),
        login(1, &weak, Some(strong.clone())),
        login(2, &weak, Some(other.clone())),
        login(3, &strong, None),
        login(4, &other, None),
    ];
    let outcomes = run_batch(&mut host, &sql, START, commands).unwrap();
    assert_eq!(outcomes.iter().map(is_in).collect::<Vec<_>>(), [true, true, true, true, false]);

    let change = Order::ChangePassword(Some(strong.clone()), hash(4));
    let commands = vec![Command::By(holder(1, 3), change), login(5, &weak, None), login(6, &strong, None)];
    let outcomes = run_batch(&mut host, &sql, START, commands).unwrap();
    assert_eq!(
        outcomes.iter().map(is_in).collect::<Vec<_>>(),
        [true, false, false],
        "that was another password"
    );
}

#[test]
fn of_two_refreshes_in_one_turn_the_second_ends_the_session() {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Account>::new(0));
    let first = session(1, START, 60_000).refresh.digest;
    let refresh =
        |next: &str| Command::Refresh(first.clone(), first.clone(), token(next, START.plus_ms(60_000)));
    let commands =
        vec![Command::SignUp(Box::new(sign_up(1))), login(1, &hash(1), None), refresh("a"), refresh("b")];
    let outcomes = run_batch(&mut host, &sql, START, commands).unwrap();
    assert!(
        matches!(&outcomes[2], Outcome::Reply(Reply::Refreshed(session, _)) if *session == session_id(1))
    );
    assert_eq!(outcomes[3], Outcome::Reply(Reply::Reused(user(1))));
    let look = Command::By(holder(1, 1), Order::Export);
    assert!(matches!(run_batch(&mut host, &sql, START, vec![look]).unwrap()[0], Outcome::Refused(_)));
}

/// Where the version before asks while this one is being rolled out, it is understood.
#[test]
fn a_feed_key_is_set_by_a_session_that_stands_and_in_the_way_of_the_version_before() {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Account>::new(0));
    let digest = |key: &str| key.to_owned();
    let opens = |key: &str| Command::OpenFeed { digest: digest(key) };
    let commands = vec![
        Command::SignUp(Box::new(sign_up(1))),
        login(1, &hash(1), None),
        Command::SetFeedKey { user: user(1), digest: digest("a") },
        opens("a"),
        Command::By(holder(1, 1), Order::SetFeedKey(digest("b"))),
        opens("a"),
        opens("b"),
        Command::By(holder(1, 1), Order::Logout),
        Command::By(holder(1, 1), Order::SetFeedKey(digest("c"))),
        Command::SetFeedKey { user: user(2), digest: digest("d") },
        opens("b"),
    ];
    let outcomes = run_batch(&mut host, &sql, START, commands).unwrap();
    let granted = outcomes[2..].iter().map(|outcome| matches!(outcome, Outcome::Reply(_)));
    assert_eq!(granted.collect::<Vec<_>>(), [true, true, true, false, true, true, false, false, true]);
}
