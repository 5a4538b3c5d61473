//! Full-text search: what is indexed for an event, and how a search is written for FTS5.
//!
//! In addition to its words, an event's text contains marks: every word of the title once more, and one mark
//! each for its status, its organizer and every tag. A mark is a word that begins with a private-use
//! character, which nobody can enter into a text or a search. So one index answers words, title matches and
//! filters, and its rows come in the order of the list. The cost of a page depends on what it shows, not on
//! how many events match.

use std::fmt::Write;

use crate::domain::event::{Details, Status};
use crate::domain::{UserId, limits};

/// Marks a word of the title.
const TITLE: char = '\u{E000}';
/// Marks a filter.
const FILTER: char = '\u{E001}';

/// The words of a search. All of them are required, and each may be the beginning of a word.
#[must_use]
pub fn words(question: &str) -> Vec<String> {
    split(question).take(limits::QUERY_WORDS_MAX).map(str::to_owned).collect()
}

/// The text to index for an event.
pub(super) fn text(details: &Details, organizer: UserId) -> String {
    let mut text = String::new();
    let title = details.title();
    for part in [&title, details.description()].into_iter().chain(details.tags().iter().map(String::as_str)) {
        for word in split(part) {
            text.push_str(word);
            text.push(' ');
        }
    }
    for word in split(&title) {
        let _ = write!(text, "{TITLE}{word} ");
    }
    let _ = write!(text, "{} {}", status_mark(details.status()), organizer_mark(organizer));
    for tag in details.tags() {
        let _ = write!(text, " {}", tag_mark(tag));
    }
    text
}

/// A search, built from words and filters. Everything is quoted, so nothing that a person types is ever read
/// as an operator.
#[derive(Default)]
pub(super) struct Match(String);

impl Match {
    /// Requires every word, anywhere.
    pub(super) fn words(mut self, words: &[String]) -> Self {
        words.iter().for_each(|word| self.require(&format!("\"{word}\"*")));
        self
    }

    /// Requires every word in the title.
    pub(super) fn title(mut self, words: &[String]) -> Self {
        words.iter().for_each(|word| self.require(&format!("\"{TITLE}{word}\"*")));
        self
    }

    /// Excludes what [`Match::title`] finds.
    pub(super) fn not_title(self, words: &[String]) -> Self {
        let title = Self::default().title(words);
        Self(format!("({}) NOT ({})", self.0, title.0))
    }

    /// Requires a status.
    pub(super) fn status(mut self, status: Status) -> Self {
        self.require(&format!("\"{}\"", status_mark(status)));
        self
    }

    /// Requires an organizer.
    pub(super) fn organizer(mut self, organizer: Option<UserId>) -> Self {
        if let Some(organizer) = organizer {
            self.require(&format!("\"{}\"", organizer_mark(organizer)));
        }
        self
    }

    /// Requires a tag.
    pub(super) fn tag(mut self, tag: Option<&str>) -> Self {
        if let Some(tag) = tag {
            self.require(&format!("\"{}\"", tag_mark(tag)));
        }
        self
    }

    /// The search in FTS5 syntax.
    pub(super) fn into_text(self) -> String {
        self.0
    }

    fn require(&mut self, term: &str) {
        if !self.0.is_empty() {
            self.0.push_str(" AND ");
        }
        self.0.push_str(term);
    }
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn status_mark(status: Status) -> String {
    format!("{FILTER}s{}", status.as_str())
}

fn organizer_mark(organizer: UserId) -> String {
    format!("{FILTER}o{}", hex(organizer.as_bytes()))
}

/// Tags are compared as a whole, ignoring case.
fn tag_mark(tag: &str) -> String {
    format!("{FILTER}g{}", hex(tag.trim().to_lowercase().as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_words_and_nothing_else() {
        assert_eq!(words("  Rust, \"wasm\" OR (NEAR* c++) "), ["Rust", "wasm", "OR", "NEAR", "c"]);
        assert_eq!(words("\u{E000}rust \u{E001}spublished"), ["rust", "spublished"]);
        assert!(words("!?%\" ' --").is_empty());
    }
}
