//! What an Account object is asked and what it answers.

use serde::{Deserialize, Serialize};

use crate::domain::account::{Name, Profile, Role};
use crate::domain::{Email, EventId, Refusal, Secret, SessionId, Timestamp, UserId};

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
    },
    /// Whether the session stands, and who it belongs to.
    Authorize {
        /// Whom the token names.
        user: UserId,
        /// The session that the token belongs to.
        session: SessionId,
        /// The event that the user is about to register for: it belongs in the own list at once,
        /// before the event's report has reached the Catalog.
        visiting: Option<EventId>,
    },
    /// Marks the address as confirmed.
    VerifyEmail {
        /// Digest of the token from the mail.
        token: Digest,
    },
    /// The events that the user has lately been about to register for.
    Visits,
    /// Another key for the calendar feed; the one before it opens nothing any more.
    SetFeedKey {
        /// Whose account it has to be.
        user: UserId,
        /// What is stored of the key.
        digest: Digest,
    },
    /// Whose feed this key opens.
    OpenFeed {
        /// What would be stored of it.
        digest: Digest,
    },
}

/// SHA-256 of a one-time token, in base64url: tokens are stored like this alone.
pub type Digest = String;

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

/// A token that works once and not for ever.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OneTimeToken {
    /// What is stored of it.
    pub digest: Digest,
    /// When it stops working.
    pub expires_at: Timestamp,
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
    /// The login has failed, which was counted; this is what to say.
    Failed(Refusal),
    /// The account.
    Profile(Box<Profile>),
    /// Events that the user has lately been about to register for.
    Visits(Vec<EventId>),
    /// Who it is.
    User(UserId),
}
