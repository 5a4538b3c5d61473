//! Mail providers, each behind the same three questions: how fast, what to send, and what an answer
//! means.

use chrono::DateTime;

use super::render::Sender;
use super::{Mail, log, postmark, render, resend, sendgrid};
use crate::domain::{Secret, Timestamp};
use crate::objects::outbox::{Delivery, Pace};

/// What every request calls itself: providers refuse requests without a `User-Agent`.
pub const USER_AGENT: &str = concat!("event-platform/", env!("CARGO_PKG_VERSION"));

/// Who carries the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// Nobody: mails are printed to the log, for development.
    Log,
    /// Resend's HTTP API.
    Resend(Carrier),
    /// Postmark's HTTP API.
    Postmark(Carrier),
    /// SendGrid's HTTP API.
    SendGrid(Carrier),
}

/// How a provider's API is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// The base URL, without a slash at the end.
    pub api_url: String,
    /// The API key; without one, mail waits.
    pub api_key: Option<Secret<String>>,
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
    /// Nothing can be done for now; the setting that is missing.
    Wait(&'static str),
}

/// A `POST` of JSON.
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
    /// A request with the headers that all have, and one that holds the API's key.
    pub(super) fn new(url: String, authorization: (&'static str, String), body: &serde_json::Value) -> Self {
        let headers = vec![
            authorization,
            ("accept", "application/json".to_owned()),
            ("content-type", "application/json".to_owned()),
            ("user-agent", USER_AGENT.to_owned()),
        ];
        Self { url, headers: Secret::new(headers), body: body.to_string() }
    }

    /// The same with one more header.
    pub(super) fn with(self, name: &'static str, value: &str) -> Self {
        let mut headers = self.headers.reveal().clone();
        headers.push((name, value.to_owned()));
        Self { headers: Secret::new(headers), ..self }
    }
}

/// What of an answer matters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// `Retry-After` in seconds, if there was one.
    pub retry_after: Option<u32>,
    /// The beginning of the body.
    pub body: String,
}

impl HttpResponse {
    /// Another try, and not before the time that was asked for.
    pub(super) fn retry(&self) -> Delivery {
        Delivery::Retry { after_ms: self.retry_after.map(|seconds| seconds.saturating_mul(1000)) }
    }

    /// What the status alone says. A wrong key, 401 or 403, is ours to mend: the mail waits for it.
    pub(super) fn verdict(&self) -> Delivery {
        match self.status {
            200..=299 => Delivery::Done,
            401 | 403 | 408 | 409 | 425 | 429 | 500..=599 => self.retry(),
            _ => Delivery::Refused,
        }
    }
}

/// Seconds of a `Retry-After` (RFC 9110 §10.2.3): a number, or a date.
#[must_use]
pub fn retry_after(value: &str, now: Timestamp) -> Option<u32> {
    let value = value.trim();
    value.parse().ok().or_else(|| {
        let at = DateTime::parse_from_rfc2822(value).ok()?;
        u32::try_from(at.timestamp().saturating_sub(now.seconds()).max(0)).ok()
    })
}

impl Provider {
    /// How fast it takes mail.
    #[must_use]
    pub const fn pace(&self) -> Pace {
        match self {
            Self::Log => Pace { requests: 64, batch: 1, batches_attachments: false },
            Self::Resend(_) => resend::PACE,
            Self::Postmark(_) => postmark::PACE,
            Self::SendGrid(_) => sendgrid::PACE,
        }
    }

    /// Whether mail leaves as requests that the provider counts.
    #[must_use]
    pub const fn sends_requests(&self) -> bool {
        !matches!(self, Self::Log)
    }

    /// What to do for a mail, or for the mails of the batch named.
    #[must_use]
    pub fn plan(&self, mails: &[Outgoing<'_>], batch: Option<&str>, sender: &Sender<'_>) -> Plan {
        let written = mails.iter().map(|mail| (*mail, render(mail.mail, mail.posted_at, sender)));
        let (carrier, request): (&Carrier, fn(&_, &_, &_, _, &_) -> _) = match self {
            Self::Log => {
                return Plan::Print(
                    written.map(|(mail, message)| log::print(&mail, &message, sender)).collect(),
                );
            }
            Self::Resend(carrier) => (carrier, resend::request),
            Self::Postmark(carrier) => (carrier, postmark::request),
            Self::SendGrid(carrier) => (carrier, sendgrid::request),
        };
        let Some(api_key) = &carrier.api_key else { return Plan::Wait("MAIL_API_KEY") };
        let written: Vec<_> = written.collect();
        Plan::Send(Box::new(request(
            carrier.api_url.as_str(),
            api_key.reveal().as_str(),
            written.as_slice(),
            batch,
            sender,
        )))
    }

    /// What the provider's answer means, for each of so many mails.
    #[must_use]
    pub fn judge(&self, response: &HttpResponse, mails: usize) -> Vec<Delivery> {
        match self {
            Self::Log => vec![Delivery::Done; mails],
            Self::Resend(_) => vec![resend::judge(response, mails); mails],
            Self::Postmark(_) => postmark::judge(response, mails),
            Self::SendGrid(_) => vec![response.verdict(); mails],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_a_number_or_a_date() {
        let now = Timestamp::parse_rfc3339("2015-10-21T07:27:00Z").unwrap();
        assert_eq!(retry_after(" 120 ", now), Some(120));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(60));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:00:00 GMT", now), Some(0));
        assert_eq!(retry_after("soon", now), None);
    }
}
