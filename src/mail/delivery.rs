//! How fast mail may leave, and how a try to deliver something ends.

/// How fast a provider takes mail, and how much in one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Requests a second.
    pub requests: u32,
    /// Mails that fit in one request.
    pub batch: u32,
    /// Whether mails with an attachment may be among them.
    pub batches_attachments: bool,
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It has arrived.
    Done,
    /// It has not, or nobody knows; try again, not before so many milliseconds if the other side
    /// said so.
    Retry {
        /// What the other side asked for.
        after_ms: Option<u32>,
    },
    /// It will never be taken: it is set aside as a dead letter.
    Refused,
    /// Its batch was refused as a whole, and nothing of it has arrived: it is tried alone.
    Apart,
    /// It was not sent, because it has lost its point.
    Expired,
}
