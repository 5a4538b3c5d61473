//! Postmark signs nothing. Its messages carry the user and password from the configured URL.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::message::{Incoming, Report, instant, text};
use crate::auth::digest;
use crate::domain::{EmailStatus, Secret, Timestamp};

/// HTTP basic authentication (RFC 7617). Digests are compared, so that the time reveals nothing, not even the
/// length.
pub(super) fn is_logged_in(login: &Secret<String>, incoming: &Incoming<'_>) -> bool {
    let given = incoming.header("authorization").and_then(|header| {
        let (scheme, credentials) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(credentials.trim()).ok())?
    });
    let (given, missing) = given.map_or((Vec::new(), true), |given| (given, false));
    let same = digest::sha256(&given).ct_eq(&digest::sha256(login.reveal().as_bytes()));
    bool::from(same) && !missing
}

/// Of the many kinds of bounce, two mean that the mailbox does not exist.
pub(super) fn report(body: &Value, now: Timestamp) -> Option<Report> {
    let status = match (text(body, "/RecordType")?, text(body, "/Type")) {
        ("SpamComplaint", _) | ("Bounce", Some("SpamComplaint")) => EmailStatus::Complained,
        ("Bounce", Some("HardBounce" | "BadEmailAddress")) => EmailStatus::Bounced,
        _ => return None,
    };
    Report::new(text(body, "/Email"), status, instant(body, "/BouncedAt"), now)
}
