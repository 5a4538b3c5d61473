//! Carries commands to Durable Objects: RPC with JSON, answered with JSON.

use send_wrapper::SendWrapper;
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use worker::{Env, ObjectNamespace};

use crate::api::ports::{BoxFuture, Hub, Unreachable};
use crate::domain::{AccountKey, EventId};
use crate::objects::{Answer, Envelope, account, catalog, event, mail_pacer};

#[wasm_bindgen(module = "/src/platform/glue.js")]
extern "C" {
    fn ask(namespace: &JsValue, name: &str, command: &str) -> js_sys::Promise;
    fn hold(namespace: &JsValue, name: &str) -> js_sys::Promise;
}

#[wasm_bindgen(module = "/src/platform/together.js")]
extern "C" {
    #[wasm_bindgen(js_name = "askTogether")]
    fn ask_together(namespace: &JsValue, name: &str, command: &str) -> js_sys::Promise;
}

type Ask = fn(&JsValue, &str, &str) -> js_sys::Promise;

/// The name of the one Catalog.
const CATALOG: &str = "catalog";
/// The name of the one pacer.
const MAIL_PACER: &str = "mail-pacer";

/// The namespaces of the objects.
pub(super) struct WorkerHub {
    accounts: ObjectNamespace,
    events: ObjectNamespace,
    catalog: ObjectNamespace,
    mail_pacer: Option<ObjectNamespace>,
}

impl WorkerHub {
    pub(super) fn new(env: &Env) -> worker::Result<Self> {
        Ok(Self {
            accounts: env.durable_object("ACCOUNTS")?,
            events: env.durable_object("EVENTS")?,
            catalog: env.durable_object("CATALOG")?,
            mail_pacer: env.durable_object("MAIL_PACER").ok(),
        })
    }
}

impl WorkerHub {
    /// Whether the mail of the deployment has a pacer.
    pub(super) const fn paces_mail(&self) -> bool {
        self.mail_pacer.is_some()
    }

    /// Asks the pacer, where one is bound.
    pub(super) fn mail_pacer(
        &self,
        command: mail_pacer::Command,
    ) -> Option<BoxFuture<'_, Result<Answer<mail_pacer::Reply>, Unreachable>>> {
        let namespace = self.mail_pacer.as_ref()?;
        Some(send(ask, namespace, MAIL_PACER.to_owned(), Envelope { command, have: None }))
    }

    /// Lets the Catalog drain its leases for a change that it will hear of. Nothing depends on
    /// it: a Catalog that has not heard drains when the change arrives.
    pub(super) fn hold_catalog(&self) -> impl Future<Output = ()> + 'static {
        let held = hold(self.catalog.as_ref(), CATALOG);
        async move {
            let _ = JsFuture::from(held).await;
        }
    }
}

impl Hub for WorkerHub {
    fn account<'a>(
        &'a self,
        key: &'a AccountKey,
        envelope: Envelope<account::Command>,
    ) -> BoxFuture<'a, Result<Answer<account::Reply>, Unreachable>> {
        send(ask, &self.accounts, key.as_str().to_owned(), envelope)
    }

    fn event(
        &self,
        id: EventId,
        envelope: Envelope<event::Command>,
    ) -> BoxFuture<'_, Result<Answer<event::Reply>, Unreachable>> {
        let ask = if envelope.command.comes_in_crowds() { ask_together } else { ask };
        send(ask, &self.events, id.to_string(), envelope)
    }

    fn catalog(
        &self,
        envelope: Envelope<catalog::Command>,
    ) -> BoxFuture<'_, Result<Answer<catalog::Reply>, Unreachable>> {
        send(ask, &self.catalog, CATALOG.to_owned(), envelope)
    }
}

fn send<'a, C, R>(
    ask: Ask,
    namespace: &'a ObjectNamespace,
    name: String,
    envelope: Envelope<C>,
) -> BoxFuture<'a, Result<Answer<R>, Unreachable>>
where
    C: Serialize + Send + 'a,
    R: DeserializeOwned + Send + 'a,
{
    Box::pin(async move {
        let body = serde_json::to_string(&envelope).map_err(|error| Unreachable(error.to_string()))?;
        let answer = post(ask, namespace, name, body).await?;
        serde_json::from_str(&answer).map_err(|error| Unreachable(error.to_string()))
    })
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
        let answer = JsFuture::from(asked)
            .await
            .map_err(|error| Unreachable(worker::Error::from(error).to_string()))?;
        answer.as_string().ok_or_else(|| Unreachable("an answer that is no text".to_owned()))
    }))
}
