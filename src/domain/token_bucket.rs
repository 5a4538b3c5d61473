//! A token bucket: a burst at once, and a rate per second in the long run.

use serde::{Deserialize, Serialize};

use super::{Refusal, Timestamp};

/// The size of a bucket and how fast it fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Tokens in a full bucket.
    pub burst: u32,
    /// Tokens that it regains per second.
    pub per_second: u32,
}

/// A bucket, full at first. It counts thousandths of a token, so what it regains in a millisecond is a
/// whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenBucket {
    missing: u64,
    as_of: Timestamp,
}

impl TokenBucket {
    const TOKEN: u64 = 1_000;

    /// Takes a token.
    ///
    /// # Errors
    /// [`Refusal::RateLimited`] if there is none, with the seconds until there is one.
    pub fn take(&mut self, rate: Rate, now: Timestamp) -> Result<(), Refusal> {
        // A clock that was set back neither adds nor removes tokens.
        let elapsed_ms = u64::try_from(now.ms_since(self.as_of)).unwrap_or(0);
        let per_ms = u64::from(rate.per_second);
        self.missing = self.missing.saturating_sub(elapsed_ms.saturating_mul(per_ms));
        self.as_of = now;
        let missing = self.missing.saturating_add(Self::TOKEN);
        let excess = missing.saturating_sub(u64::from(rate.burst).saturating_mul(Self::TOKEN));
        if excess == 0 {
            self.missing = missing;
            return Ok(());
        }
        let seconds = excess.div_ceil(per_ms.max(1)).div_ceil(1_000);
        Err(Refusal::RateLimited { retry_after: u32::try_from(seconds).unwrap_or(u32::MAX) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 500, per_second: 10 };
    const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);

    /// Takes as many as there are.
    fn empty(bucket: &mut TokenBucket, rate: Rate, now: Timestamp) -> usize {
        (0..).take_while(|_| bucket.take(rate, now).is_ok()).count()
    }

    #[test]
    fn a_full_bucket_gives_all_at_once_and_then_as_fast_as_it_fills() {
        let mut bucket = TokenBucket::default();
        assert_eq!(empty(&mut bucket, RATE, NOW), 500);
        assert_eq!(bucket.take(RATE, NOW), Err(Refusal::RateLimited { retry_after: 1 }));
        assert_eq!(empty(&mut bucket, RATE, NOW.plus_ms(99)), 0);
        assert_eq!(empty(&mut bucket, RATE, NOW.plus_ms(100)), 1);
        assert_eq!(empty(&mut bucket, RATE, NOW.plus_ms(1_100)), 10);
        assert_eq!(empty(&mut bucket, RATE, NOW.plus_ms(10_000_000)), 500);
    }

    #[test]
    fn who_waits_for_as_long_as_was_said_gets_one() {
        for (burst, per_second) in [(1, 1), (1, 3), (2, 7), (500, 10), (1, 2_000)] {
            let (rate, mut bucket) = (Rate { burst, per_second }, TokenBucket::default());
            empty(&mut bucket, rate, NOW);
            let Err(Refusal::RateLimited { retry_after }) = bucket.take(rate, NOW) else { panic!() };
            assert_eq!(bucket.take(rate, NOW.plus_ms(i64::from(retry_after) * 1_000)), Ok(()));
        }
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let mut bucket = TokenBucket::default();
        empty(&mut bucket, RATE, NOW);
        assert!(bucket.take(RATE, NOW.plus_ms(-3_600_000)).is_err());
        assert_eq!(bucket.take(RATE, NOW.plus_ms(-3_599_900)), Ok(()));
    }

    #[test]
    fn a_smaller_bucket_than_before_is_empty_for_longer() {
        let mut bucket = TokenBucket::default();
        empty(&mut bucket, RATE, NOW);
        let rate = Rate { burst: 100, per_second: 10 };
        assert_eq!(bucket.take(rate, NOW), Err(Refusal::RateLimited { retry_after: 41 }));
        assert_eq!(bucket.take(rate, NOW.plus_ms(41_000)), Ok(()));
    }
}
