//! Names and addresses, as headers and providers want them.

use std::iter;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Mail;
use crate::domain::account::Name;

/// The name and address of a sender like `Events <events@example.com>`.
#[must_use]
pub(super) fn address(from: &str) -> (Option<&str>, &str) {
    match from.rsplit_once('<') {
        Some((name, address)) => {
            let name = name.trim().trim_matches('"');
            (Some(name).filter(|name| !name.is_empty()), address.trim_end_matches('>').trim())
        }
        None => (None, from.trim()),
    }
}

/// An address with a name, in ASCII: as a quoted string, or in encoded words (RFC 2047 §2).
#[must_use]
pub(super) fn ascii_mailbox(name: Option<&str>, address: &str) -> String {
    match name {
        None => address.to_owned(),
        Some(name) if name.is_ascii() => named(name, address),
        Some(name) => {
            let words: Vec<_> = in_words(&one_line(name))
                .map(|part| format!("=?UTF-8?B?{}?=", STANDARD.encode(part)))
                .collect();
            format!("{} <{address}>", words.join(" "))
        }
    }
}

/// Splits the name into parts that become encoded words of at most 75 characters, never in the middle of a
/// character.
fn in_words(name: &str) -> impl Iterator<Item = &str> {
    const WORD_MAX_BYTES: usize = 45;
    let mut rest = name;
    iter::from_fn(move || {
        let (part, after) = rest.split_at_checked(rest.floor_char_boundary(WORD_MAX_BYTES))?;
        rest = after;
        Some(part).filter(|part| !part.is_empty())
    })
}

/// A quoted name before its address (RFC 5322 §3.4).
fn named(name: &str, address: &str) -> String {
    let quoted: String = one_line(name).chars().filter(|c| !matches!(c, '"' | '\\')).collect();
    format!("\"{quoted}\" <{address}>")
}

/// A header's value: control characters become spaces (RFC 5322 §2.2).
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl Mail {
    /// The address with the reader's name, as a `To` header wants it (RFC 5322 §3.4).
    #[must_use]
    pub fn recipient(&self) -> String {
        let address = &*self.to.ascii();
        match self.name.as_ref().map(Name::as_str) {
            None => address.to_owned(),
            Some(name) => named(name, address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_has_a_name_and_an_address() {
        assert_eq!(address("Events <e@x.example>"), (Some("Events"), "e@x.example"));
        assert_eq!(address("\"A, B\" <e@x.example>"), (Some("A, B"), "e@x.example"));
        assert_eq!(address("e@x.example"), (None, "e@x.example"));
    }
    #[test]
    fn a_name_is_written_in_ascii_and_breaks_no_header() {
        assert_eq!(ascii_mailbox(None, "a@x.example"), "a@x.example");
        assert_eq!(ascii_mailbox(Some("A, \"B\"\r\n"), "a@x.example"), "\"A, B  \" <a@x.example>");
        assert_eq!(ascii_mailbox(Some("Ада"), "a@x.example"), "=?UTF-8?B?0JDQtNCw?= <a@x.example>");
        let long = ascii_mailbox(Some(&"ж\r\n".repeat(40)), "a@x.example");
        let words: Vec<_> = long.strip_suffix(" <a@x.example>").unwrap().split(' ').collect();
        assert!(words.len() > 1 && words.iter().all(|word| word.len() <= 75), "{long}");
        let decoded: String = words
            .iter()
            .map(|word| word.strip_prefix("=?UTF-8?B?").and_then(|word| word.strip_suffix("?=")).unwrap())
            .map(|word| String::from_utf8(STANDARD.decode(word).unwrap()).unwrap())
            .collect();
        assert_eq!(decoded, "ж  ".repeat(40));
    }
}
