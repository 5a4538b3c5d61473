//! Mailgun: a multipart form to `POST /v3/{domain}/messages` with the key as a password, one mail per
//! request. Mailgun has no idempotency keys: if an answer is lost, the mail may arrive twice, with the same
//! `Message-ID`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::delivery::Pace;
use super::render::message_id;
use super::{Attachment, DeliveryResult, HttpRequest, HttpResponse, Message, Outgoing, Sender, Transport};
use crate::auth::digest;

/// How to reach Mailgun, and for which of its domains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailgun {
    /// The URL and the key.
    pub transport: Transport,
    /// The sending domain, as registered with Mailgun.
    pub domain: String,
}

/// Mailgun publishes no limit for this call. When an account exceeds its own, the answer is 429.
pub(super) const PACE: Pace = Pace { requests: 8, batch: 1, batches_attachments: false };

impl Mailgun {
    /// The API for accounts in the United States.
    pub const US: &str = "https://api.mailgun.net";
    /// The API for accounts in the European Union.
    pub const EU: &str = "https://api.eu.mailgun.net";

    /// The request for a mail, or the name of the missing setting.
    pub(super) fn request(
        &self,
        outgoing: &Outgoing<'_>,
        message: &Message,
        sender: &Sender<'_>,
    ) -> Result<HttpRequest, &'static str> {
        let key = self.transport.key()?;
        let mut form = Form::default();
        form.field("from", sender.from);
        form.field("to", &outgoing.mail.recipient());
        form.field("subject", &message.subject);
        form.field("text", &message.text);
        form.field("html", &message.html);
        form.field("h:Message-Id", &message_id(outgoing.key, sender));
        for (name, value) in &message.headers {
            form.field(&format!("h:{name}"), value);
        }
        form.field("v:key", outgoing.key);
        form.field("o:tracking", "no");
        if let Some(attachment) = &message.attachment {
            form.file("attachment", Attachment::NAME, &attachment.content_type(), &attachment.content);
        }
        let url = format!("{}/v3/{}/messages", self.transport.api_url, self.domain);
        let (content_type, body) = form.finish();
        let authorization = format!("Basic {}", STANDARD.encode(format!("api:{key}")));
        Ok(HttpRequest::post(url, &content_type, body).with("authorization", &authorization))
    }
}

/// A multipart form (RFC 7578). The names are ours; the values may be anything.
#[derive(Default)]
struct Form(Vec<(String, String)>);

impl Form {
    fn field(&mut self, name: &str, value: &str) {
        self.0.push((format!("Content-Disposition: form-data; name=\"{name}\"\r\n"), value.to_owned()));
    }

    fn file(&mut self, name: &str, filename: &str, content_type: &str, content: &str) {
        let head = format!(
            "Content-Disposition: form-data; name=\"{name}\"; filename=\"{filename}\"\r\n\
             Content-Type: {content_type}\r\n"
        );
        self.0.push((head, content.to_owned()));
    }

    /// The media type and the body. The boundary is a digest of all the parts, so no value can contain it.
    fn finish(self) -> (String, String) {
        let all: String = self.0.iter().flat_map(|(head, value)| [head.as_str(), value.as_str()]).collect();
        let boundary = digest::text(all.as_bytes());
        let parts = self.0.iter().map(|(head, value)| format!("--{boundary}\r\n{head}\r\n{value}\r\n"));
        let body = parts.chain([format!("--{boundary}--\r\n")]).collect();
        (format!("multipart/form-data; boundary={boundary}"), body)
    }
}

#[derive(Deserialize)]
struct Failure {
    message: String,
}

/// Mailgun answers with sentences, not codes. A 400 refuses the mail if it names the recipient, the only part
/// specific to one mail. Otherwise a setting is the cause.
pub(super) fn judge(response: &HttpResponse) -> DeliveryResult {
    let failure: Option<Failure> = crate::json::from_str(&response.body).ok();
    match response.status {
        400 if !failure.is_some_and(|failure| names_the_reader(&failure.message)) => response.account(),
        _ => response.result(),
    }
}

fn names_the_reader(message: &str) -> bool {
    let message = message.trim_start_matches(['\'', '"']);
    message.starts_with("to parameter") || message.starts_with("to' parameter")
}

#[cfg(test)]
mod tests {
    use super::super::delivery_result::tests::{Fate, answer};
    use super::super::render::tests::{NOW, brief, keys, mail};
    use super::super::{MailTemplate, Plan, Provider, RemindedBefore};
    use super::*;
    use crate::domain::Secret;

    fn mailgun(api_key: Option<&str>) -> Mailgun {
        let api_key = api_key.map(|key| Secret::new(key.to_owned()));
        Mailgun {
            transport: Transport { api_url: Mailgun::EU.to_owned(), api_key },
            domain: "mg.example.com".to_owned(),
        }
    }

    fn planned(mailgun: Mailgun, template: MailTemplate) -> Plan {
        let (keys, mail) = (keys(), mail(template));
        let sender = Sender { from: "Events <e@example.com>", public_url: None, keys: &keys };
        let outgoing = [Outgoing { mail: &mail, key: "registered/1", posted_at: NOW }];
        Provider::Mailgun(mailgun).plan(&outgoing, None, &sender, NOW)
    }

    /// The request and its parts: headers and values.
    fn request(template: MailTemplate) -> (HttpRequest, Vec<(String, String)>) {
        let Plan::Send(request) = planned(mailgun(Some("key-1")), template) else { panic!() };
        let headers = request.headers.reveal();
        let (_, content_type) = headers.iter().find(|(name, _)| *name == "content-type").unwrap();
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        let parts = request.body.strip_suffix(&format!("--{boundary}--\r\n")).unwrap();
        let delimiter = format!("--{boundary}\r\n");
        let parts = parts.split(&delimiter).skip(1).map(|part| {
            let (head, value) = part.split_once("\r\n\r\n").unwrap();
            (head.to_owned(), value.strip_suffix("\r\n").unwrap().to_owned())
        });
        let parts = parts.collect();
        (*request, parts)
    }

    #[test]
    fn the_request_is_the_one_that_mailgun_documents() {
        let (request, parts) = request(MailTemplate::Registered { event: brief("Talk") });
        assert_eq!(request.url, "https://api.eu.mailgun.net/v3/mg.example.com/messages");
        let headers = request.headers.reveal();
        assert!(headers.contains(&("authorization", "Basic YXBpOmtleS0x".to_owned())));
        assert!(headers.iter().any(|(name, _)| *name == "user-agent"));
        let field = |name: &str| {
            let head = format!("Content-Disposition: form-data; name=\"{name}\"");
            parts.iter().find(|(known, _)| *known == head).map(|(_, value)| value.as_str())
        };
        assert_eq!(field("from"), Some("Events <e@example.com>"));
        assert_eq!(field("to"), Some("\"Ada <b> L\" <ada@example.com>"));
        assert_eq!(field("subject"), Some("You are registered: Talk"));
        assert!(field("text").is_some() && field("html").is_some());
        assert_eq!(field("v:key"), Some("registered/1"));
        assert_eq!(field("o:tracking"), Some("no"));
        let id = field("h:Message-Id").unwrap();
        assert!(id.starts_with('<') && id.ends_with("@example.com>"), "{id}");
        let (head, file) = parts.last().unwrap();
        assert_eq!(
            head,
            "Content-Disposition: form-data; name=\"attachment\"; filename=\"event.ics\"\r\n\
             Content-Type: text/calendar; charset=utf-8; method=REQUEST"
        );
        assert!(file.starts_with("BEGIN:VCALENDAR\r\n"));
    }

    #[test]
    fn a_reminder_carries_the_headers_that_end_it() {
        let (_, parts) = request(MailTemplate::Reminder {
            event: brief("Talk"),
            before: RemindedBefore::Day,
            join_url: None,
        });
        let heads: Vec<_> = parts.iter().map(|(head, _)| head.as_str()).collect();
        for name in ["h:List-Unsubscribe", "h:List-Unsubscribe-Post"] {
            assert!(heads.contains(&format!("Content-Disposition: form-data; name=\"{name}\"").as_str()));
        }
    }

    #[test]
    fn what_people_typed_never_becomes_a_part() {
        let title = "x\r\n--boundary\r\nContent-Disposition: form-data; name=\"bcc\"\r\n\r\neve@example.com";
        let (_, parts) = request(MailTemplate::Registered { event: brief(title) });
        assert!(!parts.iter().any(|(head, _)| head.contains("bcc")), "{parts:?}");
        let plain = request(MailTemplate::Registered { event: brief("Talk") }).1.len();
        assert_eq!(parts.len(), plain);
    }

    #[test]
    fn without_a_key_mail_waits() {
        assert_eq!(planned(mailgun(None), MailTemplate::PasswordChanged), Plan::Wait("MAIL_API_KEY"));
    }

    #[test]
    fn answers_are_judged_by_whom_they_are_about() {
        for (status, message, fate) in [
            (200, "Queued. Thank you.", Fate::Sent),
            (400, "to parameter is not a valid address. please check documentation", Fate::Refused),
            (400, "'to' parameter is not a valid address. please check documentation", Fate::Refused),
            (400, "from parameter is not a valid address. please check documentation", Fate::Account),
            (400, "'from' parameter is not a valid address", Fate::Account),
            (400, "Mailgun cannot send for this domain", Fate::Account),
            (401, "Forbidden", Fate::Account),
            (402, "Request Failed", Fate::Account),
            (403, "Domain sandbox.mailgun.org is not allowed to send: Free accounts are …", Fate::Account),
            (404, "Domain not found: mg.example.com", Fate::Account),
            (413, "Request Entity Too Large", Fate::Refused),
            (429, "Too many requests", Fate::Later),
            (500, "", Fate::Later),
        ] {
            let body = serde_json::json!({ "message": message }).to_string();
            assert_eq!(judge(&answer(status, &body)).fate(), fate, "{status} {message}");
        }
        assert_eq!(judge(&answer(400, "Bad Request")).fate(), Fate::Account);
    }

    #[test]
    fn the_key_of_the_api_is_never_shown() {
        assert!(!format!("{:?}", mailgun(Some("key-1"))).contains("key-1"));
        assert!(!format!("{:?}", request(MailTemplate::PasswordChanged).0).contains("YXBpOmtleS0x"));
    }
}
