//! What leaves for a provider: a request, or what a binding is given, as a value.

use super::Mail;
use crate::domain::{Secret, Timestamp};

/// What every request calls itself: providers refuse requests without a `User-Agent`.
pub const USER_AGENT: &str = concat!("event-platform/", env!("CARGO_PKG_VERSION"));

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
