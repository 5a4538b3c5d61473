//! What is sent to a provider, as a value: an HTTP request, or the argument for a binding.

use super::Mail;
use crate::domain::{Secret, Timestamp};

/// The `User-Agent` of every request. Providers refuse requests without one.
pub const USER_AGENT: &str = concat!("event-platform/", env!("CARGO_PKG_VERSION"));

/// How to reach a provider's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transport {
    /// The base URL, without a trailing slash.
    pub api_url: String,
    /// The API key; without one, mail waits.
    pub api_key: Option<Secret<String>>,
}

impl Transport {
    /// The key, or the name of the missing setting.
    pub(super) fn key(&self) -> Result<&str, &'static str> {
        self.api_key.as_ref().map(|key| key.reveal().as_str()).ok_or("MAIL_API_KEY")
    }
}

/// A mail to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The contents and the recipient.
    pub mail: &'a Mail,
    /// The same for every try.
    pub key: &'a str,
    /// When it was queued.
    pub posted_at: Timestamp,
}

/// What to do with one mail, or with the mails of one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Print these; then it is done.
    Print(Vec<String>),
    /// Send this and examine the answer.
    Send(Box<HttpRequest>),
    /// Pass this JSON to the binding with this name and examine the result.
    Bound(&'static str, Secret<String>),
    /// Nothing can be done for now. This is the missing setting.
    Wait(&'static str),
}

/// A `POST` request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The URL.
    pub url: String,
    /// The header names and values. `Debug` hides the values, because one of them is a key.
    pub headers: Secret<Vec<(&'static str, String)>>,
    /// The body.
    pub body: String,
}

impl HttpRequest {
    /// A request with the headers that every request has.
    pub(super) fn post(url: String, content_type: &str, body: String) -> Self {
        let headers = vec![
            ("accept", "application/json".to_owned()),
            ("content-type", content_type.to_owned()),
            ("user-agent", USER_AGENT.to_owned()),
        ];
        Self { url, headers: Secret::new(headers), body }
    }

    /// A request with a JSON body and a header with the API key.
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
