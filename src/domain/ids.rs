//! Identifiers, one type for each kind of thing, so that nobody passes a user's id where an event's belongs.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::{Builder, Uuid, Variant};

use super::Timestamp;

/// The random bytes that a new id needs (RFC 9562 §5.7 has 74 random bits).
pub type IdEntropy = [u8; 10];

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// A `UUIDv7` (RFC 9562 §5.7), written in lower case with hyphens.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes an id from the current time and random bits.
            #[must_use]
            pub fn new(now: Timestamp, entropy: &IdEntropy) -> Self {
                let ms = u64::try_from(now.ms()).unwrap_or(0);
                Self(Builder::from_unix_timestamp_millis(ms, entropy).into_uuid())
            }

            /// Reads the one spelling that the platform writes. Anything else is not an id.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let id = Uuid::try_parse(text).ok()?;
                let ours = id.get_version_num() == 7
                    && id.get_variant() == Variant::RFC4122
                    && id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text;
                ours.then_some(Self(id))
            }

            /// The sixteen bytes of the id.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

id! {
    /// Identifies a user.
    UserId
}
id! {
    /// Identifies an event, and names the Event object that holds it.
    EventId
}
id! {
    /// Identifies one registration of one user for one event.
    RegistrationId
}
id! {
    /// Identifies a session, which a login begins and a logout ends.
    SessionId
}

/// Names the Account object of an address. It is a digest of the normalised address, so a token or a
/// participant list can refer to an account without containing the address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountKey(String);

impl AccountKey {
    const LENGTH: usize = 43;

    /// Reads a key: the base64url of a SHA-256 digest, without padding.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == Self::LENGTH
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        fits.then(|| Self(text.to_owned()))
    }

    /// The key as text: 43 characters of base64url.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> EventId {
        EventId::new(Timestamp::from_ms(1_716_645_600_000), &[7; 10])
    }

    #[test]
    fn an_id_reads_back_as_it_was_written() {
        assert_eq!(EventId::parse(&sample().to_string()), Some(sample()));
    }

    #[test]
    fn other_spellings_and_versions_are_no_ids() {
        let upper = sample().to_string().to_uppercase();
        for text in [upper.as_str(), "", "42", "67e55044-10b1-426f-9247-bb680e5fe0c8"] {
            assert_eq!(EventId::parse(text), None, "{text}");
        }
    }
}
