//! Links in mail that act for whoever holds them: give a seat back, or stop the reminders.
//!
//! A bearer token does not belong in a mail. Instead, such a link carries a signature that is valid for one
//! action and one registration. Nothing is stored for it, and it becomes useless when the registration ends.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::onetime::Entropy;
use super::tokens::TokenKeys;
use crate::domain::{EventId, RegistrationId, Secret};

/// What a link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Ends the registration.
    Cancel,
    /// Stops the reminders.
    Unremind,
}

impl Purpose {
    /// Its name in paths.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Unremind => "unremind",
        }
    }
}

impl TokenKeys {
    /// The random part of the refresh token that follows `token`. It is computed, so that two tabs that use one
    /// token at the same moment get the same successor. Without our secret nobody can compute it.
    #[must_use]
    pub fn successor(&self, token: &str) -> Option<Entropy> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.link_secrets().next()?.reveal()).ok()?;
        mac.update(b"refresh\0");
        mac.update(token.as_bytes());
        Some(mac.finalize().into_bytes().into())
    }

    /// The link's key, signed with the current secret.
    #[must_use]
    pub fn link_key(&self, purpose: Purpose, event: EventId, registration: RegistrationId) -> Option<String> {
        let secret = self.link_secrets().next()?;
        let mac = signature(secret, purpose, event, registration)?;
        Some(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    /// Whether `key` is valid for the link, compared in constant time.
    #[must_use]
    pub fn opens_link(
        &self,
        key: &str,
        purpose: Purpose,
        event: EventId,
        registration: RegistrationId,
    ) -> bool {
        let Ok(key) = URL_SAFE_NO_PAD.decode(key) else { return false };
        self.link_secrets().any(|secret| {
            signature(secret, purpose, event, registration).is_some_and(|mac| mac.verify_slice(&key).is_ok())
        })
    }
}

fn signature(
    secret: &Secret<[u8; 32]>,
    purpose: Purpose,
    event: EventId,
    registration: RegistrationId,
) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal()).ok()?;
    mac.update(purpose.as_str().as_bytes());
    mac.update(b"\0");
    mac.update(event.as_bytes());
    mac.update(registration.as_bytes());
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn keys(template: &str, previous: Option<&str>) -> TokenKeys {
        let secret = |template: &str| Secret::new(template.repeat(32));
        TokenKeys::new(&secret(template), previous.map(secret).as_ref()).unwrap()
    }

    #[test]
    fn a_key_opens_one_link_and_outlives_one_change_of_the_secret() {
        let now = Timestamp::from_ms(1_800_000_000_000);
        let (event, other) = (EventId::new(now, &[1; 10]), EventId::new(now, &[2; 10]));
        let (own, foreign) = (RegistrationId::new(now, &[3; 10]), RegistrationId::new(now, &[4; 10]));
        let key = keys("a", None).link_key(Purpose::Cancel, event, own).unwrap();
        let opens = |keys: TokenKeys, purpose, event, registration| {
            keys.opens_link(&key, purpose, event, registration)
        };
        assert!(opens(keys("a", None), Purpose::Cancel, event, own));
        assert!(opens(keys("b", Some("a")), Purpose::Cancel, event, own));
        assert!(!opens(keys("b", None), Purpose::Cancel, event, own));
        assert!(!opens(keys("a", None), Purpose::Unremind, event, own));
        assert!(!opens(keys("a", None), Purpose::Cancel, other, own));
        assert!(!opens(keys("a", None), Purpose::Cancel, event, foreign));
        for broken in ["", "!", &key[1..], &format!("{key}A")] {
            assert!(!keys("a", None).opens_link(broken, Purpose::Cancel, event, own), "{broken}");
        }
    }
}
