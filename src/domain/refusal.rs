//! Why something was not done. Every refusal of the product is one of these values. Only
//! `api::shared::problem` decides which HTTP status it becomes.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Why a request that was understood is not granted. Nothing has been changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The address has an account already.
    EmailTaken,
    /// Unknown e-mail address or wrong password; the answer does not say which.
    InvalidCredentials,
    /// Too many attempts or changes; try again after some seconds.
    RateLimited {
        /// Seconds to wait before the next attempt.
        retry_after: u32,
    },
    /// The session has ended, or the account behind it is gone.
    Unauthenticated,
    /// The caller is known, but may not do this.
    Forbidden,
    /// There is no such thing, or none that the caller may know of.
    NotFound,
    /// The version named in `If-Match` is not the current one.
    PreconditionFailed,
    /// One or more fields are invalid.
    Invalid(Invalid),
    /// The new capacity is below the number of seats already confirmed.
    CapacityBelowConfirmed,
    /// The status cannot change in this way.
    InvalidTransition,
    /// No seat is free and the event has no waitlist.
    EventFull,
    /// Registration has not opened yet.
    RegistrationNotOpen,
    /// Registration has closed.
    RegistrationClosed,
    /// The event is cancelled.
    EventCancelled,
    /// Only a confirmed registration can be checked in.
    NotConfirmed,
    /// The caller holds no confirmed seat.
    NotRegistered,
    /// Joining opens 15 minutes before the start.
    NotOpenYet,
    /// The event has ended.
    EventOver,
    /// The organizer has not given a link.
    NoJoinUrl,
    /// The `Idempotency-Key` was used before with another body.
    IdempotencyKeyReused,
    /// The one-time token is unknown, used or expired.
    InvalidToken,
    /// The refresh token is unknown, used or expired.
    InvalidRefreshToken,
    /// The account organizes a published event that is not over.
    HasEvents,
    /// A bounded queue is full. Nothing was executed.
    Overloaded,
}

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field as the contract spells it.
    pub field: Cow<'static, str>,
    /// A constant for programs.
    pub code: Cow<'static, str>,
    /// A sentence for people.
    pub message: Cow<'static, str>,
}

impl FieldError {
    /// An error whose texts are known at compile time.
    #[must_use]
    pub const fn new(field: &'static str, code: &'static str, message: &'static str) -> Self {
        Self { field: Cow::Borrowed(field), code: Cow::Borrowed(code), message: Cow::Borrowed(message) }
    }
}

/// Every bad field of one request. Never empty once it is returned as a refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Invalid(Vec<FieldError>);

impl Invalid {
    /// Adds a bad field.
    pub fn push(&mut self, error: FieldError) {
        self.0.push(error);
    }

    /// Unwraps a parsed field. If it is bad, adds the error and continues without it.
    pub fn take<T>(&mut self, parsed: Result<T, FieldError>) -> Option<T> {
        parsed.map_err(|error| self.push(error)).ok()
    }

    /// Ends the check: a refusal if any field was bad.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] with every error that was added.
    pub fn into_result(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::Invalid(self)) }
    }

    /// The bad fields in the order in which they were found.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.0
    }
}

impl From<FieldError> for Invalid {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}

impl From<FieldError> for Refusal {
    fn from(error: FieldError) -> Self {
        Self::Invalid(error.into())
    }
}
