//! Proofs and reports as the providers document them. Real signatures are checked in tests on the real
//! runtime.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use sha2::Sha256;

use super::*;
use crate::domain::{Email, EmailStatus, Timestamp};

const NOW: Timestamp = Timestamp::from_ms(1_893_499_200_000);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:mail";

fn webhooks() -> Webhooks {
    Webhooks {
        resend: resend_key(SECRET),
        postmark: Some(Secret::new("hook:a long password".to_owned())),
        sendgrid: Some(vec![7; 91]),
        mailgun: Some(Secret::new("a signing key".to_owned())),
        ses: TopicArn::parse(TOPIC),
    }
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(pair).collect()
}

fn proof(source: Source, pairs: &[(&'static str, &str)], body: &[u8]) -> Proof {
    let headers = headers(pairs);
    webhooks().proof(source, &Incoming { headers: &headers, body, now: NOW }).unwrap()
}

fn read(source: Source, body: &Value) -> Message {
    let (headers, body) = (HeaderMap::new(), body.to_string());
    webhooks().read(source, &Incoming { headers: &headers, body: body.as_bytes(), now: NOW })
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

fn svix(id: &str, at: i64, body: &[u8]) -> String {
    let key = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let at = at.to_string();
    let signed = hmac(&key, &[id.as_bytes(), b".", at.as_bytes(), b".", body]);
    format!("v1,{}", STANDARD.encode(signed))
}

#[test]
fn who_is_not_set_up_is_not_listened_to() {
    let headers = HeaderMap::new();
    for source in ["resend", "postmark", "sendgrid", "mailgun", "ses"] {
        let source = Source::parse(source).unwrap();
        let incoming = Incoming { headers: &headers, body: b"{}", now: NOW };
        assert_eq!(Webhooks::default().proof(source, &incoming), None);
        assert_eq!(webhooks().proof(source, &incoming), Some(Proof::Invalid), "{source:?}");
    }
    assert_eq!(Source::parse("log"), None);
}

#[test]
fn resend_signs_id_time_and_body() {
    let (now, body) = (NOW.seconds(), b"{\"type\":\"email.sent\"}");
    let check = |id: &str, at: i64, signature: &str, body: &[u8]| {
        let at = at.to_string();
        let pairs = [("svix-id", id), ("svix-timestamp", at.as_str()), ("svix-signature", signature)];
        proof(Source::Resend, &pairs, body)
    };
    let right = svix("msg_1", now, body);
    assert_eq!(check("msg_1", now, &right, body), Proof::Valid);
    let several = format!("v1,AAAA v2,{} {right}", &right[3..]);
    assert_eq!(check("msg_1", now, &several, body), Proof::Valid, "while a secret is replaced");
    for (id, at, signature, body) in [
        ("msg_2", now, right.as_str(), &body[..]),
        ("msg_1", now + 1, &right, body),
        ("msg_1", now, &right, b"{}"),
        ("msg_1", now, &right.replace("v1,", "v2,"), body),
        ("msg_1", now, "", body),
        ("msg_1", now - 301, &svix("msg_1", now - 301, body), body),
        ("msg_1", now + 301, &svix("msg_1", now + 301, body), body),
    ] {
        assert_eq!(check(id, at, signature, body), Proof::Invalid, "{id} {at} {signature}");
    }
    assert_eq!(check("msg_1", now - 300, &svix("msg_1", now - 300, body), body), Proof::Valid);
}

#[test]
fn postmark_logs_in() {
    let check = |header: &str| proof(Source::Postmark, &[("authorization", header)], b"{}");
    let basic = |login: &str| format!("Basic {}", STANDARD.encode(login));
    assert_eq!(check(&basic("hook:a long password")), Proof::Valid);
    for header in [basic("hook:a long passwor"), basic(""), "Basic ?".to_owned(), "Bearer x".to_owned()] {
        assert_eq!(check(&header), Proof::Invalid, "{header}");
    }
}

#[test]
fn mailgun_signs_a_time_and_a_token() {
    let check = |at: i64, token: &str, signed: &str| {
        let at = at.to_string();
        let mut hex = String::new();
        for byte in hmac(b"a signing key", &[at.as_bytes(), signed.as_bytes()]) {
            write!(hex, "{byte:02x}").unwrap();
        }
        let body = json!({ "signature": { "timestamp": at, "token": token, "signature": hex } });
        proof(Source::Mailgun, &[], body.to_string().as_bytes())
    };
    let now = NOW.seconds();
    assert_eq!(check(now, "t", "t"), Proof::Valid);
    assert_eq!(check(now - 8 * 3_600, "t", "t"), Proof::Valid, "it tries again for eight hours");
    assert_eq!(check(now, "t", "u"), Proof::Invalid);
    assert_eq!(check(now - 10 * 3_600, "t", "t"), Proof::Invalid);
}

/// An ECDSA signature is two numbers of up to 33 bytes each; the verification needs exactly 32 bytes each.
#[test]
fn sendgrid_signs_time_and_body() {
    let der = |r: &[u8], s: &[u8]| {
        let number = |n: &[u8]| [&[2, u8::try_from(n.len()).unwrap()], n].concat();
        let both = [number(r), number(s)].concat();
        STANDARD.encode([&[0x30, u8::try_from(both.len()).unwrap()], &both[..]].concat())
    };
    let check = |signature: &str| {
        let pairs = [
            ("x-twilio-email-event-webhook-timestamp", "1893499200"),
            ("x-twilio-email-event-webhook-signature", signature),
        ];
        proof(Source::SendGrid, &pairs, b"[]")
    };
    let Proof::Signed(signature) = check(&der(&[&[0], &[0xff; 32][..]].concat(), &[5; 31])) else { panic!() };
    assert_eq!(signature.scheme, Scheme::EcdsaP256Sha256);
    assert_eq!(signature.message, b"1893499200[]");
    assert_eq!(signature.signature, [&[0xff; 32][..], &[0], &[5; 31]].concat());
    for bad in [der(&[1; 33], &[1]), "AAAA".to_owned(), "?".to_owned(), String::new()] {
        assert_eq!(check(&bad), Proof::Invalid, "{bad}");
    }
}

fn notification() -> Value {
    json!({
        "Type": "Notification",
        "MessageId": "m-1",
        "TopicArn": TOPIC,
        "Message": "{}",
        "Timestamp": "2030-01-01T12:00:00.000Z",
        "SignatureVersion": "2",
        "Signature": "c2lnbmVk",
        "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
    })
}

fn ses_proof(change: &[(&str, Value)]) -> Proof {
    let mut body = notification();
    for (name, value) in change {
        body[name] = value.clone();
    }
    proof(Source::Ses, &[], body.to_string().as_bytes())
}

#[test]
fn sns_signs_what_it_says_and_names_a_certificate_of_its_own() {
    let Proof::Signed(signature) = ses_proof(&[]) else { panic!() };
    let signed = format!(
        "Message\n{{}}\nMessageId\nm-1\nTimestamp\n2030-01-01T12:00:00.000Z\nTopicArn\n{TOPIC}\nType\nNotification\n"
    );
    assert_eq!(String::from_utf8(signature.message).unwrap(), signed);
    assert_eq!((signature.scheme, signature.signature), (Scheme::RsaSha256, b"signed".to_vec()));
    let Proof::Signed(signature) = ses_proof(&[("SignatureVersion", json!("1")), ("Subject", json!("S"))])
    else {
        panic!()
    };
    assert_eq!(signature.scheme, Scheme::RsaSha1);
    assert!(String::from_utf8(signature.message).unwrap().contains("MessageId\nm-1\nSubject\nS\nTimestamp"));
}

#[test]
fn nothing_is_fetched_from_anybody_but_the_sns_of_the_topic() {
    for url in [
        "http://sns.eu-central-1.amazonaws.com/x.pem",
        "https://sns.us-east-1.amazonaws.com/x.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/x.pem",
        "https://sns.eu-central-1.amazonaws.com@evil.example/x.pem",
        "https://evil.example/sns.eu-central-1.amazonaws.com/x.pem",
        "https://sns.eu-central-1.amazonaws.com/x",
        "",
    ] {
        assert_eq!(ses_proof(&[("SigningCertURL", json!(url))]), Proof::Invalid, "{url}");
        let asks = json!({ "Type": "SubscriptionConfirmation", "SubscribeURL": url.replace(".pem", "") });
        let Message::Reports(none) = read(Source::Ses, &asks) else { continue };
        assert!(none.is_empty());
    }
    for (name, value) in [
        ("TopicArn", json!("arn:aws:sns:eu-central-1:123456789012:another")),
        ("SignatureVersion", json!("3")),
        ("Type", json!("Other")),
        ("Message", Value::Null),
        ("Signature", json!("?")),
    ] {
        assert_eq!(ses_proof(&[(name, value)]), Proof::Invalid, "{name}");
    }
    let evil = json!({ "Type": "SubscriptionConfirmation", "SubscribeURL": "https://evil.example/" });
    assert_eq!(read(Source::Ses, &evil), Message::Reports(Vec::new()));
    let url = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription";
    let own = json!({ "Type": "SubscriptionConfirmation", "SubscribeURL": url });
    assert_eq!(read(Source::Ses, &own), Message::Confirm(url.to_owned()));
}

#[test]
fn a_topic_names_its_region() {
    for (arn, known) in [
        (TOPIC, true),
        ("arn:aws-cn:sns:cn-north-1:123456789012:mail", true),
        ("arn:aws:sqs:eu-central-1:123456789012:mail", false),
        ("arn:aws:sns:evil.example/:123456789012:mail", false),
        ("arn:aws:sns::123456789012:mail", false),
        ("arn:aws:sns:eu-central-1:123456789012", false),
    ] {
        assert_eq!(TopicArn::parse(arn).is_some(), known, "{arn}");
    }
}

#[test]
fn bounces_for_good_and_complaints_are_reports_and_nothing_else_is() {
    let at = Timestamp::from_ms(1_893_456_000_000);
    let time = at.to_rfc3339();
    let seconds = at.seconds();
    let ses = |message: Value| json!({ "Type": "Notification", "Message": message.to_string() });
    let resend = |kind: &str, bounce: Value| json!({ "type": kind, "created_at": time, "data": { "to": ["Ada@Example.com"], "bounce": bounce } });
    let bounce = |kind: &str| {
        ses(json!({
            "notificationType": "Bounce",
            "bounce": {
                "bounceType": kind, "timestamp": time,
                "bouncedRecipients": [{ "emailAddress": "Ada <ada@example.com>" }],
            },
        }))
    };
    let complaint = |kind: Value| {
        ses(json!({
            "eventType": "Complaint",
            "complaint": {
                "complaintFeedbackType": kind, "timestamp": time,
                "complainedRecipients": [{ "emailAddress": "ada@example.com" }],
            },
        }))
    };
    let postmark = |record: &str, kind: &str| json!({ "RecordType": record, "Type": kind, "Email": "ada@example.com", "BouncedAt": time });
    let sendgrid = |event: &str, kind: &str| json!([{ "email": "ada@example.com", "event": event, "type": kind, "timestamp": seconds }]);
    let mailgun = |event: &str, severity: &str| {
        let data = json!({ "event": event, "severity": severity, "recipient": "ada@example.com", "timestamp": seconds });
        json!({ "event-data": data })
    };
    let (bounced, complained) = (Some(EmailStatus::Bounced), Some(EmailStatus::Complained));
    for (source, body, expected) in [
        (Source::Resend, resend("email.bounced", json!({ "type": "Permanent" })), bounced),
        (Source::Resend, resend("email.bounced", json!({ "type": "Transient" })), None),
        (Source::Resend, resend("email.bounced", Value::Null), bounced),
        (Source::Resend, resend("email.complained", Value::Null), complained),
        (Source::Resend, resend("email.delivered", Value::Null), None),
        (Source::Postmark, postmark("Bounce", "HardBounce"), bounced),
        (Source::Postmark, postmark("Bounce", "BadEmailAddress"), bounced),
        (Source::Postmark, postmark("Bounce", "SoftBounce"), None),
        (Source::Postmark, postmark("SpamComplaint", "SpamComplaint"), complained),
        (Source::Postmark, postmark("Open", ""), None),
        (Source::SendGrid, sendgrid("bounce", "bounce"), bounced),
        (Source::SendGrid, sendgrid("bounce", "blocked"), None),
        (Source::SendGrid, sendgrid("spamreport", ""), complained),
        (Source::SendGrid, sendgrid("delivered", ""), None),
        (Source::Mailgun, mailgun("failed", "permanent"), bounced),
        (Source::Mailgun, mailgun("failed", "temporary"), None),
        (Source::Mailgun, mailgun("complained", ""), complained),
        (Source::Ses, bounce("Permanent"), bounced),
        (Source::Ses, bounce("Transient"), None),
        (Source::Ses, complaint(json!("abuse")), complained),
        (Source::Ses, complaint(Value::Null), complained),
        (Source::Ses, complaint(json!("not-spam")), None),
        (Source::Ses, ses(json!({ "notificationType": "Delivery" })), None),
        (Source::Ses, json!({ "Type": "Notification", "Message": "no JSON" }), None),
        (Source::Ses, json!({ "Type": "UnsubscribeConfirmation" }), None),
    ] {
        let email = Email::parse("ada@example.com").unwrap();
        let reports = expected.map(|status| Report { email, status, at }).into_iter().collect();
        assert_eq!(read(source, &body), Message::Reports(reports), "{source:?} {body}");
    }
    for source in [Source::Resend, Source::Postmark, Source::SendGrid, Source::Mailgun, Source::Ses] {
        for body in [json!(null), json!([]), json!({}), json!("x"), json!([1, {}])] {
            assert_eq!(read(source, &body), Message::Reports(Vec::new()), "{source:?} {body}");
        }
    }
}

#[test]
fn what_is_yet_to_come_has_not_happened() {
    let kind = "spamreport";
    let body = json!([{ "email": "ada@example.com", "event": kind, "timestamp": 9e15 }]);
    let Message::Reports(reports) = read(Source::SendGrid, &body) else { panic!() };
    assert_eq!(reports[0].at, NOW);
}

/// Made with `openssl req -x509`, and its key printed with `openssl x509 -pubkey`.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIDDzCCAfegAwIBAgIUTYInVO5O4TJkxUdsVnPU/njNXUswDQYJKoZIhvcNAQEL\n\
BQAwFjEUMBIGA1UEAwwLc25zLmV4YW1wbGUwIBcNMjYxMTI1MjIzNDA5WhgPMjEy\n\
NjExMDEyMjM0MDlaMBYxFDASBgNVBAMMC3Nucy5leGFtcGxlMIIBIjANBgkqhkiG\n\
9w0BAQEFAAOCAQ8AMIIBCgKCAQEAurFykq77yIKBLCEPwsGGww4lAl23W0saiTYn\n\
YS27KvmwjvuGtSGfyLDhLyQpG6Y3/iOJ5Ha61r74cVcszJCoClv4lj/bVJRqVKCO\n\
laGV7sLORdfm0RgIYjZEETC/6U0Ozt/yRPoe8YeITfjKeebNlP/Wm9XEN134O2UW\n\
5uE7GSkPh2Y0hWWWW2rljhKQTCqG/Y7Ys0qPgJfsWhSm6KqIMqMU+nVaF7UF62N2\n\
7YlWtZgNO4RlgYIa/KSWwoq3JU1UMKw13cMgpHHFOanGjGWBmb9HeLtOwJp2rP1T\n\
4Ome0d8Rx1m4FwTJRQKHz+XEUIp+g+1w9dTxSl8zNl5pDqAoLQIDAQABo1MwUTAd\n\
BgNVHQ4EFgQUu+RWaHE3k6X2/EssRI5oXgz4b8UwHwYDVR0jBBgwFoAUu+RWaHE3\n\
k6X2/EssRI5oXgz4b8UwDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOC\n\
AQEAP4c1XQbZYV/gtCOtVrSwdgq+eGIwqcybVYBiCJLvUZu0w2bTCqtY6ztNiEdA\n\
8G5i6TOLPwLLnnBxrgJ5oLixx/7qXZ3QwpXChvba+d1xhdtUHuQPKtWTDjGE8HKG\n\
bmwzG7a442PUKBo475c/8XFjRnymWUXJ8W7NTU7SbMxLapoELCUt+ofLRsneXfpm\n\
BI7gXBqX5l0yrUDb9bqH7ptOgncBl2ilLQg87LWDHbQB84D7mfwuwHeHf140mRgx\n\
GJ0kO9lPvuVCqRh1NlVjDNnMcM0kmsxoEHTfJY8UujYDseLmM86TvZnQkpijACMl\n\
ARk0KyAWn6pfjeajb6YRqy7txA==\n\
-----END CERTIFICATE-----";
const ITS_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAurFykq77yIKBLCEPwsGGww4lAl23W0saiTYnYS27KvmwjvuGtSGfyLDhLyQpG6Y3/iOJ5Ha61r74cVcszJCoClv4lj/bVJRqVKCOlaGV7sLORdfm0RgIYjZEETC/6U0Ozt/yRPoe8YeITfjKeebNlP/Wm9XEN134O2UW5uE7GSkPh2Y0hWWWW2rljhKQTCqG/Y7Ys0qPgJfsWhSm6KqIMqMU+nVaF7UF62N27YlWtZgNO4RlgYIa/KSWwoq3JU1UMKw13cMgpHHFOanGjGWBmb9HeLtOwJp2rP1T4Ome0d8Rx1m4FwTJRQKHz+XEUIp+g+1w9dTxSl8zNl5pDqAoLQIDAQAB";

#[test]
fn the_key_of_a_certificate_is_the_one_that_openssl_finds() {
    let key = key_of_certificate(CERTIFICATE).unwrap();
    assert_eq!(STANDARD.encode(key), ITS_KEY);
}

/// However a certificate is truncated or changed, the result is no key or some key, and never a panic.
#[test]
fn a_broken_certificate_has_no_key() {
    let whole = der::from_pem(CERTIFICATE).unwrap();
    for length in 0..whole.len() / 2 {
        assert_eq!(der::public_key(&whole[..length]), None, "{length} bytes");
    }
    for at in 0..whole.len() {
        for change in [0x00, 0x7f, 0x80, 0x84, 0xff] {
            let mut broken = whole.clone();
            broken[at] = change;
            let _ = der::public_key(&broken);
        }
    }
    assert_eq!(key_of_certificate("no certificate"), None);
}
