//! Resend: `POST /emails` with a bearer key, and `POST /emails/batch` for up to 100 mails without
//! attachments, which that call does not accept. Both honour an `Idempotency-Key` for 24 hours. A batch is
//! accepted as a whole or not at all.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::delivery::Pace;
use super::{Attachment, DeliveryResult, HttpRequest, HttpResponse, Message, Outgoing, Sender, Transport};

/// The default limit is five requests per second. One is left to other objects.
pub(super) const PACE: Pace = Pace { requests: 4, batch: 100, batches_attachments: false };

pub(super) fn request(
    transport: &Transport,
    mails: &[(Outgoing<'_>, Message)],
    batch: Option<&str>,
    sender: &Sender<'_>,
) -> Result<HttpRequest, &'static str> {
    let authorization = ("authorization", format!("Bearer {}", transport.key()?));
    let bodies: Vec<Value> = mails.iter().map(|(mail, message)| body(mail, message, sender)).collect();
    let key = mails.first().map_or("", |(mail, _)| mail.key);
    let (path, body, key) = match batch {
        Some(batch) => ("/emails/batch", Value::Array(bodies), batch),
        None => ("/emails", bodies.into_iter().next().unwrap_or_default(), key),
    };
    let url = format!("{}{path}", transport.api_url);
    Ok(HttpRequest::json(url, authorization, &body).with("idempotency-key", key))
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

#[derive(Deserialize, Default)]
#[serde(default)]
struct Failure {
    name: String,
    message: String,
}

/// A 409 means one of two things: an earlier try is still in progress and another one makes sense, or the key
/// was used with a different body. In the second case the mail was already sent and its text has changed
/// since. `validation_error` is used for mails, invalid keys, and senders.
pub(super) fn judge(response: &HttpResponse, mails: usize) -> DeliveryResult {
    let Failure { name, message } = crate::json::from_str(&response.body).unwrap_or_default();
    let about_us = message.contains("API key") || message.contains("`from`");
    let result = match (response.status, name.as_str()) {
        (409, _) if response.body.contains("invalid_idempotent_request") => DeliveryResult::sent(),
        (400 | 422, "validation_error") if about_us => response.account(),
        (400 | 422, "invalid_from_address" | "invalid_idempotency_key" | "invalid_access") => {
            response.account()
        }
        (429, "daily_quota_exceeded" | "monthly_quota_exceeded") => response.account(),
        _ => response.result(),
    };
    result.of_all(mails).coded(&name)
}

#[cfg(test)]
mod tests {
    use super::super::delivery_result::tests::{Fate, answer};
    use super::super::render::tests::{NOW, brief, keys, mail};
    use super::super::{MailTemplate, Plan, Provider, RemindedBefore};
    use super::*;
    use crate::domain::Secret;

    fn planned(templates: &[MailTemplate], batch: Option<&str>) -> (HttpRequest, Value) {
        let api_key = Some(Secret::new("re_123".to_owned()));
        let provider = Provider::Resend(Transport { api_url: "https://api.resend.com".to_owned(), api_key });
        let keys = keys();
        let sender = Sender { from: "Events <e@example.com>", public_url: None, keys: &keys };
        let mails: Vec<_> = templates.iter().cloned().map(mail).collect();
        let outgoing: Vec<_> =
            mails.iter().map(|mail| Outgoing { mail, key: "verify/1", posted_at: NOW }).collect();
        match provider.plan(&outgoing, batch, &sender, NOW) {
            Plan::Send(request) => {
                let body = serde_json::from_str(&request.body).unwrap();
                (*request, body)
            }
            plan => panic!("{plan:?}"),
        }
    }

    fn confirm() -> MailTemplate {
        MailTemplate::ConfirmAddress { link: Secret::new("https://example.com/v".to_owned()) }
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
        let (_, body) = planned(&[MailTemplate::Registered { event: brief("Talk") }], None);
        let file = &body["attachments"][0];
        assert_eq!(file["filename"], "event.ics");
        assert_eq!(file["content_type"], "text/calendar; charset=utf-8; method=REQUEST");
        let content = STANDARD.decode(file["content"].as_str().unwrap()).unwrap();
        assert!(content.starts_with(b"BEGIN:VCALENDAR\r\n"));
    }

    #[test]
    fn a_batch_is_one_request_under_one_key() {
        let reminder =
            || MailTemplate::Reminder { event: brief("Talk"), before: RemindedBefore::Day, join_url: None };
        let (request, body) = planned(&[reminder(), reminder()], Some("batch/a"));
        assert_eq!(request.url, "https://api.resend.com/emails/batch");
        assert!(request.headers.reveal().contains(&("idempotency-key", "batch/a".to_owned())));
        assert_eq!(body.as_array().map(Vec::len), Some(2));
        let unsubscribe = body[0]["headers"]["List-Unsubscribe"].as_str().unwrap();
        assert!(unsubscribe.contains("/unremind?key="), "{unsubscribe}");
        assert_eq!(body[0]["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    }

    #[test]
    fn answers_are_judged_by_whether_the_mail_the_account_or_the_moment_is_behind_them() {
        let bad_key = "API key is invalid";
        let bad_from =
            "Invalid `from` field. The email address needs to follow the `email@example.com` format.";
        let bad_to = "Invalid `to` field. The email address needs to follow the `email@example.com` format.";
        for (status, name, message, mails, fate) in [
            (200, "", "", 1, Fate::Sent),
            (400, "validation_error", bad_key, 1, Fate::Account),
            (400, "validation_error", bad_key, 9, Fate::Account),
            (400, "validation_error", bad_to, 1, Fate::Refused),
            (400, "invalid_idempotency_key", "", 1, Fate::Account),
            (401, "missing_api_key", "Missing API Key", 1, Fate::Account),
            (401, "restricted_api_key", "", 1, Fate::Account),
            (401, "validation_error", bad_key, 9, Fate::Account),
            (403, "invalid_api_key", bad_key, 1, Fate::Account),
            (403, "validation_error", "The example.com domain is not verified.", 1, Fate::Account),
            (403, "validation_error", "You can only send testing emails to …", 9, Fate::Account),
            (404, "not_found", "", 1, Fate::Account),
            (405, "method_not_allowed", "", 1, Fate::Account),
            (409, "concurrent_idempotent_requests", "", 1, Fate::Later),
            (409, "invalid_idempotent_request", "", 1, Fate::Sent),
            (409, "invalid_idempotent_request", "", 9, Fate::Sent),
            (413, "", "", 1, Fate::Refused),
            (422, "validation_error", bad_from, 1, Fate::Account),
            (422, "validation_error", bad_from, 9, Fate::Account),
            (422, "validation_error", bad_to, 1, Fate::Refused),
            (422, "validation_error", bad_to, 9, Fate::Apart),
            (422, "invalid_from_address", "", 1, Fate::Account),
            (422, "missing_required_field", "", 1, Fate::Refused),
            (422, "invalid_attachment", "", 1, Fate::Refused),
            (429, "rate_limit_exceeded", "", 1, Fate::Later),
            (429, "daily_quota_exceeded", "", 1, Fate::Account),
            (429, "monthly_quota_exceeded", "", 1, Fate::Account),
            (451, "security_error", "", 1, Fate::Account),
            (500, "application_error", "", 9, Fate::Later),
        ] {
            let body = json!({ "statusCode": status, "name": name, "message": message }).to_string();
            let result = judge(&answer(status, &body), mails);
            assert_eq!(result.fate(), fate, "{status} {name} {message}");
            assert_eq!(result.code.as_deref().unwrap_or_default(), name);
        }
        assert_eq!(judge(&answer(422, ""), 9).fate(), Fate::Apart);
    }

    #[test]
    fn the_key_of_the_api_is_never_shown() {
        assert!(!format!("{:?}", planned(&[confirm()], None).0).contains("re_123"));
    }
}
