//! Where the data of a deployment is stored. This is decided once.

use serde::{Deserialize, Serialize};

/// A jurisdiction that all objects of a deployment stay within.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Jurisdiction {
    /// The European Union.
    Eu,
    /// Data centres that meet FedRAMP.
    Fedramp,
}

impl Jurisdiction {
    /// Reads a jurisdiction as the setting and the platform spell it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Eu, Self::Fedramp].into_iter().find(|known| known.as_str() == text)
    }

    /// The jurisdiction as the setting and the platform spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eu => "eu",
            Self::Fedramp => "fedramp",
        }
    }
}

/// What is known about where the data is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Residence {
    /// There is no data yet.
    Undecided,
    /// Outside any jurisdiction.
    Anywhere,
    /// Within this one.
    Within(Jurisdiction),
}

impl From<Option<Jurisdiction>> for Residence {
    fn from(jurisdiction: Option<Jurisdiction>) -> Self {
        jurisdiction.map_or(Self::Anywhere, Self::Within)
    }
}

impl Residence {
    /// Whether a deployment with this setting finds its data; `None` while that is undecided.
    #[must_use]
    pub fn admits(self, setting: Option<Jurisdiction>) -> Option<bool> {
        (self != Self::Undecided).then(|| self == setting.into())
    }

    /// The value that the setting must have.
    #[must_use]
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Undecided | Self::Anywhere => "none",
            Self::Within(jurisdiction) => jurisdiction.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_found_where_it_was_put_and_nowhere_else() {
        let settings = [None, Some(Jurisdiction::Eu), Some(Jurisdiction::Fedramp)];
        for there in settings {
            for setting in settings {
                assert_eq!(Residence::from(there).admits(setting), Some(there == setting));
            }
        }
        assert_eq!(Residence::Undecided.admits(Some(Jurisdiction::Eu)), None);
    }

    #[test]
    fn names_are_those_of_the_platform() {
        for jurisdiction in [Jurisdiction::Eu, Jurisdiction::Fedramp] {
            assert_eq!(Jurisdiction::parse(jurisdiction.as_str()), Some(jurisdiction));
            assert_eq!(Residence::Within(jurisdiction).setting(), jurisdiction.as_str());
        }
        assert_eq!(Jurisdiction::parse("EU"), None);
        assert_eq!(Residence::Anywhere.setting(), "none");
    }
}
