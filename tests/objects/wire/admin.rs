//! What operators ask of objects, and what is stored and sent because of it.

use std::collections::BTreeMap;

use event_platform::domain::event::Hidden;
use event_platform::domain::moderation::Suspension;
use event_platform::objects::account::Overview;
use event_platform::objects::messages::maintenance::DeadLetter;
use event_platform::objects::messages::maintenance::{Holdings, Maintenance, MaintenanceReply};

use super::*;

#[test]
fn what_an_operator_asks_of_any_object() {
    let asked = [
        (Maintenance::Holdings, r#""holdings""#),
        (Maintenance::DeadLetters { after: Some(3), limit: 9 }, r#"{"dead_letters":{"after":3,"limit":9}}"#),
        (Maintenance::Resend(None), r#"{"resend":null}"#),
        (Maintenance::Resend(Some(vec![1])), r#"{"resend":[1]}"#),
        (Maintenance::Retry, r#""retry""#),
    ];
    for (maintenance, golden) in asked {
        let golden = format!(r#"{{"admin":{{"upkeep":{golden}}}}}"#);
        let account = account::Command::Admin(account::AdminOrder::Maintenance(maintenance.clone()));
        let event = event::Command::Admin(event::AdminOrder::Maintenance(maintenance.clone()));
        let catalog = catalog::Command::Admin(catalog::AdminOrder::Maintenance(maintenance));
        pin_commands(vec![(account, &golden)]);
        pin_commands(vec![(event, &golden)]);
        pin_commands(vec![(catalog, &golden)]);
    }
    let holdings = Holdings {
        schema_version: 3,
        tables: BTreeMap::from([("outbox".to_owned(), 1)]),
        database_bytes: Some(4_096),
        outbox_messages: 1,
        oldest_message_at: Some(Timestamp::from_ms(1)),
        next_message_due_at: None,
        most_attempts: 2,
    };
    let letter = DeadLetter {
        id: 7,
        kind: "registered".to_owned(),
        reason: "refused".to_owned(),
        attempts: 1,
        parked_at: Timestamp::from_ms(5),
    };
    for (reply, golden) in [
        (
            MaintenanceReply::Holdings(Box::new(holdings)),
            r#"{"holdings":{"schema_version":3,"tables":{"outbox":1},"database_bytes":4096,"outbox_messages":1,"oldest_message_at":1,"next_message_due_at":null,"most_attempts":2}}"#,
        ),
        (
            MaintenanceReply::DeadLetters { letters: vec![letter], next: Some(7) },
            r#"{"dead_letters":{"letters":[{"id":7,"kind":"registered","reason":"refused","attempts":1,"parked_at":5}],"next":7}}"#,
        ),
        (MaintenanceReply::Due(4), r#"{"due":4}"#),
    ] {
        let golden = format!(r#"{{"upkeep":{golden}}}"#);
        pin_replies(vec![(account::Reply::Maintenance(reply.clone()), &golden)]);
        pin_replies(vec![(event::Reply::Maintenance(reply.clone()), &golden)]);
        pin_replies(vec![(catalog::Reply::Maintenance(reply), &golden)]);
    }
}

#[test]
fn what_an_operator_asks_of_each_kind() {
    pin_commands(vec![
        (account::Command::Admin(account::AdminOrder::Look), r#"{"admin":"look"}"#),
        (account::Command::Admin(account::AdminOrder::Suspend), r#"{"admin":"suspend"}"#),
        (account::Command::Admin(account::AdminOrder::Restore), r#"{"admin":"restore"}"#),
    ]);
    pin_commands(vec![
        (event::Command::Admin(event::AdminOrder::TakeDown), r#"{"admin":"take_down"}"#),
        (event::Command::Admin(event::AdminOrder::PutBack), r#"{"admin":"put_back"}"#),
        (
            event::Command::Admin(event::AdminOrder::ReportAgain { known: 4 }),
            r#"{"admin":{"report_again":{"known":4}}}"#,
        ),
    ]);
    let id = event_id(1);
    pin_commands(vec![
        (
            catalog::Command::Admin(catalog::AdminOrder::Known { after: Some(id), limit: 9 }),
            &format!(r#"{{"admin":{{"known":{{"after":"{id}","limit":9}}}}}}"#),
        ),
        (
            catalog::Command::Admin(catalog::AdminOrder::KnownOf(vec![id])),
            &format!(r#"{{"admin":{{"known_of":["{id}"]}}}}"#),
        ),
        (
            catalog::Command::Admin(catalog::AdminOrder::Forget(vec![id])),
            &format!(r#"{{"admin":{{"forget":["{id}"]}}}}"#),
        ),
        (catalog::Command::ReportLag, r#""report_lag""#),
    ]);
    pin_replies(vec![
        (
            catalog::Reply::Known { events: vec![(id, 2)], more: false },
            &format!(r#"{{"known":{{"events":[["{id}",2]],"more":false}}}}"#),
        ),
        (catalog::Reply::ReportLag(7), r#"{"report_lag":7}"#),
    ]);
    let overview = Overview {
        user: user(1),
        role: Role::Attendee,
        email_verified: false,
        created_at: Timestamp::from_ms(1),
        suspended: true,
        sessions: 2,
        failed_logins: 3,
    };
    let golden = format!(
        r#"{{"overview":{{"user":"{}","role":"attendee","email_verified":false,"created_at":1,"suspended":true,"sessions":2,"failed_logins":3}}}}"#,
        user(1)
    );
    pin_replies(vec![(account::Reply::Overview(Box::new(overview)), &golden)]);
}

#[test]
fn what_is_stored_and_sent_of_a_suspension_or_a_take_down() {
    let suspension = Suspension { suspended: true, changes: 1 };
    let account_change = AccountChange { user: user(1), kind: ChangeKind::Suspension(suspension) };
    pin(
        &account_change,
        &format!(r#"{{"user":"{}","news":{{"suspension":{{"suspended":true,"changes":1}}}}}}"#, user(1)),
    );
    pin(
        &Organizer { suspension, ..organizer() },
        &ORGANIZER_JSON.replace('}', r#","suspension":{"suspended":true,"changes":1}}"#),
    );
    let hidden = Some(Hidden { status: Status::Published, taken_down: true });
    let golden = snapshot_json()
        .replace(r#""version""#, r#""hidden":{"status":"published","taken_down":true},"version""#);
    pin(&Snapshot { hidden, ..snapshot() }, &golden);
    let report = Report {
        event: event_id(1),
        version: 2,
        as_of: START,
        changed: true,
        entry: None,
        participations: vec![],
        waited_ms: 900,
    };
    let golden = format!(
        r#"{{"event":"{}","version":2,"as_of":1893499200000,"news":true,"entry":null,"participations":[],"waited_ms":900}}"#,
        event_id(1)
    );
    pin(&report, &golden);
}

/// The other side is written in JavaScript: `platform/storage_admin.js`.
#[test]
fn what_the_runtime_is_told_to_do_with_a_storage_and_what_it_says() {
    use event_platform::api::ports::{StorageOrder, StorageReply};
    for (order, golden) in [
        (StorageOrder::Inspect, r#""inspect""#),
        (StorageOrder::Ring, r#""ring""#),
        (StorageOrder::Rewind { to: Timestamp::from_ms(5) }, r#"{"rewind":{"to":5}}"#),
        (StorageOrder::Copy, r#""copy""#),
        (StorageOrder::RestoreCopy { taken: "t".to_owned() }, r#"{"restore_copy":{"taken":"t"}}"#),
    ] {
        assert_eq!(serde_json::to_string(&order).unwrap(), golden);
    }
    let text = || "x".to_owned();
    for (golden, reply) in [
        (r#""done""#, StorageReply::Done),
        (r#"{"alarm":{"at":null}}"#, StorageReply::Alarm { at: None }),
        (r#"{"alarm":{"at":7}}"#, StorageReply::Alarm { at: Some(Timestamp::from_ms(7)) }),
        (r#"{"rewound":{"undo":"x"}}"#, StorageReply::Rewound { undo: text() }),
        (r#"{"copied":{"taken":"x","rows":3}}"#, StorageReply::Copied { taken: text(), rows: 3 }),
        (r#""nothing""#, StorageReply::Nothing),
        (r#"{"damaged":{"why":"x"}}"#, StorageReply::Damaged { why: text() }),
        (r#"{"not_supported":{"why":"x"}}"#, StorageReply::NotSupported { why: text() }),
    ] {
        assert_eq!(serde_json::from_str::<StorageReply>(golden).unwrap(), reply, "{golden}");
    }
}
