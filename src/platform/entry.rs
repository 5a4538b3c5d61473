//! The Worker's `fetch`. The API is built for the first request of an isolate and then kept.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::FutureExt;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;
use worker::worker_sys::Context as JsContext;
use worker::{Context, Env};

use super::object_client::WorkerObjectClient;
use super::runtime::WorkerRuntime;
use super::{config, http};
use crate::api::{Api, Background, BodyStream};
use crate::config::{ConfigError, Placement};

thread_local! {
    /// All requests of an isolate have the same bindings. This holds nothing that cannot be built again;
    /// after a reset of the wasm instance, it is.
    static API: OnceCell<Rc<Api>> = const { OnceCell::new() };
}

/// Answers a request: with the response if it is known at once, and otherwise with a promise of it. A promise
/// costs the runtime 3 of the 78 µs that rejecting a token takes.
///
/// # Errors
/// When a binding is missing or the runtime rejects the response: such a deployment cannot work.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "JavaScript reaches it")]
pub fn fetch(
    request: web_sys::Request,
    env: Env,
    context: JsContext,
    responses: http::ResponseCache,
) -> Result<JsValue, JsValue> {
    let mut answer = Box::pin(answer(request, env, context, responses));
    match answer.as_mut().now_or_never() {
        Some(known) => known,
        None => Ok(future_to_promise(answer).into()),
    }
}

async fn answer(
    request: web_sys::Request,
    env: Env,
    context: JsContext,
    responses: http::ResponseCache,
) -> Result<JsValue, JsValue> {
    let api = match API.with(|api| api.get().cloned()) {
        Some(api) => api,
        None => first_request(&env)?,
    };
    let mut response = api.serve(http::read(&request).await).await;
    if let Some(work) = Background::take(&mut response) {
        Context::new(context).wait_until(work);
    }
    if let Some(pieces) = BodyStream::take(&mut response) {
        return Ok(http::write_pieces(&response, pieces)?.into());
    }
    Ok(http::write(&request, &response, &responses)?.into())
}

fn first_request(env: &Env) -> worker::Result<Rc<Api>> {
    let config = config(env);
    let placement = config.as_ref().map(|config| config.placement).unwrap_or_default();
    let (objects, config) = match WorkerObjectClient::new(env, placement) {
        Err(_) if placement.jurisdiction.is_some() => {
            let error =
                ConfigError { name: "JURISDICTION", expected: "none, since this runtime has no other" };
            (WorkerObjectClient::new(env, Placement::default())?, Err(error))
        }
        objects => (objects?, config),
    };
    let api = Rc::new(Api::new(config, Arc::new(objects), Arc::new(WorkerRuntime::new(env))));
    Ok(API.with(|cell| Rc::clone(cell.get_or_init(|| api))))
}
