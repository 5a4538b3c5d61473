//! Mail providers, each behind the same three questions: how fast, what to send, and what an answer
//! means.

use super::render::Sender;
use super::{
    HttpResponse, Mail, Mailgun, Postmark, Ses, Verdict, cloudflare, log, mailgun, postmark, render, resend,
    sendgrid, ses,
};
use crate::domain::{Secret, Timestamp};
use crate::objects::outbox::Pace;

/// What every request calls itself: providers refuse requests without a `User-Agent`.
pub const USER_AGENT: &str = concat!("event-platform/", env!("CARGO_PKG_VERSION"));

/// Who carries the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// Nobody: mails are printed to the log, for development.
    Log {
        /// Also those whose links lead to another machine.
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

/// How a provider's API is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transport {
    /// The base URL, without a slash at the end.
    pub api_url: String,
    /// The API key; without one, mail waits.
    pub api_key: Option<Secret<String>>,
}

impl Transport {
    /// The key, or the setting that is missing.
    pub(super) fn key(&self) -> Result<&str, &'static str> {
        self.api_key.as_ref().map(|key| key.reveal().as_str()).ok_or("MAIL_API_KEY")
    }
}

/// A mail that is to leave.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// What and to whom.
    pub mail: &'a Mail,
    /// The same for every try.
    pub key: &'a str,
    /// When it was decided.
    pub posted_at: Timestamp,
}

/// What to do for one mail, or for those of one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Print these and be done.
    Print(Vec<String>),
    /// Send this and look at the answer.
    Send(Box<HttpRequest>),
    /// Give this, which is JSON, to the binding of this name and look at how it ends.
    Bound(&'static str, Secret<String>),
    /// Nothing can be done for now; the setting that is missing.
    Wait(&'static str),
}

/// A `POST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Where to.
    pub url: String,
    /// Header names and values; `Debug` hides the values, one of which is a key.
    pub headers: Secret<Vec<(&'static str, String)>>,
    /// The body.
    pub body: String,
}

impl HttpRequest {
    /// A request with the headers that all have.
    pub(super) fn post(url: String, content_type: &str, body: String) -> Self {
        let headers = vec![
            ("accept", "application/json".to_owned()),
            ("content-type", content_type.to_owned()),
            ("user-agent", USER_AGENT.to_owned()),
        ];
        Self { url, headers: Secret::new(headers), body }
    }

    /// A request with JSON in it, and a header that holds the API's key.
    pub(super) fn json(url: String, authorization: (&'static str, String), body: &serde_json::Value) -> Self {
        Self::post(url, "application/json", body.to_string()).with(authorization.0, &authorization.1)
    }

    /// The same with one more header.
    pub(super) fn with(self, name: &'static str, value: &str) -> Self {
        let mut headers = self.headers.reveal().clone();
        headers.push((name, value.to_owned()));
        Self { headers: Secret::new(headers), ..self }
    }
}

impl Provider {
    /// How fast it takes mail.
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

    /// Whether mail leaves as requests that the provider counts.
    #[must_use]
    pub const fn sends_requests(&self) -> bool {
        !matches!(self, Self::Log { .. })
    }

    /// What to do now for a mail, or for the mails of the batch named.
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

    /// What the provider's answer means, for each of so many mails.
    #[must_use]
    pub fn judge(&self, response: &HttpResponse, mails: usize) -> Vec<Verdict> {
        let verdict = match self {
            Self::Log { .. } => Verdict::sent(),
            Self::Cloudflare => cloudflare::judge(response),
            Self::Resend(_) => resend::judge(response, mails),
            Self::Postmark(_) => return postmark::judge(response, mails),
            Self::SendGrid(_) => sendgrid::judge(response),
            Self::Mailgun(_) => mailgun::judge(response),
            Self::Ses(_) => ses::judge(response),
        };
        vec![verdict; mails]
    }
}
