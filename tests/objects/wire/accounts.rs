//! Between the API and accounts.

use event_platform::objects::account::{
    Holder, Link, Order, Record, SecurityEvent, SecurityEventKind, SessionRecord,
};

use super::*;

#[test]
fn what_is_asked_of_an_account_and_what_it_answers() {
    use account::{Command, Reply};
    let name = Some(Name::parse("Ada").unwrap());
    let signed_up =
        Command::SignUp(Box::new(SignUp { name: name.clone(), role: Role::Organizer, ..sign_up(1) }));
    match signed_up {
        // A command that is new here needs its golden string below.
        Command::Exists
        | Command::SignUp(_)
        | Command::BeginLogin
        | Command::FinishLogin { .. }
        | Command::Authorize { .. }
        | Command::Refresh(..)
        | Command::VerifyEmail { .. }
        | Command::ForgotPassword(_)
        | Command::ResetStands(_)
        | Command::VerificationStands(_)
        | Command::EventOfKey { .. }
        | Command::ResetPassword(..)
        | Command::By(
            _,
            Order::Logout
            | Order::ResendVerification(_)
            | Order::Challenge
            | Order::ChangePassword(..)
            | Order::Rename(_)
            | Order::Export
            | Order::SetFeedKey(_)
            | Order::Delete(_),
        )
        | Command::SetFeedKey { .. }
        | Command::OpenFeed { .. }
        | Command::Admin(_)
        | Command::MarkEmail { .. }
        | Command::LiftEmailMark
        | Command::RecentEvents => {}
    }
    let session = session(2, START, 5);
    let authorize = Command::Authorize {
        user: user(1),
        session: session.id,
        registering_for: Some(event_id(3)),
        changes: None,
    };
    let rate = Rate { burst: 500, per_second: 10 };
    let change =
        Command::Authorize { user: user(1), session: session.id, registering_for: None, changes: Some(rate) };
    let counted = Holder { changes: Some(rate), ..holder(1, 2) };
    pin_commands(vec![
        (Command::Exists, r#""exists""#),
        (
            signed_up,
            r#"{"sign_up":{"id":"01b8dd58-e200-7000-8000-000000000001","email":"person-1@example.com","name":"Ada","role":"organizer","password_hash":"$2b$04$hash-of-1","verification":{"digest":"yTzGZurxC8OcP6c2F0ekMusyz5Evn9eXm-lVmQD6QCk","expires_at":1893585600000},"verification_link":"https://events.example/v/1"}}"#,
        ),
        (Command::BeginLogin, r#""begin_login""#),
        (
            Command::FinishLogin { matched: Some(hash(1)), session, stronger: None },
            r#"{"finish_login":{"matched":"$2b$04$hash-of-1","session":{"id":"01b8dd58-e200-7000-8000-000000000002","refresh":{"digest":"tbrAyxAlBkoGm2aopCWX0kTDKOytjvvDCoHRF-Dp8MU","expires_at":1893499200005}}}}"#,
        ),
        (
            authorize,
            r#"{"authorize":{"user":"01b8dd58-e200-7000-8000-000000000001","session":"01b8dd58-e200-7000-8000-000000000002","visiting":"01b8dd58-e200-7000-8000-000000000003"}}"#,
        ),
        (
            change,
            r#"{"authorize":{"user":"01b8dd58-e200-7000-8000-000000000001","session":"01b8dd58-e200-7000-8000-000000000002","visiting":null,"changes":{"burst":500,"per_second":10}}}"#,
        ),
        (
            Command::By(counted, Order::Challenge),
            r#"{"by":[{"user":"01b8dd58-e200-7000-8000-000000000001","session":"01b8dd58-e200-7000-8000-000000000002","changes":{"burst":500,"per_second":10}},"challenge"]}"#,
        ),
        (Command::VerifyEmail { token: "t".to_owned() }, r#"{"verify_email":{"token":"t"}}"#),
        (Command::RecentEvents, r#""visits""#),
        (
            Command::SetFeedKey { user: user(1), digest: "d".to_owned() },
            r#"{"set_feed_key":{"user":"01b8dd58-e200-7000-8000-000000000001","digest":"d"}}"#,
        ),
        (
            Command::MarkEmail { status: EmailStatus::Complained, at: Timestamp::from_ms(7) },
            r#"{"mark_email":{"status":"complained","at":7}}"#,
        ),
        (Command::LiftEmailMark, r#""lift_email_mark""#),
        (Command::OpenFeed { digest: "d".to_owned() }, r#"{"open_feed":{"digest":"d"}}"#),
    ]);
    let who =
        r#"{"user":"01b8dd58-e200-7000-8000-000000000001","session":"01b8dd58-e200-7000-8000-000000000002"}"#;
    let link = || Link { token: token("t", START), url: Secret::new("https://x.example".to_owned()) };
    let letter = r#"{"token":{"digest":"47mKTaMaEn1L3m5DAz9muidMqw636xxw7EFAK_YnPdg","expires_at":1893499200000},"url":"https://x.example"}"#;
    let (by, matched) = (holder(1, 2), Some(hash(1)));
    pin_commands(vec![
        (
            Command::FinishLogin {
                matched: None,
                session: self::session(2, START, 5),
                stronger: Some(hash(3)),
            },
            r#"{"finish_login":{"matched":null,"session":{"id":"01b8dd58-e200-7000-8000-000000000002","refresh":{"digest":"tbrAyxAlBkoGm2aopCWX0kTDKOytjvvDCoHRF-Dp8MU","expires_at":1893499200005}},"stronger":"$2b$04$hash-of-3"}}"#,
        ),
        (
            Command::Refresh("f".to_owned(), "t".to_owned(), token("t", START)),
            r#"{"refresh":["f","t",{"digest":"47mKTaMaEn1L3m5DAz9muidMqw636xxw7EFAK_YnPdg","expires_at":1893499200000}]}"#,
        ),
        (Command::ForgotPassword(link()), &format!(r#"{{"forgot_password":{letter}}}"#)),
        (Command::ResetStands("t".to_owned()), r#"{"reset_stands":"t"}"#),
        (Command::VerificationStands("t".to_owned()), r#"{"verification_stands":"t"}"#),
        (
            Command::EventOfKey { user: user(1), key: "k".to_owned(), event: event_id(2) },
            r#"{"event_of_key":{"user":"01b8dd58-e200-7000-8000-000000000001","key":"k","event":"01b8dd58-e200-7000-8000-000000000002"}}"#,
        ),
        (Command::ResetPassword("t".to_owned(), hash(1)), r#"{"reset_password":["t","$2b$04$hash-of-1"]}"#),
    ]);
    let orders = [
        (Order::Logout, r#""logout""#.to_owned()),
        (Order::ResendVerification(link()), format!(r#"{{"resend_verification":{letter}}}"#)),
        (Order::Challenge, r#""challenge""#.to_owned()),
        (
            Order::ChangePassword(matched.clone(), hash(2)),
            r#"{"change_password":["$2b$04$hash-of-1","$2b$04$hash-of-2"]}"#.to_owned(),
        ),
        (Order::Rename(Name::parse("Bea").ok()), r#"{"rename":"Bea"}"#.to_owned()),
        (Order::Export, r#""export""#.to_owned()),
        (Order::SetFeedKey("d".to_owned()), r#"{"set_feed_key":"d"}"#.to_owned()),
        (Order::Delete(matched), r#"{"delete":"$2b$04$hash-of-1"}"#.to_owned()),
    ];
    for (order, golden) in orders {
        pin_commands(vec![(Command::By(by, order), &format!(r#"{{"by":[{who},{golden}]}}"#))]);
    }
    let profile = Profile {
        id: user(1),
        email: email(1),
        name,
        role: Role::Attendee,
        email_verified: true,
        created_at: START,
        name_changes: 3,
        email_status: EmailStatus::Ok,
        email_status_changes: 0,
    };
    let marked = Profile { email_status: EmailStatus::Bounced, email_status_changes: 1, ..profile.clone() };
    let owner = r#"{"id":"01b8dd58-e200-7000-8000-000000000001","email":"person-1@example.com","name":"Ada","role":"attendee","email_verified":true,"created_at":1893499200000,"name_changes":3}"#;
    pin(
        &marked,
        &format!(
            r#"{},"email_status":"bounced","email_status_changes":1}}"#,
            owner.strip_suffix('}').unwrap()
        ),
    );
    let record = Record {
        profile: profile.clone(),
        sessions: vec![SessionRecord { id: session_id(2), created_at: START, expires_at: START }],
        security_events: vec![SecurityEvent { at: START, kind: SecurityEventKind::LoginFailed, times: 4 }],
        failures: 4,
    };
    pin_replies(vec![
        (Reply::Done, r#""done""#),
        (Reply::Exists(true), r#"{"exists":true}"#),
        (Reply::Challenge(Some(hash(1))), r#"{"challenge":"$2b$04$hash-of-1"}"#),
        (Reply::Challenge(None), r#"{"challenge":null}"#),
        (Reply::Failed(Refusal::InvalidCredentials), r#"{"failed":"invalid_credentials"}"#),
        (Reply::Profile(Box::new(profile.clone())), &format!(r#"{{"profile":{owner}}}"#)),
        (
            Reply::Refreshed(session_id(2), Box::new(profile)),
            &format!(r#"{{"refreshed":["01b8dd58-e200-7000-8000-000000000002",{owner}]}}"#),
        ),
        (Reply::Reused(user(1)), r#"{"reused":"01b8dd58-e200-7000-8000-000000000001"}"#),
        (
            Reply::Record(Box::new(record)),
            &format!(
                r#"{{"record":{{"profile":{owner},"sessions":[{{"id":"01b8dd58-e200-7000-8000-000000000002","created_at":1893499200000,"expires_at":1893499200000}}],"security_events":[{{"at":1893499200000,"kind":"login_failed","times":4}}],"failures":4}}}}"#
            ),
        ),
        (Reply::User(user(1)), r#"{"user":"01b8dd58-e200-7000-8000-000000000001"}"#),
        (Reply::RecentEvents(vec![event_id(1)]), r#"{"visits":["01b8dd58-e200-7000-8000-000000000001"]}"#),
    ]);
}

#[test]
fn the_names_of_security_events() {
    use SecurityEventKind as K;
    for kind in [
        K::SignUp,
        K::Login,
        K::LoginFailed,
        K::Logout,
        K::RefreshReused,
        K::EmailVerified,
        K::PasswordForgotten,
        K::PasswordReset,
        K::PasswordChanged,
        K::Suspended,
        K::Restored,
        K::Deleted,
    ] {
        pin(&kind, &format!("\"{}\"", kind.as_str()));
    }
}
