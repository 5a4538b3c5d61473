//! Databases of every age: blank ones, older ones, and those of a newer version of the program.

use event_platform::objects::account::{self, Account};
use event_platform::objects::catalog::{self, Catalog};
use event_platform::objects::event::{self, Event};
use event_platform::objects::sql::{Sql, value};
use event_platform::objects::{Host, Object, schema};

use super::{read, run_batch};
use crate::support::fixtures::*;
use crate::support::sqlite::Sqlite;
use crate::support::world::START;

fn report() -> catalog::Command {
    super::report(1, &soon())
}

fn list() -> catalog::Command {
    catalog::Command::List(everything(catalog::Scope::Own(user(ORGANIZER))))
}

/// What is asked of an object that nothing was ever written to leaves it so; the command that
/// founds it records the version of the schema.
fn is_founded_by<O: Object>(founds: O::Command, others: Vec<O::Command>) {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<O>::new(0));
    for other in others {
        run_batch(&mut host, &sql, START, vec![other]).unwrap();
        assert_eq!((schema::version(&sql), sql.dump()), (Ok(0), vec![]));
    }
    assert!(host.due(&sql, START).unwrap().is_empty());
    run_batch(&mut host, &sql, START, vec![founds]).unwrap();
    assert_eq!(schema::version(&sql), Ok(O::MIGRATIONS.len()));
}

#[test]
fn nothing_is_stored_before_there_is_something_to_store() {
    let session = session(1, START, 1_000);
    let authorize = account::Command::Authorize {
        user: user(1),
        session: session.id,
        registering_for: Some(event_id(1)),
        changes: None,
    };
    is_founded_by::<Account>(
        account::Command::SignUp(Box::new(sign_up(1))),
        vec![
            account::Command::Exists,
            account::Command::BeginLogin,
            account::Command::FinishLogin { matched: None, session, stronger: None },
            authorize,
            account::Command::VerifyEmail { token: "x".to_owned() },
        ],
    );
    let by = user(ORGANIZER);
    is_founded_by::<Event>(
        create(1, &soon()),
        vec![
            event::Command::Read,
            register(1, 1),
            update(capacity(None)),
            event::Command::Delete { by, if_match: None },
            event::Command::Leave { user: user(1) },
            event::Command::List { by, status: None, after: None, limit: 9 },
        ],
    );
    is_founded_by::<Catalog>(report(), vec![list()]);
}

/// A database that any older version has left is brought up to date when it is loaded.
fn is_brought_up_to_date<O: Object<Command: Clone>>(look: &O::Command) {
    for applied in 1..=O::MIGRATIONS.len() {
        let sql = Sqlite::in_memory();
        schema::migrate(&sql, &O::MIGRATIONS[..applied]).unwrap();
        assert_eq!(schema::version(&sql), Ok(applied));
        read(&mut Host::<O>::new(0), &sql, START, look.clone()).unwrap();
        assert_eq!(schema::version(&sql), Ok(O::MIGRATIONS.len()));
    }
}

#[test]
fn older_databases_are_brought_up_to_date() {
    is_brought_up_to_date::<Account>(&account::Command::Exists);
    is_brought_up_to_date::<Event>(&event::Command::Read);
    is_brought_up_to_date::<Catalog>(&list());
}

/// What a newer version has added is in nobody's way: a rollback finds its data as it left it.
fn works_with_a_newer_one<O: Object<Command: Clone, Reply: PartialEq + std::fmt::Debug>>(
    founds: &O::Command,
    look: &O::Command,
    table: &str,
) {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<O>::new(0));
    run_batch(&mut host, &sql, START, vec![founds.clone()]).unwrap();
    let seen = read(&mut host, &sql, START, look.clone()).unwrap().outcome;
    sql.run("UPDATE schema_version SET version = version + 1", &[]).unwrap();
    sql.run("CREATE TABLE added (x INTEGER NOT NULL)", &[]).unwrap();
    sql.run(&format!("ALTER TABLE {table} ADD COLUMN added INTEGER NOT NULL DEFAULT 7"), &[]).unwrap();
    let version = schema::version(&sql);
    let mut host = Host::<O>::new(0);
    assert_eq!(read(&mut host, &sql, START, look.clone()).unwrap().outcome, seen);
    run_batch(&mut host, &sql, START, vec![founds.clone()]).unwrap();
    assert_eq!(schema::version(&sql), version);
}

#[test]
fn a_rollback_works_with_what_a_newer_version_has_written() {
    works_with_a_newer_one::<Account>(
        &account::Command::SignUp(Box::new(sign_up(1))),
        &account::Command::Exists,
        "account",
    );
    works_with_a_newer_one::<Event>(&create(1, &soon()), &event::Command::Read, "event");
    works_with_a_newer_one::<Catalog>(&report(), &list(), "events");
}

/// Programs of before a rollout write beside those of after it.
#[test]
fn what_a_newer_version_keeps_in_a_column_of_its_own_survives_a_write() {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Event>::new(0));
    run_batch(&mut host, &sql, START, vec![create(1, &soon())]).unwrap();
    sql.run("ALTER TABLE event ADD COLUMN added INTEGER NOT NULL DEFAULT 7", &[]).unwrap();
    sql.run("UPDATE event SET added = 8", &[]).unwrap();
    run_batch(&mut host, &sql, START, vec![update(capacity(Some(3)))]).unwrap();
    assert_eq!(value::<u64>(&sql, "SELECT added FROM event WHERE version = 2", &[]), Ok(Some(8)));
}

#[test]
fn steps_that_were_applied_are_not_applied_again() {
    let sql = Sqlite::in_memory();
    let steps: &[schema::Step] =
        &[&["CREATE TABLE a (x); INSERT INTO a VALUES (1);"], &["CREATE TABLE b (y)"]];
    schema::migrate(&sql, &steps[..1]).unwrap();
    schema::migrate(&sql, &steps[..1]).unwrap();
    schema::migrate(&sql, steps).unwrap();
    assert_eq!(schema::version(&sql), Ok(2));
    assert_eq!(sql.dump(), ["a: 1", "schema_version: 2"]);
}
