//! A parsed message from a provider, and helpers for parsing one.

use http::HeaderMap;
use serde_json::Value;

use crate::domain::{Email, EmailStatus, Timestamp};

/// A message as it was received.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its bytes.
    pub body: &'a [u8],
    /// When it was received.
    pub now: Timestamp,
}

impl Incoming<'_> {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.body).ok()
    }
}

/// Whether a message comes from the provider it claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// It does.
    Valid,
    /// It does not, or nobody can tell.
    Invalid,
    /// It does if this signature is valid.
    Signed(Box<Signature>),
}

impl Proof {
    pub(super) const fn of(valid: bool) -> Self {
        if valid { Self::Valid } else { Self::Invalid }
    }
}

/// A signature by a private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The algorithm.
    pub scheme: Scheme,
    /// The key to verify it with.
    pub key: Key,
    /// What was signed.
    pub message: Vec<u8>,
    /// The signature; for ECDSA r and s, 32 bytes each.
    pub signature: Vec<u8>,
}

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// ECDSA over P-256 with SHA-256.
    EcdsaP256Sha256,
    /// RSASSA-PKCS1-v1_5 with SHA-1.
    RsaSha1,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
}

impl Scheme {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::RsaSha1 => "rsa-sha1",
            Self::RsaSha256 => "rsa-sha256",
        }
    }
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// In DER.
    Spki(Vec<u8>),
    /// The key of the certificate at this address, which belongs to the provider.
    CertificateAt(String),
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// These mails bounced or were reported as spam; the list may be empty.
    Reports(Vec<Report>),
    /// The provider asks whether it may send messages. Fetching this address confirms it.
    Confirm(String),
}

/// Mail does not reach an address, or is not wanted there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The address.
    pub email: Email,
    /// Which of the two.
    pub status: EmailStatus,
    /// When that became known.
    pub at: Timestamp,
}

impl Report {
    /// A report about the address in `recipient`, which may come with a name.
    pub(super) fn new(
        recipient: Option<&str>,
        status: EmailStatus,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Self> {
        let recipient = recipient?;
        let bare =
            recipient.rsplit_once('<').map_or(recipient, |(_, rest)| rest.trim_end().trim_end_matches('>'));
        Some(Self { email: Email::known(bare)?, status, at: at.unwrap_or(now).min(now) })
    }
}

/// The text of a JSON member.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// A JSON member that is a time in RFC 3339.
pub(super) fn instant(value: &Value, pointer: &str) -> Option<Timestamp> {
    text(value, pointer).and_then(Timestamp::parse_rfc3339)
}

/// A JSON member that counts seconds since 1970, with or without a fraction.
pub(super) fn seconds(value: &Value, pointer: &str) -> Option<Timestamp> {
    let seconds = value.pointer(pointer).and_then(Value::as_f64)?;
    #[allow(clippy::cast_possible_truncation, reason = "a float becomes the nearest integer there is")]
    Some(Timestamp::from_ms((seconds * 1_000.0) as i64))
}
