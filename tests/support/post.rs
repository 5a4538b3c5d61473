//! A mail provider that keeps what it was given, each idempotency key once.

use std::collections::BTreeMap;

use event_platform::auth::tokens::TokenKeys;
use event_platform::domain::{Secret, Timestamp};
use event_platform::mail::{HttpRequest, HttpResponse, Mail, Outgoing, Plan, Provider, Sender, Transport};
use event_platform::objects::outbox::{Delivery, OutboxEntry, OutboxMessage, Pace};

use super::app::SECRET;

/// The provider and the adapter that speaks to it.
pub(crate) struct Post {
    provider: Provider,
    keys: TokenKeys,
    bodies: BTreeMap<String, String>,
    /// What was accepted, in order.
    pub(crate) sent: Vec<Sent>,
    /// Requests, whatever became of them.
    pub(crate) requests: Vec<Timestamp>,
    /// Whether anything is answered but 503.
    pub(crate) up: bool,
    /// An address that no request may name.
    pub(crate) refuses: Option<String>,
}

/// A mail that was accepted.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) at: Timestamp,
    pub(crate) key: String,
    pub(crate) mail: Mail,
    /// What the provider was sent: recipient, subject, text and HTML.
    pub(crate) body: String,
}

impl Post {
    pub(crate) fn new() -> Self {
        let provider = Provider::Resend(Transport {
            api_url: "https://mail.example".to_owned(),
            api_key: Some(Secret::new("re_test".to_owned())),
        });
        Self {
            provider,
            keys: TokenKeys::new(&Secret::new(SECRET.to_owned()), None).unwrap(),
            bodies: BTreeMap::new(),
            sent: Vec::new(),
            requests: Vec::new(),
            up: true,
            refuses: None,
        }
    }

    /// How fast it takes mail.
    pub(crate) fn pace(&self) -> Pace {
        self.provider.pace()
    }

    /// The request that carries these mails, which travel together.
    pub(crate) fn request(&self, items: &[OutboxEntry]) -> Box<HttpRequest> {
        let mails: Vec<_> = items
            .iter()
            .map(|item| Outgoing { mail: mail(item), key: &item.key, posted_at: item.posted_at })
            .collect();
        let sender = Sender {
            from: "Events <events@example.com>",
            public_url: Some("https://events.example"),
            keys: &self.keys,
        };
        match self.provider.plan(&mails, items[0].batch(), &sender, items[0].posted_at) {
            Plan::Send(request) => request,
            plan => panic!("this provider has all that it needs: {plan:?}"),
        }
    }

    /// What the provider makes of a request.
    pub(crate) fn accept(
        &mut self,
        now: Timestamp,
        request: &HttpRequest,
        items: &[OutboxEntry],
    ) -> HttpResponse {
        let answer = |status| HttpResponse { status, ..HttpResponse::default() };
        self.requests.push(now);
        if !self.up {
            return answer(503);
        }
        if self.refuses.as_ref().is_some_and(|address| request.body.contains(address)) {
            return answer(422);
        }
        let header = request.headers.reveal().iter().find(|(name, _)| *name == "idempotency-key");
        let key = header.map(|(_, key)| key.clone()).expect("a mail has an idempotency key");
        let body = request.body.clone();
        match self.bodies.get(&key) {
            Some(known) if *known == body => answer(200),
            Some(_) => HttpResponse { body: "invalid_idempotent_request".to_owned(), ..answer(409) },
            None => {
                self.bodies.insert(key, body.clone());
                for item in items {
                    let sent =
                        Sent { at: now, key: item.key.clone(), mail: mail(item).clone(), body: body.clone() };
                    self.sent.push(sent);
                }
                answer(200)
            }
        }
    }

    /// What an answer means for each of the mails.
    pub(crate) fn judge(&self, response: &HttpResponse, items: &[OutboxEntry]) -> Vec<Delivery> {
        let results = self.provider.judge(response, items.len());
        results.into_iter().map(|result| result.delivery).collect()
    }
}

fn mail(item: &OutboxEntry) -> &Mail {
    match &item.message {
        OutboxMessage::Mail(mail) => mail,
        other => panic!("this is no mail: {other:?}"),
    }
}
