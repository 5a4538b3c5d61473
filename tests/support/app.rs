//! The whole API in process: requests in, answers out.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, Waker};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use event_platform::api::{Api, Background, BodyStream, BrokenOff, Pieces};
use event_platform::config::Config;
use event_platform::domain::EventId;
use futures_util::{StreamExt, TryStreamExt};
use http::{Method, Request, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::node::Address;
use super::world::{State, World};

/// Who signs a token in tests.
pub(crate) const SECRET: &str = "a secret of more than thirty-two bytes";
/// What operators show.
pub(crate) const ADMIN_TOKEN: &str = "the token of the operators in tests";
/// What everybody's password is.
pub(crate) const PASSWORD: &str = "SecurePassword123";

/// A deployment and one isolate in front of it.
pub(crate) struct App {
    world: Arc<World>,
    settings: Vec<(&'static str, String)>,
    api: Api,
}

/// Somebody who has signed up and logged in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
    pub(crate) refresh_token: String,
}

impl App {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// A deployment with other settings than those of the tests.
    pub(crate) fn with(settings: &[(&'static str, &str)]) -> Self {
        let ours = [
            ("JWT_SECRET", SECRET),
            ("ADMIN_TOKEN", ADMIN_TOKEN),
            ("BCRYPT_COST", "4"),
            ("PUBLIC_URL", "https://events.example"),
            ("ALLOW_LOG_MAIL", "true"),
        ];
        let settings: Vec<_> =
            settings.iter().chain(&ours).map(|(name, value)| (*name, (*value).to_owned())).collect();
        let lease_ms = config(&settings).map_or(0, |config| config.cache_lease_ms);
        let world = Arc::new(World::new(lease_ms));
        let api = isolate(&world, &settings);
        Self { world, settings, api }
    }

    /// The same deployment through another isolate, whose memory is its own.
    pub(crate) fn another_isolate(&self) -> Self {
        let api = isolate(&self.world, &self.settings);
        Self { world: Arc::clone(&self.world), settings: self.settings.clone(), api }
    }

    /// The same deployment with a setting changed, through an isolate of its own.
    pub(crate) fn with_setting(&self, name: &'static str, value: &str) -> Self {
        let mut settings = self.settings.clone();
        settings.insert(0, (name, value.to_owned()));
        Self { world: Arc::clone(&self.world), api: isolate(&self.world, &settings), settings }
    }

    /// Restarts everything: what was in memory alone is gone.
    pub(crate) fn restart(&mut self) {
        self.state().nodes.values_mut().for_each(super::node::Node::crash);
        self.api = isolate(&self.world, &self.settings);
    }

    /// The deployment's inside. It is locked for as long as the result lives.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.world.state()
    }

    /// Moves the clock.
    pub(crate) fn advance_ms(&self, ms: i64) {
        let mut state = self.state();
        state.now = state.now.plus_ms(ms);
    }

    /// Delivers what is due now in all outboxes.
    pub(crate) fn deliver_outboxes(&self) {
        self.state().deliver_outboxes();
    }

    /// What was sent to somebody, by kind, in order.
    pub(crate) fn mails_to(&self, person: &Person) -> Vec<&'static str> {
        self.deliver_outboxes();
        let state = self.state();
        let theirs = state.post.sent.iter().filter(|sent| sent.mail.to.as_str() == person.email);
        theirs.map(|sent| sent.mail.template.kind()).collect()
    }

    /// A read of a path below another origin than that of the tests.
    pub(crate) fn at(&self, origin: &str, path: &str) -> Call<'_> {
        let uri = format!("{origin}{path}");
        Call { app: self, request: Request::builder().uri(uri).body(Bytes::new()).unwrap() }
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        let uri = format!("https://events.example{path}");
        let request = Request::builder().method(method).uri(uri).body(Bytes::new()).unwrap();
        Call { app: self, request }
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call<'_> {
        self.call(Method::POST, path)
    }

    pub(crate) fn put(&self, path: &str) -> Call<'_> {
        self.call(Method::PUT, path)
    }

    pub(crate) fn patch(&self, path: &str) -> Call<'_> {
        self.call(Method::PATCH, path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call<'_> {
        self.call(Method::DELETE, path)
    }

    /// Signs somebody up who organizes events, and logs them in.
    pub(crate) fn organizer(&self, name: &str) -> Person {
        self.sign_up(name, "organizer")
    }

    /// Signs somebody up who takes part, and logs them in.
    pub(crate) fn attendee(&self, name: &str) -> Person {
        self.sign_up(name, "attendee")
    }

    fn sign_up(&self, name: &str, role: &str) -> Person {
        let email = format!("{}@example.com", name.to_lowercase());
        let body = json!({ "email": email, "password": PASSWORD, "role": role, "name": name });
        self.post("/api/register").json(&body).send().expect(201);
        self.log_in(&email)
    }

    /// Begins a session.
    pub(crate) fn log_in(&self, email: &str) -> Person {
        self.log_in_with(email, PASSWORD).expect(200).person()
    }

    /// Tries to begin a session.
    pub(crate) fn log_in_with(&self, email: &str, password: &str) -> Answer {
        self.post("/api/login").json(&json!({ "email": email, "password": password })).send()
    }

    /// Shows a refresh token.
    pub(crate) fn refresh(&self, token: &str) -> Answer {
        self.post("/api/token/refresh").json(&json!({ "refresh_token": token })).send()
    }

    /// Ends somebody's account.
    pub(crate) fn delete_account(&self, person: &Person) {
        let body = json!({ "password": PASSWORD });
        self.delete("/api/me").by(person).json(&body).send().expect(204);
    }

    /// The token in the link of the mail that was sent last, which leads to `path`.
    pub(crate) fn token_mailed(&self, path: &str) -> String {
        self.deliver_outboxes();
        let state = self.state();
        let text = state.post.sent.last().unwrap().body.clone();
        let (_, rest) = text.split_once(&format!("https://events.example{path}?token=")).expect(path);
        rest.split(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c)).next().unwrap().to_owned()
    }

    /// Whether something is stored anywhere.
    pub(crate) fn stores(&self, text: &str) -> bool {
        self.state().nodes.values().any(|node| node.sql.dump().iter().any(|row| row.contains(text)))
    }

    /// Makes an event with `fields` on top of the least that one needs; its id.
    pub(crate) fn event(&self, organizer: &Person, fields: Value) -> String {
        let mut body = json!({ "date": "2030-06-01", "time": "14:00", "description": "Rust at the edge" });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let created = self.post("/api/events").by(organizer).json(&body).send().expect(201).json();
        created["event"]["id"].as_str().unwrap().to_owned()
    }

    /// Registers somebody; the registration.
    pub(crate) fn register(&self, person: &Person, event: &str) -> Value {
        let answer = self.post(&format!("/api/events/{event}/register")).by(person).send().expect(201);
        answer.json()["registration"].clone()
    }

    /// Gives somebody's seat or place back.
    pub(crate) fn leave(&self, person: &Person, event: &str) {
        self.delete(&format!("/api/events/{event}/register")).by(person).send().expect(204);
    }

    /// Somebody's registration as it stands: its status and position.
    pub(crate) fn standing(&self, person: &Person, event: &str) -> (String, Option<u64>) {
        let answer = self.get(&format!("/api/events/{event}/register")).by(person).send().expect(200).json();
        let registration = &answer["registration"];
        (registration["status"].as_str().unwrap().to_owned(), registration["position"].as_u64())
    }
}

/// Where the Event object of this id is found.
pub(crate) fn event_address(id: &str) -> Address {
    Address::Event(EventId::parse(id).unwrap())
}

fn config(settings: &[(&'static str, String)]) -> Result<Config, event_platform::config::ConfigError> {
    Config::from_lookup(|name| {
        settings.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    })
}

fn isolate(world: &Arc<World>, settings: &[(&'static str, String)]) -> Api {
    Api::new(config(settings), Arc::clone(world) as _, Arc::clone(world) as _)
}

/// A request on its way.
pub(crate) struct Call<'a> {
    app: &'a App,
    request: Request<Bytes>,
}

impl Call<'_> {
    /// With somebody's token.
    pub(crate) fn by(self, person: &Person) -> Self {
        self.header("authorization", &format!("Bearer {}", person.token))
    }

    /// With the operator's token.
    pub(crate) fn by_operator(self) -> Self {
        self.header("authorization", &format!("Bearer {ADMIN_TOKEN}"))
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().append(name, value.parse().unwrap());
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", &body.to_string())
    }

    pub(crate) fn body(self, content_type: &str, body: &str) -> Self {
        let mut call = self.header("content-type", content_type);
        *call.request.body_mut() = Bytes::copy_from_slice(body.as_bytes());
        call
    }

    /// The answer, which has to be one that the OpenAPI document allows.
    #[track_caller]
    pub(crate) fn send(self) -> Answer {
        let request = self.request.clone();
        let answer = self.send_unchecked();
        super::contract::check(&request, &answer.0);
        answer
    }

    /// The answer, whatever it is.
    pub(crate) fn send_unchecked(self) -> Answer {
        let mut response = now(self.app.api.serve(self.request));
        if let Some(work) = Background::take(&mut response) {
            now(work);
        }
        if let Some(pieces) = BodyStream::take(&mut response) {
            let pieces: Result<Vec<Bytes>, BrokenOff> = now(pieces.try_collect());
            *response.body_mut() = pieces.expect("the whole of the body").concat().into();
        }
        Answer(response)
    }

    /// The answer with a body that is sent in pieces, none of which has been asked for.
    pub(crate) fn begin(self) -> (Answer, Pieces) {
        let mut response = now(self.app.api.serve(self.request));
        let pieces = BodyStream::take(&mut response).expect("a body in pieces");
        (Answer(response), pieces)
    }
}

/// The next piece of a body, as text; `None` at its end.
pub(crate) fn next_piece(pieces: &mut Pieces) -> Option<Result<String, BrokenOff>> {
    let piece = now(pieces.next())?;
    Some(piece.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()))
}

/// Everything that a request waits for is there at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing in process has to be waited for"),
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer(Response<Bytes>);

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.0.headers().get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn etag(&self) -> String {
        self.header("etag").expect("an entity-tag").to_owned()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(self.0.body()).unwrap()
    }

    /// Whom a login or a refresh was for.
    pub(crate) fn person(&self) -> Person {
        let answer = self.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Person {
            id: text(&answer["user"]["id"]),
            email: text(&answer["user"]["email"]),
            token: text(&answer["token"]),
            refresh_token: text(&answer["refresh_token"]),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.0.body()).unwrap_or_else(|_| panic!("no JSON: {:?}", self.text()))
    }

    /// Demands a status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status(), status, "{}", self.text());
        self
    }

    /// Demands a page that loads and runs nothing and has no style but the one that its policy names.
    #[track_caller]
    pub(crate) fn expect_page(self, status: u16) -> Self {
        let page = self.expect(status);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        let policy = page.header("content-security-policy").unwrap();
        let style = page.text().split("<style>").nth(1).and_then(|rest| rest.split("</style>").next());
        let digest = STANDARD.encode(Sha256::digest(style.expect("a style")));
        assert!(policy.starts_with(&format!("default-src 'none'; style-src 'sha256-{digest}';")), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!page.text().contains("style=") && !page.text().contains("<script"), "{}", page.text());
        page
    }

    /// Demands a problem of the contract.
    #[track_caller]
    pub(crate) fn expect_problem(self, status: u16, code: &str) -> Self {
        let problem = self.expect(status);
        assert_eq!(problem.header("content-type"), Some("application/problem+json"));
        assert_eq!(problem.json()["code"], code, "{}", problem.text());
        problem
    }

    /// The fields that a 422 names, each with its code.
    #[track_caller]
    pub(crate) fn bad_fields(self) -> Vec<(String, String)> {
        let problem = self.expect_problem(422, "validation_failed").json();
        let member = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
        let errors = problem["errors"].as_array().unwrap();
        errors.iter().map(|error| (member(error, "field"), member(error, "code"))).collect()
    }
}
