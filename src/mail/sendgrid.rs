//! SendGrid: `POST /v3/mail/send` with a bearer key, answered 202. One request carries one content,
//! so mails that say something to each reader go one by one. SendGrid knows no idempotency keys: a
//! try whose answer was lost may arrive a second time, under the same `Message-ID`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::render::address;
use super::{Attachment, HttpRequest, Message, Outgoing, Sender, message_id};
use crate::domain::account::Name;
use crate::objects::outbox::Pace;

/// Far below what the call allows, so that the object stays free for its users.
pub(super) const PACE: Pace = Pace { requests: 16, batch: 1, batches_attachments: false };

pub(super) fn request(
    api_url: &str,
    api_key: &str,
    mails: &[(Outgoing<'_>, Message)],
    _batch: Option<&str>,
    sender: &Sender<'_>,
) -> HttpRequest {
    let body = mails.first().map(|(mail, message)| body(mail, message, sender)).unwrap_or_default();
    HttpRequest::new(format!("{api_url}/v3/mail/send"), ("authorization", format!("Bearer {api_key}")), &body)
}

fn body(outgoing: &Outgoing<'_>, message: &Message, sender: &Sender<'_>) -> Value {
    let (name, from) = address(sender.from);
    let mut headers: Map<String, Value> =
        message.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    headers.insert("Message-ID".to_owned(), json!(message_id(outgoing.key, sender)));
    let reader = outgoing.mail.name.as_ref().map(Name::as_str);
    let mut body = json!({
        "personalizations": [{ "to": [person(reader, outgoing.mail.to.as_str())] }],
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
        // The type may hold no parameters; the method stands in the file.
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

#[cfg(test)]
mod tests {
    use super::super::render::tests::{NOW, brief, keys, mail};
    use super::super::{Carrier, HttpResponse, Letter, Plan, Provider};
    use super::*;
    use crate::domain::Secret;
    use crate::objects::outbox::Delivery;

    fn provider() -> Provider {
        let api_key = Some(Secret::new("SG.x".to_owned()));
        Provider::SendGrid(Carrier { api_url: "https://api.sendgrid.com".to_owned(), api_key })
    }

    #[test]
    fn the_request_is_the_one_that_sendgrid_documents() {
        let (keys, mail) = (keys(), mail(Letter::Registered { event: brief("Talk") }));
        let sender = Sender { from: "Events <e@example.com>", public_url: None, keys: &keys };
        let outgoing = [Outgoing { mail: &mail, key: "registered/1", posted_at: NOW }];
        let Plan::Send(request) = provider().plan(&outgoing, None, &sender) else { panic!() };
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
    fn answers_are_judged_by_their_status() {
        let retry = Delivery::Retry { after_ms: None };
        for (status, expected) in
            [(202, Delivery::Done), (400, Delivery::Refused), (401, retry), (429, retry), (500, retry)]
        {
            let response = HttpResponse { status, ..HttpResponse::default() };
            assert_eq!(provider().judge(&response, 1), [expected], "{status}");
        }
    }
}
