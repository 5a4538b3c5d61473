//! Carries commands to Durable Objects: RPC with JSON, answered with JSON.

use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use worker::{Env, ObjectNamespace};

use crate::api::current_request;
use crate::api::ports::{BoxFuture, Hub, StorageOrder, StorageReply, Unreachable};
use crate::domain::{AccountKey, EventId};
use crate::objects::message::CommandId;
use crate::objects::upkeep::ObjectName;
use crate::objects::{Answer, Envelope, Object, account, catalog, event, request_id};

#[wasm_bindgen(module = "/src/platform/glue.js")]
extern "C" {
    fn ask(namespace: &JsValue, name: &str, command: &str) -> js_sys::Promise;
    fn hold(namespace: &JsValue, name: &str) -> js_sys::Promise;
    fn drains(namespace: &JsValue, name: &str) -> js_sys::Promise;
    fn manage(namespace: &JsValue, name: &str, order: &str) -> js_sys::Promise;
}

#[wasm_bindgen(module = "/src/platform/together.js")]
extern "C" {
    #[wasm_bindgen(js_name = "askTogether")]
    fn ask_together(namespace: &JsValue, name: &str, command: &str) -> js_sys::Promise;
}

type Ask = fn(&JsValue, &str, &str) -> js_sys::Promise;

/// The name of the one Catalog.
const CATALOG: &str = "catalog";

/// The namespaces of the three objects.
pub(super) struct WorkerHub {
    accounts: ObjectNamespace,
    events: ObjectNamespace,
    catalog: ObjectNamespace,
}

impl WorkerHub {
    pub(super) fn new(env: &Env) -> worker::Result<Self> {
        Ok(Self {
            accounts: env.durable_object("ACCOUNTS")?,
            events: env.durable_object("EVENTS")?,
            catalog: env.durable_object("CATALOG")?,
        })
    }
}

impl WorkerHub {
    /// Lets the Catalog drain its leases for a change that it will hear of. Nothing depends on
    /// it: a Catalog that has not heard drains when the change arrives.
    pub(super) fn hold_catalog(&self) -> impl Future<Output = ()> + 'static {
        let held = hold(self.catalog.as_ref(), CATALOG);
        async move {
            let _ = JsFuture::from(held).await;
        }
    }

    /// Whether the Catalog lets leases run out, as far as it says so.
    pub(super) fn catalog_drains(&self) -> impl Future<Output = bool> + 'static {
        let drains = drains(self.catalog.as_ref(), CATALOG);
        async move { JsFuture::from(drains).await.is_ok_and(|ms| ms.as_f64().is_some_and(|ms| ms > 0.0)) }
    }
}

impl Hub for WorkerHub {
    fn account<'a>(
        &'a self,
        key: &'a AccountKey,
        envelope: Envelope<account::Command>,
    ) -> BoxFuture<'a, Result<Answer<account::Reply>, Unreachable>> {
        send::<account::Account>(ask, &self.accounts, key.as_str().to_owned(), envelope)
    }

    fn event(
        &self,
        id: EventId,
        envelope: Envelope<event::Command>,
    ) -> BoxFuture<'_, Result<Answer<event::Reply>, Unreachable>> {
        let ask = if envelope.command.comes_in_crowds() { ask_together } else { ask };
        send::<event::Event>(ask, &self.events, id.to_string(), envelope)
    }

    fn catalog(
        &self,
        envelope: Envelope<catalog::Command>,
    ) -> BoxFuture<'_, Result<Answer<catalog::Reply>, Unreachable>> {
        send::<catalog::Catalog>(ask, &self.catalog, CATALOG.to_owned(), envelope)
    }

    fn manage<'a>(
        &'a self,
        object: &'a ObjectName,
        order: StorageOrder,
    ) -> BoxFuture<'a, Result<StorageReply, Unreachable>> {
        let namespace = match object {
            ObjectName::Account(_) => &self.accounts,
            ObjectName::Event(_) => &self.events,
            ObjectName::Catalog => &self.catalog,
        };
        Box::pin(async move {
            let order =
                serde_json::to_string(&order).map_err(|error| Unreachable::Failed(error.to_string()))?;
            let reply = post(manage, namespace, object.name(), order).await?;
            serde_json::from_str(&reply).map_err(|error| Unreachable::Failed(error.to_string()))
        })
    }
}

/// Sends a command to an object, with an id if it must not be done twice.
fn send<O: Object>(
    ask: Ask,
    namespace: &ObjectNamespace,
    name: String,
    envelope: Envelope<O::Command>,
) -> BoxFuture<'_, Result<Answer<O::Reply>, Unreachable>>
where
    O::Command: Send + 'static,
{
    Box::pin(async move {
        let id = O::remembers(&envelope.command).then(command_id).flatten();
        let envelope = Envelope { id, ..envelope };
        let body =
            serde_json::to_string(&envelope).map_err(|error| Unreachable::Failed(error.to_string()))?;
        let body = match current_request() {
            Some(request_id) => request_id::attach(&body, &request_id),
            None => body,
        };
        let answer = post(ask, namespace, name, body).await?;
        // What cannot be read was written by another version.
        serde_json::from_str(&answer).map_err(|error| Unreachable::ForNow(error.to_string()))
    })
}

fn command_id() -> Option<CommandId> {
    let mut entropy = [0; 16];
    getrandom::fill(&mut entropy).ok()?;
    Some(CommandId::new(u128::from_le_bytes(entropy)))
}

/// wasm has one thread: what JavaScript holds never leaves it.
fn post(
    ask: Ask,
    namespace: &ObjectNamespace,
    name: String,
    body: String,
) -> BoxFuture<'_, Result<String, Unreachable>> {
    Box::pin(SendWrapper::new(async move {
        let asked = ask(namespace.as_ref(), &name, &body);
        let answer = JsFuture::from(asked).await.map_err(failure)?;
        answer.as_string().ok_or_else(|| Unreachable::Failed("an answer that is no text".to_owned()))
    }))
}

/// What the runtime says of a call that has failed (`retry.js`).
fn failure(error: JsValue) -> Unreachable {
    let overloaded = js_sys::Reflect::get(&error, &JsValue::from_str("overloaded"));
    let overloaded = overloaded.is_ok_and(|overloaded| overloaded.is_truthy());
    let cause = worker::Error::from(error).to_string();
    if overloaded { Unreachable::ForNow(cause) } else { Unreachable::Failed(cause) }
}
