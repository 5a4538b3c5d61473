//! Who is asking.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Uri};

use super::asking::{self, unexpected};
use super::door::{App, Trace};
use super::problem::Problem;
use crate::auth::tokens::Bearer;
use crate::domain::account::{Profile, Role};
use crate::domain::{ClientKey, EventId, Rate, Refusal};
use crate::objects::{Envelope, Outcome, account};

/// Where the platform says who calls; it comes with what is no read. A client cannot set it there.
const CLIENT_ADDRESS: &str = "cf-connecting-ip";

/// A caller whose token is ours and in force. Whether the session still stands is for
/// [`Caller::profile`] to say, which asks the account.
pub(super) struct Caller(Bearer);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let caller = Self::of(&parts.headers, app).ok_or(Problem::unauthenticated())?;
        if let Some(trace) = parts.extensions.get::<Arc<Trace>>() {
            let _ = trace.user.set(caller.0.user);
        }
        Ok(caller)
    }
}

/// What a handler of accounts has at hand. One extractor for all of it: each extractor of each handler
/// is code of its own in the Worker.
pub(super) struct Asked {
    pub(super) app: Arc<App>,
    pub(super) trace: Arc<Trace>,
    pub(super) uri: Uri,
    pub(super) client: ClientKey,
}

impl FromRequestParts<Arc<App>> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        Ok(Self {
            app: Arc::clone(app),
            trace: parts.extensions.get::<Arc<Trace>>().cloned().unwrap_or_default(),
            uri: parts.uri.clone(),
            client: ClientKey::parse(parts.headers.get(CLIENT_ADDRESS).and_then(|value| value.to_str().ok())),
        })
    }
}

/// The same for a handler that needs a token.
pub(super) struct Signed {
    pub(super) asked: Asked,
    pub(super) caller: Caller,
}

impl FromRequestParts<Arc<App>> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        Ok(Self { asked: Asked::from_request_parts(parts, app).await?, caller })
    }
}

impl Caller {
    /// The caller named by the one `Authorization` header (RFC 6750 §2.1), if it holds.
    pub(super) fn of(headers: &HeaderMap, app: &App) -> Option<Self> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        let bearer = scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())?;
        app.config.keys.verify(bearer, app.runtime.now()).map(Self)
    }

    /// What the token says.
    pub(super) const fn bearer(&self) -> &Bearer {
        &self.0
    }

    /// The account behind the token, provided that the session stands.
    pub(super) async fn profile(&self, app: &App) -> Result<Profile, Problem> {
        self.authorized(app, None, None).await
    }

    /// The same for a change, of which a session may make so many.
    pub(super) async fn profile_for_change(&self, app: &App) -> Result<Profile, Problem> {
        self.authorized(app, None, Some(app.config.changes)).await
    }

    /// The same, noting that the caller is about to register for `event`.
    pub(super) async fn profile_visiting(&self, app: &App, event: EventId) -> Result<Profile, Problem> {
        self.authorized(app, Some(event), Some(app.config.changes)).await
    }

    async fn authorized(
        &self,
        app: &App,
        visiting: Option<EventId>,
        changes: Option<Rate>,
    ) -> Result<Profile, Problem> {
        let Bearer { user, account, session } = &self.0;
        let asked_at = app.runtime.now();
        let command = account::Command::Authorize { user: *user, session: *session, visiting, changes };
        let envelope = Envelope::new(command);
        match app.hub.account(account, envelope).await?.outcome {
            Outcome::Reply(account::Reply::Profile(profile)) => {
                app.confirmed.note(*session, asked_at);
                Ok(*profile)
            }
            Outcome::Refused(refusal) => {
                if refusal == Refusal::Unauthenticated {
                    app.confirmed.forget(*session);
                }
                Err(refusal.into())
            }
            _ => Err(unexpected()),
        }
    }

    /// Whether the session stands or did so moments ago: for reads that show their owner more.
    pub(super) async fn stands(&self, app: &App) -> Result<bool, Problem> {
        if app.confirmed.lately(self.0.session, app.runtime.now()) {
            return Ok(true);
        }
        match self.profile(app).await {
            Ok(_) => Ok(true),
            Err(problem) if problem.is_ours() => Err(problem),
            Err(_) => Ok(false),
        }
    }

    /// Gives an order to the caller's own account.
    pub(super) async fn order(&self, app: &App, order: account::Order) -> Result<account::Reply, Problem> {
        let changes = order.is_counted().then_some(app.config.changes);
        let holder = account::Holder { user: self.0.user, session: self.0.session, changes };
        asking::account(app, &self.0.account, account::Command::By(holder, order)).await
    }

    /// The account behind the token for a change, provided that it may organize events.
    pub(super) async fn organizer(&self, app: &App) -> Result<Profile, Problem> {
        let profile = self.profile_for_change(app).await?;
        if profile.role == Role::Organizer { Ok(profile) } else { Err(Problem::forbidden()) }
    }
}
