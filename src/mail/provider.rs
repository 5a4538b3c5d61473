//! Mail providers, each behind the same two questions: what to send, and what an answer means.

use super::{Mail, log, resend};
use crate::domain::Secret;
use crate::objects::outbox::Delivery;

/// What every request calls itself: providers refuse requests without a `User-Agent`.
pub const USER_AGENT: &str = concat!("event-platform/", env!("CARGO_PKG_VERSION"));

/// Who carries the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// Nobody: mails are printed to the log, for development.
    Log,
    /// Resend's HTTP API.
    Resend {
        /// The base URL, without a slash at the end.
        api_url: String,
        /// The API key; without one, mail waits.
        api_key: Option<Secret<String>>,
    },
}

/// What to do for one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Print this and be done.
    Print(String),
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

impl Provider {
    /// What to do for `mail`. `key` is the same for every try of the same mail.
    #[must_use]
    pub fn plan(&self, mail: &Mail, from: &str, key: &str) -> Plan {
        match self {
            Self::Log => Plan::Print(log::print(mail, from)),
            Self::Resend { api_key: None, .. } => Plan::Wait("MAIL_API_KEY"),
            Self::Resend { api_url, api_key: Some(api_key) } => {
                Plan::Send(Box::new(resend::request(api_url, api_key.reveal(), mail, from, key)))
            }
        }
    }

    /// What the provider's answer means for the mail.
    #[must_use]
    pub fn judge(&self, response: &HttpResponse) -> Delivery {
        match self {
            Self::Log => Delivery::Done,
            Self::Resend { .. } => resend::judge(response),
        }
    }
}
