//! Access tokens: JWT (RFC 7519) signed with HS256, short-lived and checked strictly.
//!
//! Every claim that is written is required when a token is read: issuer, audience, subject, session, account,
//! issue and expiry, under a key id of one of our keys (RFC 8725 §3.1, §3.8 to §3.12). The algorithm is
//! fixed, whatever the header says. What we never write is obeyed where ignoring it would be wrong: a token
//! is not valid before its `nbf` (RFC 7519 §4.1.5), or with a `crit` in its header (RFC 7515 §4.1.11).

use chrono::TimeDelta;
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, Claims, Header, TimeOptions, UntrustedToken};
use serde::de::{Deserializer, Error};
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

/// The extensions that a header says have to be understood. None is, so a header that has the member is not
/// read, whatever it holds.
#[derive(Clone, Deserialize)]
struct Critical {
    #[serde(default, rename = "crit", deserialize_with = "refuse")]
    _none: (),
}

fn refuse<'de, D: Deserializer<'de>>(_: D) -> Result<(), D::Error> {
    Err(D::Error::custom("crit"))
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
        let begins_at = claims.not_before.map_or(issued_at, |begin| begin.timestamp().max(issued_at));
        let ours = claims.custom;
        let in_force = begins_at <= now.seconds().saturating_add(LEEWAY_SECONDS)
            && ours.iss == ISSUER
            && ours.aud == AUDIENCE;
        in_force.then_some(Bearer { user: ours.sub, account: ours.acc, session: ours.sid })
    }

    /// The token's claims, if one of our keys signed it.
    fn read(&self, token: &str) -> Option<Claims<OurClaims>> {
        let read = UntrustedToken::<Critical>::try_from(token).ok()?;
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

    /// The same, with more members in the header.
    fn by_hand(more: &serde_json::Value, claims: &serde_json::Value) -> String {
        use hmac::{Hmac, Mac};
        let id = keys("a", None).keys().next().unwrap().id.clone();
        let mut header = serde_json::json!({ "alg": "HS256", "kid": id });
        header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&header), part(claims));
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice("a".repeat(32).as_bytes()).unwrap();
        mac.update(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
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
    fn a_token_is_not_valid_before_its_time() {
        let keys = keys("a", None);
        let mut later = claims();
        later["nbf"] = (NOW.seconds() + 10).into();
        let token = signed(&later);
        // The second time the claims are remembered.
        for _ in 0..2 {
            assert_eq!(keys.verify(&token, NOW), None);
            assert_eq!(keys.verify(&token, NOW.plus_ms(4_000)), None);
            assert_eq!(keys.verify(&token, NOW.plus_ms(5_000)), Some(bearer()), "leeway");
        }
        for (nbf, valid) in [
            (serde_json::json!(NOW.seconds() - 60), true),
            (serde_json::json!(i64::MIN), false),
            (serde_json::json!(i64::MAX), false),
            (serde_json::json!("soon"), false),
        ] {
            later["nbf"] = nbf;
            // Made by hand, because the library writes no claims that it cannot read.
            let token = by_hand(&serde_json::json!({}), &later);
            assert_eq!(keys.verify(&token, NOW).is_some(), valid, "{later}");
        }
    }

    #[test]
    fn an_extension_that_is_said_to_be_critical_is_not_understood() {
        let keys = keys("a", None);
        assert_eq!(
            keys.verify(&by_hand(&serde_json::json!({ "typ": "JWT", "x": 1 }), &claims()), NOW),
            Some(bearer())
        );
        for crit in [
            serde_json::json!(["x"]),
            serde_json::json!(["exp"]),
            serde_json::json!([]),
            serde_json::json!(null),
            serde_json::json!("b64"),
        ] {
            let token = by_hand(&serde_json::json!({ "crit": crit, "x": 1, "exp": 1 }), &claims());
            for _ in 0..2 {
                assert_eq!(keys.verify(&token, NOW), None, "{crit}");
            }
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
