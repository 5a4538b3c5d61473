//! SendGrid signs with ECDSA over P-256: SHA-256 of the timestamp in a header and the body. It retries a
//! message for a day, so the age of the timestamp is not limited here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::der;
use super::message::{Incoming, Key, Proof, Report, Scheme, Signature, seconds, text};
use crate::domain::{EmailStatus, Timestamp};

/// The public key that SendGrid shows, in base64.
#[must_use]
pub fn key(text: &str) -> Option<Vec<u8>> {
    // A key of P-256 has 91 bytes.
    STANDARD.decode(text.trim()).ok().filter(|key| key.len() == 91)
}

pub(super) fn proof(key: &[u8], incoming: &Incoming<'_>) -> Proof {
    let timestamp = incoming.header("x-twilio-email-event-webhook-timestamp");
    let signature = incoming.header("x-twilio-email-event-webhook-signature");
    let signature = signature.and_then(|text| der::p256_signature(&STANDARD.decode(text).ok()?));
    let (Some(timestamp), Some(signature)) = (timestamp, signature) else { return Proof::Invalid };
    Proof::Signed(Box::new(Signature {
        scheme: Scheme::EcdsaP256Sha256,
        key: Key::Spki(key.to_vec()),
        message: [timestamp.as_bytes(), incoming.body].concat(),
        signature,
    }))
}

/// A `bounce` of type `blocked` is temporary.
pub(super) fn reports(body: &Value, now: Timestamp) -> Vec<Report> {
    let report = |event: &Value| {
        let status = match text(event, "/event")? {
            "bounce" if text(event, "/type") != Some("blocked") => EmailStatus::Bounced,
            "spamreport" => EmailStatus::Complained,
            _ => return None,
        };
        Report::new(text(event, "/email"), status, seconds(event, "/timestamp"), now)
    };
    body.as_array().into_iter().flatten().filter_map(report).collect()
}
