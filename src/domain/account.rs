//! A user's account: role, name, and what the account's owner sees of it.

use serde::{Deserialize, Serialize};

use super::email_status::is_zero;
use super::{Email, EmailStatus, FieldError, Timestamp, UserId, limits, text};

/// What an account may do. It is chosen at sign-up and cannot be changed by a later request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Creates events, and registers for other people's.
    Organizer,
    /// Registers for events.
    #[default]
    Attendee,
}

impl Role {
    /// Reads a role as the contract spells it.
    ///
    /// # Errors
    /// `unknown_role` for anything that nobody can choose, including `admin`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        match text {
            "organizer" => Ok(Self::Organizer),
            "attendee" => Ok(Self::Attendee),
            _ => Err(FieldError::new("role", "unknown_role", "Choose organizer or attendee.")),
        }
    }

    /// The role as the contract spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organizer => "organizer",
            Self::Attendee => "attendee",
        }
    }
}

/// A person's name: 1 to 100 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// Reads a name as a person typed it. Leading and trailing white space does not count.
    ///
    /// # Errors
    /// `blank`, `too_long` or `invalid_characters`.
    pub fn parse(typed: &str) -> Result<Self, FieldError> {
        let name = typed.trim();
        if text::is_blank(name) {
            return Err(FieldError::new("name", "blank", "Give a name, or leave the field out."));
        }
        if name.chars().count() > limits::NAME_MAX_CHARS {
            return Err(FieldError::new("name", "too_long", "Use at most 100 characters."));
        }
        if !text::is_one_line(name) {
            return Err(FieldError::new("name", "invalid_characters", text::ONE_LINE));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An account as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The user's id. A later account with the same address has another id.
    pub id: UserId,
    /// The address. It also names the Account object.
    pub email: Email,
    /// The name that the user has given, if any.
    pub name: Option<Name>,
    /// What the account may do.
    pub role: Role,
    /// Whether the user has confirmed the address with the link that was sent to it.
    pub email_verified: bool,
    /// When the account was created.
    pub created_at: Timestamp,
    /// How often the name was changed. It tells an older name from a newer one.
    #[serde(default)]
    pub name_changes: u64,
    /// Whether mail reaches the address.
    #[serde(default, skip_serializing_if = "EmailStatus::is_ok")]
    pub email_status: EmailStatus,
    /// How often that has changed. It tells an older status from a newer one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub email_status_changes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_choose_to_be_an_administrator() {
        for text in ["admin", "Organizer", ""] {
            assert!(Role::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_name_is_one_trimmed_line() {
        assert_eq!(Name::parse("  Ada Lovelace ").unwrap().as_str(), "Ada Lovelace");
        for text in ["", "   ", "Ada\r\nBcc: eve@example.com", &"x".repeat(101)] {
            assert!(Name::parse(text).is_err(), "{text:?}");
        }
    }
}
