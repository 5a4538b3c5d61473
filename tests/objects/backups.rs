//! Copies of objects: when one is due, what is in it, and that it reads back as it was.

use event_platform::domain::Timestamp;
use event_platform::objects::account::{self, Account};
use event_platform::objects::backup::{self, Export, Part};
use event_platform::objects::event::{Event, IfMatch};
use event_platform::objects::sql::Sql;
use event_platform::objects::{Host, Object, event, schema};

use super::{read, run_batch};
use crate::support::fixtures::*;
use crate::support::sqlite::Sqlite;
use crate::support::world::START;

const DAY_MS: i64 = 86_400_000;

fn parts(sql: &dyn Sql) -> Vec<Part> {
    let mut export = Export::begin(sql).unwrap();
    std::iter::from_fn(|| export.next_part(sql).unwrap()).collect()
}

/// An event with so many registrations, every third of which has ended.
fn event_with(registrations: u32) -> Sqlite {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Event>::new(0));
    run_batch(&mut host, &sql, START, vec![create(1, &soon())]).unwrap();
    for page in (0..registrations).collect::<Vec<_>>().chunks(200) {
        run_batch(&mut host, &sql, START, page.iter().map(|number| register(*number, *number)).collect())
            .unwrap();
    }
    let leavers = (0..registrations).step_by(3).map(|number| event::Command::Leave { user: user(number) });
    run_batch(&mut host, &sql, START, leavers.collect()).unwrap();
    sql
}

/// The rows that are not about copies.
fn stored(sql: &Sqlite) -> Vec<String> {
    let about = |row: &String| !row.starts_with("backup: ") && !row.starts_with("sqlite_sequence: ");
    sql.dump().into_iter().filter(about).collect()
}

#[test]
fn a_copy_reads_back_as_it_was_however_large() {
    for registrations in [0, 1, 4_000] {
        let sql = event_with(registrations);
        let parts = parts(&sql);
        assert!(parts.iter().all(|part| part.text.len() < 2 * 1024 * 1024));
        assert!(registrations < 4_000 || parts.len() > 2, "{} parts", parts.len());
        let (back, mut host) = (Sqlite::in_memory(), Host::<Event>::new(0));
        run_batch(&mut host, &back, START, vec![create(2, &soon()), register(9, 9)]).unwrap();
        host.begin_restore(&back, Export::begin(&sql).unwrap().schema_version()).unwrap();
        for part in &parts {
            assert_eq!(backup::import(&back, &part.text).unwrap(), part.rows);
        }
        assert_eq!(stored(&back), stored(&sql));
        read(&mut host, &back, START, event::Command::Read).unwrap();
    }
}

#[test]
fn counts_that_are_made_anew_when_an_object_is_loaded_are_not_copied() {
    let sql = event_with(3);
    sql.run("INSERT INTO seat_blocks (block, confirmed, waitlisted) VALUES (0, 9, 9)", &[]).unwrap();
    assert!(parts(&sql).iter().all(|part| !part.text.contains("seat_blocks")));
}

#[test]
fn a_copy_of_an_older_schema_is_brought_up_to_date() {
    use event_platform::objects::{Object, schema};
    let older = Sqlite::in_memory();
    schema::migrate(&older, &Account::MIGRATIONS[..1]).unwrap();
    older.run("INSERT INTO login_guard (failures, last_failure) VALUES (7, 1)", &[]).unwrap();
    let (back, mut host) = (Sqlite::in_memory(), Host::<Account>::new(0));
    host.begin_restore(&back, 1).unwrap();
    for part in parts(&older) {
        backup::import(&back, &part.text).unwrap();
    }
    read(&mut host, &back, START, account::Command::Exists).unwrap();
    assert_eq!(schema::version(&back), Ok(Account::MIGRATIONS.len()));
    assert!(back.dump().contains(&"login_guard: 7 | 1".to_owned()));
    let before = back.dump();
    for version in [0, Account::MIGRATIONS.len() + 1] {
        host.begin_restore(&back, version).unwrap_err();
        assert_eq!(back.dump(), before, "a schema that is not known changes nothing");
    }
}

#[test]
fn a_part_that_is_not_as_it_was_written_changes_nothing() {
    let sql = event_with(1);
    let before = sql.dump();
    let header = r#"{"table":"parked","columns":["id","key"]}"#;
    for bad in [
        "[1,2]".to_owned(),
        format!("{header}\n[1]"),
        format!("{header}\n[1,2,3]"),
        format!("{header}\n[1,"),
        format!("{header}\nnonsense"),
        format!("{header}\n[1,2]\n[1,2]"),
        "{\"table\":\"nothing\",\"columns\":[\"id\"]}\n[1]".to_owned(),
        "{\"table\":\"parked\\\" (id) VALUES (1); --\",\"columns\":[\"id\"]}\n[1]".to_owned(),
        "{\"table\":\"parked\",\"columns\":[\"id\\\"\"]}\n[1]".to_owned(),
    ] {
        assert!(backup::import(&sql, &bad).is_err(), "{bad}");
        assert_eq!(sql.dump(), before, "{bad}");
    }
}

#[test]
fn a_copy_is_due_once_a_day_and_only_after_a_change() {
    let sql = Sqlite::in_memory();
    let mut host = Host::<Event>::new(0).copied_at(0);
    run_batch(&mut host, &sql, START, vec![create(1, &soon())]).unwrap();
    let due = Timestamp::from_ms(START.ms() + DAY_MS / 2);
    assert!(!host.copy_is_due(due.plus_ms(-1)) && host.copy_is_due(due));
    // It is remembered, and not moved by further changes.
    let mut host = Host::<Event>::new(0).copied_at(0);
    run_batch(&mut host, &sql, due.plus_ms(-2), vec![register(1, 1)]).unwrap();
    assert!(!host.copy_is_due(due.plus_ms(-1)) && host.copy_is_due(due));
    let (name, _) = host.begin_copy(&sql, due).unwrap().unwrap();
    assert_eq!(name, event_id(1).to_string());
    host.end_copy(&sql, due, None).unwrap();
    assert!(!host.copy_is_due(due.plus_ms(30 * DAY_MS)), "nothing has changed since");
    // What changes nothing plans nothing; what does plans the next one.
    let refused = event::Command::Delete { by: user(1), if_match: Some(IfMatch::Any) };
    run_batch(&mut host, &sql, due, vec![refused]).unwrap();
    assert!(!host.copy_is_due(due.plus_ms(30 * DAY_MS)));
    run_batch(&mut host, &sql, due.plus_ms(1), vec![register(2, 2)]).unwrap();
    assert!(!host.copy_is_due(due.plus_ms(DAY_MS - 1)) && host.copy_is_due(due.plus_ms(DAY_MS)));
}

#[test]
fn without_a_bucket_no_copy_is_ever_due() {
    let sql = Sqlite::in_memory();
    let mut host = Host::<Event>::new(0);
    run_batch(&mut host, &sql, START, vec![create(1, &soon())]).unwrap();
    assert!(!host.copy_is_due(START.plus_ms(30 * DAY_MS)));
    let rows = sql.dump();
    assert!(rows.iter().all(|row| !row.starts_with("backup: ")), "nothing is written for it either");
    // A deployment that has lost its bucket does not wake for it.
    let mut bound = Host::<Event>::new(0).copied_at(0);
    run_batch(&mut bound, &sql, START, vec![register(1, 1)]).unwrap();
    let mut unbound = Host::<Event>::new(0);
    read(&mut unbound, &sql, START, event::Command::Read).unwrap();
    assert!(!unbound.copy_is_due(START.plus_ms(30 * DAY_MS)));
}

#[test]
fn an_address_without_an_account_is_not_copied() {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Account>::new(0).copied_at(0));
    assert!(host.begin_copy(&sql, START).unwrap().is_none());
    run_batch(&mut host, &sql, START, vec![account::Command::SignUp(Box::new(sign_up(1)))]).unwrap();
    let (name, _) = host.begin_copy(&sql, START).unwrap().unwrap();
    assert_eq!(name, account_key(1).to_string());
}

/// A backup walks along row numbers, so every table of an object that is backed up must have them.
#[test]
fn every_table_that_is_backed_up_has_row_numbers() {
    fn walks<O: Object>() {
        let sql = Sqlite::in_memory();
        schema::migrate(&sql, O::MIGRATIONS).unwrap();
        let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
        for row in sql.run(tables, &[]).unwrap() {
            let name: String = row.get(0).unwrap();
            sql.run(&format!("SELECT rowid FROM {name}"), &[]).unwrap();
        }
    }
    walks::<Account>();
    walks::<Event>();
}
