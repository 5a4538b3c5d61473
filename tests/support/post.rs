//! A mail provider that keeps what it was given, each idempotency key once.

use std::collections::BTreeMap;

use event_platform::domain::Secret;
use event_platform::mail::{HttpRequest, HttpResponse, Mail, Plan, Provider};
use event_platform::objects::outbox::{Delivery, Item};

/// The provider and the adapter that speaks to it.
pub(crate) struct Post {
    provider: Provider,
    bodies: BTreeMap<String, String>,
    /// What was accepted, in order.
    pub(crate) sent: Vec<Sent>,
    /// Whether anything is answered but 503.
    pub(crate) up: bool,
}

/// A mail that was accepted.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) key: String,
    pub(crate) mail: Mail,
    /// What the provider was sent: recipient, subject, text and HTML.
    pub(crate) body: String,
}

impl Post {
    pub(crate) fn new() -> Self {
        let provider = Provider::Resend {
            api_url: "https://mail.example".to_owned(),
            api_key: Some(Secret::new("re_test".to_owned())),
        };
        Self { provider, bodies: BTreeMap::new(), sent: Vec::new(), up: true }
    }

    /// The request that carries this mail.
    pub(crate) fn request(&self, item: &Item, mail: &Mail) -> Box<HttpRequest> {
        match self.provider.plan(mail, "Events <events@example.com>", &item.key) {
            Plan::Send(request) => request,
            plan => panic!("this provider has all that it needs: {plan:?}"),
        }
    }

    /// What the provider makes of a request.
    pub(crate) fn accept(&mut self, request: &HttpRequest, mail: &Mail) -> HttpResponse {
        if !self.up {
            return HttpResponse { status: 503, ..HttpResponse::default() };
        }
        let header = request.headers.reveal().iter().find(|(name, _)| *name == "idempotency-key");
        let key = header.map(|(_, key)| key.clone()).expect("a mail has an idempotency key");
        let body = request.body.clone();
        match self.bodies.get(&key) {
            Some(known) if *known == body => HttpResponse { status: 200, ..HttpResponse::default() },
            Some(_) => HttpResponse {
                status: 409,
                body: "invalid_idempotent_request".to_owned(),
                ..HttpResponse::default()
            },
            None => {
                self.bodies.insert(key.clone(), body.clone());
                self.sent.push(Sent { key, mail: mail.clone(), body });
                HttpResponse { status: 200, ..HttpResponse::default() }
            }
        }
    }

    /// What an answer means for the parcel.
    pub(crate) fn judge(&self, response: &HttpResponse) -> Delivery {
        self.provider.judge(response)
    }
}
