//! Lists whose items may hold the separator in quotes, as in headers (RFC 9110 §5.6.4) and JSON.

/// The parts of a text between separators that are neither in quotes nor in brackets.
pub(in crate::api) fn separated(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    text.split(move |c: char| {
        if quoted {
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
            return false;
        }
        match c {
            '"' => quoted = true,
            '{' | '[' => depth = depth.saturating_add(1),
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => return depth == 0 && c == separator,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_brackets_are_kept_whole() {
        for (text, parts) in [
            ("a, b,", &["a", " b", ""][..]),
            (r#"a;x="1,\",2\\",b"#, &[r#"a;x="1,\",2\\""#, "b"]),
            (r#""k,":[1,{"x":","}],b"#, &[r#""k,":[1,{"x":","}]"#, "b"]),
            (r#"],a,"b,c"#, &["]", "a", r#""b,c"#]),
        ] {
            assert_eq!(separated(text, ',').collect::<Vec<_>>(), parts, "{text}");
        }
    }
}
