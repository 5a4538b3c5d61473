//! What an Account object is asked and what it answers.

use serde::{Deserialize, Serialize};

use super::maintenance::{Maintenance, MaintenanceReply};
pub use crate::auth::onetime::{Digest, OneTimeToken};
use crate::domain::account::{Name, Profile, Role};
use crate::domain::{Email, EmailStatus, EventId, Rate, Refusal, Secret, SessionId, Timestamp, UserId};

/// A question or an order for an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Whether the address has an account.
    Exists,
    /// Makes the account, unless there is one.
    SignUp(Box<SignUp>),
    /// The hash to compare a password with, unless a pause is on.
    BeginLogin,
    /// How the comparison ended; begins a session if the password was right.
    FinishLogin {
        /// The hash that the password matched; `None` when it matched nothing.
        matched: Option<Secret<String>>,
        /// The session to begin.
        session: NewSession,
        /// A hash of the same password that is harder to compute than the one on file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stronger: Option<Secret<String>>,
    },
    /// Whether the session stands, and who it belongs to.
    Authorize {
        /// Whom the token names.
        user: UserId,
        /// The session that the token belongs to.
        session: SessionId,
        /// The event that the user is about to register for. It goes into the user's own list at once, before
        /// the event's report reaches the Catalog.
        #[serde(rename = "visiting")]
        registering_for: Option<EventId>,
        /// Set if this is for a change: how many changes the session may make.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changes: Option<Rate>,
    },
    /// Exchanges a refresh token for the next one of its session. The fields are what all tokens of the
    /// session share, the token that was shown, and its successor.
    Refresh(Digest, Digest, OneTimeToken),
    /// Marks the address as confirmed.
    VerifyEmail {
        /// Digest of the token from the mail.
        token: Digest,
    },
    /// Whether the token with this digest can confirm the address.
    VerificationStands(Digest),
    /// Sends a mail with a link to choose a new password. Does nothing without an account.
    ForgotPassword(Link),
    /// Whether the token with this digest can reset a password.
    ResetStands(Digest),
    /// Sets a new password, given its hash, and ends every session.
    ResetPassword(Digest, Secret<String>),
    /// An order from within a valid session.
    By(Holder, Order),
    /// The events that the user has lately been about to register for.
    #[serde(rename = "visits")]
    RecentEvents,
    /// What the previous version sends instead of [`Order::SetFeedKey`], during a rollout.
    SetFeedKey {
        /// Whose account it must be.
        user: UserId,
        /// The digest of the key.
        digest: Digest,
    },
    /// Mail to the address bounced permanently or was reported as spam.
    MarkEmail {
        /// Which of the two.
        status: EmailStatus,
        /// When that happened, according to the provider.
        at: Timestamp,
    },
    /// An operator says that mail may be sent to the address again.
    LiftEmailMark,
    /// The event that belongs to an `Idempotency-Key`: `event`, unless the key was used before.
    EventOfKey {
        /// Whose key it is.
        user: UserId,
        /// The digest of the key.
        key: Digest,
        /// The id for the event if the key is new.
        event: EventId,
    },
    /// Whose feed this key opens.
    OpenFeed {
        /// The digest of the key.
        digest: Digest,
    },
    /// A request from an operator.
    Admin(AdminOrder),
}

/// What the owner of an account orders from within a session. An order that needs a password carries the
/// stored hash that the password matched, or `None` if it matched none.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Ends the session.
    Logout,
    /// Sends the confirmation mail again, unless the address is confirmed.
    ResendVerification(Link),
    /// The hash to compare the password with, unless a pause is on.
    Challenge,
    /// Sets a new password, given its hash, and ends the other sessions.
    ChangePassword(Option<Secret<String>>, Secret<String>),
    /// Sets or removes the name.
    Rename(Option<Name>),
    /// Everything that the account holds.
    Export,
    /// Replaces the key of the calendar feed; this is the new digest. The old key stops working.
    SetFeedKey(Digest),
    /// Erases the account.
    Delete(Option<Secret<String>>),
}

impl Order {
    /// Whether the order counts as a change. An order that needs a password is counted when the password
    /// check begins. Ending a session is always allowed.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        match self {
            Self::ResendVerification(_) | Self::Challenge | Self::Rename(_) | Self::SetFeedKey(_) => true,
            Self::Logout | Self::ChangePassword(..) | Self::Export | Self::Delete(_) => false,
        }
    }
}

/// Who asks, by an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Whom the token names.
    pub user: UserId,
    /// The session that it belongs to.
    pub session: SessionId,
    /// Set if the order counts as a change: how many changes the session may make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Rate>,
}

/// A new account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are those of the contract")]
pub struct SignUp {
    pub id: UserId,
    pub email: Email,
    pub name: Option<Name>,
    pub role: Role,
    pub password_hash: Secret<String>,
    /// The token that confirms the address.
    pub verification: OneTimeToken,
    /// The link in the mail, including the token.
    pub verification_link: Secret<String>,
}

/// A one-time token on its way to a mailbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Link {
    /// What is stored of the token.
    pub token: OneTimeToken,
    /// The link in the mail, including the token.
    pub url: Secret<String>,
}

/// A session about to begin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewSession {
    /// Its id, which every token of the session carries.
    pub id: SessionId,
    /// The refresh token that extends it.
    pub refresh: OneTimeToken,
}

/// What an account answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It is done.
    Done,
    /// Whether the address has an account.
    Exists(bool),
    /// The hash to compare with; `None` for an unknown address, which the answer must not reveal.
    Challenge(Option<Secret<String>>),
    /// The password was wrong and the failure was counted. This is the refusal to return.
    Failed(Refusal),
    /// The account.
    Profile(Box<Profile>),
    /// The session continues: its id and its owner.
    Refreshed(SessionId, Box<Profile>),
    /// A refresh token was used a second time. Somebody else has it, so its session has ended.
    Reused(UserId),
    /// The event that belongs to an `Idempotency-Key`.
    EventOfKey(EventId),
    /// Everything that the account holds.
    Record(Box<Record>),
    /// Events that the user has lately been about to register for.
    #[serde(rename = "visits")]
    RecentEvents(Vec<EventId>),
    /// The owner.
    User(UserId),
    /// The account as an operator sees it.
    Overview(Box<Overview>),
    /// The answer to a request that every object understands.
    #[serde(rename = "upkeep")]
    Maintenance(MaintenanceReply),
}

/// Everything that an account holds about its user, except what proves the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The user.
    pub profile: Profile,
    /// Active sessions, oldest first.
    pub sessions: Vec<SessionRecord>,
    /// The latest security events, oldest first.
    pub security_events: Vec<SecurityEvent>,
    /// Failed logins in a row.
    pub failures: u32,
}

/// A session as its user may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Its id.
    pub id: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends, unless it is refreshed.
    pub expires_at: Timestamp,
}

/// Something that matters to the security of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityEvent {
    /// When it happened; for repeated events, the last time.
    pub at: Timestamp,
    /// What happened.
    pub kind: SecurityEventKind,
    /// How often in a row.
    pub times: u32,
}

/// What can happen to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum SecurityEventKind {
    SignUp,
    Login,
    LoginFailed,
    Logout,
    RefreshReused,
    EmailVerified,
    PasswordForgotten,
    PasswordReset,
    PasswordChanged,
    Suspended,
    Restored,
    Deleted,
}

impl SecurityEventKind {
    /// The name of the kind in storage, exports and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Login => "login",
            Self::LoginFailed => "login_failed",
            Self::Logout => "logout",
            Self::RefreshReused => "refresh_reused",
            Self::EmailVerified => "email_verified",
            Self::PasswordForgotten => "password_forgotten",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::Suspended => "suspended",
            Self::Restored => "restored",
            Self::Deleted => "deleted",
        }
    }
}

/// A question or an order from an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminOrder {
    /// What is known about the account.
    Look,
    /// Suspends it.
    Suspend,
    /// Lifts the suspension.
    Restore,
    /// A request that every object understands.
    #[serde(rename = "upkeep")]
    Maintenance(Maintenance),
}

/// An account as an operator sees it. It has no address and no name: whoever looked it up knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// The user's id.
    pub user: UserId,
    /// What the account may do.
    pub role: Role,
    /// Whether the address has been confirmed.
    pub email_verified: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Whether it is suspended.
    pub suspended: bool,
    /// Active sessions.
    pub sessions: u32,
    /// Failed logins in a row.
    pub failed_logins: u32,
}
