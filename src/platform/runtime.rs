//! The runtime's clock, randomness and log.

use std::future::ready;
use std::time::Duration;

use js_sys::{Promise, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use worker::{Delay, Env, RateLimiter, console_log};

use super::clock::now;
use super::metrics;
use crate::api::ports::{BoxFuture, RateLimit, Runtime};
use crate::domain::Timestamp;
use crate::mail::webhook::Scheme;
use crate::metrics::{Metric, Subject};

#[wasm_bindgen(module = "/src/platform/signature.js")]
extern "C" {
    #[wasm_bindgen(js_name = "verifySignature")]
    fn verify_signature(
        scheme: &str,
        spki: &Uint8Array,
        message: &Uint8Array,
        signature: &Uint8Array,
    ) -> Promise;

    #[wasm_bindgen(js_name = "fetchText")]
    fn fetch_text(url: &str) -> Promise;
}

/// Milliseconds as a JavaScript number.
#[allow(clippy::cast_precision_loss, reason = "milliseconds stay far below 2^53")]
pub(super) const fn js_ms(at: Timestamp) -> f64 {
    at.ms() as f64
}

/// The runtime as the API needs it.
pub(super) struct WorkerRuntime {
    /// The rate limiters that the deployment binds.
    rate_limiters: Vec<(RateLimit, SendWrapper<RateLimiter>)>,
}

impl WorkerRuntime {
    pub(super) fn new(env: &Env) -> Self {
        let bound = |limit: RateLimit| {
            env.rate_limiter(limit.binding()).ok().map(|limiter| (limit, SendWrapper::new(limiter)))
        };
        Self { rate_limiters: RateLimit::ALL.into_iter().filter_map(bound).collect() }
    }
}

impl Runtime for WorkerRuntime {
    fn now(&self) -> Timestamp {
        now()
    }

    /// Ends this wasm instance if there is no randomness: whatever it generated would be guessable. The
    /// request fails, and the next one gets a new instance.
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

    fn verify<'a>(
        &'a self,
        scheme: Scheme,
        key: &'a [u8],
        message: &'a [u8],
        signature: &'a [u8],
    ) -> BoxFuture<'a, bool> {
        let [key, message, signature] = [key, message, signature].map(Uint8Array::from);
        let right = verify_signature(scheme.as_str(), &key, &message, &signature);
        Box::pin(SendWrapper::new(
            async move { JsFuture::from(right).await.is_ok_and(|right| right.is_truthy()) },
        ))
    }

    fn fetch_text<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Option<String>> {
        let text = fetch_text(url);
        Box::pin(SendWrapper::new(async move { JsFuture::from(text).await.ok()?.as_string() }))
    }

    /// If the limiter fails, the call is rejected.
    fn within_rate<'a>(&'a self, limit: RateLimit, key: &'a str) -> BoxFuture<'a, bool> {
        let Some((_, limiter)) = self.rate_limiters.iter().find(|(bound, _)| *bound == limit) else {
            return Box::pin(ready(true));
        };
        let counted = limiter.limit(key.to_owned());
        Box::pin(SendWrapper::new(async move { counted.await.is_ok_and(|outcome| outcome.success) }))
    }
}
