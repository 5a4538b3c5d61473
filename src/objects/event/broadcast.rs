//! What all participants are to be told, and how far that has got.

use crate::domain::Timestamp;

/// The kind of broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Changed,
    Ended,
    ReminderDay,
    ReminderQuarter,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Changed, Self::Ended, Self::ReminderDay, Self::ReminderQuarter];

    /// The name in storage; the keys of the reminders begin with it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Ended => "ended",
            Self::ReminderDay => "reminder_day",
            Self::ReminderQuarter => "reminder_quarter",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A mail to all participants that is still to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broadcast {
    pub(super) kind: Kind,
    pub(super) due_at: Timestamp,
    /// How far it has got in the order of arrival.
    pub(super) after_seq: i64,
}
