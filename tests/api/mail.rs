//! Mail follows from what was decided: each mail once, sooner or later.

use serde_json::{Value, json};

use crate::support::app::App;

#[test]
fn a_mail_waits_while_the_provider_is_down_and_delays_nobody() {
    let mut app = App::new();
    app.state().post.up = false;
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({}));
    app.register(&bob, &event);
    assert_eq!(app.mails_to(&bob), Vec::<&str>::new());
    app.restart();
    for _ in 0..10 {
        app.advance_ms(60_000);
        assert_eq!(app.mails_to(&bob), Vec::<&str>::new());
    }
    app.state().post.up = true;
    app.state().come_to_rest();
    let mut mails = app.mails_to(&bob);
    mails.sort_unstable();
    assert_eq!(mails, ["confirm_address", "registered"]);
}

#[test]
fn pauses_between_tries_grow() {
    let app = App::new();
    app.state().post.up = false;
    app.attendee("Ada");
    let mut state = app.state();
    while state.post.requests.len() < 20 {
        let next = state.nodes.values().filter_map(crate::support::node::Node::alarm_at).min();
        state.now = next.expect("the mail waits");
        state.deliver_outboxes();
    }
    let pauses: Vec<_> = state.post.requests.windows(2).map(|pair| pair[1].ms_since(pair[0])).collect();
    for (n, pause) in pauses.iter().enumerate() {
        let longest = (1_000 << n).min(86_400_000);
        assert!((longest / 2 - 1..=longest + 100).contains(pause), "{n}: {pauses:?}");
    }
}

#[test]
fn a_mail_speaks_to_its_reader_of_the_event() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({ "title": "Rust & <Wasm>", "timezone": "Europe/Berlin" }));
    app.register(&bob, &event);
    app.deliver_outboxes();
    let state = app.state();
    let mail: Value = serde_json::from_str(&state.post.sent.last().unwrap().body).unwrap();
    assert_eq!(mail["to"], json!(["\"Bob\" <bob@example.com>"]));
    assert_eq!(mail["subject"], "You are registered: Rust & <Wasm>");
    let (text, html) = (mail["text"].as_str().unwrap(), mail["html"].as_str().unwrap());
    assert!(
        text.contains("Hello Bob,")
            && text.contains("Saturday, 1 June 2030, 14:00 (Europe/Berlin, UTC+02:00)")
    );
    assert!(html.contains("Rust &#38; &#60;Wasm&#62;") && !html.contains("<Wasm>"));
}

#[test]
fn what_is_decided_later_is_another_mail() {
    let app = App::new();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    let event = app.event(&ada, json!({ "capacity": 1 }));
    app.register(&bob, &event);
    for _ in 0..2 {
        app.register(&cy, &event);
        app.leave(&cy, &event);
    }
    let twice = ["waitlisted", "registration_cancelled", "waitlisted", "registration_cancelled"];
    assert_eq!(app.mails_to(&cy), [["confirm_address"].as_slice(), &twice].concat());
    let state = app.state();
    let mut keys: Vec<_> = state.post.sent.iter().map(|sent| sent.key.clone()).collect();
    let sent = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), sent);
}
