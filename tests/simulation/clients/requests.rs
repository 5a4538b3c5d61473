//! What clients say to objects, as the API would put it for them.

use event_platform::domain::event::{Change, Description, EventPatch, JoinUrl, Status};
use event_platform::domain::schedule::parse_time;
use event_platform::domain::{EventId, Timestamp};
use event_platform::objects::account::{Account, Holder, Order};
use event_platform::objects::catalog::{self, Scope};
use event_platform::objects::event::{Command, Event, IfMatch, Participant, SeatStatus};
use event_platform::objects::messages::envelope::CommandId;
use event_platform::objects::{Envelope, Object, Outcome, Stamp, account};
use fastrand::Rng;

use super::{Client, Request, What};
use crate::support::fixtures::*;
use crate::support::node::Address;
use crate::world::World;

/// Milliseconds that a session lasts.
const SESSION_MS: i64 = 86_400_000;

impl Client {
    /// The object to ask, and the text to send it. Ids are made of `fresh`.
    pub(super) fn command(
        &self,
        world: &mut World,
        what: &What,
        fresh: u32,
        have: Option<Stamp>,
        most_seats: u32,
    ) -> (Address, String) {
        let (random, now) = (&mut world.random, world.now);
        let of_event =
            |event: EventId, command: Command| (Address::Event(event), text::<Event>(command, have, fresh));
        let of_account = |command: account::Command| {
            (Address::Account(account_key(self.number)), text::<Account>(command, None, fresh))
        };
        let by = user(ORGANIZER);
        match what {
            What::SignUp => {
                let mut sign_up = sign_up(self.number);
                sign_up.id = user(fresh);
                of_account(account::Command::SignUp(Box::new(sign_up)))
            }
            What::BeginLogin => of_account(account::Command::BeginLogin),
            What::FinishLogin(hash) => of_account(account::Command::FinishLogin {
                matched: Some(hash.clone()),
                session: session(fresh, now, SESSION_MS),
                stronger: None,
            }),
            What::DeleteAccount => {
                let holder =
                    Holder { user: self.user.unwrap(), session: self.session.unwrap(), changes: None };
                of_account(account::Command::By(holder, Order::Delete(Some(hash(self.number)))))
            }
            What::Visit(event) => of_account(account::Command::Authorize {
                user: self.user.unwrap(),
                session: self.session.unwrap(),
                registering_for: Some(*event),
                changes: None,
            }),
            What::Visits => of_account(account::Command::RecentEvents),
            What::Browse => {
                let scope = if random.bool() { Scope::Own(by) } else { Scope::Public(Status::Published) };
                let envelope = Envelope::new(catalog::Command::List(everything(scope)));
                (Address::Catalog, serde_json::to_string(&envelope).unwrap())
            }
            What::Register(event) => {
                let who = Participant { id: self.user.unwrap(), ..participant(self.number) };
                let id = registration_id(fresh);
                of_event(*event, Command::Register { id, participant: Box::new(who) })
            }
            What::Leave(event) => of_event(*event, Command::Leave { user: self.user.unwrap() }),
            What::Mine(event) => of_event(*event, Command::Mine { user: self.user.unwrap() }),
            What::Join(event) => of_event(*event, Command::Join { user: self.user.unwrap() }),
            What::Read(event) => of_event(*event, Command::Read),
            What::Create(number) => {
                of_event(event_id(*number), create(*number, &new_event(random, most_seats)))
            }
            What::Change(number) => {
                let if_match = (random.u32(0..8) == 0).then(|| IfMatch::Versions(vec![random.u64(1..20)]));
                let patch = Box::new(change(random, now, fresh, most_seats));
                of_event(event_id(*number), Command::Update { by, patch, if_match })
            }
            What::Delete(number) => of_event(event_id(*number), Command::Delete { by, if_match: None }),
            What::List(event) => {
                let status = random.choice([
                    None,
                    Some(SeatStatus::Confirmed),
                    Some(SeatStatus::Waitlisted),
                    Some(SeatStatus::Cancelled),
                ]);
                let after = random.bool().then(|| random.u64(0..200));
                let limit = random.u32(1..30);
                of_event(*event, Command::List { by, status: status.flatten(), after, limit })
            }
            What::Remove(seen) => of_event(seen.event, Command::Remove { by, id: seen.id }),
            What::CheckIn(seen) => {
                of_event(seen.event, Command::CheckIn { by, id: seen.id, present: random.u32(0..3) > 0 })
            }
        }
    }

    /// Takes the account's answer in; what to ask next because of it.
    pub(super) fn hear_account(
        &mut self,
        awaited: &Request,
        outcome: Outcome<account::Reply>,
    ) -> Option<What> {
        use account::Reply;
        match (&awaited.what, outcome) {
            (What::SignUp, _) => self.signed_up = true,
            (What::BeginLogin, Outcome::Reply(Reply::Challenge(Some(hash)))) => {
                return Some(What::FinishLogin(hash));
            }
            (What::BeginLogin, Outcome::Reply(Reply::Challenge(None))) => self.signed_up = false,
            (What::FinishLogin(_), Outcome::Reply(Reply::Profile(profile))) => {
                (self.user, self.session) = (Some(profile.id), Some(session_id(awaited.id)));
            }
            (What::Visit(event), Outcome::Reply(_)) => return Some(What::Register(*event)),
            (What::Visit(_), Outcome::Refused(_)) => self.session = None,
            (What::DeleteAccount, _) => (self.signed_up, self.session) = (false, None),
            _ => {}
        }
        None
    }
}

fn text<O: Object>(command: O::Command, have: Option<Stamp>, fresh: u32) -> String {
    let id = O::remembers(&command).then(|| CommandId::new(u128::from(fresh)));
    serde_json::to_string(&Envelope { id, ..Envelope::knowing(command, have) }).unwrap()
}

/// An event that people can join from the beginning on.
fn new_event(random: &mut Rng, most_seats: u32) -> EventPatch {
    let time = Change::Set(parse_time("12:10").unwrap());
    EventPatch { time, capacity: seats(random, most_seats), ..soon() }
}

fn seats(random: &mut Rng, most_seats: u32) -> Change<u32> {
    if random.u32(0..40) == 0 { Change::Reset } else { Change::Set(random.u32(1..=most_seats)) }
}

/// Mostly other numbers of seats, now and then something else.
fn change(random: &mut Rng, now: Timestamp, fresh: u32, most_seats: u32) -> EventPatch {
    let keep = EventPatch::default();
    match random.u32(0..100) {
        0..64 => EventPatch { capacity: seats(random, most_seats), ..keep },
        64..70 => {
            let time = random.choice(["12:05", "12:10", "12:14", "12:40"]).unwrap();
            EventPatch { time: Change::Set(parse_time(time).unwrap()), ..keep }
        }
        70..78 => EventPatch { waitlist: Change::Set(random.bool()), ..keep },
        78..84 => {
            let words = Description::parse(&format!("Words {fresh}")).unwrap();
            EventPatch { description: Change::Set(words), ..keep }
        }
        84..90 => EventPatch { join_url: Change::Reset, ..keep },
        90..94 => {
            let url = JoinUrl::parse(&format!("https://meet.example/{fresh}")).unwrap();
            EventPatch { join_url: Change::Set(url), ..keep }
        }
        94..97 => {
            EventPatch { registration_opens_at: Change::Set(now.plus_ms(random.i64(0..2_000))), ..keep }
        }
        97..99 => EventPatch { status: Change::Set(Status::Draft), ..keep },
        _ => EventPatch { status: Change::Set(Status::Published), ..keep },
    }
}
