//! Mail providers. Each answers the same three questions: how fast, what to send, and what an answer means.

use super::delivery::Pace;
use super::render::Sender;
use super::request::{Outgoing, Plan, Transport};
use super::{
    DeliveryResult, HttpResponse, Mailgun, Postmark, Ses, cloudflare, log, mailgun, postmark, render, resend,
    sendgrid, ses,
};
use crate::domain::{Secret, Timestamp};

/// The provider that sends the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// None: mails are printed to the log, for development.
    Log {
        /// Whether to print mails whose links lead to another machine, too.
        anywhere: bool,
    },
    /// Cloudflare's Email Service, through a binding.
    Cloudflare,
    /// Resend's HTTP API.
    Resend(Transport),
    /// Postmark's HTTP API.
    Postmark(Postmark),
    /// SendGrid's HTTP API.
    SendGrid(Transport),
    /// Mailgun's HTTP API.
    Mailgun(Mailgun),
    /// Amazon SES's HTTP API.
    Ses(Ses),
}

impl Provider {
    /// How fast it accepts mail.
    #[must_use]
    pub const fn pace(&self) -> Pace {
        match self {
            Self::Log { .. } => Pace { requests: 64, batch: 1, batches_attachments: false },
            Self::Cloudflare => cloudflare::PACE,
            Self::Resend(_) => resend::PACE,
            Self::Postmark(_) => postmark::PACE,
            Self::SendGrid(_) => sendgrid::PACE,
            Self::Mailgun(_) => mailgun::PACE,
            Self::Ses(_) => ses::PACE,
        }
    }

    /// Whether mail is sent as requests that the provider counts.
    #[must_use]
    pub const fn sends_requests(&self) -> bool {
        !matches!(self, Self::Log { .. })
    }

    /// What to do now with a mail, or with the mails of the named batch.
    #[must_use]
    pub fn plan(
        &self,
        mails: &[Outgoing<'_>],
        batch: Option<&str>,
        sender: &Sender<'_>,
        now: Timestamp,
    ) -> Plan {
        let written: Vec<_> =
            mails.iter().map(|mail| (*mail, render(mail.mail, mail.posted_at, sender))).collect();
        let Some((mail, message)) = written.first() else { return Plan::Print(Vec::new()) };
        let request = match self {
            Self::Log { anywhere } => return log::plan(&written, *anywhere, sender),
            Self::Cloudflare => {
                let argument = cloudflare::message(mail, message, sender).to_string();
                return Plan::Bound(cloudflare::BINDING, Secret::new(argument));
            }
            Self::Resend(transport) => resend::request(transport, &written, batch, sender),
            Self::Postmark(postmark) => postmark.request(&written, sender),
            Self::SendGrid(transport) => sendgrid::request(transport, mail, message, sender),
            Self::Mailgun(mailgun) => mailgun.request(mail, message, sender),
            Self::Ses(ses) => ses.request(mail, message, sender, now),
        };
        request.map_or_else(Plan::Wait, |request| Plan::Send(Box::new(request)))
    }

    /// What the provider's answer means for each of the mails.
    #[must_use]
    pub fn judge(&self, response: &HttpResponse, mails: usize) -> Vec<DeliveryResult> {
        let result = match self {
            Self::Log { .. } => DeliveryResult::sent(),
            Self::Cloudflare => cloudflare::judge(response),
            Self::Resend(_) => resend::judge(response, mails),
            Self::Postmark(_) => return postmark::judge(response, mails),
            Self::SendGrid(_) => sendgrid::judge(response),
            Self::Mailgun(_) => mailgun::judge(response),
            Self::Ses(_) => ses::judge(response),
        };
        vec![result; mails]
    }
}
