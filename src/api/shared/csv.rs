//! Participant lists for spreadsheets (RFC 4180).
//!
//! Strangers type the names and organizers open the file, so what a spreadsheet would read as a formula is
//! made text with an apostrophe (OWASP, CSV injection). A spreadsheet may split lines at another separator
//! than ours, as Excel does in much of Europe, and then ignores our quotes. So the same is done behind every
//! separator within a cell.

use crate::domain::account::Name;
use crate::domain::{Timestamp, text};
use crate::objects::event::Registration;

/// The first line.
pub(in crate::api) const HEADER: &str =
    "registration_id,status,position,name,email,registered_at,confirmed_at,checked_in_at,email_status\r\n";

/// What a spreadsheet begins with to say that it is UTF-8: without it, Excel takes it for something older.
pub(in crate::api) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Where spreadsheets may split a line, or end it.
const SEPARATORS: [char; 6] = [',', ';', '|', '\t', '\r', '\n'];
/// What a formula begins with, in both widths.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Appends one line.
pub(in crate::api) fn push(csv: &mut String, registration: &Registration) {
    let time = |at: Option<Timestamp>| at.map(Timestamp::to_rfc3339).unwrap_or_default();
    let cells = [
        registration.id.to_string(),
        registration.status.as_str().to_owned(),
        registration.position.map(|position| position.to_string()).unwrap_or_default(),
        registration.name.as_ref().map(Name::as_str).unwrap_or_default().to_owned(),
        registration.email.as_str().to_owned(),
        registration.registered_at.to_rfc3339(),
        time(registration.confirmed_at),
        time(registration.checked_in_at),
        registration.email_status.as_str().to_owned(),
    ];
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            csv.push(',');
        }
        push_cell(csv, &text::in_its_direction(cell));
    }
    csv.push_str("\r\n");
}

fn push_cell(csv: &mut String, cell: &str) {
    let pieces = || cell.split_inclusive(SEPARATORS);
    let begins_blank = cell.starts_with(['\t', '\r', '\n']);
    let formula = begins_blank || pieces().any(is_formula);
    if !formula && !cell.contains([',', '"', '\r', '\n']) {
        csv.push_str(cell);
        return;
    }
    csv.push('"');
    if begins_blank {
        csv.push('\'');
    }
    for piece in pieces() {
        if is_formula(piece) {
            csv.push('\'');
        }
        csv.push_str(&piece.replace('"', "\"\""));
    }
    csv.push('"');
}

/// Whether a cell with this text might be read as a formula. Spreadsheets drop blanks and quotes before it,
/// and people do not see some other characters.
fn is_formula(piece: &str) -> bool {
    let skipped = |c: char| c == '"' || text::is_invisible(c);
    piece.trim_start_matches(skipped).starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> String {
        let mut csv = String::new();
        push_cell(&mut csv, text);
        csv
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(cell("Ada"), "Ada");
        assert_eq!(cell("Lovelace, \"Ada\""), "\"Lovelace, \"\"Ada\"\"\"");
        assert_eq!(cell("two\r\nlines"), "\"two\r\nlines\"");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
            assert!(cell(text).starts_with("\"'"), "{text}");
        }
    }
}
