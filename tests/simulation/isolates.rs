//! Isolates that answer reads of an event from a copy for as long as its lease lasts.

use std::collections::BTreeMap;

use event_platform::domain::{EventId, Timestamp};
use event_platform::objects::event::Reply;
use event_platform::objects::{Answer, Outcome, Stamp};

use crate::model::Broken;

const ISOLATES: usize = 3;

/// The copies of each isolate, and what has been acknowledged to organizers.
#[derive(Default)]
pub(crate) struct Isolates {
    copies: [BTreeMap<EventId, Copy>; ISOLATES],
    acknowledged: BTreeMap<EventId, u64>,
}

#[derive(Debug, Clone)]
struct Copy {
    stamp: Stamp,
    version: u64,
    until: Timestamp,
}

impl Isolates {
    /// What an isolate knows already.
    pub(crate) fn have(&self, isolate: usize, event: EventId) -> Option<Stamp> {
        self.copies[isolate % ISOLATES].get(&event).map(|copy| copy.stamp)
    }

    /// An isolate hears what it asked at `asked_at`.
    pub(crate) fn heard(
        &mut self,
        isolate: usize,
        event: EventId,
        asked_at: Timestamp,
        answer: &Answer<Reply>,
    ) {
        let copies = &mut self.copies[isolate % ISOLATES];
        let until = asked_at.plus_ms(i64::from(answer.lease_ms));
        match (&answer.outcome, copies.get_mut(&event)) {
            (Outcome::Reply(Reply::Event(snapshot)), _) => {
                copies.insert(event, Copy { stamp: answer.stamp, version: snapshot.version, until });
            }
            (Outcome::Unchanged, Some(copy)) if copy.stamp == answer.stamp => {
                copy.until = copy.until.max(until);
            }
            (Outcome::Unchanged, _) => {}
            _ => {
                copies.remove(&event);
            }
        }
    }

    /// An organizer has heard that the event is at this version now, or gone.
    pub(crate) fn acknowledged(&mut self, event: EventId, version: u64) {
        let newest = self.acknowledged.entry(event).or_default();
        *newest = version.max(*newest);
    }

    /// No copy that may be shown now is older than what was acknowledged.
    pub(crate) fn none_is_stale(&self, now: Timestamp) -> Result<(), Broken> {
        for (event, copy) in self.copies.iter().flatten().filter(|(_, copy)| now < copy.until) {
            let acknowledged = self.acknowledged.get(event).copied().unwrap_or_default();
            if copy.version < acknowledged {
                return Err(format!(
                    "{event:?} is shown as {copy:?}, version {acknowledged} was acknowledged"
                ));
            }
        }
        Ok(())
    }
}
