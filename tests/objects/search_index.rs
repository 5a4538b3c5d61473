//! The index of an older version of the program, which is built anew while it is in use.

use std::fmt::Write;

use event_platform::domain::event::{Change, EventPatch, Status, Tags, Title};
use event_platform::objects::catalog::{Catalog, Command, Order, Query, Reply, Scope, words};
use event_platform::objects::sql::{Sql, value};
use event_platform::objects::{Host, Outcome};

use super::{read, run_batch};
use crate::support::fixtures::*;
use crate::support::sqlite::Sqlite;
use crate::support::world::START;

const TITLES: [&str; 3] = ["Zürich talks", "東京デザイン会議", "C++ at the edge"];

fn report(number: u32, title: &str) -> Command {
    let patch = EventPatch {
        title: Change::Set(Title::parse(title).unwrap()),
        tags: Change::Set(Tags::parse(["Größe"]).unwrap()),
        ..soon()
    };
    super::report(number, &patch)
}

/// A text as version 1 of the index had it.
fn old_text(title: &str) -> String {
    let hex = |text: &[u8]| text.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let split =
        |text: &str| text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>();
    let mut text = split(title).join(" ") + " Rust at the edge Größe ";
    for word in split(title).iter().filter(|word| !word.is_empty()) {
        write!(text, "\u{E000}{word} ").unwrap();
    }
    let organizer = hex(user(ORGANIZER).as_bytes());
    write!(text, "\u{E001}spublished \u{E001}o{organizer} \u{E001}g{}", hex("größe".as_bytes())).unwrap();
    text
}

/// Makes the rows of all events those of an older version.
fn age(sql: &Sqlite) {
    for index in ["start", "birth"] {
        for (number, title) in (1_u32..).zip(TITLES) {
            let of_event = format!("(SELECT by_{index} FROM events WHERE event = ?)");
            let event = event_id(number).into();
            sql.run(&format!("DELETE FROM words_by_{index} WHERE rowid = {of_event}"), &[event]).unwrap();
            let insert = format!("INSERT INTO words_by_{index} (text, rowid) VALUES (?, {of_event})");
            sql.run(&insert, &[old_text(title).as_str().into(), event_id(number).into()]).unwrap();
        }
    }
    sql.run("UPDATE events SET words_version = 1", &[]).unwrap();
}

/// How many events a search finds in each order.
fn found(host: &mut Host<Catalog>, sql: &Sqlite, question: &str, tag: Option<&str>) -> usize {
    let counts = [Order::Relevance, Order::StartsAt, Order::CreatedAt].map(|order| {
        let words = Some(words(question)).filter(|words| !words.is_empty());
        let scope = Scope::Public(Status::Published);
        let query = Query { words, tag: tag.map(str::to_owned), order, ..everything(scope) };
        match read(host, sql, START, Command::List(query)).unwrap().outcome {
            Outcome::Reply(Reply::Page { events, .. }) => events.len(),
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(counts, [counts[0]; 3], "{question}");
    counts[0]
}

#[test]
fn an_index_of_an_older_version_is_built_anew_while_it_is_searched() {
    let (sql, mut host) = (Sqlite::in_memory(), Host::<Catalog>::new(0));
    let reports = (1..).zip(TITLES).map(|(number, title)| report(number, title)).collect();
    run_batch(&mut host, &sql, START, reports).unwrap();
    age(&sql);

    let mut host = Host::<Catalog>::new(0);
    for question in ["zürich", "zurich", "東京", "talks", "c", "東京デザイン会議"] {
        assert_eq!(found(&mut host, &sql, question, None), 1, "{question}");
    }
    assert_eq!(found(&mut host, &sql, "edge rust", Some("GRÖSSE")), 0);
    assert_eq!(found(&mut host, &sql, "edge rust", Some("GRÖßE")), 3);
    assert_eq!(found(&mut host, &sql, "会議", None), 0);

    // A change is indexed at once, and found together with the old ones.
    run_batch(&mut host, &sql, START, vec![report(4, "大阪会議")]).unwrap();
    assert_eq!(found(&mut host, &sql, "会議", None), 1);

    assert!(host.next_alarm().is_some_and(|at| at <= START && at.ms() > 0));
    host.due(&sql, START).unwrap();
    assert_eq!(value::<u64>(&sql, "SELECT count(*) FROM events WHERE words_version < 2", &[]), Ok(Some(0)));
    for (question, expected) in [("会議", 2), ("c++", 1), ("zurich", 1), ("ザイ", 1)] {
        assert_eq!(found(&mut host, &sql, question, None), expected, "{question}");
    }
    assert_eq!(found(&mut host, &sql, "", Some("grosse")), 4);
    assert_eq!(host.next_alarm(), None);
}
