//! Messages from mail providers about mail that bounced or was reported as spam: who sent them, and what they
//! say.
//!
//! A message is trusted if it carries its provider's proof over the exact bytes received. Proofs by a shared
//! secret are checked here, in constant time. Proofs by a public key are passed to the runtime, which has the
//! cryptography. Nothing here does I/O.
//!
//! Each report has the time of the event, so a repeated message, even much later, changes nothing. A message
//! that reports neither a permanent bounce nor a complaint is ignored.

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

/// The provider that sends the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Signed the way Svix does it (Standard Webhooks).
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
    /// Its name in URL paths, as in `MAIL_PROVIDER`.
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

    /// Parses the name in a URL path.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Resend, Self::Postmark, Self::SendGrid, Self::Mailgun, Self::Ses];
        all.into_iter().find(|source| source.as_str() == text)
    }
}

/// The secrets and keys that check each provider's proof. A provider without one is ignored.
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
    /// Whether a message comes from the provider it claims; `None` if that provider is not configured.
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

    /// The contents of a verified message.
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
