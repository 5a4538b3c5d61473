//! The Worker's `fetch`: the API is built with the first request of an isolate and kept.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::worker_sys::Context as JsContext;
use worker::{Context, Env};

use super::hub::WorkerHub;
use super::runtime::WorkerRuntime;
use super::{config, http};
use crate::api::{Afterwards, Api};

thread_local! {
    /// Bindings are the same for every request of an isolate. It holds nothing that cannot be
    /// built again: after a reset of the wasm instance it simply is.
    static API: OnceCell<Rc<Api>> = const { OnceCell::new() };
}

/// Answers a request.
///
/// # Errors
/// When a binding is missing or the runtime takes no response: a deployment that cannot work.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "JavaScript reaches it")]
pub async fn fetch(
    request: web_sys::Request,
    env: Env,
    context: JsContext,
    repeats: http::Repeats,
) -> Result<web_sys::Response, JsValue> {
    let api = match API.with(|api| api.get().cloned()) {
        Some(api) => api,
        None => first_request(&env)?,
    };
    let mut response = api.serve(http::read(&request).await).await;
    if let Some(work) = Afterwards::take(&mut response) {
        Context::new(context).wait_until(work);
    }
    Ok(http::write(&request, &response, &repeats)?)
}

fn first_request(env: &Env) -> worker::Result<Rc<Api>> {
    let hub = Arc::new(WorkerHub::new(env)?);
    let api = Rc::new(Api::new(config(env), hub, Arc::new(WorkerRuntime::new(env))));
    Ok(API.with(|cell| Rc::clone(cell.get_or_init(|| api))))
}
