//! SendGrid: `POST /v3/mail/send` with a bearer key, answered with 202. A request has a single content, so
//! mails that differ for each reader are sent one by one. SendGrid has no idempotency keys: if an answer is
//! lost, the mail may arrive twice, with the same `Message-ID`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::delivery::Pace;
use super::mailbox::address;
use super::render::message_id;
use super::{Attachment, DeliveryResult, HttpRequest, HttpResponse, Message, Outgoing, Sender, Transport};
use crate::domain::account::Name;

/// Far below the limit of the call, so that the object stays free for its users.
pub(super) const PACE: Pace = Pace { requests: 16, batch: 1, batches_attachments: false };

pub(super) fn request(
    transport: &Transport,
    outgoing: &Outgoing<'_>,
    message: &Message,
    sender: &Sender<'_>,
) -> Result<HttpRequest, &'static str> {
    let authorization = ("authorization", format!("Bearer {}", transport.key()?));
    let url = format!("{}/v3/mail/send", transport.api_url);
    Ok(HttpRequest::json(url, authorization, &body(outgoing, message, sender)))
}

fn body(outgoing: &Outgoing<'_>, message: &Message, sender: &Sender<'_>) -> Value {
    let (name, from) = address(sender.from);
    let mut headers: Map<String, Value> =
        message.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    headers.insert("Message-ID".to_owned(), json!(message_id(outgoing.key, sender)));
    let reader = outgoing.mail.name.as_ref().map(Name::as_str);
    let mut body = json!({
        "personalizations": [{ "to": [person(reader, &outgoing.mail.to.ascii())] }],
        "from": person(name, from),
        "subject": message.subject,
        "content": [
            { "type": "text/plain", "value": message.text },
            { "type": "text/html", "value": message.html },
        ],
        "headers": headers,
        "custom_args": { "key": outgoing.key },
        "tracking_settings": {
            "click_tracking": { "enable": false, "enable_text": false },
            "open_tracking": { "enable": false },
        },
    });
    if let (Some(attachment), Some(members)) = (&message.attachment, body.as_object_mut()) {
        // The type may have no parameters. The method is in the file.
        let file = json!({
            "filename": Attachment::NAME,
            "content": STANDARD.encode(&attachment.content),
            "type": "text/calendar",
            "disposition": "attachment",
        });
        members.insert("attachments".to_owned(), json!([file]));
    }
    body
}

fn person(name: Option<&str>, email: &str) -> Value {
    name.map_or_else(|| json!({ "email": email }), |name| json!({ "email": email, "name": name }))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Failures {
    errors: Vec<Failure>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Failure {
    message: Option<String>,
    field: Option<String>,
}

impl Failure {
    /// Whether the error is about the sender. Everything else in a request belongs to the mail.
    fn is_about_us(&self) -> bool {
        let field = self.field.as_deref().unwrap_or_default();
        let message = self.message.as_deref().unwrap_or_default();
        field == "from" || field.starts_with("from.") || message.contains("Sender Identity")
    }
}

/// A 401 means an invalid key or an account without credits, a 403 an unverified sender. A 400 names the
/// wrong fields.
pub(super) fn judge(response: &HttpResponse) -> DeliveryResult {
    let Failures { errors } = serde_json::from_str(&response.body).unwrap_or_default();
    let result = match response.status {
        400 if errors.iter().any(Failure::is_about_us) => response.account(),
        _ => response.result(),
    };
    result.coded(errors.iter().find_map(|error| error.field.as_deref()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::delivery_result::tests::{Fate, answer};
    use super::super::render::tests::{NOW, brief, keys, mail};
    use super::super::{MailTemplate, Plan, Provider};
    use super::*;
    use crate::domain::Secret;

    fn provider() -> Provider {
        let api_key = Some(Secret::new("SG.x".to_owned()));
        Provider::SendGrid(Transport { api_url: "https://api.sendgrid.com".to_owned(), api_key })
    }

    #[test]
    fn the_request_is_the_one_that_sendgrid_documents() {
        let (keys, mail) = (keys(), mail(MailTemplate::Registered { event: brief("Talk") }));
        let sender = Sender { from: "Events <e@example.com>", public_url: None, keys: &keys };
        let outgoing = [Outgoing { mail: &mail, key: "registered/1", posted_at: NOW }];
        let Plan::Send(request) = provider().plan(&outgoing, None, &sender, NOW) else { panic!() };
        assert_eq!(request.url, "https://api.sendgrid.com/v3/mail/send");
        assert!(request.headers.reveal().contains(&("authorization", "Bearer SG.x".to_owned())));
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let reader = json!({ "email": "ada@example.com", "name": "Ada \"<b>\" L" });
        assert_eq!(body["personalizations"], json!([{ "to": [reader] }]));
        assert_eq!(body["from"], json!({ "email": "e@example.com", "name": "Events" }));
        assert_eq!(body["subject"], "You are registered: Talk");
        assert_eq!(body["content"][0]["type"], "text/plain");
        assert_eq!(body["content"][1]["type"], "text/html");
        assert_eq!(body["attachments"][0]["type"], "text/calendar");
        assert_eq!(body["custom_args"]["key"], "registered/1");
        let id = body["headers"]["Message-ID"].as_str().unwrap();
        assert!(id.starts_with('<') && id.ends_with("@example.com>"), "{id}");
    }

    #[test]
    fn answers_are_judged_by_the_fields_that_they_name() {
        for (status, field, message, fate) in [
            (202, None, "", Fate::Sent),
            (400, Some("from.email"), "The from email does not contain a valid address.", Fate::Account),
            (400, Some("from"), "The from object must be provided", Fate::Account),
            (400, Some("personalizations.0.to.0.email"), "Does not contain a valid address.", Fate::Refused),
            (400, None, "Bad Request", Fate::Refused),
            (401, None, "The provided authorization grant is invalid, expired, or revoked", Fate::Account),
            (401, None, "Maximum credits exceeded", Fate::Account),
            (403, Some("from"), "The from address does not match a verified Sender Identity.", Fate::Account),
            (404, None, "", Fate::Account),
            (413, None, "", Fate::Refused),
            (429, None, "too many requests", Fate::Later),
            (500, None, "", Fate::Later),
        ] {
            let body = json!({ "errors": [{ "message": message, "field": field, "help": null }] });
            let result = judge(&answer(status, &body.to_string()));
            assert_eq!(result.fate(), fate, "{status} {message}");
            assert_eq!(result.code.as_deref(), field);
        }
    }
}
