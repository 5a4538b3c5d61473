//! Conditional requests (RFC 9110 §13): entity-tags, `If-None-Match`, `If-Match`.

use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};

use crate::auth::digest;
use crate::objects::event::IfMatch;

/// The strong entity-tag of a body: equal tags, equal bytes.
pub(in crate::api) fn etag_of(body: &[u8]) -> HeaderValue {
    quoted(&short_digest(body))
}

/// The entity-tag of an event: its version, which edits are checked against, and a digest of the rest of what
/// the reader sees.
pub(in crate::api) fn event_etag(version: u64, body: &[u8]) -> HeaderValue {
    quoted(&format!("{version}.{}", short_digest(body)))
}

fn quoted(tag: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{tag}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

fn short_digest(body: &[u8]) -> String {
    digest::text(body).chars().take(16).collect()
}

/// The value of `If-None-Match`; several headers count as one.
pub(in crate::api) fn if_none_match(headers: &HeaderMap) -> Option<String> {
    joined(headers, &IF_NONE_MATCH)
}

/// Whether `list` names `etag`, by weak comparison (§13.1.2), or is `*`.
pub(in crate::api) fn lists(list: &str, etag: &HeaderValue) -> bool {
    list.trim() == "*" || etag.to_str().is_ok_and(|etag| tags(list).any(|tag| tag == etag))
}

/// The condition in `If-Match`, if there is one. Only the part of a tag before the dot counts, and it must be
/// spelled exactly as we spell it.
///
/// A weak tag counts like a strong one, which departs from §13.1.1. That section asks for a strong comparison
/// because a weak tag may name two different representations. Ours never does: the part before the dot is an
/// exact version. But an edge that compresses an answer makes its tag weak, and with a strong comparison a
/// browser behind it could never edit anything.
///
/// `If-None-Match: *` asks for a change only if there is no event (§13.1.2): then no version is right.
pub(in crate::api) fn if_match(headers: &HeaderMap) -> Option<IfMatch> {
    if if_none_match(headers).is_some_and(|list| list.trim() == "*") {
        return Some(IfMatch::Versions(Vec::new()));
    }
    let list = joined(headers, &IF_MATCH)?;
    if list.trim() == "*" {
        return Some(IfMatch::Any);
    }
    Some(IfMatch::Versions(tags(&list).filter_map(version_of).collect()))
}

/// The version that a tag names. A number in any other spelling (`+4`, `04`) is not one of our tags.
fn version_of(tag: &str) -> Option<u64> {
    let text = tag.trim_matches('"').split('.').next()?;
    text.parse().ok().filter(|version: &u64| version.to_string() == text)
}

/// The value of a header whose value is a list; several headers count as one (RFC 9110 §5.3). Bytes that are
/// no text are kept as something that matches nothing: a condition must not vanish with them.
pub(in crate::api) fn joined(headers: &HeaderMap, name: &http::HeaderName) -> Option<String> {
    let values = headers.get_all(name).iter();
    let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// The entity-tags of a list, with their quotes and without `W/`. Anything else ends the list.
fn tags(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let quoted = rest.strip_prefix("W/").unwrap_or(rest);
        let end = quoted.strip_prefix('"')?.find('"')?.checked_add(2)?;
        let (tag, after) = quoted.split_at_checked(end)?;
        rest = after;
        Some(tag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_none_match_compares_weakly_and_reads_lists() {
        let etag = HeaderValue::from_static("\"3.ab,c\"");
        for (list, expected) in [
            ("\"3.ab,c\"", true),
            ("W/\"3.ab,c\"", true),
            ("\"x\", W/\"3.ab,c\" ,\"y\"", true),
            (" * ", true),
            ("\"3.ab\"", false),
            ("3.ab,c", false),
            ("\"unclosed", false),
            ("", false),
        ] {
            assert_eq!(lists(list, &etag), expected, "{list}");
        }
    }

    #[test]
    fn if_match_looks_at_versions_alone() {
        let condition = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_MATCH, HeaderValue::from_static(value));
            if_match(&headers)
        };
        assert_eq!(condition("*"), Some(IfMatch::Any));
        assert_eq!(condition("\"3.abc\", \"4.x\""), Some(IfMatch::Versions(vec![3, 4])));
        assert_eq!(condition("W/\"3.abc\", \"4.x\""), Some(IfMatch::Versions(vec![3, 4])));
        for other in ["\"+3.a\"", "\"03.a\"", "\" 3.a\"", "\"-3.a\"", "\"3e0.a\"", "w/\"3.a\"", "\".a\""] {
            assert_eq!(condition(other), Some(IfMatch::Versions(vec![])), "{other}");
        }
        assert_eq!(condition("nonsense"), Some(IfMatch::Versions(vec![])));
        assert_eq!(if_match(&HeaderMap::new()), None);
    }
}
