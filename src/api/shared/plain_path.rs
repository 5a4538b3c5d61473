//! One spelling for one path: unreserved characters stand for themselves.

use http::{Uri, uri::PathAndQuery};

/// The same URI with `%30` in its path written as `0`, and so on (RFC 3986 §6.2.2.2).
pub(in crate::api) fn normalized(uri: Uri) -> Uri {
    if !uri.path().contains('%') {
        return uri;
    }
    let mut path = plain(uri.path());
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    let Ok(path) = PathAndQuery::try_from(path) else { return uri };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).unwrap_or(uri)
}

fn plain(path: &str) -> String {
    let mut parts = path.split('%');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let octet = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).map(char::from);
        match octet.filter(|c| c.is_ascii_alphanumeric() || "-._~".contains(*c)) {
            Some(c) => {
                plain.push(c);
                plain.push_str(part.get(2..).unwrap_or_default());
            }
            None => {
                plain.push('%');
                plain.push_str(part);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreserved_characters_stand_for_themselves() {
        for (uri, expected) in [
            ("/api/%65vents/%30a%2D1?q=%65", "/api/events/0a-1?q=%65"),
            ("https://example.com/%7Eada/%2f%25/%e4%bc", "https://example.com/~ada/%2f%25/%e4%bc"),
            ("/api/%", "/api/%"),
            ("/api/%3", "/api/%3"),
            ("/api/%zz%2", "/api/%zz%2"),
        ] {
            assert_eq!(normalized(uri.parse().unwrap()).to_string(), expected, "{uri}");
        }
    }
}
