//! Cloudflare's Email Service, through the binding `EMAIL`: `env.EMAIL.send({ … })`, one mail per call,
//! without a key. It writes the MIME message itself, including the `Message-ID`, and has no idempotency keys:
//! if an answer is lost, the mail may arrive twice.

use serde_json::{Map, Value, json};

use super::delivery::Pace;
use super::mailbox::address;
use super::{Attachment, DeliveryResult, HttpResponse, Message, Outgoing, Sender};

/// The name of the binding.
pub(super) const BINDING: &str = "EMAIL";

/// No limit per second is published. When an account exceeds its own, the call fails, and we obey that.
pub(super) const PACE: Pace = Pace { requests: 8, batch: 1, batches_attachments: false };

/// The argument of `send`. The content of an attachment is text here and is converted to bytes before the
/// call, because the service would take a text for base64.
pub(super) fn message(outgoing: &Outgoing<'_>, message: &Message, sender: &Sender<'_>) -> Value {
    let from = match address(sender.from) {
        (Some(name), email) => json!({ "name": name, "email": email }),
        (None, email) => json!(email),
    };
    let mut argument = json!({
        "from": from,
        "to": outgoing.mail.to.ascii(),
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
    });
    if let Some(members) = argument.as_object_mut() {
        if !message.headers.is_empty() {
            let headers = message.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
            members.insert("headers".to_owned(), Value::Object(headers.collect::<Map<_, _>>()));
        }
        if let Some(attachment) = &message.attachment {
            // Only plain types are documented. The method is in the file.
            let file = json!({
                "filename": Attachment::NAME,
                "content": attachment.content,
                "type": "text/calendar",
                "disposition": "attachment",
            });
            members.insert("attachments".to_owned(), json!([file]));
        }
    }
    argument
}

/// The error codes in the documentation. Codes about headers and unknown codes are ours to fix: neither the
/// recipient nor the event influences which headers there are.
pub(super) fn judge(response: &HttpResponse) -> DeliveryResult {
    let Some(code) = response.error.as_deref() else { return response.result() };
    let result = match code {
        "E_VALIDATION_ERROR"
        | "E_FIELD_MISSING"
        | "E_TOO_MANY_RECIPIENTS"
        | "E_RECIPIENT_SUPPRESSED"
        | "E_CONTENT_TOO_LARGE"
        | "E_DELIVERY_FAILED" => DeliveryResult::refused(),
        "E_RATE_LIMIT_EXCEEDED" | "E_INTERNAL_SERVER_ERROR" => response.retry(),
        _ => response.account(),
    };
    result.coded(code)
}

#[cfg(test)]
mod tests {
    use super::super::delivery_result::tests::{Fate, answer};
    use super::super::render::tests::{NOW, brief, keys, mail};
    use super::super::{MailTemplate, Plan, Provider, RemindedBefore};
    use super::*;

    fn planned(template: MailTemplate, from: &str) -> Value {
        let (keys, mail) = (keys(), mail(template));
        let sender = Sender { from, public_url: None, keys: &keys };
        let outgoing = [Outgoing { mail: &mail, key: "registered/1", posted_at: NOW }];
        match Provider::Cloudflare.plan(&outgoing, None, &sender, NOW) {
            Plan::Bound(BINDING, argument) => serde_json::from_str(argument.reveal()).unwrap(),
            plan => panic!("{plan:?}"),
        }
    }

    #[test]
    fn the_argument_is_the_one_that_cloudflare_documents() {
        let sent = planned(MailTemplate::Registered { event: brief("Talk") }, "Events <e@example.com>");
        assert_eq!(sent["from"], json!({ "name": "Events", "email": "e@example.com" }));
        assert_eq!(sent["to"], "ada@example.com");
        assert_eq!(sent["subject"], "You are registered: Talk");
        assert!(sent["text"].is_string() && sent["html"].is_string() && sent.get("headers").is_none());
        let file = &sent["attachments"][0];
        assert_eq!((&file["filename"], &file["type"]), (&json!("event.ics"), &json!("text/calendar")));
        assert_eq!(file["disposition"], "attachment");
        assert!(file["content"].as_str().unwrap().starts_with("BEGIN:VCALENDAR\r\n"));
        assert_eq!(planned(MailTemplate::PasswordChanged, "e@example.com")["from"], "e@example.com");
    }

    #[test]
    fn a_reminder_carries_the_headers_that_end_it() {
        let template =
            MailTemplate::Reminder { event: brief("Talk"), before: RemindedBefore::Day, join_url: None };
        let headers = planned(template, "e@example.com")["headers"].clone();
        assert!(headers["List-Unsubscribe"].as_str().unwrap().starts_with("<https://events.example/"));
        assert_eq!(headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    }

    #[test]
    fn errors_are_judged_by_their_code() {
        assert_eq!(judge(&answer(200, "")).fate(), Fate::Sent);
        assert_eq!(judge(&answer(500, "")).fate(), Fate::Later, "an error without a code");
        for (codes, fate) in [
            (
                &[
                    "E_VALIDATION_ERROR",
                    "E_FIELD_MISSING",
                    "E_TOO_MANY_RECIPIENTS",
                    "E_RECIPIENT_SUPPRESSED",
                    "E_CONTENT_TOO_LARGE",
                    "E_DELIVERY_FAILED",
                ][..],
                Fate::Refused,
            ),
            (
                &[
                    "E_SENDER_NOT_VERIFIED",
                    "E_SENDER_DOMAIN_NOT_AVAILABLE",
                    "E_RECIPIENT_NOT_ALLOWED",
                    "E_DAILY_LIMIT_EXCEEDED",
                    "E_HEADER_NOT_ALLOWED",
                    "E_HEADER_USE_API_FIELD",
                    "E_HEADER_VALUE_INVALID",
                    "E_HEADER_VALUE_TOO_LONG",
                    "E_HEADER_NAME_INVALID",
                    "E_HEADERS_TOO_LARGE",
                    "E_HEADERS_TOO_MANY",
                    "E_SOMETHING_NEW",
                ],
                Fate::Account,
            ),
            (&["E_RATE_LIMIT_EXCEEDED", "E_INTERNAL_SERVER_ERROR"], Fate::Later),
        ] {
            for code in codes {
                let response = HttpResponse { error: Some((*code).to_owned()), ..answer(500, "") };
                let result = judge(&response);
                assert_eq!(result.fate(), fate, "{code}");
                assert_eq!(result.code.as_deref().unwrap_or_default(), *code);
            }
        }
    }
}
