//! Amazon SES publishes to an SNS topic. SNS signs with the key of a certificate, and the message names the
//! certificate's address. That address must be checked with care: it has to be on the SNS host of the topic's
//! region, over TLS. The same holds for the address that confirms a subscription.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::message::{Incoming, Key, Message, Proof, Report, Scheme, Signature, instant, text};
use crate::domain::{EmailStatus, Timestamp};

/// A topic, like `arn:aws:sns:eu-central-1:123456789012:mail`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicArn {
    arn: String,
    /// The base URL of SNS in the region: `https://sns.eu-central-1.amazonaws.com/`.
    origin: String,
}

impl TopicArn {
    /// Parses the name of a topic.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let arn = text.trim();
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", partition, "sns", region, account, name] = parts[..] else { return None };
        let plain = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        let domain = match partition {
            "aws" | "aws-us-gov" => "amazonaws.com",
            "aws-cn" => "amazonaws.com.cn",
            _ => return None,
        };
        let known = plain(region) && !name.is_empty() && account.len() == 12;
        known.then(|| Self { arn: arn.to_owned(), origin: format!("https://sns.{region}.{domain}/") })
    }

    /// The address, if it is on the topic's SNS host.
    fn own<'a>(&self, url: Option<&'a str>) -> Option<&'a str> {
        url.filter(|url| url.starts_with(&self.origin))
    }
}

/// The fields that are signed for each kind of message, in this order. `Subject` may be missing.
const OF_NOTIFICATION: [&str; 6] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const OF_CONFIRMATION: [&str; 7] =
    ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

pub(super) fn proof(topic: &TopicArn, incoming: &Incoming<'_>) -> Proof {
    incoming
        .json()
        .and_then(|body| signature(topic, &body))
        .map_or(Proof::Invalid, |signature| Proof::Signed(Box::new(signature)))
}

fn signature(topic: &TopicArn, body: &Value) -> Option<Signature> {
    let member = |name: &str| body.get(name).and_then(Value::as_str);
    member("TopicArn").filter(|arn| *arn == topic.arn)?;
    let url = topic.own(member("SigningCertURL")).filter(|url| url.ends_with(".pem"))?;
    let signed: &[&str] = match member("Type")? {
        "Notification" => &OF_NOTIFICATION,
        "SubscriptionConfirmation" | "UnsubscribeConfirmation" => &OF_CONFIRMATION,
        _ => return None,
    };
    let mut message = String::new();
    for name in signed {
        match member(name) {
            Some(value) => message.extend([name, "\n", value, "\n"]),
            None if *name == "Subject" => {}
            None => return None,
        }
    }
    Some(Signature {
        scheme: match member("SignatureVersion")? {
            "1" => Scheme::RsaSha1,
            "2" => Scheme::RsaSha256,
            _ => return None,
        },
        key: Key::CertificateAt(url.to_owned()),
        message: message.into_bytes(),
        signature: STANDARD.decode(member("Signature")?).ok()?,
    })
}

pub(super) fn read(topic: &TopicArn, body: &Value, now: Timestamp) -> Message {
    match text(body, "/Type") {
        Some("SubscriptionConfirmation") => {
            if let Some(url) = topic.own(text(body, "/SubscribeURL")) {
                return Message::Confirm(url.to_owned());
            }
            Message::Reports(Vec::new())
        }
        Some("Notification") => {
            let told = text(body, "/Message").and_then(|message| crate::json::from_str(message).ok());
            Message::Reports(told.map_or_else(Vec::new, |told: Value| reports(&told, now)))
        }
        _ => Message::Reports(Vec::new()),
    }
}

/// The reports in an SES message. An identity and a configuration set put the kind of report in different
/// members.
fn reports(told: &Value, now: Timestamp) -> Vec<Report> {
    let kind = text(told, "/notificationType").or_else(|| text(told, "/eventType"));
    let (status, recipients, at) = match kind {
        Some("Bounce") if text(told, "/bounce/bounceType") == Some("Permanent") => {
            (EmailStatus::Bounced, "/bounce/bouncedRecipients", instant(told, "/bounce/timestamp"))
        }
        // The recipient found the mail in the spam folder and moved it out.
        Some("Complaint") if text(told, "/complaint/complaintFeedbackType") == Some("not-spam") => {
            return Vec::new();
        }
        Some("Complaint") => (
            EmailStatus::Complained,
            "/complaint/complainedRecipients",
            instant(told, "/complaint/timestamp"),
        ),
        _ => return Vec::new(),
    };
    let recipients = told.pointer(recipients).and_then(Value::as_array).into_iter().flatten();
    recipients.filter_map(|one| Report::new(text(one, "/emailAddress"), status, at, now)).collect()
}
