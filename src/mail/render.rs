//! A mail as it is sent: subject, HTML, text, headers, and a calendar file. The texts are in `templates/`,
//! compiled in.

use askama::Template;

use super::mailbox::{address, one_line};
use super::view::long_date;
use super::{Mail, MailTemplate, RemindedBefore, text};
use crate::auth::digest;
use crate::auth::links::Purpose;
use crate::auth::tokens::TokenKeys;
use crate::calendar::{self, Entry, Method, Parties};
use crate::domain::account::Name;
use crate::domain::schedule::Schedule;
use crate::domain::{EventId, RegistrationId, Timestamp};

/// The deployment's settings for mail.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    /// The sender, `Events <events@example.com>`.
    pub from: &'a str,
    /// The base URL for links. Without one, links lead to where the reader has registered.
    pub public_url: Option<&'a str>,
    /// Signs the links that perform an action.
    pub keys: &'a TokenKeys,
}

/// A mail ready to be sent. Its contents cannot break a header, and the HTML is escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// One line.
    pub subject: String,
    /// The plain-text version.
    pub text: String,
    /// The same with some formatting.
    pub html: String,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The file for the reader's calendar.
    pub attachment: Option<Attachment>,
}

/// A file for a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What the calendar should do with it.
    pub method: Method,
    /// iCalendar.
    pub content: String,
}

impl Attachment {
    /// The file name.
    pub const NAME: &'static str = "event.ics";

    /// Its media type, including the method (RFC 6047 §2.4).
    #[must_use]
    pub fn content_type(&self) -> String {
        format!("text/calendar; charset=utf-8; method={}", self.method.as_str())
    }
}

/// Links that perform an action for whoever holds them.
#[derive(Default)]
struct Links {
    cancel: Option<String>,
    unremind: Option<String>,
}

#[derive(Template)]
#[template(path = "mail/mail.html")]
struct Page<'a> {
    subject: &'a str,
    name: Option<&'a str>,
    template: &'a MailTemplate,
    links: &'a Links,
}

#[derive(Template)]
#[template(path = "mail/subject.txt")]
struct Subject<'a> {
    template: &'a MailTemplate,
}

impl Page<'_> {
    /// The name is the one used in the templates.
    #[allow(clippy::unused_self, reason = "templates call methods of what they are of")]
    fn when(&self, schedule: &Schedule) -> String {
        long_date(schedule)
    }
}

/// Renders the mail. `decided_at` is when it was posted.
#[must_use]
pub fn render(mail: &Mail, decided_at: Timestamp, sender: &Sender<'_>) -> Message {
    let links = Links::of(&mail.template, sender);
    // Templates are compiled in and write to memory, so they cannot fail.
    let subject = one_line(Subject { template: &mail.template }.render().unwrap_or_default().trim());
    let name = mail.name.as_ref().map(Name::as_str);
    let html = Page { subject: &subject, name, template: &mail.template, links: &links }
        .render()
        .unwrap_or_default();
    let mut headers = Vec::new();
    if let Some(url) = &links.unremind {
        headers.push(("List-Unsubscribe", format!("<{url}>")));
        headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    Message {
        subject,
        text: text::of(&html),
        html,
        headers,
        attachment: attachment(mail, decided_at, sender),
    }
}

impl MailTemplate {
    /// Whether the reader is on the waitlist.
    const fn waits(&self) -> bool {
        matches!(self, Self::Waitlisted { .. } | Self::EventChanged { has_seat: false, .. })
    }
}

impl Links {
    fn of(template: &MailTemplate, sender: &Sender<'_>) -> Self {
        let links = template.event().and_then(|event| {
            let origin = sender.public_url.or(event.origin.as_deref())?;
            Some((origin, event.id, event.registration?))
        });
        let Some((origin, event, registration)) = links else { return Self::default() };
        let link = |purpose| url(sender.keys, origin, purpose, event, registration);
        match template {
            MailTemplate::Registered { .. }
            | MailTemplate::Waitlisted { .. }
            | MailTemplate::SeatIsYours { .. }
            | MailTemplate::EventChanged { .. } => Self { cancel: link(Purpose::Cancel), unremind: None },
            MailTemplate::Reminder { .. } => {
                Self { cancel: link(Purpose::Cancel), unremind: link(Purpose::Unremind) }
            }
            _ => Self::default(),
        }
    }
}

fn url(
    keys: &TokenKeys,
    origin: &str,
    purpose: Purpose,
    event: EventId,
    registration: RegistrationId,
) -> Option<String> {
    let key = keys.link_key(purpose, event, registration)?;
    let path = purpose.as_str();
    Some(format!("{origin}/api/events/{event}/registrations/{registration}/{path}?key={key}"))
}

fn attachment(mail: &Mail, decided_at: Timestamp, sender: &Sender<'_>) -> Option<Attachment> {
    let (method, event) = (mail.template.method()?, mail.template.event()?);
    let description = long_date(&event.schedule);
    let entry = Entry {
        id: event.id,
        sequence: event.sequence.saturating_sub(1),
        as_of: decided_at,
        title: event.title.as_str().into(),
        description: &description,
        schedule: &event.schedule,
        cancelled: method == Method::Cancel,
        url: None,
    };
    let parties = Parties {
        organizer: event.organizer.as_ref().map(Name::as_str),
        sender: address(sender.from).1,
        attendee: mail.name.as_ref().map(Name::as_str),
        address: &mail.to.ascii(),
    };
    Some(Attachment { method, content: calendar::mailed(method, &entry, &parties) })
}

/// The `Message-ID` for a provider without idempotency keys: the same for every try.
pub(super) fn message_id(key: &str, sender: &Sender<'_>) -> String {
    let domain = address(sender.from).1.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    format!("<{}@{domain}>", digest::text(key.as_bytes()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::schedule::{parse_date, parse_time, parse_timezone};
    use crate::domain::{Email, Secret};
    use crate::mail::{EventBrief, LinkChange};

    pub(in crate::mail) const NOW: Timestamp = Timestamp::from_ms(1_719_000_000_000);

    pub(in crate::mail) fn keys() -> TokenKeys {
        TokenKeys::new(&Secret::new("a".repeat(32)), None).unwrap()
    }

    pub(in crate::mail) fn mail(template: MailTemplate) -> Mail {
        Mail {
            to: Email::parse("ada@example.com").unwrap(),
            name: Some(Name::parse("Ada \"<b>\" L").unwrap()),
            template,
        }
    }

    fn on(date: &str, time: &str, zone: &str) -> Schedule {
        let (date, time) = (parse_date(date).unwrap(), parse_time(time).unwrap());
        Schedule::new(date, time, parse_timezone(zone).unwrap(), 60).unwrap()
    }

    pub(in crate::mail) fn brief(title: &str) -> EventBrief {
        EventBrief {
            id: EventId::new(Timestamp::from_ms(0), &[0; 10]),
            title: title.to_owned(),
            schedule: on("2024-07-01", "14:00", "Europe/London"),
            sequence: 3,
            organizer: Some(Name::parse("Grace; H.").unwrap()),
            registration: Some(RegistrationId::new(Timestamp::from_ms(0), &[1; 10])),
            origin: Some("https://events.example".to_owned()),
        }
    }

    fn rendered(template: MailTemplate) -> Message {
        let keys = keys();
        let sender = Sender { from: "Events <events@example.com>", public_url: None, keys: &keys };
        render(&mail(template), NOW, &sender)
    }

    /// The content lines of a calendar file, unfolded.
    fn lines(message: &Message) -> Vec<String> {
        let file = message.attachment.as_ref().unwrap().content.replace("\r\n ", "");
        file.lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_people_typed_never_becomes_markup_or_a_header() {
        let message = rendered(MailTemplate::Registered { event: brief("<script>\r\nBcc: x") });
        assert!(!message.html.contains("<script>") && !message.html.contains("<b>"), "{}", message.html);
        assert!(!message.subject.contains('\n') && !message.subject.contains('\r'));
        let lines = lines(&message);
        assert!(!lines.iter().any(|line| line.starts_with("Bcc")), "{lines:?}");
        assert_eq!(
            mail(MailTemplate::Registered { event: brief("x") }).recipient(),
            "\"Ada <b> L\" <ada@example.com>"
        );
    }

    #[test]
    fn the_confirmation_carries_its_link_in_both_forms() {
        let link = Secret::new("https://example.com/api/verify-email?token=a.b".to_owned());
        let message = rendered(MailTemplate::ConfirmAddress { link });
        assert!(message.text.contains("https://example.com/api/verify-email?token=a.b"));
        assert!(message.html.contains("href=\"https://example.com/api/verify-email?token=a.b\""));
        assert_eq!((message.attachment, message.headers), (None, vec![]));
    }

    #[test]
    fn times_are_those_of_the_place_with_zone_and_offset() {
        let message = rendered(MailTemplate::Waitlisted { event: brief("Talk"), position: 3 });
        assert!(
            message.text.contains("Monday, 1 July 2024, 14:00 (Europe/London, UTC+01:00)"),
            "{}",
            message.text
        );
        assert!(message.text.contains("number 3"));
        assert_eq!(message.attachment, None, "who waits has nothing to enter yet");
    }

    #[test]
    fn text_and_html_say_the_same() {
        let message = rendered(MailTemplate::Registered { event: brief("Tea & <cake>") });
        let expected = "Hello Ada \"<b>\" L,\n\nYou have a seat.\n\nTea & <cake>\n\
            Monday, 1 July 2024, 14:00 (Europe/London, UTC+01:00)\n\n\
            The event for your calendar is attached.\n\nYou cannot come? Give your seat to somebody else:\n\
            https://events.example/api/events/";
        assert!(message.text.starts_with(expected), "{}", message.text);
        assert_eq!(message.subject, "You are registered: Tea & <cake>");
    }

    #[test]
    fn a_change_says_old_and_new() {
        let template = MailTemplate::EventChanged {
            event: brief("Talk"),
            before: Some(on("2024-06-30", "09:00", "America/New_York")),
            link: Some(LinkChange {
                before: Some("https://old.example/a".to_owned()),
                now: Some("https://new.example/b".to_owned()),
            }),
            has_seat: true,
        };
        let message = rendered(template);
        for expected in [
            "Monday, 1 July 2024, 14:00 (Europe/London, UTC+01:00)",
            "Sunday, 30 June 2024, 09:00 (America/New_York, UTC-04:00)",
            "https://old.example/a",
            "https://new.example/b",
        ] {
            assert!(message.text.contains(expected), "{}", message.text);
        }
        assert!(lines(&message).contains(&"SEQUENCE:2".to_owned()));
    }

    #[test]
    fn a_calendar_is_asked_to_enter_and_to_strike_out_the_same_entry() {
        let asked = lines(&rendered(MailTemplate::Registered { event: brief("a, b; c") }));
        let struck =
            lines(&rendered(MailTemplate::EventCancelled { event: brief("a, b; c"), has_seat: true }));
        for (lines, method) in [(&asked, "REQUEST"), (&struck, "CANCEL")] {
            for expected in [
                &format!("METHOD:{method}"),
                "UID:00000000-0000-7000-8000-000000000000",
                "DTSTART:20240701T130000Z",
                "DTEND:20240701T140000Z",
                "DTSTAMP:20240621T200000Z",
                "SUMMARY:a\\, b\\; c",
                "ORGANIZER;CN=\"Grace; H.\":mailto:events@example.com",
                "ATTENDEE;CN=\"Ada ^'<b>^' L\";PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:ada@example.com",
            ] {
                assert!(lines.iter().any(|line| line == expected), "{expected} in {lines:?}");
            }
        }
        assert!(struck.contains(&"STATUS:CANCELLED".to_owned()));
    }

    /// A reader who can no longer act on a registration gets no link for it.
    #[test]
    fn links_stand_where_they_work() {
        let event = || brief("Talk");
        let reminder = MailTemplate::Reminder { event: event(), before: RemindedBefore::Day, join_url: None };
        for (template, cancels, unsubscribes) in [
            (MailTemplate::Registered { event: event() }, true, false),
            (MailTemplate::Waitlisted { event: event(), position: 1 }, true, false),
            (reminder, true, true),
            (MailTemplate::EventCancelled { event: event(), has_seat: true }, false, false),
            (MailTemplate::PasswordChanged, false, false),
        ] {
            let message = rendered(template.clone());
            assert_eq!(message.text.contains("/cancel?key="), cancels, "{template:?}");
            let listed = message.headers.iter().any(|(name, _)| *name == "List-Unsubscribe");
            assert_eq!(listed, unsubscribes, "{template:?}");
        }
    }
}
