//! Which mail leaves first when not all can: the one that should have left before the others.
//!
//! Urgency is an instant, not a class. What somebody waits for in front of a screen should leave at
//! once; news of an event before it is too late to join; all else within the hour. Since instants
//! pass, the least urgent mail becomes the most urgent one if it waits for long enough: nothing starves.

use crate::domain::Timestamp;
use crate::mail::{Mail, MailTemplate};

/// The step that lets mails be put in the order of their urgency, for every object that has an outbox.
pub const URGENCY: &str = "
    ALTER TABLE outbox ADD COLUMN leave_by INTEGER NOT NULL DEFAULT 0;
    UPDATE outbox SET leave_by = posted_at WHERE recipient IS NOT NULL;
    CREATE INDEX outbox_urgency ON outbox (leave_by, id, due_at) WHERE recipient IS NOT NULL;
";

const MINUTE_MS: i64 = 60_000;
/// An event's news should be read so long before its start, when joining opens.
const BEFORE_START_MS: i64 = 15 * MINUTE_MS;
/// A mail of an account goes before every reminder, which lives for a quarter of an hour.
const ACCOUNT_MS: i64 = -BEFORE_START_MS;
/// A registration is confirmed after the reminders of the last quarter of an hour.
const REGISTRATION_MS: i64 = BEFORE_START_MS;
/// What is told to everybody can wait for an hour.
const BULK_MS: i64 = 60 * MINUTE_MS;

impl Mail {
    /// When a mail that was posted then should leave.
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
