//! Participant lists for spreadsheets (RFC 4180).
//!
//! Strangers type the names and organizers open the file, so a cell that a spreadsheet would read as a
//! formula is made text with an apostrophe (OWASP, CSV injection).

use crate::domain::Timestamp;
use crate::domain::account::Name;
use crate::objects::event::Registration;

/// The first line.
pub(in crate::api) const HEADER: &str =
    "registration_id,status,position,name,email,registered_at,confirmed_at,checked_in_at,email_status\r\n";

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
        push_cell(csv, cell);
    }
    csv.push_str("\r\n");
}

fn push_cell(csv: &mut String, cell: &str) {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if !formula && !cell.contains([',', '"', '\r', '\n']) {
        csv.push_str(cell);
        return;
    }
    csv.push('"');
    if formula {
        csv.push('\'');
    }
    csv.push_str(&cell.replace('"', "\"\""));
    csv.push('"');
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
