//! E-mail addresses, in the normalised spelling that identifies an account.

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

use super::{FieldError, text};

/// A deliverable address, trimmed and in lower case, so that two spellings of one address are equal.
///
/// The domain may be in any script: it is kept as it was typed, and compared and written to in its ASCII form
/// (UTS #46). The part before the `@` is ASCII (RFC 5321), because mail providers do not reliably accept
/// anything else (RFC 6531). Quoted local parts, IP addresses and bare host names are refused. `Debug` does not
/// show the address.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    const MAX_BYTES: usize = 254;

    /// Reads an address as a person typed it.
    ///
    /// # Errors
    /// `invalid_email` if no mail could be delivered to it.
    pub fn parse(typed: &str) -> Result<Self, FieldError> {
        let local_is_ascii = typed.rsplit_once('@').is_none_or(|(local, _)| local.trim_start().is_ascii());
        let typed = text::nfc(&typed.trim().to_lowercase());
        let (local, domain) = typed.rsplit_once('@').unwrap_or_default();
        if !local_is_ascii {
            return Err(FieldError::new(
                "email",
                "invalid_email",
                "The part before the @ may have letters without accents, digits and signs.",
            ));
        }
        let deliverable = ascii_domain(domain)
            .is_some_and(|domain| is_host(&domain) && is_mailbox(&format!("{local}@{domain}")));
        if deliverable {
            Ok(Self(typed))
        } else {
            Err(FieldError::new("email", "invalid_email", "Give an address like name@example.com."))
        }
    }

    /// Reads an address that may have an account: one that [`Email::parse`] takes, or one that only older
    /// versions took, such as `ada@my_host.example`.
    #[must_use]
    pub fn known(typed: &str) -> Option<Self> {
        let as_before = || {
            let address = typed.trim().to_ascii_lowercase();
            (address.is_ascii() && is_mailbox(&address)).then_some(Self(address))
        };
        Self::parse(typed).ok().or_else(as_before)
    }

    /// The address as it was typed, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in ASCII, which identifies the account and is what mail goes to.
    #[must_use]
    pub fn ascii(&self) -> Cow<'_, str> {
        let domain = self.0.rsplit_once('@').filter(|_| !self.0.is_ascii());
        match domain.and_then(|(local, domain)| Some(format!("{local}@{}", ascii_domain(domain)?))) {
            None => Cow::Borrowed(&self.0),
            Some(address) => Cow::Owned(address),
        }
    }
}

/// Whether the text is an address alone, without quotes, at a host with a dot.
fn is_mailbox(address: &str) -> bool {
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    address.len() <= Email::MAX_BYTES
        && !address.contains('"')
        && EmailAddress::parse_with_options(address, options).is_ok()
}

/// The domain in ASCII, as the URL Standard reads a host.
fn ascii_domain(domain: &str) -> Option<String> {
    // What would be read as another part of a URL, or as a letter written in another way.
    if domain.contains(['/', '\\', '?', '#', ':', '%', '[', ']', '<', '>'])
        || domain.contains(text::is_invisible)
    {
        return None;
    }
    Some(text::parse_url(&format!("https://{domain}/"))?.host)
}

/// Whether the name is one of a host that mail could be sent to (RFC 1123 §2.1, RFC 3696 §2): labels of letters,
/// digits and inner hyphens, the last one not only of digits.
fn is_host(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = domain.rsplit('.').next().unwrap_or_default();
    domain.split('.').all(is_label) && !last.bytes().all(|b| b.is_ascii_digit())
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.ascii() == other.ascii()
    }
}

impl Eq for Email {}

impl Hash for Email {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ascii().hash(state);
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_one_address_are_equal() {
        assert_eq!(Email::parse("  Ada@Example.COM "), Email::parse("ada@example.com"));
        let typed = Email::parse("Info@EXÄMPLE.de").unwrap();
        assert_eq!(typed, Email::parse("info@xn--exmple-cua.de").unwrap());
        assert_eq!((typed.as_str(), &*typed.ascii()), ("info@exämple.de", "info@xn--exmple-cua.de"));
        assert_eq!(typed, Email::parse("info@exa\u{308}mple.de").unwrap());
        assert_eq!(&*Email::parse("a@例え。テスト").unwrap().ascii(), "a@xn--r8jz45g.xn--zckzah");
        assert_eq!(
            &*Email::parse("a+b@sub.straße.example").unwrap().ascii(),
            "a+b@sub.xn--strae-oqa.example"
        );
    }

    #[test]
    fn what_cannot_be_delivered_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for text in [
            "",
            " ",
            "ada",
            "@example.com",
            "ada@",
            "a@b@example.com",
            "ada@localhost",
            "a b@example.com",
            "\"a b\"@example.com",
            "ada@[127.0.0.1]",
            "Ada <ada@example.com>",
            "ada@example.com\r\nBcc: eve@example.com",
            "ädä@example.com",
            "\u{212A}im@example.com",
            "ada@exam_ple.com",
            "ada@127.0.0.1",
            "ada@0x7f.1",
            "ada@1.2.3.4.5",
            "ada@example.123",
            "ada@-example.com",
            "ada@example-.com",
            "ada@example..com",
            "ada@example.com.",
            "ada@xn--a.com",
            "ada@exam%70le.com",
            "ada@example.com/path",
            "ada@example.com:25",
            "ada@exam\u{200B}ple.com",
            "ada@ex!ample.com",
            "ada@exam ple.com",
            ".ada@example.com",
            &long,
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_address_that_an_older_version_took_is_still_known() {
        for text in ["Ada@my_host.example.com", "ada@10.0.0.1", "ada@example.com"] {
            assert_eq!(Email::known(text).unwrap().ascii(), text.to_lowercase());
        }
        assert!(Email::known("nobody").is_none() && Email::known("a\"b@example.com").is_none());
    }

    #[test]
    fn a_log_line_never_shows_the_address() {
        let email = Email::parse("ada@example.com").unwrap();
        assert!(!format!("{email:?}").contains("ada"));
    }

    proptest::proptest! {
        /// What all providers document: a dot-atom of at most 64 bytes, and a host name (RFC 5321 §4.1.2).
        #[test]
        fn whatever_is_taken_is_an_address_to_every_provider(
            text in "([a-z.+_-]|\\PC){1,12}@([a-zä.-]|\\PC){1,12}\\.(de|example|рф|[a-z0-9]{1,4})"
        ) {
            if let Ok(email) = Email::parse(&text) {
                let ascii = email.ascii().into_owned();
                let (local, domain) = ascii.split_once('@').unwrap();
                let atom = |text: &str| {
                    !text.is_empty()
                        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
                };
                let label = |text: &str| {
                    atom(text) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && text.len() < 64
                };
                proptest::prop_assert!(local.len() <= 64 && local.split('.').all(atom), "{}", ascii);
                proptest::prop_assert!(domain.contains('.') && domain.split('.').all(label), "{}", ascii);
                proptest::prop_assert_eq!(Email::parse(&ascii).ok(), Some(email));
            }
        }
    }
}
