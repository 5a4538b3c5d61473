//! Between the API and accounts.

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
        | Command::VerifyEmail { .. }
        | Command::SetFeedKey { .. }
        | Command::OpenFeed { .. }
        | Command::Visits => {}
    }
    let session = session(2, START, 5);
    let authorize = Command::Authorize { user: user(1), session: session.id, visiting: Some(event_id(3)) };
    pin_commands(vec![
        (Command::Exists, r#""exists""#),
        (
            signed_up,
            r#"{"sign_up":{"id":"01b8dd58-e200-7000-8000-000000000001","email":"person-1@example.com","name":"Ada","role":"organizer","password_hash":"$2b$04$hash-of-1","verification":{"digest":"yTzGZurxC8OcP6c2F0ekMusyz5Evn9eXm-lVmQD6QCk","expires_at":1893585600000},"verification_link":"https://events.example/v/1"}}"#,
        ),
        (Command::BeginLogin, r#""begin_login""#),
        (
            Command::FinishLogin { matched: Some(hash(1)), session },
            r#"{"finish_login":{"matched":"$2b$04$hash-of-1","session":{"id":"01b8dd58-e200-7000-8000-000000000002","refresh":{"digest":"tbrAyxAlBkoGm2aopCWX0kTDKOytjvvDCoHRF-Dp8MU","expires_at":1893499200005}}}}"#,
        ),
        (
            authorize,
            r#"{"authorize":{"user":"01b8dd58-e200-7000-8000-000000000001","session":"01b8dd58-e200-7000-8000-000000000002","visiting":"01b8dd58-e200-7000-8000-000000000003"}}"#,
        ),
        (Command::VerifyEmail { token: "t".to_owned() }, r#"{"verify_email":{"token":"t"}}"#),
        (Command::Visits, r#""visits""#),
        (
            Command::SetFeedKey { user: user(1), digest: "d".to_owned() },
            r#"{"set_feed_key":{"user":"01b8dd58-e200-7000-8000-000000000001","digest":"d"}}"#,
        ),
        (Command::OpenFeed { digest: "d".to_owned() }, r#"{"open_feed":{"digest":"d"}}"#),
    ]);
    let profile = Profile {
        id: user(1),
        email: email(1),
        name,
        role: Role::Attendee,
        email_verified: true,
        created_at: START,
    };
    pin_replies(vec![
        (Reply::Done, r#""done""#),
        (Reply::Exists(true), r#"{"exists":true}"#),
        (Reply::Challenge(Some(hash(1))), r#"{"challenge":"$2b$04$hash-of-1"}"#),
        (Reply::Challenge(None), r#"{"challenge":null}"#),
        (Reply::Failed(Refusal::InvalidCredentials), r#"{"failed":"invalid_credentials"}"#),
        (
            Reply::Profile(Box::new(profile)),
            r#"{"profile":{"id":"01b8dd58-e200-7000-8000-000000000001","email":"person-1@example.com","name":"Ada","role":"attendee","email_verified":true,"created_at":1893499200000}}"#,
        ),
        (Reply::User(user(1)), r#"{"user":"01b8dd58-e200-7000-8000-000000000001"}"#),
        (Reply::Visits(vec![event_id(1)]), r#"{"visits":["01b8dd58-e200-7000-8000-000000000001"]}"#),
    ]);
}
