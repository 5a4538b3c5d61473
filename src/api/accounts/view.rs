//! What clients see of users, sessions and security events. The contract is `docs/api.md`.

use serde::Serialize;

use crate::api::shared::view::{Id, Instant};
use crate::domain::account::Profile;
use crate::domain::{SessionId, UserId};
use crate::objects::messages::account::{SecurityEvent, SessionRecord};

#[derive(Serialize)]
pub(in crate::api) struct User<'a> {
    id: Id<UserId>,
    email: &'a str,
    name: Option<&'a str>,
    role: &'static str,
    email_verified: bool,
    created_at: Instant,
}

pub(in crate::api) fn user(profile: &Profile) -> User<'_> {
    User {
        id: Id(profile.id),
        email: profile.email.as_str(),
        name: profile.name.as_ref().map(crate::domain::account::Name::as_str),
        role: profile.role.as_str(),
        email_verified: profile.email_verified,
        created_at: Instant(profile.created_at),
    }
}

/// `{"user": …}`
#[derive(Serialize)]
pub(in crate::api) struct OneUser<'a> {
    pub(in crate::api) user: User<'a>,
}

/// A session, as its user sees it.
#[derive(Serialize)]
pub(in crate::api) struct SessionView {
    id: Id<SessionId>,
    created_at: Instant,
    expires_at: Instant,
    /// Whether it is the session of this request.
    current: bool,
}

pub(in crate::api) fn session(session: &SessionRecord, current: SessionId) -> SessionView {
    SessionView {
        id: Id(session.id),
        created_at: Instant(session.created_at),
        expires_at: Instant(session.expires_at),
        current: session.id == current,
    }
}

/// A security event of an account.
#[derive(Serialize)]
pub(in crate::api) struct SecurityView {
    at: Instant,
    kind: &'static str,
    times: u32,
}

pub(in crate::api) fn security_event(event: &SecurityEvent) -> SecurityView {
    SecurityView { at: Instant(event.at), kind: event.kind.as_str(), times: event.times }
}
