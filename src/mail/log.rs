//! The provider for development: prints a mail so that its links can be followed by hand.
//!
//! Whoever has a link from a mail can choose a new password, and more people read logs than a mailbox. So a
//! mail whose links lead to another machine waits unless the deployment allows printing it, even when there
//! is no request whose host could be checked.

use http::Uri;

use super::{Mail, MailTemplate, Message, Outgoing, Plan, Sender};
use crate::domain::host;

/// Prints the mails, or makes them wait for another provider.
pub(super) fn plan(mails: &[(Outgoing<'_>, Message)], anywhere: bool, sender: &Sender<'_>) -> Plan {
    if anywhere || mails.iter().all(|(outgoing, _)| stays_here(outgoing.mail, sender)) {
        Plan::Print(mails.iter().map(|(outgoing, message)| print(outgoing, message, sender)).collect())
    } else {
        Plan::Wait("MAIL_PROVIDER")
    }
}

/// Whether all links in the mail lead to this machine.
fn stays_here(mail: &Mail, sender: &Sender<'_>) -> bool {
    let url = match &mail.template {
        MailTemplate::ConfirmAddress { link } | MailTemplate::ResetPassword { link } => {
            Some(link.reveal().as_str())
        }
        template => sender.public_url.or_else(|| template.event()?.origin.as_deref()),
    };
    url.is_none_or(|url| url.parse().is_ok_and(|url: Uri| url.host().is_some_and(host::is_loopback)))
}

/// The mail as it would arrive, formatted for the terminal.
fn print(outgoing: &Outgoing<'_>, message: &Message, sender: &Sender<'_>) -> String {
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

#[cfg(test)]
mod tests {
    use super::super::Provider;
    use super::super::render::tests::{NOW, brief, keys, mail};
    use super::*;
    use crate::domain::Secret;

    fn planned(template: MailTemplate, public_url: Option<&str>, anywhere: bool) -> Plan {
        let (keys, mail) = (keys(), mail(template));
        let sender = Sender { from: "e@example.com", public_url, keys: &keys };
        let outgoing = [Outgoing { mail: &mail, key: "reset/1", posted_at: NOW }];
        Provider::Log { anywhere }.plan(&outgoing, None, &sender, NOW)
    }

    fn reset(origin: &str) -> MailTemplate {
        MailTemplate::ResetPassword { link: Secret::new(format!("{origin}/api/password/reset?token=a.b")) }
    }

    #[test]
    fn a_link_to_this_machine_is_printed() {
        let Plan::Print(texts) = planned(reset("http://localhost:8787"), None, false) else { panic!() };
        assert!(texts[0].contains("http://localhost:8787/api/password/reset?token=a.b"), "{texts:?}");
    }

    #[test]
    fn a_link_to_another_machine_is_not_printed_unless_the_deployment_says_so() {
        let elsewhere = "https://events.example";
        let registered = || MailTemplate::Registered { event: brief("Talk") };
        for (template, public_url) in [
            (reset(elsewhere), None),
            (reset("http://localhost.events.example"), None),
            (registered(), None),
            (registered(), Some(elsewhere)),
            (MailTemplate::PasswordChanged, Some(elsewhere)),
        ] {
            assert_eq!(
                planned(template.clone(), public_url, false),
                Plan::Wait("MAIL_PROVIDER"),
                "{template:?}"
            );
            assert!(matches!(planned(template, public_url, true), Plan::Print(_)));
        }
        assert!(matches!(planned(registered(), Some("http://localhost:8787"), false), Plan::Print(_)));
    }
}
