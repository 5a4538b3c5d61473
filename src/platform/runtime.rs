//! Time, chance and the log of the runtime.

use std::time::Duration;

use send_wrapper::SendWrapper;
use worker::{Delay, Env, RateLimiter, console_log};

use super::metrics;
use crate::api::ports::{BoxFuture, Runtime};
use crate::domain::Timestamp;
use crate::metrics::{Metric, Subject};

/// The time now, as far as the runtime lets it be known.
pub(super) fn now() -> Timestamp {
    #[allow(clippy::cast_possible_truncation, reason = "milliseconds stay far below 2^53")]
    Timestamp::from_ms(js_sys::Date::now() as i64)
}

/// Milliseconds as JavaScript counts them.
#[allow(clippy::cast_precision_loss, reason = "milliseconds stay far below 2^53")]
pub(super) const fn js_ms(at: Timestamp) -> f64 {
    at.ms() as f64
}

/// What the API needs of the runtime.
pub(super) struct WorkerRuntime {
    rate_limiter: Option<SendWrapper<RateLimiter>>,
}

impl WorkerRuntime {
    pub(super) fn new(env: &Env) -> Self {
        Self { rate_limiter: env.rate_limiter("RATE_LIMITER").ok().map(SendWrapper::new) }
    }
}

impl Runtime for WorkerRuntime {
    fn now(&self) -> Timestamp {
        now()
    }

    /// Ends this instance of the wasm where there is no randomness: whatever came next would be
    /// guessable. The request fails, and the next one finds a new instance.
    #[expect(clippy::panic, reason = "nothing that is drawn here may be known to anybody")]
    fn fill_random(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            console_log!("{{\"level\":\"error\",\"event\":\"no_randomness\"}}");
            panic!("the runtime has no randomness");
        }
    }

    fn log(&self, line: &str) {
        console_log!("{line}");
    }

    fn pause(&self, ms: u32) -> BoxFuture<'_, ()> {
        Box::pin(SendWrapper::new(Delay::from(Duration::from_millis(ms.into()))))
    }

    fn measures(&self) -> bool {
        metrics::measures()
    }

    fn measure(&self, metric: Metric, subject: Subject, value: u64) {
        metrics::record(metric, subject, value);
    }

    fn within_rate<'a>(&'a self, client: &'a str) -> BoxFuture<'a, bool> {
        let client = client.to_owned();
        Box::pin(SendWrapper::new(async move {
            match &self.rate_limiter {
                Some(limiter) => limiter.limit(client).await.is_ok_and(|outcome| outcome.success),
                None => true,
            }
        }))
    }
}
