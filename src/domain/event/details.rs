//! What an organizer decides about an event.

use serde::{Deserialize, Serialize};

use super::fields::{Description, JoinUrl, Status, Tags, Title, Visibility};
use crate::domain::account::Name;
use crate::domain::ids::AccountKey;
use crate::domain::moderation::Suspension;
use crate::domain::schedule::Schedule;
use crate::domain::{FieldError, Refusal, Timestamp, UserId};

/// The user to whom an event belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organizer {
    /// The organizer's user id.
    pub id: UserId,
    /// The key of the organizer's account; `None` once it has been deleted.
    pub account: Option<AccountKey>,
    /// The organizer's name, as shown with the event.
    pub name: Option<Name>,
    /// How often the organizer had changed the name: of two names, the one with more changes is newer.
    #[serde(default)]
    pub name_changes: u64,
    /// Whether the operator has suspended the organizer's account, as far as the event knows.
    #[serde(default, skip_serializing_if = "Suspension::is_none")]
    pub suspension: Suspension,
}

/// Everything that an organizer decides about an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    pub(super) title: Option<Title>,
    pub(super) description: Description,
    pub(super) schedule: Schedule,
    pub(super) capacity: Option<u32>,
    pub(super) waitlist: bool,
    pub(super) status: Status,
    pub(super) visibility: Visibility,
    pub(super) registration: Window,
    pub(super) join_url: Option<JoinUrl>,
    pub(super) tags: Tags,
}

/// When registration is possible: from `opens_at` until just before `closes_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Window {
    /// No bound when `None`.
    pub opens_at: Option<Timestamp>,
    /// No bound when `None`.
    pub closes_at: Option<Timestamp>,
}

impl Window {
    /// Makes a window that does not end before it begins.
    ///
    /// # Errors
    /// `closes_before_opens`.
    pub fn new(opens_at: Option<Timestamp>, closes_at: Option<Timestamp>) -> Result<Self, FieldError> {
        if opens_at.zip(closes_at).is_some_and(|(opens, closes)| closes < opens) {
            return Err(FieldError::new(
                "registration_closes_at",
                "closes_before_opens",
                "Registration cannot close before it opens.",
            ));
        }
        Ok(Self { opens_at, closes_at })
    }

    /// Whether somebody may register now.
    ///
    /// # Errors
    /// [`Refusal::RegistrationNotOpen`] or [`Refusal::RegistrationClosed`].
    pub fn admit(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.opens_at.is_some_and(|opens| now < opens) {
            return Err(Refusal::RegistrationNotOpen);
        }
        if self.closes_at.is_some_and(|closes| now >= closes) {
            return Err(Refusal::RegistrationClosed);
        }
        Ok(())
    }
}

impl Details {
    /// The title that was set, or the description's first line.
    #[must_use]
    pub fn title(&self) -> String {
        self.title.as_ref().map_or_else(|| self.description.first_line(), |title| title.as_str().to_owned())
    }

    /// What the event is about.
    #[must_use]
    pub fn description(&self) -> &str {
        self.description.as_str()
    }

    /// When it takes place.
    #[must_use]
    pub const fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.schedule.ends_at()
    }

    /// The number of seats; no limit if `None`.
    #[must_use]
    pub const fn capacity(&self) -> Option<u32> {
        self.capacity
    }

    /// Whether people may wait for a seat once all are taken.
    #[must_use]
    pub const fn waitlist(&self) -> bool {
        self.waitlist
    }

    /// Whether the event is a draft, published or cancelled.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Who can find the event.
    #[must_use]
    pub const fn visibility(&self) -> Visibility {
        self.visibility
    }

    /// When registration is possible.
    #[must_use]
    pub const fn registration(&self) -> Window {
        self.registration
    }

    /// The link to join, if the organizer has set one.
    #[must_use]
    pub fn join_url(&self) -> Option<&str> {
        self.join_url.as_ref().map(JoinUrl::as_str)
    }

    /// The tags in the organizer's order.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        self.tags.as_slice()
    }

    /// The same without the join link, for copies that people without a seat may see.
    #[must_use]
    pub fn without_join_url(self) -> Self {
        Self { join_url: None, ..self }
    }

    /// The same as a draft, which only the organizer sees.
    #[must_use]
    pub fn as_draft(self) -> Self {
        Self { status: Status::Draft, ..self }
    }

    /// Whether the event belongs in the public list: published or cancelled, and not unlisted.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.visibility == Visibility::Public && self.status != Status::Draft
    }
}
