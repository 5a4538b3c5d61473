//! The last health check of an isolate. Its result is reused for a second.

use std::sync::{Mutex, PoisonError};

use crate::domain::Timestamp;

/// Milliseconds for which an isolate repeats its answer, so that strangers cannot put load on objects.
const REPEATED_MS: i64 = 1_000;

pub(in crate::api) type Checked = Result<i64, &'static str>;

/// The last check of an isolate.
#[derive(Default)]
pub(in crate::api) struct LastCheck(Mutex<Option<(Timestamp, Option<Checked>)>>);

/// What to do for a request that comes in now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Look {
    /// Answer with this.
    Say(Checked),
    /// Wait for the very first check, which is running.
    Wait,
    /// Run a check.
    Check,
}

impl LastCheck {
    /// Only one check runs at a time; meanwhile the previous answer counts.
    pub(in crate::api) fn look(&self, now: Timestamp) -> Look {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.and_then(|(_, answer)| answer);
        let lately = last.is_some_and(|(at, _)| (0..REPEATED_MS).contains(&now.ms_since(at)));
        if lately {
            return before.map_or(Look::Wait, Look::Say);
        }
        *last = Some((now, before));
        Look::Check
    }

    pub(in crate::api) fn note(&self, now: Timestamp, answer: Checked) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Some(answer)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn a_check_answers_for_a_second_and_one_is_under_way_at_a_time() {
        let last = LastCheck::default();
        assert_eq!(last.look(at(0)), Look::Check);
        assert_eq!(last.look(at(10)), Look::Wait, "nothing is known yet");
        last.note(at(20), Ok(3));
        assert_eq!(last.look(at(1_019)), Look::Say(Ok(3)));
        assert_eq!(last.look(at(1_020)), Look::Check);
        assert_eq!(last.look(at(1_030)), Look::Say(Ok(3)), "the answer before holds meanwhile");
    }
}
