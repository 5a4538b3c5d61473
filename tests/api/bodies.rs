//! Bodies that are read, and those that are well-formed but cannot be.

use serde_json::{Value, json};

use crate::support::app::{Answer, App, Person};

/// Creates an event from the text of a body. The document speaks of bodies that can be read.
fn create(app: &App, ada: &Person, body: &str) -> Answer {
    let call = app.post("/api/events").by(ada).body("application/json", body);
    if serde_json::from_str::<Value>(body).is_ok() { call.send() } else { call.send_unchecked() }
}

/// A body with everything that an event needs, and more.
fn with(more: &str) -> String {
    format!(r#"{{"date":"2030-06-01","time":"14:00","description":"Rust","x":"\\\"{{,:",{more}}}"#)
}

#[test]
fn a_body_is_sent_as_it_is() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let send = |coding: &str| {
        app.post("/api/events").by(&ada).header("content-encoding", coding).json(&json!({})).send()
    };
    for coding in ["gzip", "x-gzip", "deflate", "br", "zstd", "GZIP", "identity, gzip", "nonsense"] {
        let answer = send(coding).expect_problem(415, "unsupported_media_type");
        assert_eq!(answer.header("accept-encoding"), Some("identity"), "{coding}");
    }
    for coding in ["identity", "Identity", ""] {
        send(coding).expect_problem(422, "validation_failed");
    }
    let form = app.post("/api/password/reset/form").header("content-encoding", "gzip");
    form.body("application/x-www-form-urlencoded", "token=x").send().expect(415);
    let plain = app.post("/api/events").by(&ada).body("text/plain", "{}").send();
    assert_eq!(plain.expect(415).header("accept-encoding"), None);
}

#[test]
fn a_number_out_of_range_is_a_bad_field() {
    let app = App::new();
    let ada = app.organizer("Ada");
    for number in ["1e400", "-1e400", "99999999999999999999", "-99999999999999999999", "1.5e309"] {
        let bad =
            create(&app, &ada, &with(&format!("\"capacity\" : {number} , \"title\":\"\""))).bad_fields();
        let expected = [("title", "blank"), ("capacity", "out_of_range")];
        assert_eq!(bad, expected.map(|(field, code)| (field.to_owned(), code.to_owned())), "{number}");
    }
    let bad = create(&app, &ada, &with("\"title\":1e400")).bad_fields();
    assert_eq!(bad, [("title".to_owned(), "invalid_type".to_owned())]);
}

#[test]
fn what_is_nested_too_deeply_is_a_bad_field() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    for levels in [128, 20_000] {
        let bad = create(&app, &ada, &with(&format!("\"tags\":{}", deep(levels)))).bad_fields();
        assert_eq!(bad, [("tags".to_owned(), "invalid_type".to_owned())]);
        let bad = create(&app, &ada, &deep(levels)).bad_fields();
        assert_eq!(bad, [(String::new(), "invalid_type".to_owned())]);
    }
    create(&app, &ada, &format!("{}{}", "[".repeat(200), "]".repeat(199)))
        .expect_problem(400, "malformed_json");
}

#[test]
fn half_a_character_is_a_bad_field() {
    let app = App::new();
    let ada = app.organizer("Ada");
    for (field, expected) in [("title", "invalid_characters"), ("description", "invalid_characters")] {
        for half in [r"\ud83d", r"a\udc4d", r"\ud83dx"] {
            let bad = create(&app, &ada, &with(&format!("\"{field}\":\"{half}\""))).bad_fields();
            assert_eq!(bad, [(field.to_owned(), expected.to_owned())], "{half}");
        }
    }
    let body = r#"{"email":"bob@example.com","password":"SecurePassword\ud83d"}"#;
    let bad = app.post("/api/register").body("application/json", body).send().bad_fields();
    assert_eq!(bad, [("password".to_owned(), "invalid_characters".to_owned())]);
    create(&app, &ada, &with(r#""title":"\ud83d\udc4d""#)).expect(201);
}

#[test]
fn what_no_call_reads_may_be_anything_well_formed() {
    let app = App::new();
    let ada = app.organizer("Ada");
    for more in [r#""y":1e400"#, r#""y":{"a":[1e400,"]}"]}"#, r#""y":"\ud83d""#, r#""\ud83d":1,"title":"t""#]
    {
        create(&app, &ada, &with(more)).expect(201);
    }
    for more in [r#""y":1e400,"#, r#""y":1e400 2"#, r#""y":01"#, "\"y\":\"\u{1}\"", r#""y":"\x""#] {
        create(&app, &ada, &with(more)).expect_problem(400, "malformed_json");
    }
}

#[test]
fn of_a_field_that_is_given_twice_the_last_counts() {
    let app = App::new();
    let ada = app.organizer("Ada");
    for more in
        [r#""title":"a","title":"b""#, r#""title":"a","title":"b","y":1e400"#, r#""title":1e400,"title":"b""#]
    {
        let created = create(&app, &ada, &with(more)).expect(201).json();
        assert_eq!(created["event"]["title"], "b", "{more}");
    }
}
