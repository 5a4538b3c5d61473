//! Texts that people type: how they are compared, and what of them can be seen.

mod fold;
mod unicode;
mod visible;

pub use fold::fold;
pub use unicode::{ParsedUrl, nfc, parse_url, without_marks};
pub use visible::{in_its_direction, is_blank, is_invisible, is_line_end, is_one_line, isolated, one_line};

/// What to tell somebody whose text is not on one line.
pub const ONE_LINE: &str = "Use one line, without control characters and unbalanced marks of direction.";
