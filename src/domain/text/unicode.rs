//! What needs the tables of Unicode: normalization, and the hosts of URLs.
//!
//! In the Worker the engine answers, since it has the tables: carried along, they would add some 100 KB to its
//! size. Natively the crates do it. `tests/unicode.json` holds texts and answers that both are tested with.

use tables::composed;
pub use tables::{parse_url, without_marks};

/// The text in Normalization Form C (UAX #15).
#[must_use]
pub fn nfc(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { composed(text) }
}

/// An absolute URL as the URL Standard reads it.
#[derive(Debug, PartialEq, Eq)]
pub struct ParsedUrl {
    /// The host in ASCII (UTS #46).
    pub host: String,
    /// The whole URL in ASCII.
    pub href: String,
}

#[cfg(target_arch = "wasm32")]
mod tables {
    use super::ParsedUrl;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen(module = "/src/domain/text/unicode.js")]
    extern "C" {
        #[wasm_bindgen(js_name = nfc)]
        pub(in crate::domain::text) fn composed(text: &str) -> String;

        /// The text in Normalization Form KD, without its marks (General Category M).
        #[must_use]
        #[wasm_bindgen(js_name = withoutMarks)]
        pub fn without_marks(text: &str) -> String;

        #[wasm_bindgen(js_name = parseUrl)]
        fn parse_url_text(text: &str) -> Option<String>;
    }

    /// Reads an absolute URL.
    #[must_use]
    pub fn parse_url(text: &str) -> Option<ParsedUrl> {
        let parsed = parse_url_text(text)?;
        let (host, href) = parsed.split_once(' ')?;
        Some(ParsedUrl { host: host.to_owned(), href: href.to_owned() })
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod tables {
    use super::ParsedUrl;
    use unicode_normalization::UnicodeNormalization;
    use unicode_normalization::char::is_combining_mark;

    pub(in crate::domain::text) fn composed(text: &str) -> String {
        text.nfc().collect()
    }

    /// The text in Normalization Form KD, without its marks (General Category M).
    #[must_use]
    pub fn without_marks(text: &str) -> String {
        text.nfkd().filter(|c| !is_combining_mark(*c)).collect()
    }

    /// Reads an absolute URL.
    #[must_use]
    pub fn parse_url(text: &str) -> Option<ParsedUrl> {
        let url = url::Url::parse(text).ok()?;
        Some(ParsedUrl { host: url.host_str().unwrap_or_default().to_owned(), href: url.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// `tests/worker/unicode.test.mjs` holds the runtime against the same answers.
    #[test]
    fn the_crates_answer_as_the_engine_does() {
        let answers: Value = serde_json::from_str(include_str!("../../../tests/unicode.json")).unwrap();
        let check = |kind: &str, answer: &dyn Fn(&str) -> Option<String>| {
            for row in answers[kind].as_array().unwrap() {
                assert_eq!(answer(row[0].as_str().unwrap()).as_deref(), row[1].as_str(), "{kind} {row}");
            }
        };
        check("nfc", &|text| Some(nfc(text)));
        check("without_marks", &|text| Some(without_marks(text)));
        check("url", &|text| parse_url(text).map(|url| format!("{} {}", url.host, url.href)));
    }
}
