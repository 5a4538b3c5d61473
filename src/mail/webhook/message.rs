//! What a provider's message is, once it has been read, and what it takes to read one.

use http::HeaderMap;
use serde_json::Value;

use crate::domain::{Email, EmailStatus, Timestamp};

/// A message as it came.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its bytes.
    pub body: &'a [u8],
    /// When it came.
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

/// Whether a message is from whom it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// It is.
    Valid,
    /// It is not, or nobody can tell.
    Invalid,
    /// It is if this signature is right.
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
    /// How it was made.
    pub scheme: Scheme,
    /// What it is checked with.
    pub key: Key,
    /// What was signed.
    pub message: Vec<u8>,
    /// The signature; of ECDSA r and s, 32 bytes each.
    pub signature: Vec<u8>,
}

/// How a signature was made.
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
    /// As DER.
    Spki(Vec<u8>),
    /// That of the certificate at this address, which is one of the provider's.
    CertificateAt(String),
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// These mails came back, or were called spam; there may be none.
    Reports(Vec<Report>),
    /// The provider asks whether it may send messages: whoever fetches this address agrees.
    Confirm(String),
}

/// That mail does not reach an address, or is not wanted there.
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
    /// A report about the address in `recipient`, which may have a name beside it.
    pub(super) fn new(
        recipient: Option<&str>,
        status: EmailStatus,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Self> {
        let recipient = recipient?;
        let bare =
            recipient.rsplit_once('<').map_or(recipient, |(_, rest)| rest.trim_end().trim_end_matches('>'));
        Some(Self { email: Email::parse(bare).ok()?, status, at: at.unwrap_or(now).min(now) })
    }
}

/// The text of a member.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// A member that is an instant in RFC 3339.
pub(super) fn instant(value: &Value, pointer: &str) -> Option<Timestamp> {
    text(value, pointer).and_then(Timestamp::parse_rfc3339)
}

/// A member that counts seconds since 1970, with or without a fraction.
pub(super) fn seconds(value: &Value, pointer: &str) -> Option<Timestamp> {
    let seconds = value.pointer(pointer).and_then(Value::as_f64)?;
    #[allow(clippy::cast_possible_truncation, reason = "a float becomes the nearest integer there is")]
    Some(Timestamp::from_ms((seconds * 1_000.0) as i64))
}
