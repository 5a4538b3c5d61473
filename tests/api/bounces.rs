//! Mail that comes back, or is called spam: nothing more goes to that address, and the organizer sees it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use crate::support::app::{Answer, App, PASSWORD, Person};
use crate::support::world::RIGHT_SIGNATURE;

const LOGIN: &str = "hook:a password for the hook";
const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:mail";
const HOOK: &str = "/api/hooks/mail/postmark";

fn app() -> App {
    App::with(&[("POSTMARK_WEBHOOK_LOGIN", LOGIN), ("SES_TOPIC_ARN", TOPIC)])
}

/// A provider tells something.
fn tell(app: &App, body: &Value) -> Answer {
    let basic = format!("Basic {}", STANDARD.encode(LOGIN));
    app.post(HOOK).header("authorization", &basic).json(body).send()
}

fn report(email: &str, kind: &str, at: &str) -> Value {
    let record = if kind == "SpamComplaint" { kind } else { "Bounce" };
    json!({ "RecordType": record, "Type": kind, "Email": email, "BouncedAt": at })
}

/// Mail to this address came back for good just now, and everybody has heard of it.
fn bounce(app: &App, email: &str) {
    let now = app.state().now.to_rfc3339();
    tell(app, &report(email, "HardBounce", &now)).expect(200);
    app.deliver_outboxes();
}

fn complain(app: &App, email: &str) {
    let now = app.state().now.to_rfc3339();
    tell(app, &report(email, "SpamComplaint", &now)).expect(200);
    app.deliver_outboxes();
}

/// What the organizer sees of the address of each who is registered.
fn statuses(app: &App, organizer: &Person, event: &str) -> Vec<String> {
    let list = app.get(&format!("/api/events/{event}/registrations")).by(organizer).send().expect(200).json();
    let status = |one: &Value| one["email_status"].as_str().unwrap().to_owned();
    list["registrations"].as_array().unwrap().iter().map(status).collect()
}

/// Everything has been delivered, and a second has passed.
fn rest(app: &App) {
    app.deliver_outboxes();
    app.advance_ms(2_000);
    app.deliver_outboxes();
}

fn cancel(app: &App, organizer: &Person, event: &str) {
    let body = json!({ "status": "cancelled" });
    app.put(&format!("/api/events/{event}")).by(organizer).json(&body).send().expect(200);
}

fn forgot(app: &App, email: &str) {
    app.post("/api/password/forgot").json(&json!({ "email": email })).send().expect(202);
}

#[test]
fn the_organizer_sees_whose_mail_comes_back() {
    let app = app();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    let event = app.event(&ada, json!({}));
    let registration = app.register(&bob, &event);
    app.register(&cy, &event);
    rest(&app);
    assert_eq!(statuses(&app, &ada, &event), ["ok", "ok"]);
    bounce(&app, &bob.email);
    assert_eq!(statuses(&app, &ada, &event), ["bounced", "ok"]);
    let path = format!("/api/events/{event}/registrations");
    let one = app.post(&format!("{path}/{}/check-in", registration["id"].as_str().unwrap()));
    let one = one.by(&ada).send().expect(200).json();
    assert_eq!(one["registration"]["email_status"], "bounced");
    let sheet = app.get(&path).by(&ada).header("accept", "text/csv").send().expect(200);
    let last: Vec<_> = sheet.text().lines().filter_map(|line| line.rsplit(',').next()).collect();
    assert_eq!(last, ["email_status", "bounced", "ok"]);
    let own = app.get(&format!("/api/events/{event}/register")).by(&bob).send().expect(200).json();
    assert!(own["registration"].get("email_status").is_none(), "it is for the organizer: {own}");
    let export = app.get("/api/me/export").by(&bob).send().expect(200).json();
    assert_eq!(export["email_status"], "bounced", "and no secret to whom it is about");
}

#[test]
fn nothing_more_goes_to_a_marked_address_but_the_mails_of_its_account() {
    for mark in [bounce, complain] {
        let app = app();
        let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
        let (event, other) = (app.event(&ada, json!({})), app.event(&ada, json!({})));
        app.register(&bob, &event);
        app.register(&cy, &event);
        rest(&app);
        mark(&app, &bob.email);
        app.register(&bob, &other);
        app.leave(&bob, &other);
        cancel(&app, &ada, &event);
        rest(&app);
        forgot(&app, &bob.email);
        assert_eq!(app.mails_to(&bob), ["confirm_address", "registered", "reset_password"]);
        assert_eq!(app.mails_to(&cy), ["confirm_address", "registered", "event_cancelled"]);
    }
}

#[test]
fn what_waits_for_a_marked_address_is_taken_back() {
    let app = app();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    let event = app.event(&ada, json!({}));
    rest(&app);
    app.state().post.up = false;
    app.register(&bob, &event);
    app.register(&cy, &event);
    forgot(&app, &bob.email);
    rest(&app);
    bounce(&app, &bob.email);
    app.state().post.up = true;
    app.state().come_to_rest();
    assert_eq!(app.mails_to(&bob), ["confirm_address", "reset_password"]);
    assert_eq!(app.mails_to(&cy), ["confirm_address", "registered"]);
}

#[test]
fn a_registration_that_is_made_later_carries_the_mark() {
    let app = app();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({}));
    bounce(&app, &bob.email);
    app.register(&bob, &event);
    rest(&app);
    assert_eq!(statuses(&app, &ada, &event), ["bounced"]);
    assert_eq!(app.mails_to(&bob), ["confirm_address"]);
}

/// The event's report is on its way while the account's account change is: the Catalog brings them together.
#[test]
fn a_registration_that_the_catalog_hears_of_after_the_mark_is_marked_too() {
    let mut app = app();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({}));
    rest(&app);
    app.register(&bob, &event);
    app.restart();
    let now = app.state().now.to_rfc3339();
    tell(&app, &report(&bob.email, "HardBounce", &now)).expect(200);
    rest(&app);
    assert_eq!(statuses(&app, &ada, &event), ["bounced"]);
}

/// The mark belongs to the address, and a provider's answer tells nobody whether it has an account.
#[test]
fn an_address_without_an_account_is_marked_like_any_other() {
    let mut app = app();
    let (ada, _) = (app.organizer("Ada"), app.attendee("Bob"));
    let now = app.state().now.to_rfc3339();
    let answers = ["bob@example.com", "nobody@example.com", "no address"].map(|email| {
        let answer = tell(&app, &report(email, "HardBounce", &now)).expect(200);
        (answer.text().to_owned(), answer.header("content-type").map(str::to_owned))
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    app.restart();
    app.advance_ms(86_400_000);
    rest(&app);
    let nobody = app.attendee("Nobody");
    let ada = app.log_in(&ada.email);
    let event = app.event(&ada, json!({}));
    app.register(&nobody, &event);
    rest(&app);
    assert_eq!(statuses(&app, &ada, &event), ["bounced"]);
    assert_eq!(app.mails_to(&nobody), ["confirm_address"], "whoever signs up is written to once more");
    let token = app.token_mailed("/api/verify-email");
    app.post("/api/verify-email").json(&json!({ "token": token })).send().expect(204);
    rest(&app);
    assert_eq!(statuses(&app, &ada, &event), ["ok"]);
}

#[test]
fn a_link_from_a_mail_that_arrived_lifts_a_bounce_and_no_complaint() {
    for (mark, after) in [(bounce as fn(&App, &str), "ok"), (complain, "complained")] {
        let app = app();
        let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
        let event = app.event(&ada, json!({}));
        app.register(&bob, &event);
        rest(&app);
        let before = app.state().now.to_rfc3339();
        mark(&app, &bob.email);
        app.advance_ms(60_000);
        forgot(&app, &bob.email);
        let token = app.token_mailed("/api/password/reset");
        let body = json!({ "token": token, "password": PASSWORD });
        app.post("/api/password/reset").json(&body).send().expect(204);
        rest(&app);
        assert_eq!(statuses(&app, &ada, &event), [after]);
        tell(&app, &report(&bob.email, "HardBounce", &before)).expect(200);
        rest(&app);
        assert_eq!(statuses(&app, &ada, &event), [after], "what is told again says nothing new");
        app.advance_ms(60_000);
        complain(&app, &bob.email);
        bounce(&app, &bob.email);
        assert_eq!(statuses(&app, &ada, &event), ["complained"], "a complaint is the stronger of the two");
    }
}

/// Whoever sees that mail does not arrive can ask for another one, confirmed or not.
#[test]
fn a_confirmed_address_whose_mail_comes_back_can_be_confirmed_again() {
    let app = app();
    let bob = app.attendee("Bob");
    let token = app.token_mailed("/api/verify-email");
    app.post("/api/verify-email").json(&json!({ "token": token })).send().expect(204);
    app.post("/api/verify-email/resend").by(&bob).send().expect(202);
    assert_eq!(app.mails_to(&bob), ["confirm_address"], "there is nothing to confirm");
    bounce(&app, &bob.email);
    app.post("/api/verify-email/resend").by(&bob).send().expect(202);
    assert_eq!(app.mails_to(&bob), ["confirm_address", "confirm_address"]);
    let token = app.token_mailed("/api/verify-email");
    app.post("/api/verify-email").json(&json!({ "token": token })).send().expect(204);
    let export = app.get("/api/me/export").by(&bob).send().expect(200).json();
    assert_eq!(export["email_status"], "ok");
}

#[test]
fn a_deleted_account_leaves_nothing_but_the_mark_of_its_address() {
    let app = app();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({}));
    app.register(&bob, &event);
    rest(&app);
    bounce(&app, &bob.email);
    app.delete_account(&bob);
    rest(&app);
    assert!(!app.stores(&bob.email) && !app.stores("bounced | bob"));
    let marked = app.state().nodes.values().any(|node| {
        node.sql.dump().iter().any(|row| row.starts_with("email_statuses") && row.contains(&bob.id))
    });
    assert!(!marked, "no event and no list knows the user's mark any more");
    let again = app.attendee("Bob");
    app.register(&again, &event);
    rest(&app);
    assert_eq!(statuses(&app, &ada, &event), ["bounced"]);
}

#[test]
fn a_hook_that_is_not_set_up_is_nowhere_and_one_without_proof_is_refused() {
    let body = report("bob@example.com", "HardBounce", "2030-01-01T12:00:00Z");
    let none = App::new();
    for provider in ["resend", "postmark", "sendgrid", "mailgun", "ses", "log", "x"] {
        none.post(&format!("/api/hooks/mail/{provider}")).json(&body).send().expect_problem(404, "not_found");
    }
    let app = app();
    app.post("/api/hooks/mail/resend").json(&body).send().expect_problem(404, "not_found");
    let wrong = format!("Basic {}", STANDARD.encode("hook:another password of it"));
    for header in ["", "Basic", "Basic ?", "Bearer x", wrong.as_str()] {
        let answer = app.post(HOOK).header("authorization", header).json(&body).send();
        answer.expect_problem(401, "invalid_signature");
    }
    app.post("/api/hooks/mail/ses").json(&body).send().expect_problem(401, "invalid_signature");
    app.get(HOOK).send().expect_problem(405, "method_not_allowed");
    app.call(Method::PUT, HOOK).send().expect_problem(405, "method_not_allowed");
    let long = json!({ "RecordType": "x".repeat(70_000) });
    tell(&app, &long).expect_problem(413, "body_too_large");
    for ignored in [json!({}), json!([]), json!({ "RecordType": "Open", "Email": "bob@example.com" })] {
        tell(&app, &ignored).expect(200);
    }
    assert!(app.state().log.iter().all(|line| !line.contains("bob@example.com")));
}

fn sns(kind: &str, message: &Value, signature: &[u8]) -> Value {
    let origin = "https://sns.eu-central-1.amazonaws.com";
    json!({
        "Type": kind,
        "MessageId": "m-1",
        "Token": "t",
        "TopicArn": TOPIC,
        "Message": message.to_string(),
        "SubscribeURL": format!("{origin}/?Action=ConfirmSubscription&Token=t"),
        "Timestamp": "2030-01-01T12:00:00.000Z",
        "SignatureVersion": "2",
        "Signature": STANDARD.encode(signature),
        "SigningCertURL": format!("{origin}/SimpleNotificationService-1.pem"),
    })
}

/// Messages of SNS come as plain text, signed by the key of a certificate that is fetched once.
#[test]
fn a_topic_is_confirmed_and_listened_to_when_its_signature_is_right() {
    let app = app();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({}));
    app.register(&bob, &event);
    rest(&app);
    let certificate = include_str!("../support/certificate.pem").to_owned();
    let asks = sns("SubscriptionConfirmation", &json!({}), b"wrong");
    let tell = |body: &Value| {
        app.post("/api/hooks/mail/ses").body("text/plain; charset=UTF-8", &body.to_string()).send()
    };
    tell(&asks).expect_problem(401, "invalid_signature");
    let url = asks["SigningCertURL"].as_str().unwrap();
    app.state().texts.insert(url.to_owned(), certificate);
    tell(&asks).expect_problem(401, "invalid_signature");
    assert!(app.state().fetched.iter().all(|fetched| fetched == url), "nothing is confirmed for anybody");
    let right = sns("SubscriptionConfirmation", &json!({}), RIGHT_SIGNATURE);
    tell(&right).expect_problem(500, "internal");
    let subscribe = right["SubscribeURL"].as_str().unwrap();
    app.state().texts.insert(subscribe.to_owned(), "<ConfirmSubscriptionResponse/>".to_owned());
    tell(&right).expect(200);
    let now = app.state().now.to_rfc3339();
    let recipients = json!([{ "emailAddress": bob.email }]);
    let bounce = json!({ "bounceType": "Permanent", "timestamp": now, "bouncedRecipients": recipients });
    let message = json!({ "notificationType": "Bounce", "bounce": bounce });
    tell(&sns("Notification", &message, b"wrong")).expect_problem(401, "invalid_signature");
    tell(&sns("Notification", &message, RIGHT_SIGNATURE)).expect(200);
    rest(&app);
    assert_eq!(statuses(&app, &ada, &event), ["bounced"]);
    let state = app.state();
    assert_eq!(state.fetched.iter().filter(|fetched| *fetched == url).count(), 2, "once in vain and once");
}
