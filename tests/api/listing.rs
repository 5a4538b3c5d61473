//! The list of events: filters, search, order and pages.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::app::{App, Person};

/// The titles on a page.
fn titles(app: &App, query: &str) -> Vec<String> {
    let page = app.get(&format!("/api/events{query}")).send().expect(200).json();
    page["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["title"].as_str().unwrap().to_owned())
        .collect()
}

/// Four events that differ in everything.
fn calendar(app: &App) -> (Person, Person) {
    let (ada, eve) = (app.organizer("Ada"), app.organizer("Eve"));
    for (by, title, date, tags) in [
        (&ada, "Rust", "2030-03-03", json!(["rust", "Systems"])),
        (&eve, "Wasm", "2030-02-02", json!(["wasm"])),
        (&ada, "Edge", "2030-01-01", json!(["RUST", "wasm"])),
        (&eve, "Past", "2020-01-01", json!([])),
    ] {
        app.advance_ms(1_000);
        app.event(by, json!({ "title": title, "date": date, "tags": tags }));
    }
    (ada, eve)
}

#[test]
fn before_the_first_event_the_list_is_empty() {
    let app = App::new();
    let list = app.get("/api/events").send().expect(200);
    assert_eq!(list.json(), json!({ "events": [], "next_cursor": null }));
    assert_eq!(list.header("cache-control"), Some("private, no-cache"));
}

#[test]
fn the_list_holds_what_is_published_and_public() {
    let app = App::new();
    let ada = app.organizer("Ada");
    for (title, fields) in [
        ("draft", json!({ "status": "draft" })),
        ("unlisted", json!({ "visibility": "unlisted" })),
        ("cancelled", json!({ "status": "cancelled" })),
        ("shown", json!({})),
    ] {
        let id = app.event(&ada, fields);
        app.put(&format!("/api/events/{id}")).by(&ada).json(&json!({ "title": title })).send().expect(200);
    }
    assert_eq!(titles(&app, ""), ["shown"]);
    assert_eq!(titles(&app, "?status=published"), ["shown"]);
    assert_eq!(titles(&app, "?status=cancelled"), ["cancelled"]);
}

#[test]
fn the_list_follows_every_change() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let path = format!("/api/events/{}", app.event(&ada, json!({ "title": "One" })));
    let change = |fields: Value| drop(app.put(&path).by(&ada).json(&fields).send().expect(200));
    change(json!({ "title": "Two" }));
    assert_eq!(titles(&app, ""), ["Two"]);
    change(json!({ "visibility": "unlisted" }));
    assert_eq!(titles(&app, ""), Vec::<String>::new());
    change(json!({ "visibility": "public", "tags": ["new"], "date": "2031-01-01" }));
    assert_eq!(titles(&app, "?tag=new&from=2031-01-01"), ["Two"]);
    app.delete(&path).by(&ada).send().expect(204);
    assert_eq!(titles(&app, ""), Vec::<String>::new());
}

#[test]
fn the_list_is_filtered_and_sorted_as_asked() {
    let app = App::new();
    let (ada, _) = calendar(&app);
    for (query, expected) in [
        (String::new(), "Past Edge Wasm Rust"),
        ("?sort=-starts_at".to_owned(), "Rust Wasm Edge Past"),
        ("?sort=created_at".to_owned(), "Rust Wasm Edge Past"),
        ("?sort=-created_at".to_owned(), "Past Edge Wasm Rust"),
        ("?tag=rust".to_owned(), "Edge Rust"),
        ("?tag=WASM&sort=-starts_at".to_owned(), "Wasm Edge"),
        ("?tag=systems".to_owned(), "Rust"),
        ("?tag=system".to_owned(), ""),
        (format!("?organizer={}", ada.id), "Edge Rust"),
        (format!("?organizer={}&tag=systems", ada.id), "Rust"),
        ("?from=2030-02-02".to_owned(), "Wasm Rust"),
        ("?from=2030-02-02T14:00:00Z&to=2030-03-03".to_owned(), "Wasm"),
        ("?from=2030-02-02T14:00:01Z".to_owned(), "Rust"),
        ("?to=2030-02-02T14:00:00Z".to_owned(), "Past Edge"),
        ("?from=2030-02-02T16:00:00%2B02:00&to=2030-03-03".to_owned(), "Wasm"),
        ("?from=2030-02-02T16:00:00+02:00&to=2030-02-02T16:00:01+02:00".to_owned(), "Wasm"),
        ("?from=2030-02-02T16:00:01.5+02:00".to_owned(), "Rust"),
        ("?status=cancelled".to_owned(), ""),
        ("?tag=&from=&to=&sort=&status=&organizer=".to_owned(), "Past Edge Wasm Rust"),
    ] {
        assert_eq!(titles(&app, &query).join(" "), expected, "{query}");
    }
}

#[test]
fn all_words_of_a_search_are_required_in_any_case() {
    let app = App::new();
    let ada = app.organizer("Ada");
    for (title, description, tags) in [
        ("Rust at the edge", "Workers and WebAssembly.", json!(["cloud"])),
        ("Baking bread", "Nothing about the Rust Belt.", json!([])),
        ("Naïve Bayes", "Statistics.", json!(["Größe"])),
    ] {
        app.event(&ada, json!({ "title": title, "description": description, "tags": tags }));
    }
    for (query, expected) in [
        ("rust", vec!["Rust at the edge", "Baking bread"]),
        ("RUST%20workers", vec!["Rust at the edge"]),
        ("rust%20cloud", vec!["Rust at the edge"]),
        ("web", vec!["Rust at the edge"]),
        ("rust%20statistics", vec![]),
        ("naive", vec!["Naïve Bayes"]),
        ("gr%C3%B6%C3%9Fe", vec!["Naïve Bayes"]),
        ("%22rust%20OR%20(%20*%20NEAR", vec![]),
        ("%22%27%3B%20DROP%20TABLE%20events%3B--", vec![]),
        ("!!!", vec![]),
    ] {
        assert_eq!(titles(&app, &format!("?q={query}")), expected, "{query}");
    }
    assert_eq!(titles(&app, "?q=%20").len(), 3);
}

#[test]
fn every_bad_parameter_is_named_at_once() {
    let app = App::new();
    let query = "?sort=size&status=draft&organizer=me&from=soon&to=2030-13-01&limit=0&cursor=x";
    let bad = app.get(&format!("/api/events{query}")).send().bad_fields();
    let fields: BTreeSet<_> = bad.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, BTreeSet::from(["sort", "status", "organizer", "from", "to", "limit", "cursor"]));
    for limit in ["201", "1.5", "ten", "-1"] {
        app.get(&format!("/api/events?limit={limit}")).send().expect_problem(422, "validation_failed");
    }
}

#[test]
fn pages_are_linked_and_hold_everything_once() {
    let app = App::new();
    let ada = app.organizer("Ada");
    for number in 0..23 {
        app.event(&ada, json!({ "title": number.to_string(), "tags": ["x"], "date": format!("2030-06-{:02}", number % 3 + 1) }));
    }
    for query in ["", "&sort=-starts_at", "&sort=created_at", "&sort=-created_at&tag=x", "&q=edge"] {
        let mut seen = Vec::new();
        let mut path = format!("/api/events?limit=7{query}");
        for expected in [7, 7, 7, 2] {
            let page = app.get(&path).send().expect(200);
            let events = page.json()["events"].as_array().unwrap().clone();
            assert_eq!(events.len(), expected, "{query}");
            seen.extend(events.iter().map(|event| event["title"].as_str().unwrap().to_owned()));
            let link = page.header("link").map(str::to_owned);
            assert_eq!(link.is_some(), expected == 7);
            assert_eq!(page.json()["next_cursor"].is_string(), expected == 7);
            path = link.map(|link| link[1..].split_once('>').unwrap().0.to_owned()).unwrap_or_default();
        }
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 23, "{query}");
        assert_eq!(seen, titles(&app, &format!("?limit=200{query}")), "{query}");
    }
}

#[test]
fn a_cursor_belongs_to_its_order() {
    let app = App::new();
    calendar(&app);
    let page = app.get("/api/events?limit=1").send().json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let bad = app.get(&format!("/api/events?limit=1&sort=-starts_at&cursor={cursor}")).send().bad_fields();
    assert_eq!(bad, [("cursor".to_owned(), "invalid_cursor".to_owned())]);
}

#[test]
fn a_walk_skips_and_repeats_nothing_that_was_there_throughout() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let event = |number: usize| {
        app.event(
            &ada,
            json!({ "title": format!("stays {number}"), "time": format!("{:02}:00", number % 24) }),
        )
    };
    (0..40).for_each(|number| drop(event(number)));
    let mut passing: Vec<String> = (0..10)
        .map(|n| app.event(&ada, json!({ "title": "passes", "time": format!("{:02}:00", n * 2) })))
        .collect();
    for sort in ["starts_at", "-starts_at", "created_at", "-created_at"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.get(&format!("/api/events?limit=7&sort={sort}{cursor}")).send().expect(200).json();
            let events = page["events"].as_array().unwrap();
            seen.extend(
                events
                    .iter()
                    .map(|event| event["title"].as_str().unwrap().to_owned())
                    .filter(|title| title != "passes"),
            );
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
            let gone = passing.remove(seen.len() % passing.len());
            app.delete(&format!("/api/events/{gone}")).by(&ada).send().expect(204);
            app.advance_ms(50);
            passing.push(
                app.event(&ada, json!({ "title": "passes", "time": format!("{:02}:00", seen.len() % 24) })),
            );
        }
        assert_eq!(seen.len(), 40, "{sort}");
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 40, "{sort}");
    }
}

#[test]
fn a_list_shows_what_an_event_shows() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let id = app.event(&ada, json!({ "capacity": 3 }));
    app.register(&bob, &id);
    app.state().come_to_rest();
    let event = app.get(&format!("/api/events/{id}")).send().json()["event"].clone();
    assert_eq!(app.get("/api/events").send().json()["events"], json!([event]));
}

#[test]
fn a_report_that_the_catalog_could_not_take_comes_later() {
    let mut app = App::new();
    let ada = app.organizer("Ada");
    app.event(&ada, json!({ "title": "There" }));
    let catalog = crate::support::node::Address::Catalog;
    app.state().node(&catalog).sql.fail_after(0);
    app.event(&ada, json!({ "title": "Late" }));
    app.state().node(&catalog).sql.heal();
    assert_eq!(titles(&app, ""), ["There"]);
    app.restart();
    app.state().come_to_rest();
    app.advance_ms(5_000);
    assert_eq!(titles(&app, ""), ["There", "Late"]);
}
