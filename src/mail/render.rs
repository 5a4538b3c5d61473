//! The words of each letter, as text and as HTML from the same paragraphs.

use std::fmt::Write;

use chrono::{Datelike, Month, Timelike, Weekday};

use super::{EventBrief, Letter, Mail};
use crate::domain::account::Name;

/// A mail ready to be sent: no header can be broken by what is in it, and the HTML is escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// One line.
    pub subject: String,
    /// For readers without HTML.
    pub text: String,
    /// The same with a little shape.
    pub html: String,
}

enum Part {
    Words(String),
    Link { label: &'static str, url: String },
}

/// Writes the letter out.
#[must_use]
pub fn render(mail: &Mail) -> Message {
    let (subject, parts) = write(&mail.letter);
    let greeting =
        mail.name.as_ref().map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {},", name.as_str()));
    Message {
        subject: one_line(&subject),
        text: as_text(&greeting, &parts),
        html: as_html(&greeting, &parts),
    }
}

fn write(letter: &Letter) -> (String, Vec<Part>) {
    match letter {
        Letter::ConfirmAddress { link } => (
            "Confirm your e-mail address".to_owned(),
            vec![
                Part::Words(
                    "Please confirm that this is your address. The link works once, for 24 hours.".to_owned(),
                ),
                Part::Link { label: "Confirm address", url: link.reveal().clone() },
                Part::Words(
                    "If you have not signed up, ignore this mail: nothing else will come.".to_owned(),
                ),
            ],
        ),
        Letter::Registered { event } => (
            format!("You are registered: {}", event.title),
            vec![Part::Words(format!("You have a seat at “{}”.", event.title)), when(event)],
        ),
        Letter::Waitlisted { event, position } => (
            format!("You are on the waitlist: {}", event.title),
            vec![
                Part::Words(format!(
                    "All seats at “{}” are taken. You are number {position} on the waitlist and will hear from us when a seat is yours.",
                    event.title
                )),
                when(event),
            ],
        ),
        Letter::SeatIsYours { event } => (
            format!("A seat is yours: {}", event.title),
            vec![
                Part::Words(format!("A seat at “{}” has become free, and it is yours.", event.title)),
                when(event),
            ],
        ),
        Letter::RegistrationCancelled { event, by_organizer } => {
            let who = if *by_organizer {
                "The organizer has cancelled your registration"
            } else {
                "You have cancelled your registration"
            };
            (
                format!("Registration cancelled: {}", event.title),
                vec![Part::Words(format!("{who} for “{}”.", event.title)), when(event)],
            )
        }
        Letter::ResetPassword { link } => (
            "Choose a new password".to_owned(),
            vec![
                Part::Words("Somebody has asked for a new password for this address. The link works once, for one hour.".to_owned()),
                Part::Link { label: "Choose a new password", url: link.reveal().clone() },
                Part::Words("If it was not you, ignore this mail: your password stays as it is.".to_owned()),
            ],
        ),
        Letter::PasswordChanged => (
            "Your password was changed".to_owned(),
            vec![
                Part::Words("The password of your account was changed, and its other sessions have ended.".to_owned()),
                Part::Words("If it was not you, ask for a new password at once: whoever has changed it knows the old one or reads your mail.".to_owned()),
            ],
        ),
    }
}

/// Date and time where the event takes place, with the zone and its offset on that day.
fn when(event: &EventBrief) -> Part {
    let schedule = &event.schedule;
    let minutes = schedule.timezone().offset_seconds(schedule.starts_at()).div_euclid(60);
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, rest) = (minutes.unsigned_abs().div_euclid(60), minutes.unsigned_abs().rem_euclid(60));
    Part::Words(format!(
        "{} ({}, UTC{sign}{hours:02}:{rest:02})",
        long_date(&schedule.date().and_time(schedule.time())),
        schedule.timezone().name(),
    ))
}

/// `Monday, 1 July 2024, 14:00`
fn long_date(at: &(impl Datelike + Timelike)) -> String {
    let weekday = match at.weekday() {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    };
    let month = u8::try_from(at.month()).ok().and_then(|month| Month::try_from(month).ok());
    let month = month.map_or("", |month| month.name());
    format!("{weekday}, {} {month} {}, {:02}:{:02}", at.day(), at.year(), at.hour(), at.minute())
}

fn as_text(greeting: &str, parts: &[Part]) -> String {
    let mut text = format!("{greeting}\n");
    for part in parts {
        let line = match part {
            Part::Words(words) => words.as_str(),
            Part::Link { url, .. } => url.as_str(),
        };
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{line}\n");
    }
    text
}

fn as_html(greeting: &str, parts: &[Part]) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta name=\"viewport\" content=\"width=device-width\">\
         <body style=\"font:16px/1.5 sans-serif;max-width:34em;margin:1em auto;padding:0 1em\"><p>{}</p>",
        escape(greeting)
    );
    for part in parts {
        let _ = match part {
            Part::Words(words) => write!(html, "<p>{}</p>", escape(words)),
            Part::Link { label, url } => {
                write!(html, "<p><a href=\"{}\">{label}</a></p>", escape(url))
            }
        };
    }
    html.push_str("</body></html>");
    html
}

/// Text that cannot become markup, in an element or in a quoted attribute.
#[must_use]
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A header's value: control characters become spaces (RFC 5322 §2.2).
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl Mail {
    /// The address with the reader's name, as a `To` header wants it (RFC 5322 §3.4).
    #[must_use]
    pub fn recipient(&self) -> String {
        let address = self.to.as_str();
        match self.name.as_ref().map(Name::as_str) {
            None => address.to_owned(),
            Some(name) => {
                let quoted: String = one_line(name).chars().filter(|c| !matches!(c, '"' | '\\')).collect();
                format!("\"{quoted}\" <{address}>")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schedule::{parse_date, parse_time, parse_timezone};
    use crate::domain::{Email, EventId, Secret, Timestamp};

    fn mail(letter: Letter) -> Mail {
        Mail {
            to: Email::parse("ada@example.com").unwrap(),
            name: Some(Name::parse("Ada \"<b>\" L").unwrap()),
            letter,
        }
    }

    fn brief(title: &str) -> EventBrief {
        let schedule = crate::domain::schedule::Schedule::new(
            parse_date("2024-07-01").unwrap(),
            parse_time("14:00").unwrap(),
            parse_timezone("Europe/London").unwrap(),
            60,
        );
        EventBrief {
            id: EventId::new(Timestamp::from_ms(0), &[0; 10]),
            title: title.to_owned(),
            schedule: schedule.unwrap(),
        }
    }

    #[test]
    fn what_people_typed_never_becomes_markup_or_a_header() {
        let message = render(&mail(Letter::Registered { event: brief("<script>\r\nBcc: x") }));
        assert!(!message.html.contains("<script>") && !message.html.contains("<b>"), "{}", message.html);
        assert!(!message.subject.contains('\n') && !message.subject.contains('\r'));
        assert_eq!(
            mail(Letter::Registered { event: brief("x") }).recipient(),
            "\"Ada <b> L\" <ada@example.com>"
        );
    }

    #[test]
    fn the_confirmation_carries_its_link_in_both_forms() {
        let link = Secret::new("https://example.com/api/verify-email?token=a.b".to_owned());
        let message = render(&mail(Letter::ConfirmAddress { link }));
        assert!(message.text.contains("https://example.com/api/verify-email?token=a.b"));
        assert!(message.html.contains("href=\"https://example.com/api/verify-email?token=a.b\""));
    }

    #[test]
    fn times_are_those_of_the_place_with_zone_and_offset() {
        let message = render(&mail(Letter::Waitlisted { event: brief("Talk"), position: 3 }));
        assert!(
            message.text.contains("Monday, 1 July 2024, 14:00 (Europe/London, UTC+01:00)"),
            "{}",
            message.text
        );
        assert!(message.text.contains("number 3"));
    }
}
