//! What a text is made of for a search: words, and runs of scripts that are written without spaces.
//!
//! Both the index and a search are read here, from one fold, so what is typed is found however it is spelled.
//! A run is indexed as its overlapping pairs of letters. A part of it is then a phrase of pairs, and a single
//! letter the beginning of a pair.

use crate::domain::limits;
use crate::domain::text::fold;

/// A letter of a word that the tokenizer of SQLite would take for the end of it. Nobody can enter these.
const HASH: char = '\u{E002}';
const PLUSES: char = '\u{E003}';
const DOT: char = '\u{E004}';

/// Of a name with dots, so many ends are indexed: `www.example.com` is found by `example.com`.
const TAILS_MAX: usize = 8;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    /// A word, which a search finds by its beginning.
    Word(String),
    /// The letters of a run.
    Run(Vec<char>),
}

/// The parts of a text, in order.
pub(super) fn terms(text: &str) -> Vec<Term> {
    let folded: Vec<char> = fold(text).chars().collect();
    let mut terms = Vec::new();
    let mut rest = folded.as_slice();
    while let Some(first) = rest.first() {
        let taken = if is_unspaced(*first) {
            let run = length(rest, is_unspaced);
            terms.push(Term::Run(rest.iter().take(run).copied().collect()));
            run
        } else {
            take_word(rest, &mut terms)
        };
        rest = rest.get(taken.max(1)..).unwrap_or_default();
    }
    terms
}

/// Takes the word at the beginning of `rest`, as in `c++`, `.net` or `node.js`, and returns its length; 0 if there is
/// none.
fn take_word(rest: &[char], terms: &mut Vec<Term>) -> usize {
    let mut word = String::new();
    let mut taken = 0_usize;
    loop {
        let left = rest.get(taken..).unwrap_or_default();
        let (letter, length) = match left {
            [c, ..] if is_of_a_word(*c) => (*c, 1),
            ['.', c, ..] if is_of_a_word(*c) => (DOT, 1),
            ['#', ..] if taken > 0 => (HASH, 1),
            ['+', '+', ..] if taken > 0 => (PLUSES, 2),
            _ => break,
        };
        word.push(letter);
        taken = taken.saturating_add(length);
    }
    if taken > 0 {
        terms.push(Term::Word(word));
    }
    taken
}

impl Term {
    /// What is indexed for it.
    pub(super) fn tokens(&self) -> Vec<String> {
        match self {
            Self::Word(word) => {
                let whole = word.trim_start_matches(DOT);
                let mut tokens = vec![word.clone()];
                // `asp.net` is found by `net`, and by `.net`.
                if let Some(last) = whole.rfind(DOT).and_then(|at| whole.get(at..)) {
                    tokens.push(last.to_owned());
                }
                let mut rest = if whole.len() < word.len() { Some(whole) } else { tail(whole) };
                for _ in 0..TAILS_MAX {
                    let Some(end) = rest else { break };
                    tokens.push(end.to_owned());
                    rest = tail(end);
                }
                tokens
            }
            Self::Run(letters) => {
                let last = letters.last().map(char::to_string);
                letters.windows(2).map(|pair| pair.iter().collect()).chain(last).collect()
            }
        }
    }

    /// How FTS5 is asked for it, with `mark` before each token.
    pub(super) fn phrase(&self, mark: &str) -> String {
        match self {
            Self::Word(word) => format!("\"{mark}{word}\"*"),
            Self::Run(letters) if letters.len() < 2 => {
                format!("\"{mark}{}\"*", letters.iter().collect::<String>())
            }
            Self::Run(letters) => {
                let pairs: Vec<String> = letters
                    .windows(2)
                    .take(limits::QUERY_RUN_MAX)
                    .map(|pair| format!("{mark}{}", pair.iter().collect::<String>()))
                    .collect();
                format!("\"{}\"", pairs.join(" "))
            }
        }
    }
}

/// What follows the first dot.
fn tail(word: &str) -> Option<&str> {
    word.split_once(DOT).map(|(_, tail)| tail)
}

fn length(letters: &[char], belongs: impl Fn(char) -> bool) -> usize {
    letters.iter().take_while(|c| belongs(**c)).count()
}

fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() && !is_unspaced(c)
}

/// Whether the letter is of a script that is written without spaces, or with spaces inside of words: Thai, Lao,
/// Tai, Myanmar, Khmer, Balinese, Javanese, Yi, Hangul, Kana, Bopomofo and Han.
const fn is_unspaced(c: char) -> bool {
    matches!(
        c,
        '\u{E01}'..='\u{EFF}' | '\u{1950}'..='\u{19DF}' | '\u{1A20}'..='\u{1AAF}' | '\u{1B00}'..='\u{1B7F}'
            | '\u{A000}'..='\u{A4CF}' | '\u{A980}'..='\u{A9DF}' | '\u{AA80}'..='\u{AADF}' | '\u{1000}'..='\u{109F}' | '\u{1100}'..='\u{11FF}' | '\u{1780}'..='\u{17DC}'
            | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{312F}' | '\u{31A0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}'
            | '\u{4E00}'..='\u{9FFF}' | '\u{A960}'..='\u{A97C}' | '\u{A9E0}'..='\u{A9FE}' | '\u{AA60}'..='\u{AA7F}'
            | '\u{AC00}'..='\u{D7FB}' | '\u{F900}'..='\u{FAFF}' | '\u{1B000}'..='\u{1B16F}' | '\u{20000}'..='\u{3FFFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whether the index of a text holds what is asked for.
    fn holds(indexed: &[String], term: &Term) -> bool {
        match term {
            Term::Run(letters) if letters.len() > 1 => {
                let pairs: Vec<String> = letters.windows(2).map(|pair| pair.iter().collect()).collect();
                indexed.windows(pairs.len()).any(|part| part == pairs)
            }
            Term::Run(letters) => indexed.iter().any(|token| token.starts_with(letters.as_slice())),
            Term::Word(word) => indexed.iter().any(|token| token.starts_with(word)),
        }
    }

    proptest! {
        #[test]
        fn every_word_of_a_text_finds_it(text in "([a-zß.#+ ]|[東京会議デの]|[\\u{300}-\\u{310}]|\\PC){0,60}") {
            let indexed: Vec<String> = terms(&text).iter().flat_map(Term::tokens).collect();
            for term in text.split_whitespace().flat_map(terms) {
                prop_assert!(holds(&indexed, &term), "{term:?} in {indexed:?}");
            }
        }
    }
}
