//! Makes guessing passwords slower and slower, and never locks the owner out permanently.
//!
//! Ten failures in a row are free. From the tenth on, a pause follows each failure, 1 s at first and
//! doubling up to 15 min. During a pause every attempt is refused without looking at the password, even
//! if it is right. A success or an hour without a failure resets the count.

use serde::{Deserialize, Serialize};

use super::{Refusal, Timestamp};

/// The failures in a row for one address, whether or not it has an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LoginGuard {
    failures: u32,
    last_failure: Timestamp,
}

impl LoginGuard {
    /// Failures in a row before the first pause.
    pub const FREE_FAILURES: u32 = 10;
    /// Milliseconds without a failure after which the count is reset.
    pub const FORGET_AFTER_MS: i64 = 60 * 60 * 1000;
    const KEPT_FROM: u32 = 5;
    const FIRST_PAUSE_MS: i64 = 1000;
    const LONGEST_PAUSE_MS: i64 = 15 * 60 * 1000;

    /// Restores a stored count.
    #[must_use]
    pub const fn restore(failures: u32, last_failure: Timestamp) -> Self {
        Self { failures, last_failure }
    }

    /// Failures in a row so far.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether the next failure has to be stored. The first few are not, so an attempt at any address,
    /// known or not, costs the same and leaves nothing behind.
    #[must_use]
    pub const fn is_worth_keeping(&self) -> bool {
        self.failures.saturating_add(1) >= Self::KEPT_FROM
    }

    /// When the failures stop counting.
    #[must_use]
    pub const fn forgotten_at(&self) -> Timestamp {
        if self.failures == 0 {
            return self.last_failure;
        }
        self.last_failure.plus_ms(Self::FORGET_AFTER_MS.saturating_add(1))
    }

    /// When the last failure happened.
    #[must_use]
    pub const fn last_failure(&self) -> Timestamp {
        self.last_failure
    }

    /// Whether an attempt is allowed now.
    ///
    /// # Errors
    /// [`Refusal::RateLimited`] while a pause lasts.
    pub fn admit(&self, now: Timestamp) -> Result<(), Refusal> {
        let left_ms = self.paused_until().ms_since(now);
        if left_ms > 0 { Err(Refusal::RateLimited { retry_after: seconds_up(left_ms) }) } else { Ok(()) }
    }

    /// The count after one more failure, and the answer to it.
    #[must_use]
    pub fn fail(&self, now: Timestamp) -> (Self, Refusal) {
        let forgotten = now.ms_since(self.last_failure) > Self::FORGET_AFTER_MS;
        let before = if forgotten { 0 } else { self.failures };
        let after = Self { failures: before.saturating_add(1), last_failure: now };
        let answer = if after.failures > Self::FREE_FAILURES {
            Refusal::RateLimited { retry_after: seconds_up(after.paused_until().ms_since(now)) }
        } else {
            Refusal::InvalidCredentials
        };
        (after, answer)
    }

    fn paused_until(&self) -> Timestamp {
        let pauses = self.failures.saturating_add(1).saturating_sub(Self::FREE_FAILURES);
        if pauses == 0 {
            return self.last_failure;
        }
        let doublings = pauses.saturating_sub(1).min(20);
        let pause_ms = (Self::FIRST_PAUSE_MS << doublings).min(Self::LONGEST_PAUSE_MS);
        self.last_failure.plus_ms(pause_ms)
    }
}

fn seconds_up(ms: i64) -> u32 {
    u32::try_from(ms.saturating_add(999).div_euclid(1000)).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_failures(count: u32, at: Timestamp) -> LoginGuard {
        (0..count).fold(LoginGuard::default(), |guard, _| guard.fail(at).0)
    }

    const NOW: Timestamp = Timestamp::from_ms(1_000_000_000);

    #[test]
    fn ten_failures_are_free_and_the_eleventh_try_waits() {
        let guard = after_failures(9, NOW);
        assert_eq!(guard.admit(NOW), Ok(()));
        let (guard, answer) = guard.fail(NOW);
        assert_eq!(answer, Refusal::InvalidCredentials);
        assert_eq!(guard.admit(NOW), Err(Refusal::RateLimited { retry_after: 1 }));
        assert_eq!(guard.admit(NOW.plus_ms(1000)), Ok(()));
        assert_eq!(guard.fail(NOW).1, Refusal::RateLimited { retry_after: 2 });
    }

    #[test]
    fn pauses_double_and_end_at_fifteen_minutes() {
        let guard = after_failures(500, NOW);
        assert_eq!(guard.admit(NOW), Err(Refusal::RateLimited { retry_after: 900 }));
        assert_eq!(guard.admit(NOW.plus_ms(900_000)), Ok(()));
    }

    #[test]
    fn an_hour_without_a_failure_forgets_them() {
        let (guard, answer) = after_failures(500, NOW).fail(NOW.plus_ms(3_600_001));
        assert_eq!(guard.failures(), 1);
        assert_eq!(answer, Refusal::InvalidCredentials);
    }
}
