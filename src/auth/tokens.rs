//! Access tokens: JWT (RFC 7519) signed with HS256, short-lived and checked strictly.
//!
//! Every claim that is written is required when a token is read: issuer, audience, subject, session, account,
//! issue and expiry, under a key id of one of our keys (RFC 8725 §3.1, §3.8 to §3.12). The algorithm is
//! fixed, whatever the header says.

use chrono::TimeDelta;
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, Claims, Header, TimeOptions, UntrustedToken};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::OnceLock;

use super::digest;
use super::verified::Verified;
use crate::domain::{AccountKey, Secret, SessionId, Timestamp, UserId};

const ISSUER: &str = "event-platform";
const AUDIENCE: &str = "event-platform-api";
const LEEWAY_SECONDS: i64 = 5;

/// The identity that a token proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The user.
    pub user: UserId,
    /// The user's account.
    pub account: AccountKey,
    /// The session that the token belongs to.
    pub session: SessionId,
}

/// The keys of this deployment: one signs, and the previous one still verifies.
pub struct TokenKeys {
    /// The secrets, the current one first. Each is long enough.
    secrets: [Option<Secret<String>>; 2],
    /// The keys that they give, derived when the first is needed: an isolate that begins with a list needs none.
    keys: OnceLock<[Option<SigningKey>; 2]>,
    verified: Verified<Claims<OurClaims>>,
}

struct SigningKey {
    id: String,
    key: Hs256Key,
    /// Signs links, and nothing else.
    links: Secret<[u8; 32]>,
}

#[derive(Clone, Serialize, Deserialize)]
struct OurClaims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    acc: AccountKey,
}

impl TokenKeys {
    /// The shortest secret in bytes: as long as the hash's output (RFC 7518 §3.2).
    pub const MIN_SECRET_BYTES: usize = 32;

    /// Derives the keys from the secrets; `None` if one is too short.
    #[must_use]
    pub fn new(current: &Secret<String>, previous: Option<&Secret<String>>) -> Option<Self> {
        let secrets = [Some(current), previous];
        let long_enough = |secret: &&Secret<String>| secret.reveal().len() >= Self::MIN_SECRET_BYTES;
        secrets.iter().flatten().all(long_enough).then(|| Self {
            secrets: secrets.map(|secret| secret.cloned()),
            keys: OnceLock::new(),
            verified: Verified::default(),
        })
    }

    /// The keys, the current one first.
    fn keys(&self) -> impl Iterator<Item = &SigningKey> {
        let derive = || self.secrets.each_ref().map(|secret| secret.as_ref().map(SigningKey::new));
        self.keys.get_or_init(derive).iter().flatten()
    }

    /// The secrets that sign links, the current one first.
    pub(super) fn link_secrets(&self) -> impl Iterator<Item = &Secret<[u8; 32]>> {
        self.keys().map(|key| &key.links)
    }

    /// Signs a token that is valid for `ttl_seconds`.
    #[must_use]
    pub fn sign(&self, bearer: &Bearer, now: Timestamp, ttl_seconds: u32) -> Option<String> {
        let current = self.keys().next()?;
        let header = Header::empty().with_key_id(current.id.clone());
        let claims = Claims::new(OurClaims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: bearer.user,
            sid: bearer.session,
            acc: bearer.account.clone(),
        })
        .set_duration_and_issuance(&clock(now), TimeDelta::seconds(i64::from(ttl_seconds)));
        Hs256.token(&header, &claims, &current.key).ok()
    }

    /// The identity that the token proves, if it is ours and currently valid.
    #[must_use]
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<Bearer> {
        let claims = match self.verified.recall(token) {
            Some(claims) => claims,
            None => self.read(token)?,
        };
        claims.validate_expiration(&clock(now)).ok()?;
        let issued_at = claims.issued_at?.timestamp();
        let ours = claims.custom;
        let in_force = issued_at <= now.seconds().saturating_add(LEEWAY_SECONDS)
            && ours.iss == ISSUER
            && ours.aud == AUDIENCE;
        in_force.then_some(Bearer { user: ours.sub, account: ours.acc, session: ours.sid })
    }

    /// The token's claims, if one of our keys signed it.
    fn read(&self, token: &str) -> Option<Claims<OurClaims>> {
        let read = UntrustedToken::new(token).ok()?;
        let named = read.header().key_id.as_deref()?;
        let key = self.keys().find(|key| key.id == named)?;
        let (_, claims) = Hs256.validator::<OurClaims>(&key.key).validate(&read).ok()?.into_parts();
        self.verified.note(token, claims.clone());
        Some(claims)
    }
}

impl SigningKey {
    fn new(secret: &Secret<String>) -> Self {
        let bytes = secret.reveal().as_bytes();
        let links = Secret::new(digest::sha256(&[b"event-platform links\0", bytes].concat()));
        Self { id: key_id(bytes), key: Hs256Key::new(bytes), links }
    }
}

/// An id for a key that reveals nothing about it: 64 bits of a digest made only for this.
fn key_id(secret: &[u8]) -> String {
    let digest = digest::text(&[b"event-platform key id\0", secret].concat());
    digest.chars().take(11).collect()
}

fn clock(now: Timestamp) -> TimeOptions<impl Fn() -> chrono::DateTime<chrono::Utc>> {
    TimeOptions::new(TimeDelta::seconds(LEEWAY_SECONDS), move || now.to_chrono())
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKeys(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

    fn keys(template: &str, previous: Option<&str>) -> TokenKeys {
        let secret = |template: &str| Secret::new(template.repeat(32));
        TokenKeys::new(&secret(template), previous.map(secret).as_ref()).unwrap()
    }

    fn bearer() -> Bearer {
        Bearer {
            user: UserId::new(NOW, &[1; 10]),
            account: AccountKey::parse(&"a".repeat(43)).unwrap(),
            session: SessionId::new(NOW, &[2; 10]),
        }
    }

    /// A token with our key and key id, and claims that an attacker chose.
    fn signed(claims: &serde_json::Value) -> String {
        let keys = keys("a", None);
        let header = Header::empty().with_key_id(keys.keys().next().unwrap().id.clone());
        let claims: Claims<serde_json::Value> = serde_json::from_value(claims.clone()).unwrap();
        Hs256.token(&header, &claims, &keys.keys().next().unwrap().key).unwrap()
    }

    fn claims() -> serde_json::Value {
        let bearer = bearer();
        serde_json::json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": bearer.user, "sid": bearer.session,
            "acc": bearer.account, "iat": NOW.seconds(), "exp": NOW.seconds() + 60,
        })
    }

    #[test]
    fn a_token_speaks_for_its_bearer_until_it_expires() {
        let keys = keys("a", None);
        let token = keys.sign(&bearer(), NOW, 60).unwrap();
        assert_eq!(keys.verify(&token, NOW), Some(bearer()));
        assert_eq!(keys.verify(&token, NOW.plus_ms(64_000)), Some(bearer()));
        assert_eq!(keys.verify(&token, NOW.plus_ms(66_000)), None);
        assert_eq!(keys.verify(&token, NOW.plus_ms(-6_000)), None);
    }

    #[test]
    fn a_token_that_was_verified_before_is_checked_as_strictly() {
        let keys = keys("a", None);
        let token = keys.sign(&bearer(), NOW, 60).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let other = if signature.starts_with('A') { "B" } else { "A" };
        for _ in 0..2 {
            assert_eq!(keys.verify(&token, NOW), Some(bearer()));
            assert_eq!(keys.verify(&format!("{signed}.{other}{}", &signature[1..]), NOW), None);
            assert_eq!(keys.verify(&token, NOW.plus_ms(66_000)), None);
            assert_eq!(keys.verify(&token, NOW.plus_ms(-6_000)), None);
        }
    }

    #[test]
    fn a_changed_secret_logs_nobody_out_while_the_old_one_is_kept() {
        let token = keys("a", None).sign(&bearer(), NOW, 60).unwrap();
        assert_eq!(keys("b", Some("a")).verify(&token, NOW), Some(bearer()));
        assert_eq!(keys("b", None).verify(&token, NOW), None);
    }

    #[test]
    fn every_claim_is_demanded() {
        let keys = keys("a", None);
        assert_eq!(keys.verify(&signed(&claims()), NOW), Some(bearer()));
        for claim in ["iss", "aud", "sub", "sid", "acc", "iat", "exp"] {
            let mut without = claims();
            without.as_object_mut().unwrap().remove(claim);
            assert_eq!(keys.verify(&signed(&without), NOW), None, "{claim} missing");
        }
        for (claim, value) in [("iss", "someone-else"), ("aud", "another-api"), ("sub", "42")] {
            let mut wrong = claims();
            wrong[claim] = value.into();
            assert_eq!(keys.verify(&signed(&wrong), NOW), None, "{claim} wrong");
        }
    }

    #[test]
    fn the_header_chooses_neither_algorithm_nor_key() {
        let keys = keys("a", None);
        let token = keys.sign(&bearer(), NOW, 60).unwrap();
        let payload = token.split('.').nth(1).unwrap();
        let id = &keys.keys().next().unwrap().id;
        for header in [
            format!(r#"{{"alg":"none","kid":"{id}"}}"#),
            format!(r#"{{"alg":"HS512","kid":"{id}"}}"#),
            r#"{"alg":"HS256","kid":"another"}"#.to_owned(),
            r#"{"alg":"HS256"}"#.to_owned(),
        ] {
            let header = URL_SAFE_NO_PAD.encode(header);
            for signature in ["", token.split('.').nth(2).unwrap()] {
                assert_eq!(keys.verify(&format!("{header}.{payload}.{signature}"), NOW), None);
            }
        }
        for nonsense in ["", "a", "a.b.c", "....", &token[..token.len() - 2]] {
            assert_eq!(keys.verify(nonsense, NOW), None, "{nonsense}");
        }
    }

    #[test]
    fn a_short_secret_makes_no_keys() {
        assert!(TokenKeys::new(&Secret::new("x".repeat(31)), None).is_none());
        let long = Secret::new("x".repeat(32));
        assert!(TokenKeys::new(&long, Some(&Secret::new("short".to_owned()))).is_none());
    }
}
