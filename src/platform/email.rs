//! The binding of Cloudflare's Email Service, which sends mail without an HTTP request of ours.

use std::cell::OnceCell;
use std::time::Duration;

use futures_util::future::{Either, select};
use js_sys::{Promise, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use worker::{Delay, Env};

use crate::mail::HttpResponse;

/// How long the service may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

#[wasm_bindgen(module = "/src/platform/email.js")]
extern "C" {
    /// Resolves to nothing, or to the error's code.
    fn send_email(binding: &JsValue, argument: &str) -> Promise;
}

thread_local! {
    /// All objects of an isolate have the same bindings.
    static ENV: OnceCell<Env> = const { OnceCell::new() };
}

/// Stores the bindings for sending mail.
pub(super) fn remember(env: &Env) {
    ENV.with(|cell| {
        cell.get_or_init(|| env.clone());
    });
}

/// The binding with this name, if the deployment has it.
pub(super) fn binding(name: &str) -> Option<JsValue> {
    let env = ENV.with(|cell| cell.get().cloned())?;
    let binding = Reflect::get(&env, &JsValue::from_str(name)).ok()?;
    binding.is_object().then_some(binding)
}

/// Sends the mail that the JSON argument describes. A timeout counts as no answer.
pub(super) async fn send(binding: &JsValue, argument: &str) -> Option<HttpResponse> {
    let sent = JsFuture::from(send_email(binding, argument));
    match select(sent, Delay::from(TIMEOUT)).await {
        Either::Left((Ok(error), _)) => {
            let error = error.as_string();
            let status = if error.is_some() { 500 } else { 200 };
            let error = error.filter(|code| !code.is_empty());
            Some(HttpResponse { status, error, ..HttpResponse::default() })
        }
        Either::Left((Err(_), _)) | Either::Right(_) => None,
    }
}
