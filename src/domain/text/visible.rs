//! What of a text can be seen, where its lines end, and in which direction it runs.

use std::borrow::Cow;

/// Whether nothing of the text can be seen: it is empty, or holds only white space, controls, and characters of
/// format and others that are ignored where they cannot be shown (`Default_Ignorable_Code_Point`).
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

/// Whether the character leaves no trace on a page.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_ignorable(c)
}

/// Format characters (General Category Cf) and the default ignorable ones, of Unicode 17, and the blank of Braille.
pub(super) const fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}'..='\u{891}'
            | '\u{8E2}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}'
            | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Whether a line ends here (Unicode §5.8).
#[must_use]
pub const fn is_line_end(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The text on one line. White space and control characters become single spaces between words.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// Whether the text fits on one line, and leaves the direction of what follows it alone: without controls, ends
/// of lines, and embeddings or isolates of direction that are not closed, or closed without being open (UAX #9).
#[must_use]
pub fn is_one_line(text: &str) -> bool {
    let mut open = Vec::new();
    for c in text.chars() {
        let fits = match c {
            '\u{202A}' | '\u{202B}' | '\u{202D}' | '\u{202E}' => {
                open.push('\u{202C}');
                continue;
            }
            '\u{2066}'..='\u{2068}' => {
                open.push('\u{2069}');
                continue;
            }
            '\u{202C}' | '\u{2069}' => open.pop() == Some(c),
            c => !c.is_control() && !is_line_end(c),
        };
        if !fits {
            return false;
        }
    }
    open.is_empty()
}

/// The text without its controls of direction, if they are not balanced. Such texts are not taken any more, and
/// older ones may be stored.
#[must_use]
pub fn in_its_direction(text: &str) -> Cow<'_, str> {
    const fn is_control(c: char) -> bool {
        matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    }
    if !text.contains(is_control) || is_one_line(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !is_control(*c)).collect())
}

/// The text as a part of a line in a language that runs from left to right: one with letters that run the other
/// way is isolated from what stands before and behind it (UAX #9, FSI and PDI).
#[must_use]
pub fn isolated(text: &str) -> Cow<'_, str> {
    let runs_left = |c: char| {
        matches!(c, '\u{590}'..='\u{8FF}' | '\u{200F}' | '\u{202B}' | '\u{202E}' | '\u{2067}' | '\u{FB1D}'..='\u{FDFF}'
            | '\u{FE70}'..='\u{FEFE}' | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
    };
    let text = in_its_direction(text);
    if text.contains(runs_left) { Cow::Owned(format!("\u{2068}{text}\u{2069}")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_blank() {
        for text in [
            "",
            " \t\n",
            "\u{200B}\u{FEFF}",
            "\u{2028}\u{85}",
            "\u{3164}",
            "\u{202E}\u{202C}",
            "\u{E0041}",
            "\u{2800}",
        ] {
            assert!(is_blank(text), "{text:?}");
        }
        for text in ["a", "\u{200B}a", "会", "🎉", "👩\u{200D}💻", "."] {
            assert!(!is_blank(text), "{text:?}");
        }
    }

    #[test]
    fn one_line_has_no_end_and_balanced_directions() {
        for text in [
            "Talks",
            "\u{202B}שלום\u{202C} Rust",
            "\u{2068}a\u{2069}",
            "\u{2067}\u{202A}a\u{202C}\u{2069}",
            "👩\u{200D}💻",
            "\u{200F}",
        ] {
            assert!(is_one_line(text), "{text:?}");
        }
        for text in [
            "a\nb",
            "a\tb",
            "a\u{2028}b",
            "a\u{85}b",
            "a\0b",
            "\u{202E}evil",
            "a\u{202C}",
            "\u{2066}a",
            "\u{2069}\u{2066}",
            "\u{202A}a\u{2069}",
            "\u{202A}\u{2066}\u{202C}\u{2069}",
        ] {
            assert!(!is_one_line(text), "{text:?}");
        }
    }

    #[test]
    fn a_text_leaves_the_direction_of_its_line_alone() {
        for (text, as_a_part) in [
            ("Rust at the edge", "Rust at the edge"),
            ("שלום Rust", "\u{2068}שלום Rust\u{2069}"),
            ("مؤتمر", "\u{2068}مؤتمر\u{2069}"),
            ("\u{202E}live", "live"),
            ("\u{2066}a", "a"),
            ("\u{202A}a\u{202C}", "\u{202A}a\u{202C}"),
        ] {
            assert_eq!(isolated(text), as_a_part);
        }
    }
}
