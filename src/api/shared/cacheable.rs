//! Answers that may be sent again: their bodies are kept, and some are repeated without calling the API.

use crate::domain::Timestamp;
use crate::log_sampling::LogSampling;

/// Marks an answer whose body is one of the isolate's cached copies: it will be sent again.
#[derive(Debug, Clone, Copy)]
pub struct CachedBody {
    /// Until when every request for the same URL with the same `Origin` and `If-None-Match` gets this answer,
    /// if known.
    pub(in crate::api) until: Option<Timestamp>,
}

/// Marks an answer that may be repeated, under another request id, without calling the API.
#[derive(Debug, Clone)]
pub struct Cacheable {
    /// From this moment on the API must be called.
    pub until: Timestamp,
    /// The log line of a repetition: the text before the request id and the text after it.
    pub line: (String, String),
    /// The share of repetitions that is logged.
    pub log_sampling: LogSampling,
}
