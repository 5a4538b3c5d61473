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
        /// The event that the user is about to register for: it belongs in the own list at once,
        /// before the event's report has reached the Catalog.
        #[serde(rename = "visiting")]
        registering_for: Option<EventId>,
        /// That it is for a change, and how many of these the session may make.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changes: Option<Rate>,
    },
    /// Spends a refresh token for the next one of its session: what all tokens of the session have
    /// in common, the one that was shown, and the one that follows it.
    Refresh(Digest, Digest, OneTimeToken),
    /// Marks the address as confirmed.
    VerifyEmail {
        /// Digest of the token from the mail.
        token: Digest,
    },
    /// Sends a mail to choose a new password with. Without an account nothing happens.
    ForgotPassword(Link),
    /// Whether a password can be reset with the token of this digest.
    ResetStands(Digest),
    /// Sets a new password, of which this is the hash, and ends every session.
    ResetPassword(Digest, Secret<String>),
    /// An order that takes a session which stands.
    By(Holder, Order),
    /// The events that the user has lately been about to register for.
    #[serde(rename = "visits")]
    RecentEvents,
    /// What the version before asks for in the place of [`Order::SetFeedKey`], while this one is
    /// being rolled out.
    SetFeedKey {
        /// Whose account it has to be.
        user: UserId,
        /// What is stored of the key.
        digest: Digest,
    },
    /// Mail to the address came back for good, or was called spam.
    MarkEmail {
        /// Which of the two.
        status: EmailStatus,
        /// When that was, as the provider says.
        at: Timestamp,
    },
    /// An operator says that the address may be written to again.
    LiftEmailMark,
    /// Whose feed this key opens.
    OpenFeed {
        /// What would be stored of it.
        digest: Digest,
    },
    /// What an operator asks.
    Admin(AdminOrder),
}

/// What the owner of an account orders from within a session. The hash that a password was compared
/// with and has matched stands for the password; `None` when it matched nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Ends the session.
    Logout,
    /// Sends another mail that confirms the address, unless it is confirmed.
    ResendVerification(Link),
    /// The hash to compare the password with, unless a pause is on.
    Challenge,
    /// Sets a new password, given its hash, and ends the other sessions.
    ChangePassword(Option<Secret<String>>, Secret<String>),
    /// Sets or takes away the name.
    Rename(Option<Name>),
    /// Everything that the account holds.
    Export,
    /// Another key for the calendar feed, of which this is stored; the one before it opens nothing
    /// any more.
    SetFeedKey(Digest),
    /// Erases the account.
    Delete(Option<Secret<String>>),
}

impl Order {
    /// Whether it counts as a change. What a password is proved for is counted when the proof begins;
    /// a session can always be ended.
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
    /// That the order counts as a change, and how many of these the session may make.
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
    /// Confirms the address when it comes back.
    pub verification: OneTimeToken,
    /// Where the mail sends its reader, with the token in it.
    pub verification_link: Secret<String>,
}

/// A one-time token on its way to a mailbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Link {
    /// What is stored of it.
    pub token: OneTimeToken,
    /// Where the mail sends its reader, with the token in it.
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
    /// The hash to compare with; none for an unknown address, which is nobody's business.
    Challenge(Option<Secret<String>>),
    /// The password was wrong, which was counted; this is what to say.
    Failed(Refusal),
    /// The account.
    Profile(Box<Profile>),
    /// The session goes on, and whose it is.
    Refreshed(SessionId, Box<Profile>),
    /// A refresh token was used a second time: somebody else has it, so its session has ended.
    Reused(UserId),
    /// Everything that the account holds.
    Record(Box<Record>),
    /// Events that the user has lately been about to register for.
    #[serde(rename = "visits")]
    RecentEvents(Vec<EventId>),
    /// Who it is.
    User(UserId),
    /// The account as an operator sees it.
    Overview(Box<Overview>),
    /// What an operator has asked of it as of any object.
    #[serde(rename = "upkeep")]
    Maintenance(MaintenanceReply),
}

/// Everything that an account holds about its user, but for what proves the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The user.
    pub profile: Profile,
    /// Sessions that stand, the oldest first.
    pub sessions: Vec<SessionRecord>,
    /// The latest of what has happened to the account, the oldest first.
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

/// Something that matters to the safety of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityEvent {
    /// When it happened; of several the last time.
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
    /// The kind as it is stored, exported and logged.
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

/// A question or an order of an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminOrder {
    /// What is known of the account.
    Look,
    /// Suspends it.
    Suspend,
    /// Takes the suspension back.
    Restore,
    /// What is asked of any object.
    #[serde(rename = "upkeep")]
    Maintenance(Maintenance),
}

/// An account as an operator sees it: no address and no name, which whoever looked it up knows.
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
    /// Sessions that stand.
    pub sessions: u32,
    /// Failed logins in a row.
    pub failed_logins: u32,
}
