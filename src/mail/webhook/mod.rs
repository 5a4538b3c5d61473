//! What mail providers tell of mail that came back or was called spam: who says so, and what it says.
//!
//! A message is believed when it carries its provider's proof, over the very bytes that came. Proofs by
//! a shared secret are checked here, in constant time; those by a public key are handed to the runtime,
//! which has the arithmetic. Nothing here does I/O.
//!
//! Each report has the time of the fact, so that a message that is repeated, even much later, says
//! nothing new. What is no report of a mail that came back for good, or of a complaint, says nothing.

mod der;
mod mailgun;
mod postmark;
mod resend;
mod sendgrid;
mod ses;

pub use resend::key as resend_key;
pub use sendgrid::key as sendgrid_key;
pub use ses::TopicArn;

use http::HeaderMap;
use serde_json::Value;

use crate::domain::{Email, EmailStatus, Secret, Timestamp};

/// Who tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Signed as Svix does (Standard Webhooks).
    Resend,
    /// HTTP basic authentication.
    Postmark,
    /// ECDSA over P-256.
    SendGrid,
    /// An HMAC in the body.
    Mailgun,
    /// A topic of Amazon SNS, signed with RSA.
    Ses,
}

impl Source {
    /// Its name in paths, as in `MAIL_PROVIDER`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resend => "resend",
            Self::Postmark => "postmark",
            Self::SendGrid => "sendgrid",
            Self::Mailgun => "mailgun",
            Self::Ses => "ses",
        }
    }

    /// Reads the name in a path.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Resend, Self::Postmark, Self::SendGrid, Self::Mailgun, Self::Ses];
        all.into_iter().find(|source| source.as_str() == text)
    }
}

/// What each provider's proof is checked with; a provider without one is not listened to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Webhooks {
    /// The key in Resend's `whsec_…`.
    pub resend: Option<Secret<Vec<u8>>>,
    /// `user:password`.
    pub postmark: Option<Secret<String>>,
    /// SendGrid's public key, as DER (RFC 5280, `SubjectPublicKeyInfo`).
    pub sendgrid: Option<Vec<u8>>,
    /// Mailgun's signing key.
    pub mailgun: Option<Secret<String>>,
    /// The topic to which SES publishes.
    pub ses: Option<TopicArn>,
}

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
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn json(&self) -> Option<Value> {
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
    const fn of(valid: bool) -> Self {
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

/// The public key of a certificate in PEM.
#[must_use]
pub fn key_of_certificate(pem: &str) -> Option<Vec<u8>> {
    der::public_key(&der::from_pem(pem)?).map(<[u8]>::to_vec)
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
    fn new(
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

impl Webhooks {
    /// Whether a message is from whom it says; nothing where nobody listens to that provider.
    #[must_use]
    pub fn proof(&self, source: Source, incoming: &Incoming<'_>) -> Option<Proof> {
        match source {
            Source::Resend => self.resend.as_ref().map(|key| Proof::of(resend::is_signed(key, incoming))),
            Source::Postmark => {
                self.postmark.as_ref().map(|login| Proof::of(postmark::is_logged_in(login, incoming)))
            }
            Source::SendGrid => self.sendgrid.as_ref().map(|key| sendgrid::proof(key, incoming)),
            Source::Mailgun => self.mailgun.as_ref().map(|key| Proof::of(mailgun::is_signed(key, incoming))),
            Source::Ses => self.ses.as_ref().map(|topic| ses::proof(topic, incoming)),
        }
    }

    /// What a message says that was proved.
    #[must_use]
    pub fn read(&self, source: Source, incoming: &Incoming<'_>) -> Message {
        let none = Message::Reports(Vec::new());
        let Some(body) = incoming.json() else { return none };
        let now = incoming.now;
        match source {
            Source::Resend => Message::Reports(resend::reports(&body, now)),
            Source::Postmark => Message::Reports(postmark::report(&body, now).into_iter().collect()),
            Source::SendGrid => Message::Reports(sendgrid::reports(&body, now)),
            Source::Mailgun => Message::Reports(mailgun::report(&body, now).into_iter().collect()),
            Source::Ses => self.ses.as_ref().map_or(none, |topic| ses::read(topic, &body, now)),
        }
    }
}

/// The text of a member.
fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// A member that is an instant in RFC 3339.
fn instant(value: &Value, pointer: &str) -> Option<Timestamp> {
    text(value, pointer).and_then(Timestamp::parse_rfc3339)
}

/// A member that counts seconds since 1970, with or without a fraction.
fn seconds(value: &Value, pointer: &str) -> Option<Timestamp> {
    let seconds = value.pointer(pointer).and_then(Value::as_f64)?;
    #[allow(clippy::cast_possible_truncation, reason = "a float becomes the nearest integer there is")]
    Some(Timestamp::from_ms((seconds * 1_000.0) as i64))
}

#[cfg(test)]
mod tests;
