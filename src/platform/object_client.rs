//! Sends commands to Durable Objects over RPC, in JSON both ways.

use std::cell::Cell;

use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use worker::Env;

use crate::api::current_request;
use crate::api::ports::{BoxFuture, ObjectClient, StorageOrder, StorageReply, Unreachable};
use crate::config::Placement;
use crate::domain::{AccountKey, EventId, Residence};
use crate::objects::messages::envelope::CommandId;
use crate::objects::messages::maintenance::ObjectName;
use crate::objects::{Answer, Envelope, Object, Outcome, account, catalog, event, mail_pacer, request_id};

#[wasm_bindgen(module = "/src/platform/bindings.js")]
extern "C" {
    fn ask(namespace: &JsValue, name: &str, location: Option<&str>, command: &str) -> js_sys::Promise;
    fn hold(namespace: &JsValue, name: &str, location: Option<&str>) -> js_sys::Promise;
    fn drains(namespace: &JsValue, name: &str, location: Option<&str>) -> js_sys::Promise;
    fn manage(namespace: &JsValue, name: &str, location: Option<&str>, order: &str) -> js_sys::Promise;

    /// Fails if the runtime knows no jurisdictions, like workerd on its own.
    #[wasm_bindgen(catch)]
    fn within(namespace: &JsValue, jurisdiction: &str) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen(module = "/src/platform/coalescing.js")]
extern "C" {
    #[wasm_bindgen(js_name = "askCoalesced")]
    fn ask_coalesced(
        namespace: &JsValue,
        name: &str,
        location: Option<&str>,
        command: &str,
    ) -> js_sys::Promise;
}

type Ask = fn(&JsValue, &str, Option<&str>, &str) -> js_sys::Promise;

/// The name of the one Catalog.
const CATALOG: &str = "catalog";
/// The name of the one pacer.
const MAIL_PACER: &str = "mail-pacer";

thread_local! {
    /// Whether the data lives where this deployment looks for it, as far as the isolate's objects know.
    static AT_HOME: Cell<Option<bool>> = const { Cell::new(None) };
}

/// The namespaces of the objects.
pub(super) struct WorkerObjectClient {
    accounts: Namespace,
    events: Namespace,
    catalog: Namespace,
    mail_pacer: Option<Namespace>,
    /// The Catalog's namespace outside any jurisdiction.
    registry: Namespace,
    placement: Placement,
}

/// Objects of one class. wasm has one thread, so JavaScript values never leave it.
struct Namespace {
    namespace: SendWrapper<JsValue>,
    location: Option<&'static str>,
}

impl WorkerObjectClient {
    /// Looks up the namespaces.
    ///
    /// # Errors
    /// When one is not bound, or the runtime does not know the jurisdiction.
    pub(super) fn new(env: &Env, placement: Placement) -> worker::Result<Self> {
        let bound = |binding: &str, location| {
            let namespace = SendWrapper::new(env.durable_object(binding)?.as_ref().clone());
            Ok::<_, worker::Error>(Namespace { namespace, location })
        };
        let placed = |binding: &str, location| {
            let bound = bound(binding, location)?;
            let Some(jurisdiction) = placement.jurisdiction else { return Ok(bound) };
            let namespace = SendWrapper::new(within(&bound.namespace, jurisdiction.as_str())?);
            Ok::<_, worker::Error>(Namespace { namespace, location })
        };
        Ok(Self {
            accounts: placed("ACCOUNTS", None)?,
            events: placed("EVENTS", None)?,
            catalog: placed("CATALOG", placement.catalog_location)?,
            mail_pacer: placed("MAIL_PACER", placement.catalog_location).ok(),
            registry: bound("CATALOG", placement.catalog_location)?,
            placement,
        })
    }

    /// Whether messages to other objects would arrive where the data lives. They would not if the
    /// deployment's jurisdiction was changed; then they must wait. Isolates check this for themselves
    /// (`api/shared/residence.rs`).
    pub(super) async fn is_at_home(&self) -> bool {
        if let Some(known) = AT_HOME.get() {
            return known;
        }
        let asked = self.registry(Envelope::new(catalog::Command::Residence)).await;
        let residence = match asked {
            Ok(Answer { outcome: Outcome::Reply(catalog::Reply::Residence(residence)), .. }) => residence,
            Err(error) if error.does_not_know_the_command() => Residence::Anywhere,
            _ => return false,
        };
        let known = residence.admits(self.placement.jurisdiction);
        AT_HOME.set(known);
        known.unwrap_or(self.placement.jurisdiction.is_none())
    }

    /// Whether this deployment paces its mail.
    pub(super) const fn paces_mail(&self) -> bool {
        self.mail_pacer.is_some()
    }

    /// Asks the pacer, if one is bound.
    pub(super) fn mail_pacer(
        &self,
        command: mail_pacer::Command,
    ) -> Option<BoxFuture<'_, Result<Answer<mail_pacer::Reply>, Unreachable>>> {
        let namespace = self.mail_pacer.as_ref()?;
        Some(send::<mail_pacer::MailPacer>(ask, namespace, MAIL_PACER.to_owned(), Envelope::new(command)))
    }

    /// Asks the Catalog to drain its leases before it gets the report of a change. This is optional: if the
    /// call is lost, the Catalog drains when the change arrives.
    pub(super) fn hold_catalog(&self) -> impl Future<Output = ()> + 'static {
        let held = hold(&self.catalog.namespace, CATALOG, self.catalog.location);
        async move {
            let _ = JsFuture::from(held).await;
        }
    }

    /// Whether the Catalog says that it is draining its leases.
    pub(super) fn catalog_drains(&self) -> impl Future<Output = bool> + 'static {
        let drains = drains(&self.catalog.namespace, CATALOG, self.catalog.location);
        async move { JsFuture::from(drains).await.is_ok_and(|ms| ms.as_f64().is_some_and(|ms| ms > 0.0)) }
    }
}

impl ObjectClient for WorkerObjectClient {
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
        let ask = if envelope.command.comes_in_crowds() { ask_coalesced } else { ask };
        send::<event::Event>(ask, &self.events, id.to_string(), envelope)
    }

    fn catalog(
        &self,
        envelope: Envelope<catalog::Command>,
    ) -> BoxFuture<'_, Result<Answer<catalog::Reply>, Unreachable>> {
        send::<catalog::Catalog>(ask, &self.catalog, CATALOG.to_owned(), envelope)
    }

    fn registry(
        &self,
        envelope: Envelope<catalog::Command>,
    ) -> BoxFuture<'_, Result<Answer<catalog::Reply>, Unreachable>> {
        send::<catalog::Catalog>(ask, &self.registry, CATALOG.to_owned(), envelope)
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
            crate::json::from_str(&reply).map_err(|error| Unreachable::Failed(error.to_string()))
        })
    }
}

/// Sends a command to an object, with an id if it must not run twice.
fn send<O: Object>(
    ask: Ask,
    to: &Namespace,
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
        let answer = post(ask, to, name, body).await?;
        // An unreadable answer comes from another version.
        crate::json::from_str(&answer).map_err(|error| Unreachable::ForNow(error.to_string()))
    })
}

fn command_id() -> Option<CommandId> {
    let mut entropy = [0; 16];
    getrandom::fill(&mut entropy).ok()?;
    Some(CommandId::new(u128::from_le_bytes(entropy)))
}

/// wasm has one thread, so JavaScript values never leave it.
fn post(ask: Ask, to: &Namespace, name: String, body: String) -> BoxFuture<'_, Result<String, Unreachable>> {
    Box::pin(SendWrapper::new(async move {
        let asked = ask(&to.namespace, &name, to.location, &body);
        let answer = JsFuture::from(asked).await.map_err(failure)?;
        answer.as_string().ok_or_else(|| Unreachable::Failed("an answer that is no text".to_owned()))
    }))
}

/// Interprets the runtime's error after a failed call (`retry.js`).
fn failure(error: JsValue) -> Unreachable {
    let overloaded = js_sys::Reflect::get(&error, &JsValue::from_str("overloaded"));
    let overloaded = overloaded.is_ok_and(|overloaded| overloaded.is_truthy());
    let cause = worker::Error::from(error).to_string();
    if overloaded { Unreachable::ForNow(cause) } else { Unreachable::Failed(cause) }
}
