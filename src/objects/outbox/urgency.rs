//! Which mail is sent first when not all can be: the one that should have been sent earliest.
//!
//! Urgency is a time, not a class. A mail that somebody is waiting for in front of a screen should be sent at
//! once, mail about an event before it is too late to join, and everything else within the hour. As time
//! passes, the least urgent mail becomes the most urgent one, so no mail waits for ever.

use crate::domain::Timestamp;
use crate::mail::{Mail, MailTemplate};

/// The schema step that orders mails by urgency, for every object that has an outbox.
pub const URGENCY: &str = "
    ALTER TABLE outbox ADD COLUMN leave_by INTEGER NOT NULL DEFAULT 0;
    UPDATE outbox SET leave_by = posted_at WHERE recipient IS NOT NULL;
    CREATE INDEX outbox_urgency ON outbox (leave_by, id, due_at) WHERE recipient IS NOT NULL;
";

const MINUTE_MS: i64 = 60_000;
/// How long before its start mail about an event should have been read: when joining opens.
const BEFORE_START_MS: i64 = 15 * MINUTE_MS;
/// A mail about an account goes before every reminder, which is useful for a quarter of an hour.
const ACCOUNT_MS: i64 = -BEFORE_START_MS;
/// The confirmation of a registration goes after the reminders of the last quarter of an hour.
const REGISTRATION_MS: i64 = BEFORE_START_MS;
/// Mail to all participants can wait for an hour.
const BULK_MS: i64 = 60 * MINUTE_MS;

impl Mail {
    /// When a mail posted at that time should be sent.
    #[must_use]
    pub fn leave_by(&self, posted_at: Timestamp) -> Timestamp {
        match &self.template {
            MailTemplate::ConfirmAddress { .. }
            | MailTemplate::ResetPassword { .. }
            | MailTemplate::PasswordChanged => posted_at.plus_ms(ACCOUNT_MS),
            MailTemplate::Registered { .. }
            | MailTemplate::Waitlisted { .. }
            | MailTemplate::SeatIsYours { .. }
            | MailTemplate::RegistrationCancelled { .. } => posted_at.plus_ms(REGISTRATION_MS),
            MailTemplate::EventChanged { event, .. }
            | MailTemplate::EventCancelled { event, .. }
            | MailTemplate::EventDeleted { event, .. }
            | MailTemplate::Reminder { event, .. } => {
                let in_time = event.schedule.starts_at().plus_ms(BEFORE_START_MS.saturating_neg());
                in_time.clamp(posted_at, posted_at.plus_ms(BULK_MS))
            }
        }
    }
}
