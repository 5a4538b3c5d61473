//! What handlers work with: the state that an isolate's requests share, and the facts about one request.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::{HeaderName, Uri};

use crate::api::shared::certificates::Certificates;
use crate::api::shared::last_check::LastCheck;
use crate::api::shared::ports::{ObjectClient, Runtime};
use crate::api::shared::session_cache::SessionCache;
use crate::auth::hash_queue::HashQueue;
use crate::auth::onetime;
use crate::cache::{Cache, Key, Lookup};
use crate::config::Config;
use crate::domain::ids::IdEntropy;
use crate::domain::{Timestamp, UserId};
use crate::metrics::{Metric, Subject};

/// The header with the request id, which people can quote and which the log contains.
pub(in crate::api) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Everything that the requests of one isolate share.
pub(in crate::api) struct App {
    pub(in crate::api) config: Config,
    pub(in crate::api) objects: Arc<dyn ObjectClient>,
    pub(in crate::api) runtime: Arc<dyn Runtime>,
    /// The password hashes that this isolate is computing.
    pub(in crate::api) hashes: Mutex<HashQueue>,
    cache: Mutex<Cache>,
    pub(in crate::api) sessions: SessionCache,
    pub(in crate::api) last_check: LastCheck,
    pub(in crate::api) certificates: Certificates,
    /// Whether `JURISDICTION` matches where the data lives, once that is known.
    pub(in crate::api) residence: OnceLock<bool>,
}

impl App {
    pub(in crate::api) fn new(
        config: Config,
        objects: Arc<dyn ObjectClient>,
        runtime: Arc<dyn Runtime>,
    ) -> Self {
        Self {
            config,
            objects,
            runtime,
            hashes: Mutex::default(),
            cache: Mutex::default(),
            sessions: SessionCache::default(),
            last_check: LastCheck::default(),
            certificates: Certificates::default(),
            residence: OnceLock::new(),
        }
    }

    /// Generates the random bits of a one-time token.
    pub(in crate::api) fn entropy(&self) -> onetime::Entropy {
        let mut entropy = onetime::Entropy::default();
        self.runtime.fill_random(&mut entropy);
        entropy
    }

    /// The base of links: the setting, or the origin that the client called.
    pub(in crate::api) fn base_url(&self, uri: &Uri) -> String {
        self.config.public_url.clone().unwrap_or_else(|| {
            let scheme = uri.scheme_str().unwrap_or("https");
            let authority = uri.authority().map_or("localhost", http::uri::Authority::as_str);
            format!("{scheme}://{authority}")
        })
    }

    /// Generates the random bits of an id.
    pub(in crate::api) fn id_entropy(&self) -> IdEntropy {
        let mut entropy = IdEntropy::default();
        self.runtime.fill_random(&mut entropy);
        entropy
    }

    /// Looks in the isolate's cache for a read that begins now.
    pub(in crate::api) fn look_up(&self, key: &Key, now: Timestamp) -> Lookup {
        let looked_up = self.cached(|cache| cache.look_up(key, now));
        if self.runtime.measures() {
            let hit = matches!(looked_up, Lookup::Fresh(..));
            let metric = if hit { Metric::LeaseHit } else { Metric::LeaseMiss };
            let subject = if matches!(key, Key::Event(_)) { Subject::Event } else { Subject::Catalog };
            self.runtime.measure(metric, subject, 1);
        }
        looked_up
    }

    /// Works on the isolate's cache, which is locked only meanwhile.
    pub(in crate::api) fn cached<T>(&self, work: impl FnOnce(&mut Cache) -> T) -> T {
        work(&mut self.cache.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The facts about a request beyond the request itself, and what the log learns about it on the way.
#[derive(Debug, Default)]
pub(in crate::api) struct RequestContext {
    /// Whether it was a HEAD, which is routed like the GET.
    pub(in crate::api) head: bool,
    /// The pattern that matched, not the path: paths contain people's ids.
    pub(in crate::api) route: OnceLock<&'static str>,
    /// The user, once a token has proved who they are.
    pub(in crate::api) user: OnceLock<UserId>,
    /// The request's id, in the answer and in the log.
    pub(in crate::api) request_id: String,
}
