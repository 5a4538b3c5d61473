//! Who gets the list of registrations as a spreadsheet, and that opening it is harmless.

use serde_json::json;

use crate::support::app::{Answer, App, PASSWORD, Person};

const BOM: &str = "\u{feff}";

/// An organizer, and the path of the registrations of an event.
fn list(app: &App) -> (Person, String) {
    let ada = app.organizer("Ada");
    let path = format!("/api/events/{}/registrations", app.event(&ada, json!({})));
    (ada, path)
}

fn is_csv(answer: &Answer) -> bool {
    match answer.header("content-type") {
        Some("text/csv; charset=utf-8") => true,
        Some("application/json") => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn accept_is_negotiated_by_weight_and_then_by_how_exact_it_is() {
    let app = App::new();
    let (ada, path) = list(&app);
    for (accept, csv) in [
        ("text/csv", true),
        ("Text/CSV ; charset=utf-8", true),
        ("text/*", true),
        ("text/csv, */*", true),
        ("text/*, */*;q=1.0", true),
        ("application/json;q=0.5, text/csv;q=0.9", true),
        ("application/json;q=0, */*", true),
        ("text/csv;header=\"a, b;q=0\", application/json;q=0.9", true),
        ("text/csv;q=0.001", true),
        ("", false),
        ("*/*", false),
        ("application/json", false),
        ("application/*, text/*", false),
        ("application/json, text/plain, */*", false),
        ("application/json, text/csv;q=0.9", false),
        ("text/csv, application/json", false),
        ("text/csv;q=0.5, */*", false),
        ("text/csv;q=0", false),
        ("text/csv; Q=0.0, text/*, application/json;q=0.1", false),
        ("text/csv;q=high, text/csv;q=2, text/csv;q=-1, text/csv;q=NaN", false),
        ("application/json;note=\"x, text/csv\", text/csv;q=0.1", false),
        ("text/html, image/gif, *; q=.2, */*; q=.2", false),
        ("text/csvs, xtext/csv", false),
    ] {
        let answer = app.get(&path).by(&ada).header("accept", accept).send().expect(200);
        assert_eq!(is_csv(&answer), csv, "{accept}");
        let vary = answer.header("vary").unwrap().to_lowercase();
        assert!(vary.contains("origin") && vary.contains("accept"), "{vary}");
    }
    assert!(!is_csv(&app.get(&path).by(&ada).send().expect(200)));
}

#[test]
fn several_lines_of_accept_are_one_list() {
    let app = App::new();
    let (ada, path) = list(&app);
    let two = |first, second| {
        let call = app.get(&path).by(&ada).header("accept", first).header("accept", second);
        call.header("origin", "https://front.example").send().expect(200)
    };
    assert!(is_csv(&two("application/json;q=0.5", "text/csv")));
    let json = two("text/csv;q=0.5", "application/json");
    assert!(!is_csv(&json));
    assert_eq!(json.header("vary"), Some("origin, accept"));
    let again = app.get(&path).by(&ada).header("if-none-match", "*").send().expect(304);
    assert_eq!(again.header("vary"), Some("origin, accept"));
    assert_eq!(app.get("/api/events").send().expect(200).header("vary"), Some("origin"));
}

#[test]
fn a_spreadsheet_begins_with_a_byte_order_mark_unless_it_is_declined() {
    let app = App::new();
    let (ada, path) = list(&app);
    let sheet = |query: &str| {
        app.get(&format!("{path}{query}")).by(&ada).header("accept", "text/csv").send().expect(200)
    };
    for query in ["", "?bom=true", "?bom="] {
        assert!(sheet(query).text().starts_with("\u{feff}registration_id,"), "{query}");
    }
    assert!(sheet("?bom=false").text().starts_with("registration_id,"));
    for value in ["0", "no", "False", "true "] {
        for accept in ["text/csv", "application/json"] {
            let call = app.get(&format!("{path}?bom={}", value.replace(' ', "%20"))).by(&ada);
            let bad = call.header("accept", accept).send().bad_fields();
            assert_eq!(bad, [("bom".to_owned(), "invalid_type".to_owned())], "{value}");
        }
    }
    let json = app.get(&path).by(&ada).send().expect(200);
    assert!(!json.text().starts_with(BOM));
}

#[test]
fn no_cell_is_a_formula_wherever_a_spreadsheet_splits_it() {
    let app = App::new();
    let (ada, path) = list(&app);
    let event = path.split('/').nth(3).unwrap().to_owned();
    let names = [
        ("=1+1", "\"'=1+1\""),
        ("＝1+1", "\"'＝1+1\""),
        ("＋1", "\"'＋1\""),
        ("－1", "\"'－1\""),
        ("＠SUM(A1)", "\"'＠SUM(A1)\""),
        ("\u{200b}=1", "\"'\u{200b}=1\""),
        ("\u{2060}\u{a0}@x", "\"'\u{2060}\u{a0}@x\""),
        ("Ada;=1+1", "\"Ada;'=1+1\""),
        ("Ada; \u{200b}＝1", "\"Ada;' \u{200b}＝1\""),
        ("Ada,-1", "\"Ada,'-1\""),
        ("Ada|@x;+1", "\"Ada|'@x;'+1\""),
        ("Ada;\"=1", "\"Ada;'\"\"=1\""),
        ("Ada = Bob - 1", "Ada = Bob - 1"),
        ("Ada; Bob | Cy", "Ada; Bob | Cy"),
        ("Zoë", "Zoë"),
    ];
    for (number, (name, _)) in names.iter().enumerate() {
        let email = format!("person{number}@example.com");
        let body = json!({ "email": email, "password": PASSWORD, "name": name });
        app.post("/api/register").json(&body).send().expect(201);
        app.register(&app.log_in(&email), &event);
        app.advance_ms(60_000);
    }
    let ada = app.log_in(&ada.email);
    let sheet = app.get(&path).by(&ada).header("accept", "text/csv").send().expect(200);
    let mut lines = sheet.text().lines().skip(1);
    for (name, expected) in names {
        let line = lines.next().unwrap();
        assert!(line.contains(&format!(",,{expected},person")), "{name}: {line}");
    }
    assert_eq!(lines.next(), None);
}
