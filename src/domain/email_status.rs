//! Whether mail reaches an address and is welcome there.

use serde::{Deserialize, Serialize};

/// What is known about an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailStatus {
    /// No reason not to write to it.
    #[default]
    Ok,
    /// A mail came back permanently: the mailbox does not exist.
    Bounced,
    /// Its owner has marked a mail as spam.
    Complained,
}

impl EmailStatus {
    /// The status as the contract spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }

    /// Reads a status as the contract spells it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Ok, Self::Bounced, Self::Complained].into_iter().find(|status| status.as_str() == text)
    }

    /// Whether events may send mail to the address.
    #[must_use]
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub const fn is_ok(&self) -> bool {
        matches!(self, Self::Ok)
    }
}

/// Whether a counter is still zero. Such a counter is not written.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
pub(crate) const fn is_zero(changes: &u64) -> bool {
    *changes == 0
}
