//! Postmark: `POST /email/batch` with a server token, for one mail or many. The answer gives a result for
//! each mail. Postmark has no idempotency keys: if an answer is lost, the mail may arrive twice. Both copies
//! then have the same `Message-ID`, by which many mail systems recognize the duplicate.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::delivery::Pace;
use super::render::message_id;
use super::{Attachment, DeliveryResult, HttpRequest, HttpResponse, Message, Outgoing, Sender, Transport};

/// How to reach Postmark, and which of the server's streams to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postmark {
    /// The URL and the token.
    pub transport: Transport,
    /// The stream for mails to all participants. Without one they use the transactional stream, like all
    /// other mail.
    pub broadcast_stream: Option<String>,
}

/// A call accepts 500 mails and 50 MB. Smaller batches limit what is lost with one answer.
pub(super) const PACE: Pace = Pace { requests: 4, batch: 100, batches_attachments: true };

impl Postmark {
    /// The request for these mails, or the name of the missing setting. All of them use the same stream.
    /// Batches from before the two kinds were separated use the transactional one.
    pub(super) fn request(
        &self,
        mails: &[(Outgoing<'_>, Message)],
        sender: &Sender<'_>,
    ) -> Result<HttpRequest, &'static str> {
        let token = ("x-postmark-server-token", self.transport.key()?.to_owned());
        let bulk = mails.iter().all(|(mail, _)| mail.mail.template.is_bulk());
        let stream = self.broadcast_stream.as_deref().filter(|_| bulk);
        let body = mails.iter().map(|(mail, message)| body(mail, message, stream, sender)).collect();
        let url = format!("{}/email/batch", self.transport.api_url);
        Ok(HttpRequest::json(url, token, &Value::Array(body)))
    }
}

fn body(outgoing: &Outgoing<'_>, message: &Message, stream: Option<&str>, sender: &Sender<'_>) -> Value {
    let identity = [("Message-ID", message_id(outgoing.key, sender)), ("X-PM-KeepID", "true".to_owned())];
    let headers = identity.iter().chain(&message.headers);
    let headers: Vec<_> = headers.map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    let files: Vec<_> = message
        .attachment
        .iter()
        .map(|attachment| {
            json!({
                "Name": Attachment::NAME,
                "Content": STANDARD.encode(&attachment.content),
                "ContentType": attachment.content_type(),
            })
        })
        .collect();
    let mut body = json!({
        "From": sender.from,
        "To": outgoing.mail.recipient(),
        "Subject": message.subject,
        "TextBody": message.text,
        "HtmlBody": message.html,
        "Headers": headers,
        "Attachments": files,
        "Metadata": { "key": outgoing.key },
        "TrackOpens": false,
        "TrackLinks": "None",
    });
    if let (Some(stream), Some(members)) = (stream, body.as_object_mut()) {
        members.insert("MessageStream".to_owned(), json!(stream));
    }
    body
}

/// The result for one mail, or for the request as a whole.
#[derive(Deserialize)]
struct Outcome {
    #[serde(rename = "ErrorCode")]
    code: u32,
    #[serde(rename = "Message", default)]
    message: String,
}

/// The result for each of the mails. A 422 is about the request as a whole.
pub(super) fn judge(response: &HttpResponse, mails: usize) -> Vec<DeliveryResult> {
    if response.status == 200 {
        let outcomes: Vec<Outcome> = serde_json::from_str(&response.body).unwrap_or_default();
        if outcomes.len() == mails {
            return outcomes.iter().map(|outcome| outcome.result(response)).collect();
        }
    }
    let outcome: Option<Outcome> = serde_json::from_str(&response.body).ok();
    let result = match &outcome {
        Some(outcome) if response.status == 422 => outcome.result(response),
        Some(outcome) => response.result().coded(&outcome.code.to_string()),
        None => response.result(),
    };
    vec![result.of_all(mails); mails]
}

impl Outcome {
    /// 406: the recipient's address has bounced or complained before. 411: a forbidden attachment. 402, 403,
    /// 409 and 410: the JSON is invalid for Postmark. 300 is used for recipients and for senders, and refuses
    /// the mail only if it names the recipient. Everything else is about the account or its streams.
    fn result(&self, response: &HttpResponse) -> DeliveryResult {
        let result = match self.code {
            0 => return DeliveryResult::sent(),
            300 if self.names_the_reader() => DeliveryResult::refused(),
            402 | 403 | 406 | 409 | 410 | 411 => DeliveryResult::refused(),
            100 | 429 => response.retry(),
            _ => response.account(),
        };
        result.coded(&self.code.to_string())
    }

    fn names_the_reader(&self) -> bool {
        !self.message.contains("'From'")
            && (self.message.contains("'To'") || self.message.contains("recipient"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::delivery_result::tests::{Fate, answer};
    use super::super::render::tests::{NOW, brief, keys, mail};
    use super::super::{MailTemplate, Plan, Provider, RemindedBefore};
    use super::*;
    use crate::domain::Secret;

    #[test]
    fn the_request_is_the_one_that_postmark_documents() {
        let (keys, mail) = (keys(), mail(MailTemplate::Registered { event: brief("Talk") }));
        let sender = Sender { from: "Events <e@example.com>", public_url: None, keys: &keys };
        let outgoing = [Outgoing { mail: &mail, key: "registered/1", posted_at: NOW }];
        let Plan::Send(request) = postmark(None).plan(&outgoing, None, &sender, NOW) else { panic!() };
        assert_eq!(request.url, "https://api.postmarkapp.com/email/batch");
        let headers = request.headers.reveal();
        assert!(headers.contains(&("x-postmark-server-token", "token".to_owned())));
        assert!(headers.iter().any(|(name, _)| *name == "user-agent"));
        let body: Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(body.as_array().map(Vec::len), Some(1));
        let sent = &body[0];
        assert_eq!(sent["From"], "Events <e@example.com>");
        assert_eq!(sent["To"], "\"Ada <b> L\" <ada@example.com>");
        assert_eq!(sent["Subject"], "You are registered: Talk");
        assert!(sent["TextBody"].is_string() && sent["HtmlBody"].is_string());
        assert_eq!(sent["Attachments"][0]["ContentType"], "text/calendar; charset=utf-8; method=REQUEST");
        assert_eq!(sent["Metadata"]["key"], "registered/1");
        assert_eq!(sent["Headers"][0]["Name"], "Message-ID");
        assert_eq!(sent["Headers"][1], json!({ "Name": "X-PM-KeepID", "Value": "true" }));
    }

    fn postmark(broadcast_stream: Option<&str>) -> Provider {
        let api_key = Some(Secret::new("token".to_owned()));
        let transport = Transport { api_url: "https://api.postmarkapp.com".to_owned(), api_key };
        Provider::Postmark(Postmark { transport, broadcast_stream: broadcast_stream.map(str::to_owned) })
    }

    /// The bodies of the mails that these templates produce in one request.
    fn bodies(provider: &Provider, templates: &[MailTemplate]) -> Vec<Value> {
        let keys = keys();
        let sender = Sender { from: "Events <e@example.com>", public_url: None, keys: &keys };
        let mails: Vec<_> = templates.iter().cloned().map(mail).collect();
        let outgoing: Vec<_> =
            mails.iter().map(|mail| Outgoing { mail, key: "batch/1", posted_at: NOW }).collect();
        let Plan::Send(request) = provider.plan(&outgoing, Some("batch/1"), &sender, NOW) else { panic!() };
        serde_json::from_str(&request.body).unwrap()
    }

    #[test]
    fn mails_to_everybody_go_over_the_broadcast_stream_where_there_is_one() {
        let event = || brief("Talk");
        let reminder =
            || MailTemplate::Reminder { event: event(), before: RemindedBefore::Day, join_url: None };
        let cancelled = || MailTemplate::EventCancelled { event: event(), has_seat: true };
        let changed =
            || MailTemplate::EventChanged { event: event(), before: None, link: None, has_seat: true };
        let deleted = || MailTemplate::EventDeleted { event: event(), has_seat: false };
        let streams = |provider: &Provider, templates: &[MailTemplate]| -> Vec<Value> {
            bodies(provider, templates).iter().map(|body| body["MessageStream"].clone()).collect()
        };
        let (with, without) = (postmark(Some("broadcasts")), postmark(None));
        let bulk = [reminder(), cancelled(), changed(), deleted()];
        assert_eq!(streams(&with, &bulk), vec![json!("broadcasts"); 4]);
        assert_eq!(streams(&without, &bulk), vec![Value::Null; 4]);
        let personal = [MailTemplate::Registered { event: event() }, MailTemplate::PasswordChanged];
        assert_eq!(streams(&with, &personal), vec![Value::Null; 2]);
        let mixed = [reminder(), MailTemplate::Registered { event: event() }];
        assert_eq!(streams(&with, &mixed), vec![Value::Null; 2], "a request is of one stream");
    }

    #[test]
    fn each_mail_of_a_batch_is_judged_by_itself() {
        let mixed = r#"[{"ErrorCode":0,"Message":"OK"},{"ErrorCode":406,"Message":"x"},{"ErrorCode":405}]"#;
        let fates: Vec<_> = judge(&answer(200, mixed), 3).iter().map(DeliveryResult::fate).collect();
        assert_eq!(fates, [Fate::Sent, Fate::Refused, Fate::Account]);
        assert_eq!(judge(&answer(200, "[]"), 1)[0].fate(), Fate::Sent);
    }

    #[test]
    fn answers_are_judged_by_their_code() {
        let from = "Invalid 'From' address: 'e@example.com' is not a verified sender signature.";
        let to = "Invalid 'To' address: 'ada@example'.";
        for (code, message, fate) in [
            (0, "OK", Fate::Sent),
            (10, "Bad or missing server token", Fate::Account),
            (100, "Maintenance", Fate::Later),
            (300, from, Fate::Account),
            (300, "Error parsing 'From': Illegal email address", Fate::Account),
            (300, to, Fate::Refused),
            (300, "Zero recipients specified", Fate::Refused),
            (300, "Something else", Fate::Account),
            (400, "Sender signature not found", Fate::Account),
            (401, "Sender signature not confirmed", Fate::Account),
            (402, "Invalid JSON", Fate::Refused),
            (405, "Not allowed to send", Fate::Account),
            (406, "Inactive recipient", Fate::Refused),
            (411, "Forbidden attachment type", Fate::Refused),
            (412, "Account is pending", Fate::Account),
            (413, "Account may not send", Fate::Account),
            (1235, "The stream provided does not exist on this server", Fate::Account),
        ] {
            let outcome = json!({ "ErrorCode": code, "Message": message });
            let in_batch = judge(&answer(200, &json!([outcome]).to_string()), 1).remove(0);
            assert_eq!(in_batch.fate(), fate, "{code} {message}");
            assert_eq!(in_batch.code, (code != 0).then(|| code.to_string()));
            if code != 0 {
                let whole = judge(&answer(422, &outcome.to_string()), 2).remove(0).fate();
                assert_eq!(whole, if fate == Fate::Refused { Fate::Apart } else { fate }, "{code}");
            }
        }
        for (status, body, fate) in [
            (401, r#"{"ErrorCode":10}"#, Fate::Account),
            (404, "", Fate::Account),
            (413, "", Fate::Apart),
            (422, "", Fate::Apart),
            (429, r#"{"ErrorCode":429}"#, Fate::Later),
            (503, "", Fate::Later),
        ] {
            assert_eq!(judge(&answer(status, body), 2)[1].fate(), fate, "{status}");
        }
    }
}
