//! Resend: `POST /emails` with a bearer key, and `POST /emails/batch` for up to 100 mails without
//! attachments, which that call does not take. Both know an `Idempotency-Key` for 24 hours. A batch
//! is taken as a whole or not at all.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::{Attachment, HttpRequest, HttpResponse, Message, Outgoing, Sender};
use crate::objects::outbox::{Delivery, Pace};

/// Five requests a second are allowed by default: one is left to other objects.
pub(super) const PACE: Pace = Pace { requests: 4, batch: 100, batches_attachments: false };

pub(super) fn request(
    api_url: &str,
    api_key: &str,
    mails: &[(Outgoing<'_>, Message)],
    batch: Option<&str>,
    sender: &Sender<'_>,
) -> HttpRequest {
    let bodies: Vec<Value> = mails.iter().map(|(mail, message)| body(mail, message, sender)).collect();
    let key = mails.first().map_or("", |(mail, _)| mail.key);
    let (path, body, key) = match batch {
        Some(batch) => ("/emails/batch", Value::Array(bodies), batch),
        None => ("/emails", bodies.into_iter().next().unwrap_or_default(), key),
    };
    HttpRequest::new(format!("{api_url}{path}"), ("authorization", format!("Bearer {api_key}")), &body)
        .with("idempotency-key", key)
}

fn body(outgoing: &Outgoing<'_>, message: &Message, sender: &Sender<'_>) -> Value {
    let mut body = Map::new();
    body.insert("from".to_owned(), json!(sender.from));
    body.insert("to".to_owned(), json!([outgoing.mail.recipient()]));
    body.insert("subject".to_owned(), json!(message.subject));
    body.insert("text".to_owned(), json!(message.text));
    body.insert("html".to_owned(), json!(message.html));
    if !message.headers.is_empty() {
        let headers = message.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
        body.insert("headers".to_owned(), Value::Object(headers.collect()));
    }
    if let Some(attachment) = &message.attachment {
        let file = json!({
            "filename": Attachment::NAME,
            "content": STANDARD.encode(&attachment.content),
            "content_type": attachment.content_type(),
        });
        body.insert("attachments".to_owned(), json!([file]));
    }
    Value::Object(body)
}

/// A 409 is either a try still in flight, which is worth another one, or a key used with another
/// body: then the mail has gone out before and its words have changed since.
pub(super) fn judge(response: &HttpResponse, mails: usize) -> Delivery {
    match response.verdict() {
        Delivery::Retry { .. }
            if response.status == 409 && response.body.contains("invalid_idempotent_request") =>
        {
            Delivery::Done
        }
        Delivery::Refused if mails > 1 => Delivery::Apart,
        verdict => verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::super::render::tests::{NOW, brief, keys, mail};
    use super::super::{Letter, Plan, Provider, RemindedBefore};
    use super::*;
    use crate::domain::Secret;
    use crate::mail::Carrier;

    fn planned(letters: &[Letter], batch: Option<&str>) -> (HttpRequest, Value) {
        let api_key = Some(Secret::new("re_123".to_owned()));
        let provider = Provider::Resend(Carrier { api_url: "https://api.resend.com".to_owned(), api_key });
        let keys = keys();
        let sender = Sender { from: "Events <e@example.com>", public_url: None, keys: &keys };
        let mails: Vec<_> = letters.iter().cloned().map(mail).collect();
        let outgoing: Vec<_> =
            mails.iter().map(|mail| Outgoing { mail, key: "verify/1", posted_at: NOW }).collect();
        match provider.plan(&outgoing, batch, &sender) {
            Plan::Send(request) => {
                let body = serde_json::from_str(&request.body).unwrap();
                (*request, body)
            }
            plan => panic!("{plan:?}"),
        }
    }

    fn confirm() -> Letter {
        Letter::ConfirmAddress { link: Secret::new("https://example.com/v".to_owned()) }
    }

    #[test]
    fn the_request_is_the_one_that_resend_documents() {
        let (request, body) = planned(&[confirm()], None);
        assert_eq!(request.url, "https://api.resend.com/emails");
        let headers = request.headers.reveal();
        assert!(headers.contains(&("authorization", "Bearer re_123".to_owned())));
        assert!(headers.contains(&("idempotency-key", "verify/1".to_owned())));
        assert!(headers.iter().any(|(name, _)| *name == "user-agent"));
        assert_eq!(body["to"], json!(["\"Ada <b> L\" <ada@example.com>"]));
        assert_eq!(body["from"], "Events <e@example.com>");
        assert_eq!(body["subject"], "Confirm your e-mail address");
        assert!(body.get("attachments").is_none() && body.get("headers").is_none());
    }

    #[test]
    fn a_calendar_goes_as_an_attachment() {
        let (_, body) = planned(&[Letter::Registered { event: brief("Talk") }], None);
        let file = &body["attachments"][0];
        assert_eq!(file["filename"], "event.ics");
        assert_eq!(file["content_type"], "text/calendar; charset=utf-8; method=REQUEST");
        let content = STANDARD.decode(file["content"].as_str().unwrap()).unwrap();
        assert!(content.starts_with(b"BEGIN:VCALENDAR\r\n"));
    }

    #[test]
    fn a_batch_is_one_request_under_one_key() {
        let reminder =
            || Letter::Reminder { event: brief("Talk"), before: RemindedBefore::Day, join_url: None };
        let (request, body) = planned(&[reminder(), reminder()], Some("batch/a"));
        assert_eq!(request.url, "https://api.resend.com/emails/batch");
        assert!(request.headers.reveal().contains(&("idempotency-key", "batch/a".to_owned())));
        assert_eq!(body.as_array().map(Vec::len), Some(2));
        let unsubscribe = body[0]["headers"]["List-Unsubscribe"].as_str().unwrap();
        assert!(unsubscribe.contains("/unremind?key="), "{unsubscribe}");
        assert_eq!(body[0]["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    }

    #[test]
    fn answers_are_judged_by_whether_another_try_can_help() {
        let retry = Delivery::Retry { after_ms: None };
        for (status, body, mails, expected) in [
            (200, "{}", 1, Delivery::Done),
            (409, "concurrent_idempotent_requests", 1, retry),
            (409, "invalid_idempotent_request", 1, Delivery::Done),
            (409, "invalid_idempotent_request", 9, Delivery::Done),
            (429, "", 1, retry),
            (500, "", 9, retry),
            (403, "", 1, retry),
            (422, "", 1, Delivery::Refused),
            (422, "", 9, Delivery::Apart),
        ] {
            let response = HttpResponse { status, retry_after: None, body: body.to_owned() };
            assert_eq!(judge(&response, mails), expected, "{status} {body}");
        }
        let wait = HttpResponse { status: 429, retry_after: Some(7), body: String::new() };
        assert_eq!(judge(&wait, 1), Delivery::Retry { after_ms: Some(7000) });
    }

    #[test]
    fn the_key_of_the_api_is_never_shown() {
        assert!(!format!("{:?}", planned(&[confirm()], None).0).contains("re_123"));
    }
}
