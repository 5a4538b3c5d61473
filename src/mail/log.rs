//! The provider of development: prints a mail so that its links can be followed by hand.

use super::{Mail, render};

/// The mail as it would arrive, for the terminal.
pub(super) fn print(mail: &Mail, from: &str) -> String {
    let message = render(mail);
    format!(
        "--- mail ---\nFrom: {from}\nTo: {}\nSubject: {}\n\n{}------------",
        mail.recipient(),
        message.subject,
        message.text
    )
}
