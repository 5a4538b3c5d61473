//! Passwords and their hashes, `$2b$10$<salt><digest>`. Hashing takes tens of milliseconds and is done in
//! slices between other work. This module starts and finishes a hash; the computation in between is done
//! elsewhere ([`HashQueue`](super::hash_queue::HashQueue)).

use base64::Engine;
use bcrypt::{BASE_64, HashParts};
use subtle::ConstantTimeEq;

use super::hashing::{Digest, Hashing, Salt};
use crate::domain::{Password, Secret};

/// The hash of a new password, while it is computed.
pub struct NewHash {
    prefix: String,
}

impl NewHash {
    /// Starts a hash with a random salt. Returns `None` for a cost that cannot be computed.
    #[must_use]
    pub fn begin(password: &Password, cost: u32, salt: Salt) -> Option<(Self, Hashing)> {
        let hashing = Hashing::new(password.reveal().as_bytes(), salt, cost)?;
        Some((Self { prefix: format!("$2b${cost:02}${}", BASE_64.encode(salt)) }, hashing))
    }

    /// The hash as it is stored.
    #[must_use]
    pub fn finish(self, digest: &Digest) -> Secret<String> {
        Secret::new(self.prefix + &BASE_64.encode(digest))
    }
}

/// A check whether a candidate matches a stored hash, while it is computed.
pub struct Comparison {
    /// The stored hash; `None` if nothing can match.
    stored: Option<Secret<String>>,
}

impl Comparison {
    /// Starts to hash `candidate` the way that the password behind `stored` was hashed. If nothing can match,
    /// the work of `cost` is done anyway, so that an unknown address takes as long as a wrong password.
    /// Returns `None` for a cost that cannot be computed.
    ///
    /// bcrypt would cut a candidate off at 72 bytes or at a NUL, so such a candidate never matches. Nor does
    /// anything match a `$2x$`, with which crypt marks the hashes of a version that mixed up bytes.
    #[must_use]
    pub fn begin(candidate: &str, stored: Option<&Secret<String>>, cost: u32) -> Option<(Self, Hashing)> {
        let whole = candidate.len() <= Password::MAX_BYTES && !candidate.contains('\0');
        let readable = if whole { candidate } else { "" };
        let begun = stored
            .filter(|stored| !stored.reveal().starts_with("$2x$"))
            .and_then(|stored| Some((stored, stored.reveal().parse::<HashParts>().ok()?)))
            .and_then(|(stored, parts)| {
                let hashing = Hashing::new(readable.as_bytes(), parts.get_salt_raw(), parts.get_cost())?;
                Some((Self { stored: Some(stored.clone()).filter(|_| whole) }, hashing))
            });
        begun.or_else(|| {
            Some((Self { stored: None }, Hashing::new(readable.as_bytes(), Salt::default(), cost)?))
        })
    }

    /// Whether it matches, compared in constant time.
    #[must_use]
    pub fn finish(self, digest: &Digest) -> bool {
        let digest = BASE_64.encode(digest);
        self.stored.is_some_and(|stored| {
            let end = stored.reveal().len().saturating_sub(digest.len());
            stored.reveal().as_bytes().get(end..).is_some_and(|end| end.ct_eq(digest.as_bytes()).into())
        })
    }
}

/// The cost of a hash, `$2b$<cost>$…`: it was computed in 2^cost rounds.
#[must_use]
pub fn cost(hash: &Secret<String>) -> Option<u32> {
    hash.reveal().strip_prefix("$2")?.split('$').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: Salt = [9; 16];

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn hash(text: &str, cost: u32) -> Secret<String> {
        let password = Password::parse("password", text).unwrap();
        let (new, hashing) = NewHash::begin(&password, cost, SALT).unwrap();
        new.finish(&hashing.finish())
    }

    fn verify(candidate: &str, stored: Option<&Secret<String>>) -> bool {
        let (comparison, hashing) = Comparison::begin(candidate, stored, 4).unwrap();
        comparison.finish(&hashing.finish())
    }

    #[test]
    fn a_password_verifies_against_its_own_hash_alone() {
        let hash = hash("SecurePassword123", 4);
        assert!(hash.reveal().starts_with("$2b$04$"));
        assert!(verify("SecurePassword123", Some(&hash)));
        assert!(!verify("securepassword123", Some(&hash)));
        assert!(!verify("SecurePassword123", None));
    }

    #[test]
    fn hashes_made_here_verify_elsewhere() {
        let hash = hash("SecurePassword123", 5);
        assert!(bcrypt::verify("SecurePassword123", hash.reveal()).unwrap());
    }

    #[test]
    fn hashes_made_elsewhere_verify() {
        // Vectors of the crypt_blowfish 1.3 test suite, cost 5.
        for (password, hash) in [
            ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U*U", "$2y$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
            ("", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
        ] {
            assert!(verify(password, Some(&secret(hash))), "{hash}");
            assert!(!verify("something else", Some(&secret(hash))), "{hash}");
        }
    }

    #[test]
    fn what_is_no_hash_that_can_be_trusted_matches_nothing() {
        let hash = hash("SecurePassword123", 4);
        let (mixed_up, endless) =
            (hash.reveal().replacen("2b", "2x", 1), hash.reveal().replacen("04", "31", 1));
        for text in [mixed_up.as_str(), endless.as_str(), "", "$2b$04$", &hash.reveal()[..59]] {
            assert!(!verify("SecurePassword123", Some(&secret(text))), "{text}");
        }
    }

    #[test]
    fn a_hash_says_how_hard_it_was_to_make() {
        for hash in ["$2a$05$CCCC", "$2b$05$CCCC", "$2y$05$XXXX"] {
            assert_eq!(cost(&secret(hash)), Some(5));
        }
        for other in ["", "$1$05$x", "$2b$x$y", "2b$05"] {
            assert_eq!(cost(&secret(other)), None, "{other}");
        }
    }

    #[test]
    fn what_bcrypt_would_cut_never_matches() {
        let hash = hash(&"x".repeat(72), 4);
        assert!(verify(&"x".repeat(72), Some(&hash)));
        assert!(!verify(&"x".repeat(73), Some(&hash)));
        assert!(!verify("x\0y", Some(&hash)));
        assert!(!verify("\0", Some(&secret("$2b$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"))));
    }
}
