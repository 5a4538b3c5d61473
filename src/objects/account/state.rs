//! What an Account object holds in memory.

use std::collections::VecDeque;

use super::address_status::AddressStatus;
use crate::domain::account::Profile;
use crate::domain::guard::LoginGuard;
use crate::domain::moderation::Suspension;
use crate::domain::{EventId, Secret, SessionId, Timestamp, TokenBucket};

/// One address and what is known about it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub(super) owner: Option<Owner>,
    pub(super) guard: LoginGuard,
    pub(super) address: AddressStatus,
    pub(super) sessions: Vec<Session>,
    /// Events that the user has lately been about to register for. Only in memory: the Catalog learns of
    /// registrations within a second or two, and this bridges the time until then.
    pub(super) recent_events: VecDeque<EventId>,
    /// Whether the operator has suspended the account.
    pub(super) suspension: Suspension,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) profile: Profile,
    pub(super) password_hash: Secret<String>,
    /// The weaker hash of the same password that was just replaced. Logins in progress have been compared
    /// with it. Only in memory.
    pub(super) replaced_hash: Option<Secret<String>>,
}

impl Owner {
    pub(super) const fn new(profile: Profile, password_hash: Secret<String>) -> Self {
        Self { profile, password_hash, replaced_hash: None }
    }

    /// Whether the password was compared with the stored hash and matched.
    pub(super) fn is_proved_by(&self, matched: Option<&Secret<String>>) -> bool {
        matched.is_some_and(|hash| *hash == self.password_hash || self.replaced_hash.as_ref() == Some(hash))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
    /// How many changes it may still make. Only in memory: after a restart the bucket is full.
    pub(super) changes: TokenBucket,
}
