//! How fast mail may be sent, and how an attempt to deliver something ends.

/// How fast a provider accepts mail, and how much in one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Requests per second.
    pub requests: u32,
    /// Mails that fit in one request.
    pub batch: u32,
    /// Whether a batch may contain mails with an attachment.
    pub batches_attachments: bool,
}

/// The result of a delivery attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It was delivered.
    Done,
    /// It was not delivered, or nobody knows. Try again, and wait for the given milliseconds if the other
    /// side asked for that.
    Retry {
        /// What the other side asked for.
        after_ms: Option<u32>,
    },
    /// It will never be accepted and is set aside as a dead letter.
    Refused,
    /// Its batch was refused as a whole and nothing was delivered. It is tried again on its own.
    Apart,
    /// It was not sent, because it is no longer of use.
    Expired,
}
