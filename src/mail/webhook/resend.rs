//! Resend signs the way Svix does it (Standard Webhooks): HMAC-SHA256 over `id.timestamp.body`, in base64, so
//! the time is signed too. A header may carry several signatures while a secret is being replaced.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::message::{Incoming, Report, instant, text};
use crate::domain::{EmailStatus, Secret, Timestamp};

/// How far the signed time may be from now.
const TOLERANCE_SECONDS: i64 = 5 * 60;
/// How many signatures are checked.
const SIGNATURES_MAX: usize = 8;

/// The key in a secret like `whsec_…`.
#[must_use]
pub fn key(secret: &str) -> Option<Secret<Vec<u8>>> {
    let key = STANDARD.decode(secret.trim().strip_prefix("whsec_")?).ok()?;
    (key.len() >= 16).then(|| Secret::new(key))
}

pub(super) fn is_signed(key: &Secret<Vec<u8>>, incoming: &Incoming<'_>) -> bool {
    let header = |name| incoming.header(name);
    let (Some(id), Some(timestamp), Some(signatures)) =
        (header("svix-id"), header("svix-timestamp"), header("svix-signature"))
    else {
        return false;
    };
    let Ok(signed_at) = timestamp.parse::<i64>() else { return false };
    if incoming.now.seconds().saturating_sub(signed_at).saturating_abs() > TOLERANCE_SECONDS {
        return false;
    }
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.reveal()) else { return false };
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", incoming.body] {
        mac.update(part);
    }
    signatures.split(' ').take(SIGNATURES_MAX).any(|signature| {
        let signature = signature.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
        signature.is_some_and(|signature| mac.clone().verify_slice(&signature).is_ok())
    })
}

/// `email.bounced` means that a server refused the mail permanently, unless its type says otherwise.
pub(super) fn reports(body: &Value, now: Timestamp) -> Vec<Report> {
    let status = match text(body, "/type") {
        Some("email.bounced") if matches!(text(body, "/data/bounce/type"), None | Some("Permanent")) => {
            EmailStatus::Bounced
        }
        Some("email.complained") => EmailStatus::Complained,
        _ => return Vec::new(),
    };
    let at = instant(body, "/created_at");
    let recipients = body.pointer("/data/to").and_then(Value::as_array);
    let recipients = recipients.into_iter().flatten();
    recipients.filter_map(|to| Report::new(to.as_str(), status, at, now)).collect()
}
