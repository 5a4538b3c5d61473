//! Who is asking.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Uri};

use crate::api::shared::context::{App, RequestContext};
use crate::api::shared::object_client::{self, unexpected};
use crate::api::shared::problem::Problem;
use crate::auth::tokens::Bearer;
use crate::domain::account::{Profile, Role};
use crate::domain::{ClientKey, EventId, Rate, Refusal};
use crate::objects::{Envelope, Outcome, account};

/// The platform's header with the client address, passed on for all requests but reads. Clients cannot set
/// it.
const CLIENT_ADDRESS: &str = "cf-connecting-ip";

/// A caller whose token is valid. [`Caller::profile`] asks the account whether the session still exists.
pub(in crate::api) struct Caller(Bearer);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let caller = Self::of(&parts.headers, app).ok_or(Problem::unauthenticated())?;
        if let Some(context) = parts.extensions.get::<Arc<RequestContext>>() {
            let _ = context.user.set(caller.0.user);
        }
        Ok(caller)
    }
}

/// What the handlers for accounts need, in one extractor: each extractor of each handler adds code to the
/// Worker.
pub(in crate::api) struct Asked {
    pub(in crate::api) app: Arc<App>,
    pub(in crate::api) context: Arc<RequestContext>,
    pub(in crate::api) uri: Uri,
    pub(in crate::api) client: ClientKey,
}

impl FromRequestParts<Arc<App>> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        Ok(Self {
            app: Arc::clone(app),
            context: parts.extensions.get::<Arc<RequestContext>>().cloned().unwrap_or_default(),
            uri: parts.uri.clone(),
            client: ClientKey::parse(parts.headers.get(CLIENT_ADDRESS).and_then(|value| value.to_str().ok())),
        })
    }
}

/// The same for a handler that needs a token.
pub(in crate::api) struct Signed {
    pub(in crate::api) asked: Asked,
    pub(in crate::api) caller: Caller,
}

impl FromRequestParts<Arc<App>> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        Ok(Self { asked: Asked::from_request_parts(parts, app).await?, caller })
    }
}

/// The token of the one `Authorization` header (RFC 6750 §2.1).
pub(in crate::api) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Caller {
    /// The caller named by the one `Authorization` header (RFC 6750 §2.1), if the token is valid.
    pub(in crate::api) fn of(headers: &HeaderMap, app: &App) -> Option<Self> {
        app.config.keys.verify(bearer(headers)?, app.runtime.now()).map(Self)
    }

    /// What the token says.
    pub(in crate::api) const fn bearer(&self) -> &Bearer {
        &self.0
    }

    /// The account of the token, if the session still exists.
    pub(in crate::api) async fn profile(&self, app: &App) -> Result<Profile, Problem> {
        self.authorized(app, None, None).await
    }

    /// The same for a change. A session may make only so many.
    pub(in crate::api) async fn profile_for_change(&self, app: &App) -> Result<Profile, Problem> {
        self.authorized(app, None, Some(app.config.changes)).await
    }

    /// The same, noting that the caller is about to register for `event`.
    pub(in crate::api) async fn profile_for_registration(
        &self,
        app: &App,
        event: EventId,
    ) -> Result<Profile, Problem> {
        self.authorized(app, Some(event), Some(app.config.changes)).await
    }

    async fn authorized(
        &self,
        app: &App,
        registering_for: Option<EventId>,
        changes: Option<Rate>,
    ) -> Result<Profile, Problem> {
        let Bearer { user, account, session } = &self.0;
        let asked_at = app.runtime.now();
        let command =
            account::Command::Authorize { user: *user, session: *session, registering_for, changes };
        let envelope = Envelope::new(command);
        match app.objects.account(account, envelope).await?.outcome {
            Outcome::Reply(account::Reply::Profile(profile)) => {
                app.sessions.note(*session, asked_at);
                Ok(*profile)
            }
            Outcome::Refused(refusal) => {
                if refusal == Refusal::Unauthenticated {
                    app.sessions.forget(*session);
                }
                Err(refusal.into())
            }
            _ => Err(unexpected()),
        }
    }

    /// Whether the session exists or did moments ago: for reads that show their owner more.
    pub(in crate::api) async fn stands(&self, app: &App) -> Result<bool, Problem> {
        if app.sessions.lately(self.0.session, app.runtime.now()) {
            return Ok(true);
        }
        match self.profile(app).await {
            Ok(_) => Ok(true),
            Err(problem) if problem.is_ours() => Err(problem),
            Err(_) => Ok(false),
        }
    }

    /// The events that the caller recently began to register for. The Catalog may not know of them yet.
    pub(in crate::api) async fn recent_events(&self, app: &App) -> Result<Vec<EventId>, Problem> {
        match object_client::account(app, &self.0.account, account::Command::RecentEvents).await? {
            account::Reply::RecentEvents(events) => Ok(events),
            _ => Err(unexpected()),
        }
    }

    /// Sends a command to the caller's own account.
    pub(in crate::api) async fn order(
        &self,
        app: &App,
        order: account::Order,
    ) -> Result<account::Reply, Problem> {
        let changes = order.is_counted().then_some(app.config.changes);
        let holder = account::Holder { user: self.0.user, session: self.0.session, changes };
        object_client::account(app, &self.0.account, account::Command::By(holder, order)).await
    }

    /// The account of the token, for a change, if it may organize events.
    pub(in crate::api) async fn organizer(&self, app: &App) -> Result<Profile, Problem> {
        let profile = self.profile_for_change(app).await?;
        if profile.role == Role::Organizer { Ok(profile) } else { Err(Problem::forbidden()) }
    }
}
