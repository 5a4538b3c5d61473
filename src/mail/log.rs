//! The provider of development: prints a mail so that its links can be followed by hand.

use super::{Message, Outgoing, Sender};

/// The mail as it would arrive, for the terminal.
pub(super) fn print(outgoing: &Outgoing<'_>, message: &Message, sender: &Sender<'_>) -> String {
    let mut text = format!(
        "--- mail ---\nFrom: {}\nTo: {}\nSubject: {}\n",
        sender.from,
        outgoing.mail.recipient(),
        message.subject
    );
    for (name, value) in &message.headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push_str(&format!("\n{}", message.text));
    if let Some(attachment) = &message.attachment {
        text.push_str(&format!("\n[{}]\n", attachment.content_type()));
    }
    text.push_str("------------");
    text
}
