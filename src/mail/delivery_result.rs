//! What a provider's answer means for a mail: is the mail wrong, is our account or a setting wrong, or is the
//! problem temporary?
//!
//! Only an answer about the mail itself refuses it. If somebody can fix the problem (a key, an unverified
//! sender, a quota), the mail waits and the log shows the provider's code.

use chrono::DateTime;

use super::delivery::Delivery;
use crate::domain::Timestamp;

/// The relevant parts of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// `Retry-After` in seconds, if there was one.
    pub retry_after: Option<u32>,
    /// The kind of error, where a header or an exception names it.
    pub error: Option<String>,
    /// The beginning of the body.
    pub body: String,
}

/// What happens to one mail after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryResult {
    /// The result for the outbox.
    pub delivery: Delivery,
    /// Whether somebody must fix the account or a setting before another try can help.
    pub account: bool,
    /// The provider's own code for the error. It is logged, so it must never be free text.
    pub code: Option<String>,
}

impl DeliveryResult {
    /// The longest code.
    const CODE_MAX: usize = 64;

    const fn of(delivery: Delivery) -> Self {
        Self { delivery, account: false, code: None }
    }

    /// The provider has accepted it.
    pub(super) const fn sent() -> Self {
        Self::of(Delivery::Done)
    }

    /// The provider will never accept it.
    pub(super) const fn refused() -> Self {
        Self::of(Delivery::Refused)
    }

    /// Not sent, for an unknown reason.
    #[must_use]
    pub const fn unanswered() -> Self {
        Self::of(Delivery::Retry { after_ms: None })
    }

    /// Not sent, because it is no longer of use.
    #[must_use]
    pub const fn expired() -> Self {
        Self::of(Delivery::Expired)
    }

    /// A refusal of several mails at once says nothing about each of them, so they are tried one by one.
    pub(super) fn of_all(self, mails: usize) -> Self {
        match self.delivery {
            Delivery::Refused if mails > 1 => Self { delivery: Delivery::Apart, ..self },
            _ => self,
        }
    }

    /// The same, with the provider's code. Codes that might contain more than a name are left out.
    pub(super) fn coded(self, code: &str) -> Self {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let named = !code.is_empty() && code.len() <= Self::CODE_MAX && code.chars().all(plain);
        Self { code: named.then(|| code.to_owned()), ..self }
    }
}

impl HttpResponse {
    /// Another try, not before the time that the provider asked for.
    pub(super) fn retry(&self) -> DeliveryResult {
        DeliveryResult::of(Delivery::Retry {
            after_ms: self.retry_after.map(|seconds| seconds.saturating_mul(1000)),
        })
    }

    /// Another try, which can help after somebody has fixed the account or a setting.
    pub(super) fn account(&self) -> DeliveryResult {
        DeliveryResult { account: true, ..self.retry() }
    }

    /// The meaning of the status alone. 400, 413 and 422 are about the contents; 408, 409, 425, 429 and 5xx
    /// are temporary; all others are about the sender or the URL.
    pub(super) fn result(&self) -> DeliveryResult {
        match self.status {
            200..=299 => DeliveryResult::sent(),
            400 | 413 | 422 => DeliveryResult::refused(),
            408 | 409 | 425 | 429 | 500..=599 => self.retry(),
            _ => self.account(),
        }
    }
}

/// The seconds of a `Retry-After` header (RFC 9110 §10.2.3), which is a number or a date.
#[must_use]
pub fn retry_after(value: &str, now: Timestamp) -> Option<u32> {
    let value = value.trim();
    value.parse().ok().or_else(|| {
        let at = DateTime::parse_from_rfc2822(value).ok()?;
        u32::try_from(at.timestamp().saturating_sub(now.seconds()).max(0)).ok()
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An answer with only a status and a body.
    pub(in crate::mail) fn answer(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, body: body.to_owned(), ..HttpResponse::default() }
    }

    /// The expected result for a mail, in tables of answers.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(in crate::mail) enum Fate {
        Sent,
        /// Tried again; nobody has to do anything.
        Later,
        /// Tried again, and somebody must fix the account or a setting.
        Account,
        Refused,
        Apart,
    }

    impl DeliveryResult {
        pub(in crate::mail) fn fate(&self) -> Fate {
            match self.delivery {
                Delivery::Done => Fate::Sent,
                Delivery::Retry { .. } if self.account => Fate::Account,
                Delivery::Retry { .. } => Fate::Later,
                Delivery::Refused => Fate::Refused,
                Delivery::Apart => Fate::Apart,
                Delivery::Expired => panic!("no provider says so"),
            }
        }
    }

    #[test]
    fn a_status_alone_refuses_a_mail_only_where_it_is_about_the_mail() {
        for (statuses, fate) in [
            (&[200, 202, 204][..], Fate::Sent),
            (&[400, 413, 422], Fate::Refused),
            (&[408, 409, 425, 429, 500, 502, 503, 599], Fate::Later),
            (&[301, 302, 307, 401, 402, 403, 404, 405, 406, 415, 451], Fate::Account),
        ] {
            for status in statuses {
                assert_eq!(answer(*status, "").result().fate(), fate, "{status}");
            }
        }
    }

    #[test]
    fn a_provider_is_not_asked_again_before_it_wishes() {
        let response = HttpResponse { retry_after: Some(7), ..answer(429, "") };
        assert_eq!(response.result().delivery, Delivery::Retry { after_ms: Some(7000) });
    }

    #[test]
    fn a_code_is_a_name_and_nothing_else() {
        let code = |code: &str| DeliveryResult::refused().coded(code).code;
        assert_eq!(code("E_SENDER_NOT_VERIFIED").as_deref(), Some("E_SENDER_NOT_VERIFIED"));
        for text in ["", "to ada@example.com", "a\nb", &"x".repeat(65)] {
            assert_eq!(code(text), None);
        }
    }

    #[test]
    fn retry_after_is_a_number_or_a_date() {
        let now = Timestamp::parse_rfc3339("2015-10-21T07:27:00Z").unwrap();
        assert_eq!(retry_after(" 120 ", now), Some(120));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(60));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:00:00 GMT", now), Some(0));
        assert_eq!(retry_after("soon", now), None);
    }
}
