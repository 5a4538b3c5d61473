//! Amazon SES, version 2 of its API: signed requests to `POST /v2/email/outbound-emails`, one mail per
//! request. The simple content accepts headers and attachments, so SES writes the MIME message. SES has no
//! idempotency keys and replaces any `Message-ID` with its own: if an answer is lost, the mail may arrive
//! twice.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::delivery::Pace;
use super::mailbox::{address, ascii_mailbox};
use super::request::HttpRequest;
use super::sigv4::{self, Credentials, Unsigned};
use super::{Attachment, DeliveryResult, HttpResponse, Message, Outgoing, Sender};
use crate::domain::account::Name;
use crate::domain::{Secret, Timestamp};

/// How to reach SES, and the credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ses {
    /// The base URL, without a trailing slash.
    pub api_url: String,
    /// The region, which is part of each signature.
    pub region: String,
    /// The id of the key; without one, mail waits.
    pub access_key_id: Option<String>,
    /// The key; without one, mail waits.
    pub secret_access_key: Option<Secret<String>>,
    /// Needed for temporary keys, which are valid for a few hours.
    pub session_token: Option<Secret<String>>,
}

/// Each account has its own limit per second; outside the sandbox it is usually higher than this.
pub(super) const PACE: Pace = Pace { requests: 10, batch: 1, batches_attachments: false };

const PATH: &str = "/v2/email/outbound-emails";
const CONTENT_TYPE: &str = "application/json";
/// Characters of an address with its name (SES API v2, `Destination`).
const MAILBOX_MAX: usize = 320;

impl Ses {
    /// The base URL of a region.
    #[must_use]
    pub fn endpoint(region: &str) -> String {
        format!("https://email.{region}.amazonaws.com")
    }

    fn credentials(&self) -> Result<Credentials, &'static str> {
        Ok(Credentials {
            access_key_id: self.access_key_id.clone().ok_or("AWS_ACCESS_KEY_ID")?,
            secret_access_key: self.secret_access_key.clone().ok_or("AWS_SECRET_ACCESS_KEY")?,
            session_token: self.session_token.clone(),
        })
    }

    /// The request for a mail, or the name of the missing setting.
    pub(super) fn request(
        &self,
        outgoing: &Outgoing<'_>,
        message: &Message,
        sender: &Sender<'_>,
        now: Timestamp,
    ) -> Result<HttpRequest, &'static str> {
        let credentials = self.credentials()?;
        let url = format!("{}{PATH}", self.api_url);
        let body = body(outgoing, message, sender).to_string();
        let (_, after_scheme) = url.split_once("://").unwrap_or_default();
        let (host, path) = after_scheme.split_at(after_scheme.find('/').unwrap_or(after_scheme.len()));
        let headers = sigv4::sign(
            &credentials,
            &Unsigned {
                region: &self.region,
                service: "ses",
                host,
                path,
                headers: &[("content-type", CONTENT_TYPE)],
                body: body.as_bytes(),
            },
            now,
        );
        let request = HttpRequest::post(url, CONTENT_TYPE, body);
        Ok(headers.iter().fold(request, |request, (name, value)| request.with(name, value)))
    }
}

fn body(outgoing: &Outgoing<'_>, message: &Message, sender: &Sender<'_>) -> Value {
    let utf8 = |data: &str| json!({ "Data": data, "Charset": "UTF-8" });
    let mut simple = json!({
        "Subject": utf8(&message.subject),
        "Body": { "Text": utf8(&message.text), "Html": utf8(&message.html) },
    });
    if let Some(members) = simple.as_object_mut() {
        if !message.headers.is_empty() {
            let headers = message.headers.iter().map(|(name, value)| json!({ "Name": name, "Value": value }));
            members.insert("Headers".to_owned(), headers.collect());
        }
        if let Some(attachment) = &message.attachment {
            // Only plain types are documented. The method is in the file.
            let file = json!({
                "FileName": Attachment::NAME,
                "RawContent": STANDARD.encode(&attachment.content),
                "ContentType": "text/calendar",
                "ContentDisposition": "ATTACHMENT",
            });
            members.insert("Attachments".to_owned(), json!([file]));
        }
    }
    let (name, from) = address(sender.from);
    let reader = outgoing.mail.name.as_ref().map(Name::as_str);
    json!({
        "FromEmailAddress": mailbox(name, from),
        "Destination": { "ToAddresses": [mailbox(reader, &outgoing.mail.to.ascii())] },
        "Content": { "Simple": simple },
    })
}

/// SES requires ASCII of limited length: if the name makes it too long, the address goes without it.
fn mailbox(name: Option<&str>, address: &str) -> String {
    let named = ascii_mailbox(name, address);
    if named.len() <= MAILBOX_MAX { named } else { address.to_owned() }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Failure {
    #[serde(rename = "__type")]
    kind: String,
    #[serde(alias = "Message")]
    message: String,
}

/// SES answers most errors with 400 and names the kind in a header. `MessageRejected` is used for content as
/// well as for unverified senders and recipients.
pub(super) fn judge(response: &HttpResponse) -> DeliveryResult {
    let failure: Failure = crate::json::from_str(&response.body).unwrap_or_default();
    let kind = response.error.as_deref().unwrap_or(&failure.kind);
    let kind = kind.rsplit('#').next().unwrap_or(kind);
    let kind = kind.split(':').next().unwrap_or(kind);
    let result = match (response.status, kind) {
        (400, "MessageRejected") if failure.message.contains("not verified") => response.account(),
        (400, "MessageRejected" | "BadRequestException") => DeliveryResult::refused(),
        (400, "ThrottlingException" | "Throttling" | "RequestExpired") => response.retry(),
        (400, _) => response.account(),
        _ => response.result(),
    };
    result.coded(kind)
}

#[cfg(test)]
mod tests {
    use super::super::delivery_result::tests::{Fate, answer};
    use super::super::render::tests::{NOW, brief, keys, mail};
    use super::super::{MailTemplate, Plan, Provider, RemindedBefore};
    use super::*;

    fn ses() -> Ses {
        Ses {
            api_url: Ses::endpoint("eu-central-1"),
            region: "eu-central-1".to_owned(),
            access_key_id: Some("AKIDEXAMPLE".to_owned()),
            secret_access_key: Some(Secret::new("wJalrXUtnFEMI".to_owned())),
            session_token: None,
        }
    }

    fn planned(ses: Ses, template: MailTemplate, from: &str) -> Plan {
        let (keys, mail) = (keys(), mail(template));
        let sender = Sender { from, public_url: None, keys: &keys };
        let outgoing = [Outgoing { mail: &mail, key: "registered/1", posted_at: NOW }];
        Provider::Ses(ses).plan(&outgoing, None, &sender, NOW)
    }

    fn request(ses: Ses, template: MailTemplate, from: &str) -> (HttpRequest, Value) {
        let Plan::Send(request) = planned(ses, template, from) else { panic!() };
        let body = serde_json::from_str(&request.body).unwrap();
        (*request, body)
    }

    #[test]
    fn the_request_is_the_one_that_ses_documents() {
        let template = MailTemplate::Registered { event: brief("Talk") };
        let (request, body) = request(ses(), template, "Events <e@example.com>");
        assert_eq!(request.url, "https://email.eu-central-1.amazonaws.com/v2/email/outbound-emails");
        assert_eq!(body["FromEmailAddress"], "\"Events\" <e@example.com>");
        assert_eq!(body["Destination"], json!({ "ToAddresses": ["\"Ada <b> L\" <ada@example.com>"] }));
        let simple = &body["Content"]["Simple"];
        assert_eq!(simple["Subject"], json!({ "Data": "You are registered: Talk", "Charset": "UTF-8" }));
        assert!(simple["Body"]["Text"]["Data"].is_string() && simple["Body"]["Html"]["Data"].is_string());
        assert!(simple.get("Headers").is_none());
        let file = &simple["Attachments"][0];
        assert_eq!(
            (&file["FileName"], &file["ContentType"], &file["ContentDisposition"]),
            (&json!("event.ics"), &json!("text/calendar"), &json!("ATTACHMENT"))
        );
        let content = STANDARD.decode(file["RawContent"].as_str().unwrap()).unwrap();
        assert!(content.starts_with(b"BEGIN:VCALENDAR\r\n"));
    }

    #[test]
    fn the_signature_covers_the_host_the_type_and_the_time() {
        let session = Ses { session_token: Some(Secret::new("a token".to_owned())), ..ses() };
        let (request, _) = request(session, MailTemplate::PasswordChanged, "e@example.com");
        let headers = request.headers.reveal();
        let value = |name: &str| headers.iter().find(|(known, _)| *known == name).unwrap().1.as_str();
        assert_eq!(value("x-amz-date"), "20240621T200000Z");
        assert_eq!(value("x-amz-security-token"), "a token");
        assert_eq!(value("content-type"), "application/json");
        assert!(value("authorization").starts_with(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240621/eu-central-1/ses/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature="
        ));
        assert!(headers.iter().any(|(name, _)| *name == "user-agent"));
    }

    #[test]
    fn a_reminder_carries_the_headers_that_end_it() {
        let template =
            MailTemplate::Reminder { event: brief("Talk"), before: RemindedBefore::Day, join_url: None };
        let (_, body) = request(ses(), template, "e@example.com");
        let headers = &body["Content"]["Simple"]["Headers"];
        assert_eq!(headers[0]["Name"], "List-Unsubscribe");
        assert_eq!(
            headers[1],
            json!({ "Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click" })
        );
    }

    #[test]
    fn names_that_are_not_ascii_are_encoded_and_long_ones_left_out() {
        assert_eq!(mailbox(Some("Zoë"), "z@x.example"), "=?UTF-8?B?Wm/Dqw==?= <z@x.example>");
        assert_eq!(mailbox(Some(&"é".repeat(200)), "z@x.example"), "z@x.example");
        let (_, body) = request(ses(), MailTemplate::PasswordChanged, "Événements <e@example.com>");
        assert!(body["FromEmailAddress"].as_str().unwrap().is_ascii());
    }

    #[test]
    fn without_a_key_mail_waits() {
        let nameless = Ses { access_key_id: None, ..ses() };
        let keyless = Ses { secret_access_key: None, ..ses() };
        for (ses, missing) in [(nameless, "AWS_ACCESS_KEY_ID"), (keyless, "AWS_SECRET_ACCESS_KEY")] {
            assert_eq!(planned(ses, MailTemplate::PasswordChanged, "e@example.com"), Plan::Wait(missing));
        }
    }

    #[test]
    fn answers_are_judged_by_their_kind() {
        let unverified = r#"{"message":"Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: e@example.com"}"#;
        for (status, kind, body, fate) in [
            (200, "", r#"{"MessageId":"1"}"#, Fate::Sent),
            (400, "MessageRejected", r#"{"message":"Illegal content"}"#, Fate::Refused),
            (400, "MessageRejected", unverified, Fate::Account),
            (400, "BadRequestException", r#"{"message":"Illegal address"}"#, Fate::Refused),
            (400, "MailFromDomainNotVerifiedException", "", Fate::Account),
            (400, "AccountSuspendedException", "", Fate::Account),
            (400, "SendingPausedException", "", Fate::Account),
            (400, "LimitExceededException", "", Fate::Account),
            (400, "IncompleteSignature", "", Fate::Account),
            (400, "ThrottlingException", "", Fate::Later),
            (400, "", "", Fate::Account),
            (403, "InvalidSignatureException", "", Fate::Account),
            (403, "UnrecognizedClientException", "", Fate::Account),
            (403, "ExpiredTokenException", "", Fate::Account),
            (404, "NotFoundException", "", Fate::Account),
            (413, "RequestEntityTooLargeException", "", Fate::Refused),
            (429, "TooManyRequestsException", "", Fate::Later),
            (503, "", "", Fate::Later),
        ] {
            let error = Some(format!("{kind}:http://internal.example/coral/")).filter(|_| !kind.is_empty());
            let result = judge(&HttpResponse { error, ..answer(status, body) });
            assert_eq!(result.fate(), fate, "{status} {kind}");
            assert_eq!(result.code.as_deref().unwrap_or_default(), kind);
        }
        let in_body = judge(&answer(400, r#"{"__type":"com.amazonaws#SendingPausedException"}"#));
        assert_eq!(in_body.code.as_deref(), Some("SendingPausedException"));
    }
}
