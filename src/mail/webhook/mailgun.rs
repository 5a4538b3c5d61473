//! Mailgun signs a timestamp and a token, both in the body, with HMAC-SHA256 in hexadecimal. The rest of the
//! body is not signed, so anybody who has seen a message could change what it says. It must therefore travel
//! over TLS, as all messages do here.

use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::message::{Incoming, Report, seconds, text};
use crate::domain::{EmailStatus, Secret, Timestamp};

/// Mailgun retries for eight hours with the same signature.
const TOLERANCE_MS: i64 = 9 * 60 * 60 * 1000;

pub(super) fn is_signed(key: &Secret<String>, incoming: &Incoming<'_>) -> bool {
    let Some(body) = incoming.json() else { return false };
    let member = |name: &str| text(&body, &format!("/signature/{name}"));
    let (Some(timestamp), Some(token), Some(signature)) =
        (member("timestamp"), member("token"), member("signature"))
    else {
        return false;
    };
    let signed_at = timestamp.parse::<i64>().map(|seconds| Timestamp::from_ms(seconds.saturating_mul(1_000)));
    let lately = signed_at.is_ok_and(|at| incoming.now.ms_since(at).saturating_abs() <= TOLERANCE_MS);
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes()) else { return false };
    mac.update(timestamp.as_bytes());
    mac.update(token.as_bytes());
    let signature = from_hex(signature);
    lately && signature.is_some_and(|signature| mac.verify_slice(&signature).is_ok())
}

pub(super) fn report(body: &Value, now: Timestamp) -> Option<Report> {
    let status = match (text(body, "/event-data/event")?, text(body, "/event-data/severity")) {
        ("failed", Some("permanent")) => EmailStatus::Bounced,
        ("complained", _) => EmailStatus::Complained,
        _ => return None,
    };
    Report::new(text(body, "/event-data/recipient"), status, seconds(body, "/event-data/timestamp"), now)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
