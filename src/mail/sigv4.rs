//! AWS Signature Version 4: proves to AWS who is calling, without sending the secret.
//!
//! (1) Write the request in its canonical form. (2) Build a text with the digest of the request, the time and
//! the scope of the key. (3) Derive a key from the secret for this day, region and service. (4) Compute the
//! HMAC of the text with that key. There are crates for this, but they bring their own HTTP stack.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::auth::digest::sha256;
use crate::domain::{Secret, Timestamp};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The credentials for signing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    /// The id of the key.
    pub(super) access_key_id: String,
    /// The key.
    pub(super) secret_access_key: Secret<String>,
    /// Needed for temporary keys, which are valid for a few hours.
    pub(super) session_token: Option<Secret<String>>,
}

/// A `POST` to be signed, without a query.
pub(super) struct Unsigned<'a> {
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    /// As in the URL, including the port if there is one.
    pub(super) host: &'a str,
    /// As in the URL. It has plain characters only, so it is its own canonical form.
    pub(super) path: &'a str,
    /// The names, in lower case, and values of the headers to sign, in addition to those added here.
    pub(super) headers: &'a [(&'static str, &'a str)],
    pub(super) body: &'a [u8],
}

/// The headers that sign the request.
pub(super) fn sign(
    credentials: &Credentials,
    request: &Unsigned<'_>,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let time: String = now.to_rfc3339().chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let day = time.get(..8).unwrap_or_default();
    let mut added = vec![("x-amz-date", time.clone())];
    if let Some(token) = &credentials.session_token {
        added.push(("x-amz-security-token", token.reveal().clone()));
    }

    let own = added.iter().map(|(name, value)| (*name, value.as_str()));
    let mut headers: Vec<_> =
        own.chain(request.headers.iter().copied()).chain([("host", request.host)]).collect();
    headers.sort_unstable();
    let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let canonical = format!("POST\n{}\n\n{lines}\n{names}\n{}", request.path, hex(&sha256(request.body)));

    let scope = format!("{day}/{}/{}/aws4_request", request.region, request.service);
    let text = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hex(&sha256(canonical.as_bytes())));
    let secret = format!("AWS4{}", credentials.secret_access_key.reveal());
    let key = [day, request.region, request.service, "aws4_request"]
        .iter()
        .fold(secret.into_bytes(), |key, part| mac(&key, part));
    let signature = hex(&mac(&key, &text));
    let id = &credentials.access_key_id;
    let authorization =
        format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}");
    added.push(("authorization", authorization));
    added
}

/// HMAC accepts keys of any length, so this always succeeds; without a result, nobody would accept the
/// signature.
fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

    fn credentials(token: Option<&str>) -> Credentials {
        Credentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
            session_token: token.map(|token| Secret::new(token.to_owned())),
        }
    }

    /// The `POST` cases without a query from the test suite that AWS publishes for this signature.
    #[test]
    fn signatures_are_those_of_the_published_test_suite() {
        let form = "application/x-www-form-urlencoded";
        let utf8 = "application/x-www-form-urlencoded; charset=utf8";
        for (case, headers, body, token, names, signature) in [
            (
                "post-vanilla",
                &[][..],
                "",
                None,
                "host;x-amz-date",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                "post-header-key-sort",
                &[("my-header1", "value1")],
                "",
                None,
                "host;my-header1;x-amz-date",
                "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
            ),
            (
                "post-header-value-case",
                &[("my-header1", "VALUE1")],
                "",
                None,
                "host;my-header1;x-amz-date",
                "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
            ),
            (
                "post-x-www-form-urlencoded",
                &[("content-type", form)],
                "Param1=value1",
                None,
                "content-type;host;x-amz-date",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
            (
                "post-x-www-form-urlencoded-parameters",
                &[("content-type", utf8)],
                "Param1=value1",
                None,
                "content-type;host;x-amz-date",
                "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
            ),
            (
                "post-sts-header-before",
                &[],
                "",
                Some(TOKEN),
                "host;x-amz-date;x-amz-security-token",
                "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
            ),
        ] {
            let request = Unsigned {
                region: "us-east-1",
                service: "service",
                host: "example.amazonaws.com",
                path: "/",
                headers,
                body: body.as_bytes(),
            };
            let now = Timestamp::parse_rfc3339("2015-08-30T12:36:00Z").unwrap();
            let signed = sign(&credentials(token), &request, now);
            let value = |name: &str| signed.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders={names}, Signature={signature}"
            );
            assert_eq!(value("authorization"), Some(&expected), "{case}");
            assert_eq!(value("x-amz-date").map(String::as_str), Some("20150830T123600Z"), "{case}");
            assert_eq!(value("x-amz-security-token").map(String::as_str), token, "{case}");
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        let shown = format!("{:?}", credentials(Some(TOKEN)));
        assert!(!shown.contains("wJalr") && !shown.contains("AQoDY"), "{shown}");
    }
}
