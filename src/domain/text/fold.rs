//! How texts are compared when spelling must not matter: in a search, and between tags.

use super::unicode::{nfc, without_marks};
use super::visible::is_ignorable;

/// The text in one spelling: compatibility forms resolved, marks and invisible characters dropped, case folded,
/// and the Latin letters that do not decompose spelled out. So `Zürich`, `zurich` and `ＺＵＲＩＣＨ` are one word.
/// Folding twice is folding once.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for c in without_marks(text).chars().filter(|c| !is_ignorable(*c)) {
        match spelled_out(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.extend(case_folded(c)),
        }
    }
    // A folded letter may bring a mark along. Hangul comes back in syllables.
    nfc(&without_marks(&folded))
}

/// Full case folding (Unicode §3.13) by way of the upper case, which is where `ß` is `SS`, and `ς` and `σ` meet.
fn case_folded(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

const fn spelled_out(c: char) -> Option<&'static str> {
    Some(match c {
        'Æ' | 'æ' => "ae",
        'Œ' | 'œ' => "oe",
        'Þ' | 'þ' => "th",
        'Ð' | 'ð' | 'Đ' | 'đ' => "d",
        'Ł' | 'ł' => "l",
        'Ø' | 'ø' => "o",
        'Ħ' | 'ħ' => "h",
        'Ŧ' | 'ŧ' => "t",
        'ı' => "i",
        // Apostrophes that are letters, and the line that stretches Arabic words.
        'ʼ' | 'ʻ' => "'",
        'ـ' => "",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_word_are_one() {
        for (text, folded) in [
            ("Zürich", "zurich"),
            ("Zu\u{308}rich", "zurich"),
            ("STRASSE", "strasse"),
            ("Straße", "strasse"),
            ("GROẞ", "gross"),
            ("ΑΘΗΝΑΣ", "αθηνασ"),
            ("Αθήνας", "αθηνασ"),
            ("Ｒｕｓｔ", "rust"),
            ("ﬁnal", "final"),
            ("Łódź Øresund Đakovo", "lodz oresund dakovo"),
            ("Œuvre Ægir Þór Ðalir", "oeuvre aegir thor dalir"),
            ("İstanbul ILGIN ılgın", "istanbul ilgin ilgin"),
            ("ﾃﾞｻﾞｲﾝ", "テサイン"),
            ("\u{1100}\u{1161}", "가"),
            ("², ½", "2, 1\u{2044}2"),
            ("Kon\u{AD}ferenz", "konferenz"),
            ("می\u{200C}خواهم", "میخواهم"),
            ("كتـاب", "كتاب"),
            ("комп\u{2BC}ютер", "комп'ютер"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,40}") {
            let folded = fold(&text);
            prop_assert_eq!(&fold(&folded), &folded);
        }

        #[test]
        fn case_and_composition_do_not_matter(text in "\\PC{0,40}") {
            prop_assert_eq!(fold(&nfc(&text)), fold(&text));
            prop_assert_eq!(fold(&without_marks(&text)), fold(&text));
        }
    }
}
