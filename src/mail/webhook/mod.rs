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
mod message;
mod postmark;
mod resend;
mod sendgrid;
mod ses;

pub use message::{Incoming, Key, Message, Proof, Report, Scheme, Signature};
pub use resend::key as resend_key;
pub use sendgrid::key as sendgrid_key;
pub use ses::TopicArn;

use crate::domain::Secret;

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

/// The public key of a certificate in PEM.
#[must_use]
pub fn key_of_certificate(pem: &str) -> Option<Vec<u8>> {
    der::public_key(&der::from_pem(pem)?).map(<[u8]>::to_vec)
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

#[cfg(test)]
mod tests;
