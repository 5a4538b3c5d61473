//! Postmark: `POST /email/batch` with a server token, for one mail as for many; the answer says of
//! each how it went. Postmark knows no idempotency keys: a try whose answer was lost may arrive a
//! second time. Both copies then carry one `Message-ID`, by which many mailboxes know that they are
//! the same.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Attachment, HttpRequest, HttpResponse, Message, Outgoing, Sender, message_id};
use crate::objects::outbox::{Delivery, Pace};

/// A call takes 500 mails and 50 MB; fewer keep what is lost with one answer small.
pub(super) const PACE: Pace = Pace { requests: 4, batch: 100, batches_attachments: true };

pub(super) fn request(
    api_url: &str,
    api_key: &str,
    mails: &[(Outgoing<'_>, Message)],
    _batch: Option<&str>,
    sender: &Sender<'_>,
) -> HttpRequest {
    let body = mails.iter().map(|(mail, message)| body(mail, message, sender)).collect();
    let token = ("x-postmark-server-token", api_key.to_owned());
    HttpRequest::new(format!("{api_url}/email/batch"), token, &Value::Array(body))
}

fn body(outgoing: &Outgoing<'_>, message: &Message, sender: &Sender<'_>) -> Value {
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
    json!({
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
    })
}

#[derive(Deserialize)]
struct Verdict {
    #[serde(rename = "ErrorCode")]
    error_code: u32,
}

/// How each of the mails went. A 422 without verdicts is about the request as a whole.
pub(super) fn judge(response: &HttpResponse, mails: usize) -> Vec<Delivery> {
    let verdicts: Option<Vec<Verdict>> = serde_json::from_str(&response.body).ok();
    match (response.verdict(), verdicts) {
        (Delivery::Done, Some(verdicts)) if verdicts.len() == mails => {
            verdicts.iter().map(|verdict| of_code(verdict.error_code, response)).collect()
        }
        (Delivery::Refused, _) if mails > 1 => vec![Delivery::Apart; mails],
        (verdict, _) => vec![verdict; mails],
    }
}

/// 300: the mail is not acceptable; 406: its recipient has bounced or complained before; 411: a
/// forbidden attachment. All else is about the account or the moment, and may be mended.
fn of_code(code: u32, response: &HttpResponse) -> Delivery {
    match code {
        0 => Delivery::Done,
        300 | 406 | 411 => Delivery::Refused,
        _ => response.retry(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::render::tests::{NOW, brief, keys, mail};
    use super::super::{Carrier, Letter, Plan, Provider};
    use super::*;
    use crate::domain::Secret;

    #[test]
    fn the_request_is_the_one_that_postmark_documents() {
        let api_key = Some(Secret::new("token".to_owned()));
        let carrier = Carrier { api_url: "https://api.postmarkapp.com".to_owned(), api_key };
        let (keys, mail) = (keys(), mail(Letter::Registered { event: brief("Talk") }));
        let sender = Sender { from: "Events <e@example.com>", public_url: None, keys: &keys };
        let outgoing = [Outgoing { mail: &mail, key: "registered/1", posted_at: NOW }];
        let Plan::Send(request) = Provider::Postmark(carrier).plan(&outgoing, None, &sender) else {
            panic!()
        };
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

    #[test]
    fn each_mail_of_a_batch_is_judged_by_itself() {
        let retry = Delivery::Retry { after_ms: None };
        let answer = |status, body: &str| HttpResponse { status, retry_after: None, body: body.to_owned() };
        let mixed = r#"[{"ErrorCode":0,"Message":"OK"},{"ErrorCode":406,"Message":"x"},{"ErrorCode":405}]"#;
        assert_eq!(judge(&answer(200, mixed), 3), [Delivery::Done, Delivery::Refused, retry]);
        assert_eq!(judge(&answer(200, "[]"), 1), [Delivery::Done]);
        assert_eq!(judge(&answer(422, r#"{"ErrorCode":402}"#), 2), [Delivery::Apart, Delivery::Apart]);
        assert_eq!(judge(&answer(422, r#"{"ErrorCode":402}"#), 1), [Delivery::Refused]);
        assert_eq!(judge(&answer(503, ""), 2), [retry, retry]);
        assert_eq!(judge(&answer(401, r#"{"ErrorCode":10}"#), 1), [retry]);
    }
}
