//! The mails to users and how each provider takes them.
//!
//! Objects decide *that* somebody is told and put a [`Mail`] in their outbox. The text is rendered when the
//! mail is sent, and one adapter per provider builds the HTTP request. Nothing here does I/O.

mod cloudflare;
mod delivery;
mod delivery_result;
mod log;
mod mailbox;
mod mailgun;
mod postmark;
mod provider;
mod render;
mod request;
mod resend;
mod sendgrid;
mod ses;
mod sigv4;
mod template;
mod text;
mod view;
pub mod webhook;

pub use delivery::{Delivery, Pace};
pub use delivery_result::{DeliveryResult, HttpResponse, retry_after};
pub use mailgun::Mailgun;
pub use postmark::Postmark;
pub use provider::Provider;
pub use render::{Attachment, Message, Sender, render};
pub use request::{HttpRequest, Outgoing, Plan, Transport, USER_AGENT};
pub use ses::Ses;
pub use template::{EventBrief, LinkChange, Mail, MailTemplate, RemindedBefore};
pub use view::long_date;
