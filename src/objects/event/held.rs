//! What an Event object holds in memory.

use super::broadcast::Broadcast;
use crate::domain::event::{Details, Organizer, Status};
use crate::domain::roster::{Roster, Seat, Sizes};
use crate::domain::{EventId, Refusal, Timestamp, UserId};
use crate::objects::messages::catalog::Report;
use crate::objects::messages::event::Snapshot;
use crate::objects::sql::{Sql, SqlError};

/// Milliseconds after which changed seats are reported to the Catalog and the mails about them are sent.
pub const SEATS_REPORT_AFTER_MS: i64 = 1_000;
/// Milliseconds after which a report is repeated if its delivery was not confirmed.
pub(super) const REPORT_AGAIN_AFTER_MS: i64 = 2_000;
/// The outbox key of the report to the Catalog.
pub const REPORT_KEY: &str = "report";

/// One event; blank until it is created.
pub type Event = SizedEvent<{ Sizes::DEFAULT.complete_max }, { Sizes::DEFAULT.block_bits }>;

/// An event with these limits on what is kept in memory ([`Sizes`]). Tests use very small ones.
#[derive(Debug, Default)]
pub struct SizedEvent<const COMPLETE_MAX: u32, const BLOCK_BITS: u32> {
    pub(super) held: Option<Held>,
}

#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) id: EventId,
    pub(super) organizer: Organizer,
    pub(super) details: Details,
    pub(super) version: u64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) deleted: bool,
    pub(super) fingerprint: Option<String>,
    pub(super) roster: Roster,
    /// Numbers the beginnings and ends of registrations.
    pub(super) last_change: u64,
    /// The last change that the Catalog is known to have received.
    pub(super) told_change: u64,
    pub(super) reported: Reported,
    /// The version of the last change that participants must be told about.
    pub(super) revision: u64,
    /// Broadcasts that are still to be sent.
    pub(super) broadcasts: Vec<Broadcast>,
    /// Whether the operator has taken the event down.
    pub(super) taken_down: bool,
}

/// What the Catalog knows and will be told, as far as memory tells.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reported {
    pub(super) version: Option<u64>,
    pub(super) seats_due: Option<Timestamp>,
    /// Since when a change has been waiting to be reported.
    pub(super) waiting_since: Option<Timestamp>,
}

impl<const COMPLETE_MAX: u32, const BLOCK_BITS: u32> SizedEvent<COMPLETE_MAX, BLOCK_BITS> {
    pub(super) const SIZES: Sizes = Sizes { complete_max: COMPLETE_MAX, block_bits: BLOCK_BITS };

    /// Every registration in order of arrival with its position, for tests that compare memory with storage.
    /// What is not in memory is read.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn standing(&self, sql: &dyn Sql) -> Result<Vec<(Seat, Option<u32>)>, SqlError> {
        self.held.as_ref().map_or(Ok(Vec::new()), |held| held.standing(sql))
    }
}

impl Held {
    pub(super) fn snapshot(&self) -> Snapshot {
        let hidden = self.hidden();
        let details = self.details.clone();
        Snapshot {
            id: self.id,
            organizer: self.organizer.clone(),
            details: if hidden.is_some() { details.as_draft() } else { details },
            hidden,
            seats: self.roster.seats(&self.details),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    pub(super) fn report(&self, now: Timestamp) -> Report {
        let entry = (!self.deleted).then(|| {
            let snapshot = self.snapshot();
            Snapshot { details: snapshot.details.without_join_url(), ..snapshot }
        });
        let changed = self.reported.version != Some(self.version);
        let waited_ms = self.reported.waiting_since.map_or(0, |since| now.ms_since(since).max(0));
        Report {
            event: self.id,
            version: self.version,
            as_of: now,
            changed,
            entry,
            participations: Vec::new(),
            waited_ms,
        }
    }

    /// Refuses everybody except the organizer.
    pub(super) fn only_organizer(&self, by: UserId) -> Result<(), Refusal> {
        self.exists_for(by)?;
        if self.organizer.id == by { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    /// A draft exists only for its organizer, and so does an event that the operator hides.
    pub(super) fn exists_for(&self, user: UserId) -> Result<(), Refusal> {
        let hidden = self.details.status() == Status::Draft || self.hidden().is_some();
        if hidden && self.organizer.id != user { Err(Refusal::NotFound) } else { Ok(()) }
    }
}
