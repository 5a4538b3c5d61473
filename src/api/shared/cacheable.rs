//! Answers that may be sent again: their bodies are kept, and some are repeated without asking the API.

use crate::domain::Timestamp;
use crate::log_sampling::LogSampling;

/// Marks an answer whose body is one of the isolate's copies: it will be sent again.
#[derive(Debug, Clone, Copy)]
pub struct CachedBody {
    /// Until when it is the answer to whoever asks for the same URL with the same `Origin` and
    /// `If-None-Match`, if that is known.
    pub(in crate::api) until: Option<Timestamp>,
}

/// Marks an answer that may be given again before the API is asked again, under another request id.
#[derive(Debug, Clone)]
pub struct Cacheable {
    /// From this moment on the API has to be asked.
    pub until: Timestamp,
    /// What is logged for a repetition: the text before its request id, and the text after it.
    pub line: (String, String),
    /// For which share of the repetitions.
    pub log_sampling: LogSampling,
}
