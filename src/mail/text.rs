//! The plain-text version of a mail, made from the same template. The only tags in it are our own, because
//! everything that people typed was escaped.

use std::borrow::Cow;

/// The part between `<main>` and `</main>` as text: paragraphs with an empty line between them, and every
/// link on a line of its own.
pub(super) fn of(html: &str) -> String {
    let body = html.split_once("<main>").map_or(html, |(_, rest)| rest);
    let mut rest = body.split_once("</main>").map_or(body, |(main, _)| main);
    let (mut text, mut link) = (String::new(), None);
    while let Some((words, after)) = rest.split_once('<') {
        push_words(&mut text, words);
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        match tag.split_ascii_whitespace().next() {
            Some("p") => end_paragraph(&mut text),
            Some("br") => end_line(&mut text),
            Some("a") => link = tag.split_once("href=\"").and_then(|(_, value)| value.split('"').next()),
            Some("/a") => {
                if let Some(url) = link.take() {
                    text.push_str(":\n");
                    text.push_str(&unescape(url));
                }
            }
            _ => {}
        }
        rest = after;
    }
    let mut text = text.trim().to_owned();
    text.push('\n');
    text
}

/// Collapses the template's white space to single spaces.
fn push_words(text: &mut String, words: &str) {
    let spaced = |c: char| matches!(c, ' ' | '\n');
    for word in words.split_inclusive(spaced) {
        let bare = word.trim_end_matches(spaced);
        text.push_str(&unescape(bare));
        let breaks = bare.len() < word.len();
        if breaks && !text.is_empty() && !text.ends_with([' ', '\n']) {
            text.push(' ');
        }
    }
}

fn end_line(text: &mut String) {
    text.truncate(text.trim_end_matches(' ').len());
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

fn end_paragraph(text: &mut String) {
    end_line(text);
    if !text.is_empty() && !text.ends_with("\n\n") {
        text.push('\n');
    }
}

/// Reverses the escaping of the template engine. Most words need no change.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = text.to_owned();
    for (escaped, c) in [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")] {
        plain = plain.replace(escaped, c);
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn paragraphs_lines_and_links_become_text() {
        let html = "<title>x</title><main><p>Hello  Ada,</p>\n<p><strong>A</strong><br>B</p>\n\
                    <p>Go <a style=\"x\" href=\"https://x.example/?a=1&#38;b=2\">there</a></p></main>y";
        assert_eq!(of(html), "Hello Ada,\n\nA\nB\n\nGo there:\nhttps://x.example/?a=1&b=2\n");
    }

    #[test]
    fn what_was_escaped_once_is_taken_back_once() {
        assert_eq!(of("<main><p>&#60;b&#62; &#38;#60;</p></main>"), "<b> &#60;\n");
    }
}
