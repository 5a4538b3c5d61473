//! bcrypt, in the Worker and never in an object: it is the slowest thing in the system by three
//! orders of magnitude.

use bcrypt::Version;

use crate::domain::{Password, Secret};

/// The hash of a password (`$2b$`), under a random salt.
#[must_use]
pub fn hash(password: &Password, cost: u32, salt: [u8; 16]) -> Option<Secret<String>> {
    let parts = bcrypt::hash_with_salt(password.reveal(), cost, salt).ok()?;
    Some(Secret::new(parts.format_for_version(Version::TwoB)))
}

/// Whether `candidate` is the password behind `hash`. Without a hash the same work is done for
/// nothing, so that an unknown address takes as long as a wrong password.
///
/// bcrypt would cut a candidate at 72 bytes or at a NUL: such a one never matches.
#[must_use]
pub fn verify(candidate: &str, hash: Option<&Secret<String>>, cost: u32) -> bool {
    let whole = candidate.len() <= Password::MAX_BYTES && !candidate.contains('\0');
    let readable = if whole { candidate } else { "" };
    let dummy = dummy(cost);
    let compared =
        bcrypt::verify(readable, hash.map_or(dummy.as_str(), |hash| hash.reveal())).unwrap_or(false);
    compared && whole && hash.is_some()
}

/// The cost of a hash, `$2b$<cost>$…`: it was made in 2^cost rounds.
#[must_use]
pub fn cost(hash: &Secret<String>) -> Option<u32> {
    hash.reveal().strip_prefix("$2")?.split('$').nth(1)?.parse().ok()
}

/// A well-formed hash of this cost that no password is known for.
fn dummy(cost: u32) -> String {
    format!("$2b${cost:02}$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_password_verifies_against_its_own_hash_alone() {
        let password = Password::parse("password", "SecurePassword123").unwrap();
        let hash = hash(&password, 4, [9; 16]).unwrap();
        assert!(hash.reveal().starts_with("$2b$04$"));
        assert!(verify("SecurePassword123", Some(&hash), 4));
        assert!(!verify("securepassword123", Some(&hash), 4));
        assert!(!verify("SecurePassword123", None, 4));
    }

    #[test]
    fn hashes_made_elsewhere_verify() {
        // Vectors of the crypt_blowfish 1.3 test suite, cost 5.
        for (password, hash) in [
            ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U*U", "$2y$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
            ("", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
        ] {
            assert!(verify(password, Some(&secret(hash)), 5), "{hash}");
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
        let password = Password::parse("password", &"x".repeat(72)).unwrap();
        let hash = hash(&password, 4, [9; 16]).unwrap();
        assert!(verify(&"x".repeat(72), Some(&hash), 4));
        assert!(!verify(&"x".repeat(73), Some(&hash), 4));
        assert!(!verify("x\0y", Some(&hash), 4));
    }
}
