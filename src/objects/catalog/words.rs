//! Full-text search: what is indexed for an event, and how a search is written for FTS5.
//!
//! In addition to its words, an event's text contains marks: every word of the title once more, and one mark
//! each for its status, its organizer and every tag. A mark is a word that begins with a private-use
//! character, which nobody can enter into a text or a search. So one index answers words, title matches and
//! filters, and its rows come in the order of the list. The cost of a page depends on what it shows, not on
//! how many events match.

use std::fmt::Write;

use super::terms::{Term, terms};
use crate::domain::event::{Details, Status};
use crate::domain::text::fold;
use crate::domain::{UserId, limits};

/// Marks a word of the title.
const TITLE: &str = "\u{E000}";
/// Marks a filter.
const FILTER: char = '\u{E001}';

/// The words of a search, as they were typed. All of them are required, and each may be the beginning of a word.
/// The Catalog reads what is in a word; an older one quotes it as it is.
#[must_use]
pub fn words(question: &str) -> Vec<String> {
    question
        .split(|c: char| c.is_whitespace() || c == '"' || c.is_control())
        .filter(|word| word.contains(char::is_alphanumeric))
        .take(limits::QUERY_WORDS_MAX)
        .map(str::to_owned)
        .collect()
}

/// The text to index for an event.
pub(super) fn text(details: &Details, organizer: UserId) -> String {
    let mut text = String::new();
    let title = terms(&details.title());
    let mut write = |mark: &str, terms: &[Term]| {
        for token in terms.iter().flat_map(Term::tokens) {
            let _ = write!(text, "{mark}{token} ");
        }
    };
    write("", &title);
    for part in [details.description()].into_iter().chain(details.tags().iter().map(String::as_str)) {
        write("", &terms(part));
    }
    write(TITLE, &title);
    let _ = write!(text, "{} {}", status_mark(details.status()), organizer_mark(organizer));
    for tag in details.tags() {
        let _ = write!(text, " {}", tag_mark(&fold(tag.trim())));
    }
    text
}

/// What a search asks for, read once for all its walks.
pub(super) struct Asked {
    terms: Vec<Term>,
    /// The words as events are indexed by them that an older version has written, if there are any.
    old_words: Option<Vec<String>>,
}

impl Asked {
    /// Reads the words of a search.
    pub(super) fn new(words: &[String], some_are_old: bool) -> Self {
        let terms = words.iter().flat_map(|word| terms(word)).take(limits::QUERY_TERMS_MAX).collect();
        let old_words = || words.iter().flat_map(|word| old_split(word)).map(str::to_owned).collect();
        Self { terms, old_words: some_are_old.then(old_words) }
    }

    /// Whether it asks for nothing, which nothing matches.
    pub(super) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    fn matching(&self, mark: &str) -> String {
        let all = |phrases: Vec<String>| phrases.join(" AND ");
        let new = all(self.terms.iter().map(|term| term.phrase(mark)).collect());
        match &self.old_words {
            Some(old) if !old.is_empty() => {
                let old = all(old.iter().map(|word| format!("\"{mark}{word}\"*")).collect());
                format!("(({new}) OR ({old}))")
            }
            _ => new,
        }
    }
}

/// A search, built from words and filters. Everything is quoted, so nothing that a person types is ever read
/// as an operator.
#[derive(Default)]
pub(super) struct Match(String);

impl Match {
    /// Requires every word, anywhere.
    pub(super) fn words(mut self, asked: &Asked) -> Self {
        self.require(&asked.matching(""));
        self
    }

    /// Requires every word in the title.
    pub(super) fn title(mut self, asked: &Asked) -> Self {
        self.require(&asked.matching(TITLE));
        self
    }

    /// Excludes what [`Match::title`] finds.
    pub(super) fn not_title(self, asked: &Asked) -> Self {
        let title = Self::default().title(asked);
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

    /// Requires a tag. `some_are_old` says that an older version has written the marks of some events.
    pub(super) fn tag(mut self, tag: Option<&str>, some_are_old: bool) -> Self {
        let Some(tag) = tag.map(str::trim) else { return self };
        let (mark, old) = (tag_mark(&fold(tag)), tag_mark(&tag.to_lowercase()));
        match some_are_old && mark != old {
            true => self.require(&format!("(\"{mark}\" OR \"{old}\")")),
            false => self.require(&format!("\"{mark}\"")),
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

/// The words of a text as version 1 of the index has them.
fn old_split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn status_mark(status: Status) -> String {
    format!("{FILTER}s{}", status.as_str())
}

fn organizer_mark(organizer: UserId) -> String {
    format!("{FILTER}o{}", hex(organizer.as_bytes()))
}

/// Tags are compared as a whole, folded.
fn tag_mark(folded: &str) -> String {
    format!("{FILTER}g{}", hex(folded.as_bytes()))
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
        assert_eq!(words("  Rust, \"wasm\" OR (NEAR* c++) "), ["Rust,", "wasm", "OR", "(NEAR*", "c++)"]);
        assert!(words("!?%\" ' -- \u{E000} \u{200B}").is_empty());
    }

    fn phrases(question: &str) -> String {
        Match::default().words(&Asked::new(&words(question), false)).into_text()
    }

    #[test]
    fn a_search_holds_no_operator_that_somebody_typed() {
        assert_eq!(phrases("\"a\" OR (NEAR* -b)"), r#""a"* AND "or"* AND "near"* AND "b"*"#);
        assert_eq!(phrases("\u{E001}spublished"), r#""spublished"*"#);
    }

    #[test]
    fn runs_are_phrases_of_pairs() {
        assert_eq!(phrases("開発者"), r#""開発 発者""#);
        assert_eq!(phrases("会"), r#""会"*"#);
        assert_eq!(phrases("重跑gen后"), r#""重跑" AND "gen"* AND "后"*"#);
    }

    #[test]
    fn a_sign_belongs_to_the_word_before_it() {
        assert_eq!(
            phrases("C# f#, a+ node.js."),
            "\"c\u{E002}\"* AND \"f\u{E002}\"* AND \"a\"* AND \"node\u{E004}js\"*"
        );
        assert_eq!(phrases("C++ .net #rust"), "\"c\u{E003}\"* AND \"\u{E004}net\"* AND \"rust\"*");
    }
}
