//! The people who use the platform, each with one request at a time. A careful one whose answer
//! does not come waits until nothing of it can be on its way any more, and then asks; a hasty one
//! simply goes on.

mod requests;

use std::collections::BTreeMap;

use event_platform::domain::{EventId, Refusal, RegistrationId, Secret, SessionId, Timestamp, UserId};
use event_platform::objects::event::{Registration, Reply};
use event_platform::objects::{Answer, Outcome, account};

use crate::isolates::Isolates;
use crate::model::Broken;
use crate::support::fixtures::*;
use crate::world::World;

/// Milliseconds that a client waits for an answer.
const PATIENCE_MS: i64 = 4_000;
/// Milliseconds after which nothing that was sent before is on its way any more.
const ALL_GONE_MS: i64 = 15_000;

/// All clients and what they know.
pub(crate) struct Clients {
    clients: Vec<Client>,
    /// The numbers of the events that they deal with.
    events: Vec<u32>,
    pub(crate) isolates: Isolates,
    most_seats: u32,
    numbers: u32,
    /// No requests are begun any more.
    pub(crate) resting: bool,
}

struct Client {
    number: u32,
    signed_up: bool,
    user: Option<UserId>,
    session: Option<SessionId>,
    waits_for: Option<Request>,
    /// Of each event: the registration that was acknowledged, or that there is none. Only what a
    /// careful client can be sure of.
    sure_of: BTreeMap<EventId, Option<RegistrationId>>,
    /// The event about which it cannot be sure before this time.
    unsure_of: Option<(EventId, Timestamp)>,
    /// What an organizer has seen in lists.
    seen: Vec<Registration>,
}

struct Request {
    id: u32,
    what: What,
    asked_at: Timestamp,
}

/// What a request is about.
#[derive(Debug, Clone)]
enum What {
    SignUp,
    BeginLogin,
    FinishLogin(Secret<String>),
    DeleteAccount,
    Visit(EventId),
    Register(EventId),
    Leave(EventId),
    Mine(EventId),
    Join(EventId),
    Visits,
    Browse,
    Read(EventId),
    Create(u32),
    Change(u32),
    Delete(u32),
    List(EventId),
    Remove(Registration),
    CheckIn(Registration),
}

impl Client {
    const fn is_organizer(&self) -> bool {
        self.number >= ORGANIZER
    }

    const fn is_careful(&self) -> bool {
        is_careful(self.number) && !self.is_organizer()
    }
}

const fn is_careful(number: u32) -> bool {
    number.is_multiple_of(2)
}

impl Clients {
    /// So many people who take part and who organize, and events.
    pub(crate) fn new(people: u32, organizers: u32, events: u32) -> Self {
        let numbers: Vec<u32> = (0..people).chain(ORGANIZER..ORGANIZER + organizers).collect();
        let clients = numbers.into_iter().map(|number| Client {
            number,
            signed_up: false,
            user: None,
            session: None,
            waits_for: None,
            sure_of: BTreeMap::new(),
            unsure_of: None,
            seen: Vec::new(),
        });
        Self {
            clients: clients.collect(),
            events: (0..events).collect(),
            isolates: Isolates::default(),
            most_seats: people / 3,
            numbers: events,
            resting: true,
        }
    }

    /// Everybody has something to do again.
    pub(crate) fn wake_up(&mut self, world: &mut World) {
        self.resting = false;
        (0..self.clients.len()).for_each(|client| world.wake_client(client, 1));
    }

    /// What careful clients are sure of.
    pub(crate) fn acknowledged(&self) -> impl Iterator<Item = (UserId, EventId, Option<RegistrationId>)> {
        self.clients.iter().flat_map(|client| {
            let user = client.user;
            client
                .sure_of
                .iter()
                .filter_map(move |(event, registration)| Some((user?, *event, *registration)))
        })
    }

    /// A client looks up: it has waited too long, or has nothing to do.
    pub(crate) fn woke(&mut self, world: &mut World, at: usize) {
        let client = &mut self.clients[at];
        match &client.waits_for {
            Some(request) if world.now < request.asked_at.plus_ms(PATIENCE_MS) => {}
            Some(_) => self.give_up(world, at),
            None if client.unsure_of.is_some_and(|(_, until)| world.now < until) => {}
            None if self.resting && client.unsure_of.is_none() => {}
            None => self.begin(world, at),
        }
    }

    fn give_up(&mut self, world: &mut World, at: usize) {
        let client = &mut self.clients[at];
        match client.waits_for.take().map(|request| request.what) {
            Some(What::Register(event) | What::Leave(event) | What::Mine(event)) if client.is_careful() => {
                client.unsure_of = Some((event, world.now.plus_ms(ALL_GONE_MS)));
                world.wake_client(at, ALL_GONE_MS);
            }
            _ => world.wake_client(at, 1),
        }
    }

    fn begin(&mut self, world: &mut World, at: usize) {
        let number = self.events[world.random.usize(0..self.events.len())];
        let event = event_id(number);
        let client = &self.clients[at];
        let dice = world.random.u32(0..1000);
        let what = if client.is_organizer() {
            let theirs = |seen: &&Registration| !is_careful(number_of(seen));
            let seen = world.random.usize(0..client.seen.len().max(1));
            let seen = client.seen.get(seen).filter(theirs).cloned();
            match (dice, seen) {
                (0..350, _) => What::Change(number),
                (350..550, Some(seen)) => What::Remove(seen),
                (550..750, Some(seen)) => What::CheckIn(seen),
                (995.., _) => What::Delete(number),
                _ => What::List(event),
            }
        } else if client.session.is_none() {
            if client.signed_up { What::BeginLogin } else { What::SignUp }
        } else if let Some((event, _)) = client.unsure_of {
            What::Mine(event)
        } else {
            let registered = client.sure_of.iter().find(|(_, registration)| registration.is_some());
            match dice {
                0..420 => What::Visit(event),
                420..660 => What::Leave(registered.map_or(event, |(event, _)| *event)),
                660..740 => What::Mine(event),
                740..880 => What::Read(event),
                880..900 => What::Visits,
                900..930 => What::Browse,
                930..978 => What::Join(event),
                // A careful one could not be sure of anything after that.
                978..980 if !client.is_careful() => What::DeleteAccount,
                _ => What::BeginLogin,
            }
        };
        self.ask(world, at, what);
    }

    fn ask(&mut self, world: &mut World, at: usize, what: What) {
        let fresh = self.numbers;
        self.numbers += 1;
        let have = match &what {
            What::Read(event) => self.isolates.have(at, *event),
            _ => None,
        };
        let client = &mut self.clients[at];
        if let What::Register(event) | What::Leave(event) = &what {
            client.sure_of.remove(event);
        }
        let (to, command) = client.command(world, &what, fresh, have, self.most_seats);
        client.waits_for = Some(Request { id: fresh, what, asked_at: world.now });
        world.send(at, fresh, to, command);
        world.wake_client(at, PATIENCE_MS);
    }

    /// A client has its answer, or something broke on the way.
    pub(crate) fn answered(
        &mut self,
        world: &mut World,
        at: usize,
        request: u32,
        answer: Option<&str>,
    ) -> Result<(), Broken> {
        let awaited = self.clients[at].waits_for.take_if(|awaited| awaited.id == request);
        let Some(awaited) = awaited else {
            return Ok(());
        };
        let Some(answer) = answer else {
            self.clients[at].waits_for = Some(awaited);
            self.give_up(world, at);
            return Ok(());
        };
        let next = match &awaited.what {
            What::SignUp
            | What::BeginLogin
            | What::FinishLogin(_)
            | What::DeleteAccount
            | What::Visit(_)
            | What::Visits => {
                let answer: Answer<account::Reply> = serde_json::from_str(answer).unwrap();
                self.clients[at].hear_account(&awaited, answer.outcome)
            }
            What::Browse => None,
            _ => {
                let answer: Answer<Reply> = serde_json::from_str(answer).unwrap();
                self.hear_event(at, &awaited, answer)
            }
        };
        match next {
            Some(what) => self.ask(world, at, what),
            None => {
                let pause_ms = world.random.i64(1..100);
                world.wake_client(at, pause_ms);
            }
        }
        self.isolates.none_is_stale(world.now)
    }

    /// Takes an event's answer in; what to ask next because of it.
    fn hear_event(&mut self, at: usize, awaited: &Request, answer: Answer<Reply>) -> Option<What> {
        let client = &mut self.clients[at];
        match (&awaited.what, &answer.outcome) {
            (What::Read(event), _) => self.isolates.heard(at, *event, awaited.asked_at, &answer),
            (What::Change(event) | What::Create(event), Outcome::Reply(Reply::Event(snapshot))) => {
                self.isolates.acknowledged(event_id(*event), snapshot.version);
            }
            (What::Change(event), Outcome::Refused(Refusal::NotFound)) => return Some(What::Create(*event)),
            (_, Outcome::Refused(Refusal::Overloaded)) => {}
            // It is gone, or somebody else has made it: there will be another one in its place.
            (What::Delete(event) | What::Create(event), outcome) => {
                if matches!(outcome, Outcome::Reply(Reply::Done)) {
                    self.isolates.acknowledged(event_id(*event), u64::MAX);
                }
                let fresh = self.numbers;
                self.events.iter_mut().filter(|known| *known == event).for_each(|known| *known = fresh);
                self.numbers += 1;
            }
            (What::List(_), Outcome::Reply(Reply::Page { registrations, .. })) => {
                client.seen.clone_from(registrations);
            }
            (What::Register(event) | What::Mine(event) | What::Leave(event), outcome)
                if client.is_careful() =>
            {
                let registration = match outcome {
                    Outcome::Reply(
                        Reply::Registration { registration, .. } | Reply::Mine { registration, .. },
                    ) => Some(registration.id),
                    _ => None,
                };
                client.sure_of.insert(*event, registration);
                client.unsure_of = None;
            }
            _ => {}
        }
        None
    }
}

fn number_of(registration: &Registration) -> u32 {
    let digits = registration.email.as_str().trim_start_matches("person-").trim_end_matches("@example.com");
    digits.parse().unwrap()
}
