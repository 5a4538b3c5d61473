//! The fields of an event. Each is a value that is valid once it exists.

use serde::{Deserialize, Serialize};

use crate::domain::{FieldError, Timestamp, limits, text};

/// The status of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Only its organizer sees it.
    Draft,
    /// Open to participants.
    #[default]
    Published,
    /// It will not take place. This is final.
    Cancelled,
}

impl Status {
    /// Reads a status as the contract spells it.
    ///
    /// # Errors
    /// `unknown_status`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        match text {
            "draft" => Ok(Self::Draft),
            "published" => Ok(Self::Published),
            "cancelled" => Ok(Self::Cancelled),
            _ => Err(FieldError::new("status", "unknown_status", "Choose draft, published or cancelled.")),
        }
    }

    /// The status as the contract spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether an event may change from this status to `next`. A cancelled event stays cancelled, and a
    /// published one can become a draft again only while nobody is registered.
    #[must_use]
    pub fn may_become(self, next: Self, anyone_registered: bool) -> bool {
        match (self, next) {
            (Self::Cancelled, next) => next == Self::Cancelled,
            (Self::Published, Self::Draft) => !anyone_registered,
            _ => true,
        }
    }
}

/// Who can find an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody, in the list.
    #[default]
    Public,
    /// Anybody who has the id. The event is in no list.
    Unlisted,
}

impl Visibility {
    /// Reads a visibility as the contract spells it.
    ///
    /// # Errors
    /// `unknown_visibility`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        match text {
            "public" => Ok(Self::Public),
            "unlisted" => Ok(Self::Unlisted),
            _ => Err(FieldError::new("visibility", "unknown_visibility", "Choose public or unlisted.")),
        }
    }

    /// The visibility as the contract spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Unlisted => "unlisted",
        }
    }
}

/// A title: 1 to 200 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Title(String);

impl Title {
    /// Reads a title. Leading and trailing white space does not count.
    ///
    /// # Errors
    /// `blank`, `too_long` or `invalid_characters`.
    pub fn parse(typed: &str) -> Result<Self, FieldError> {
        let title = typed.trim();
        if text::is_blank(title) {
            return Err(FieldError::new("title", "blank", "Give a title, or null for the default."));
        }
        if title.chars().count() > limits::TITLE_MAX_CHARS {
            return Err(FieldError::new("title", "too_long", "Use at most 200 characters."));
        }
        if !text::is_one_line(title) {
            return Err(FieldError::new("title", "invalid_characters", text::ONE_LINE));
        }
        Ok(Self(title.to_owned()))
    }

    /// The title itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an event is about: 1 to 10,000 characters, not only white space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Description(String);

impl Description {
    /// Reads a description.
    ///
    /// # Errors
    /// `blank`, `too_long` or `invalid_characters`.
    pub fn parse(typed: &str) -> Result<Self, FieldError> {
        if text::is_blank(typed) {
            return Err(FieldError::new("description", "blank", "Say what the event is about."));
        }
        if typed.chars().count() > limits::DESCRIPTION_MAX_CHARS {
            return Err(FieldError::new("description", "too_long", "Use at most 10000 characters."));
        }
        if typed.contains('\0') {
            return Err(FieldError::new("description", "invalid_characters", "A NUL cannot be part of it."));
        }
        Ok(Self(typed.to_owned()))
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first line that is not blank, as a title.
    #[must_use]
    pub fn first_line(&self) -> String {
        let line = self
            .0
            .split(text::is_line_end)
            .map(text::one_line)
            .find(|line| !text::is_blank(line))
            .unwrap_or_default();
        let kept: String = line.chars().take(limits::TITLE_MAX_CHARS).collect();
        text::in_its_direction(kept.trim_end()).trim().to_owned()
    }
}

/// An `https` link of at most 2,048 bytes, without a user name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JoinUrl(String);

impl JoinUrl {
    /// Reads a link as the URL Standard does. One in ASCII is kept as it was typed, any other in its ASCII form.
    /// What parsers take for different things is refused: a user name, a backslash, and characters that cannot
    /// be seen.
    ///
    /// # Errors
    /// `invalid_url`.
    pub fn parse(typed: &str) -> Result<Self, FieldError> {
        Self::read(typed).ok_or(FieldError::new(
            "join_url",
            "invalid_url",
            "Give a link that begins with https:// and has a host.",
        ))
    }

    fn read(typed: &str) -> Option<Self> {
        let (scheme, rest) = typed.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let clear = scheme.eq_ignore_ascii_case("https")
            && !authority.is_empty()
            && !authority.contains('@')
            && !typed.contains(|c: char| c == '\\' || text::is_invisible(c));
        let url = text::parse_url(typed).filter(|_| clear)?;
        let kept = if typed.is_ascii() { typed.to_owned() } else { url.href };
        (kept.len() <= limits::JOIN_URL_MAX_BYTES).then_some(Self(kept))
    }

    /// The link itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Up to ten different tags of 1 to 32 characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(Vec<String>);

impl Tags {
    /// Reads tags. Leading and trailing white space does not count. Of tags that are one when folded, the first is
    /// kept as it is spelled.
    ///
    /// # Errors
    /// `too_many` or `invalid_tag`.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, FieldError> {
        let (mut tags, mut folds) = (Vec::new(), Vec::new());
        for (count, typed) in texts.into_iter().enumerate() {
            let tag = typed.trim();
            if count >= limits::TAGS_MAX {
                return Err(FieldError::new("tags", "too_many", "Give at most 10 tags."));
            }
            if !(1..=limits::TAG_MAX_CHARS).contains(&tag.chars().count())
                || text::is_blank(tag)
                || !text::is_one_line(tag)
            {
                return Err(FieldError::new(
                    "tags",
                    "invalid_tag",
                    "A tag has 1 to 32 characters on one line.",
                ));
            }
            let folded = text::fold(tag);
            if !folds.contains(&folded) {
                folds.push(folded);
                tags.push(tag.to_owned());
            }
        }
        Ok(Self(tags))
    }

    /// The tags in the organizer's order.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

/// Reads a number of seats.
///
/// # Errors
/// `out_of_range`.
pub fn parse_capacity(seats: i64) -> Result<u32, FieldError> {
    u32::try_from(seats)
        .ok()
        .filter(|seats| (1..=limits::CAPACITY_MAX).contains(seats))
        .ok_or(FieldError::new("capacity", "out_of_range", "Give 1 to 1000000 seats, or null for no limit."))
}

/// The first and the last moment of the years 1900 to 9998.
const FIRST: Timestamp = Timestamp::from_ms(-2_208_988_800_000);
const LAST: Timestamp = Timestamp::from_ms(253_370_764_799_999);

/// Reads a bound of the registration window from the field named `field`.
///
/// # Errors
/// `invalid_time`.
pub fn parse_instant(field: &'static str, text: &str) -> Result<Timestamp, FieldError> {
    Timestamp::parse_rfc3339(text).filter(|at| (FIRST..=LAST).contains(at)).ok_or(FieldError::new(
        field,
        "invalid_time",
        "Give a time like 2024-05-25T14:00:00Z.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_characters_not_bytes() {
        assert!(Title::parse(&"ü".repeat(200)).is_ok());
        assert!(Title::parse(&"ü".repeat(201)).is_err());
        assert!(Description::parse(&"ü".repeat(10_000)).is_ok());
        assert!(Description::parse(&"ü".repeat(10_001)).is_err());
        assert!(Tags::parse(["ü".repeat(32).as_str()]).is_ok());
    }

    #[test]
    fn the_default_title_is_the_first_line_cut_at_200() {
        let first_line = |text: &str| Description::parse(text).unwrap().first_line();
        assert_eq!(first_line("\n  Rust at the edge \r\nAll day."), "Rust at the edge");
        assert_eq!(first_line(&"x".repeat(300)).len(), 200);
        assert_eq!(first_line(&"x ".repeat(300)).len(), 199);
    }

    #[test]
    fn the_default_title_keeps_words_apart_and_ends_with_its_line() {
        let first_line = |text: &str| Description::parse(text).unwrap().first_line();
        assert_eq!(first_line("Agenda\tTalks"), "Agenda Talks");
        assert_eq!(first_line("\u{1}\t \n  Agenda \u{7}\t  Talks\u{a0}\t\nMore"), "Agenda Talks");
        for end in ["\n", "\r\n", "\r", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
            assert_eq!(first_line(&format!("{end}Agenda{end}Talks")), "Agenda", "{end:?}");
        }
    }

    #[test]
    fn a_default_title_is_one_that_could_be_set() {
        for text in
            ["\u{202E}evil\nand so on\u{202C}".to_owned(), format!("\u{2067}{}\u{2069}", "א".repeat(250))]
        {
            let title = Description::parse(&text).unwrap().first_line();
            assert_eq!(Title::parse(&title).unwrap().as_str(), title);
        }
    }

    #[test]
    fn a_moment_is_one_of_the_years_1900_to_9998() {
        for text in ["1900-01-01T00:00:00Z", "9998-12-31T23:59:59Z", "9999-01-01T00:59:59+01:00"] {
            assert!(parse_instant("registration_opens_at", text).is_ok(), "{text}");
        }
        for text in [
            "9999-12-31T23:59:59-01:00",
            "0000-01-01T00:00:00+01:00",
            "1899-12-31T23:59:59Z",
            "9999-01-01T00:00:00Z",
        ] {
            assert!(parse_instant("registration_opens_at", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_join_link_is_https_and_nothing_else() {
        for (typed, kept) in [
            ("https://meet.example.com/a?b=c#d", "https://meet.example.com/a?b=c#d"),
            ("https://meet.example.com:8443", "https://meet.example.com:8443"),
            ("https://[2001:db8::1]/a", "https://[2001:db8::1]/a"),
            ("https://besprechung.exämple.de/räum", "https://besprechung.xn--exmple-cua.de/r%C3%A4um"),
            ("https://会議.example/", "https://xn--6oqw48l.example/"),
        ] {
            assert_eq!(JoinUrl::parse(typed).unwrap().as_str(), kept);
        }
        for text in [
            "http://meet.example.com",
            "javascript:alert(1)",
            "https://",
            "//meet.example.com",
            "meet",
            "https://user@meet.example.com",
            "https://meet.example.com/a b",
            "https://a\r\nb",
            "https:meet.example.com",
            "https:///meet.example.com",
            "https://meet.example.com:abc/",
            "https://meet.example.com:65536/",
            "https://[zz]/",
            "https://256.256.256.256/",
            "https://1.2.3.4.5",
            "https://meet.example.com\\@evil.example.com/",
            "https://meet.example.com/a\u{200B}b",
            "https://meet.example.com/\u{202E}b",
            "https://@meet.example.com",
        ] {
            assert!(JoinUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tags_are_trimmed_and_unique() {
        let tags = Tags::parse([" Rust ", "wasm", "rust", "Zürich", "zurich"]).unwrap();
        assert_eq!(tags.as_slice(), ["Rust", "wasm", "Zürich"]);
        assert!(Tags::parse(["\u{200B}"]).is_err());
        assert!(Tags::parse(["a"; 11]).is_err());
        assert!(Tags::parse([" "]).is_err());
    }

    #[test]
    fn a_cancelled_event_stays_cancelled() {
        assert!(!Status::Cancelled.may_become(Status::Published, false));
        assert!(Status::Cancelled.may_become(Status::Cancelled, true));
        assert!(Status::Published.may_become(Status::Draft, false));
        assert!(!Status::Published.may_become(Status::Draft, true));
        assert!(Status::Draft.may_become(Status::Published, false));
    }
}
