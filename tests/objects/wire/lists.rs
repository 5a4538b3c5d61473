//! Between the API, events and the Catalog.

use super::*;

#[test]
fn what_is_asked_of_the_catalog_and_what_it_answers() {
    use catalog::{Command, Reply};
    let event = snapshot_json();
    let report = Command::Report(Box::new(Report {
        event: event_id(1),
        version: 2,
        as_of: START,
        changed: true,
        entry: Some(snapshot()),
        participations: vec![Participation { change: 3, user: user(1), seq: 2, stands: true }],
        waited_ms: 0,
    }));
    match report {
        // A command that is new here needs its golden string below.
        Command::List(_)
        | Command::Participations { .. }
        | Command::Organizes(_)
        | Command::Report(_)
        | Command::AccountChange(..)
        | Command::ReportLag
        | Command::Admin(_)
        | Command::Residence
        | Command::Reside(_) => {}
    }
    let reported = format!(
        r#"{{"report":{{"event":"01b8dd58-e200-7000-8000-000000000001","version":2,"as_of":1893499200000,"news":true,"entry":{event},"participations":[{{"change":3,"user":"01b8dd58-e200-7000-8000-000000000001","seq":2,"stands":true}}]}}}}"#
    );
    let full = Query {
        words: Some(vec!["rust".to_owned()]),
        tag: Some("wasm".to_owned()),
        organizer: Some(user(1)),
        from: Some(Timestamp::from_ms(1)),
        to: Some(Timestamp::from_ms(2)),
        after: Some(Cursor { past_titles: true, at: 5 }),
        ..everything(Scope::Public(Status::Published))
    };
    let own = Query { order: Order::Relevance, ..everything(Scope::Own(user(1))) };
    pin_commands(vec![
        (report, &reported),
        (
            Command::List(full),
            r#"{"list":{"scope":{"public":"published"},"words":["rust"],"tag":"wasm","organizer":"01b8dd58-e200-7000-8000-000000000001","from":1,"to":2,"order":"starts_at","after":{"past_titles":true,"at":5},"limit":50}}"#,
        ),
        (
            Command::List(own),
            r#"{"list":{"scope":{"own":"01b8dd58-e200-7000-8000-000000000001"},"words":null,"tag":null,"organizer":null,"from":null,"to":null,"order":"relevance","after":null,"limit":50}}"#,
        ),
        (
            Command::Participations { user: user(1), before: Some(event_id(2)), limit: 9, ended: false },
            r#"{"participations":{"user":"01b8dd58-e200-7000-8000-000000000001","before":"01b8dd58-e200-7000-8000-000000000002","limit":9}}"#,
        ),
        (
            Command::Participations { user: user(1), before: None, limit: 9, ended: true },
            r#"{"participations":{"user":"01b8dd58-e200-7000-8000-000000000001","before":null,"limit":9,"ended":true}}"#,
        ),
        (Command::Residence, r#""residence""#),
        (Command::Reside(None), r#"{"reside":null}"#),
        (Command::Reside(Some(Jurisdiction::Eu)), r#"{"reside":"eu"}"#),
        (Command::Reside(Some(Jurisdiction::Fedramp)), r#"{"reside":"fedramp"}"#),
        (Command::Organizes(user(1)), r#"{"organizes":"01b8dd58-e200-7000-8000-000000000001"}"#),
        (Command::AccountChange(renamed(), vec![]), &format!(r#"{{"notice":[{RENAMED},[]]}}"#)),
    ]);
    let next = Some(Cursor { past_titles: false, at: 5 });
    pin_replies(vec![
        (Reply::Done, r#""done""#),
        (Reply::Residence(Residence::Undecided), r#"{"residence":"undecided"}"#),
        (Reply::Residence(Residence::Anywhere), r#"{"residence":"anywhere"}"#),
        (Reply::Residence(Residence::Within(Jurisdiction::Eu)), r#"{"residence":{"within":"eu"}}"#),
        (Reply::Organizes(true), r#"{"organizes":true}"#),
        (
            Reply::Participations { events: vec![event_id(1)], more: true },
            r#"{"participations":{"events":["01b8dd58-e200-7000-8000-000000000001"],"more":true}}"#,
        ),
        (
            Reply::Page { events: vec![snapshot()], next },
            &format!(r#"{{"page":{{"events":[{event}],"next":{{"past_titles":false,"at":5}}}}}}"#),
        ),
    ]);
}

#[test]
fn cursors_that_clients_hold() {
    for (order, golden) in [
        (Order::Relevance, "relevance"),
        (Order::StartsAt, "starts_at"),
        (Order::StartsAtDescending, "starts_at_descending"),
        (Order::CreatedAt, "created_at"),
        (Order::CreatedAtDescending, "created_at_descending"),
    ] {
        let golden = format!(r#"["{golden}",{{"past_titles":false,"at":5}}]"#);
        pin(&(order, Cursor { past_titles: false, at: 5 }), &golden);
    }
}
