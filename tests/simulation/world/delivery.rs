//! What leaves an object (`platform::delivery`): reports before an answer, and what is due in the
//! outbox when the alarm rings.

use event_platform::objects::Answer;
use event_platform::objects::command_queue::Ticket;
use event_platform::objects::outbox::{Delivery, OutboxEntry, OutboxMessage, batches_of};
use serde_json::Value;

use super::{Asker, Happened, PATIENCE_MS, Pending, Step, World};
use crate::support::node::{Address, Node};
use crate::support::world::addressed;

const NOT_ARRIVED: Delivery = Delivery::Retry { after_ms: None };

impl World {
    /// Tells the Catalog before the client.
    pub(super) fn announce(&mut self, at: &Address, ticket: Ticket, answer: String) {
        let Some(client) = self.end_wait(at, ticket, true) else {
            return;
        };
        let (now, life) = (self.now, self.life(at));
        let Some(report) = self.place(at).node.report(now) else {
            return self.reply(client, Some(answer));
        };
        let pending =
            Pending::Announcement { at: at.clone(), life, report: Box::new(report.clone()), client, answer };
        self.ask(&report, pending);
    }

    /// Sends a message to the object that it is for, and waits so long for the answer.
    fn ask(&mut self, message: &OutboxMessage, pending: Pending) {
        let Some((to, command)) = addressed(message) else {
            panic!("no object takes {message:?}");
        };
        self.counter += 1;
        let id = self.counter;
        self.pending.insert(id, pending);
        self.carry(to, command, Asker::Object(id));
        self.after(PATIENCE_MS, Step::Answer { to: Asker::Object(id), answer: None });
    }

    pub(super) fn answer(&mut self, to: Asker, answer: Option<String>) {
        let id = match to {
            Asker::Client(client, request) => {
                return self.happened.push(Happened::Answered { client, request, answer });
            }
            Asker::Object(id) => id,
            Asker::Nobody => return,
        };
        let outcome = answer.map(|text| serde_json::from_str::<Answer<Value>>(&text).unwrap());
        let granted = outcome.is_some_and(|answer| answer.is_granted());
        match self.pending.remove(&id) {
            None => {}
            Some(Pending::OutboxMessage { at, life, index }) => {
                self.tried(&at, life, index, if granted { Delivery::Done } else { NOT_ARRIVED });
            }
            Some(Pending::Announcement { at, life, report, client, answer }) if self.life(&at) == life => {
                if granted {
                    self.place(&at).node.reported(&report);
                }
                self.reply(client, Some(answer));
            }
            Some(Pending::Announcement { .. }) => {}
        }
    }

    pub(super) fn set_alarm(&mut self, at: &Address) {
        let now = self.now;
        let place = self.place(at);
        let Some(alarm) = place.node.alarm_at().map(|alarm| alarm.max(now)) else {
            return;
        };
        if place.wakes_at.is_none_or(|wakes_at| alarm < wakes_at) {
            place.wakes_at = Some(alarm);
            self.after(alarm.ms_since(now), Step::Wake { at: at.clone() });
        }
    }

    /// The alarm rings, unless it was put off or rings already.
    pub(super) fn wake(&mut self, at: &Address) {
        let now = self.now;
        let place = self.place(at);
        place.wakes_at = None;
        let due = place.node.alarm_at().is_some_and(|alarm| alarm <= now);
        if !due || !place.delivering.is_empty() {
            return;
        }
        let items = self.on_disk(at, Node::wake).unwrap_or_else(|| {
            self.forgot(at, "fails to look into its outbox");
            Vec::new()
        });
        let life = self.life(at);
        let now = self.now;
        let ordered: Vec<OutboxEntry> = batches_of(items).concat();
        self.place(at).delivering = ordered.iter().map(|item| (item.clone(), None)).collect();
        let mut first = 0;
        for items in batches_of(ordered) {
            let (at, index) = (at.clone(), first);
            first += items.len();
            if let [OutboxEntry { message, .. }] = &items[..]
                && message.recipient().is_none()
            {
                self.ask(message, Pending::OutboxMessage { at, life, index });
            } else if items.iter().any(|item| item.is_expired(now)) {
                for offset in 0..items.len() {
                    let (at, delivery) = (at.clone(), Delivery::Expired);
                    self.after(0, Step::Tried { at, life, index: index + offset, delivery });
                }
            } else if self.chance(self.weather.loss) {
                for offset in 0..items.len() {
                    let (at, delivery) = (at.clone(), NOT_ARRIVED);
                    self.after(PATIENCE_MS, Step::Tried { at, life, index: index + offset, delivery });
                }
            } else {
                let travel_ms = self.travel_ms();
                self.after(travel_ms, Step::Mail { items, at, life, index });
            }
        }
        self.set_alarm(at);
    }

    /// Mails that travel together reach the provider, even if the object has crashed since.
    pub(super) fn mail(&mut self, items: &[OutboxEntry], at: &Address, life: u32, index: usize) {
        let request = self.post.request(items);
        let response = self.post.accept(self.now, &request, items);
        if self.chance(self.weather.repeat) {
            self.post.accept(self.now, &request, items);
        }
        let lost = self.chance(self.weather.loss);
        let deliveries =
            if lost { vec![NOT_ARRIVED; items.len()] } else { self.post.judge(&response, items) };
        self.happened.extend(self.post.sent.drain(..).map(|sent| Happened::Mailed(Box::new(sent))));
        let travel_ms = if lost { PATIENCE_MS } else { self.travel_ms() };
        for (offset, delivery) in deliveries.into_iter().enumerate() {
            let at = at.clone();
            self.after(travel_ms, Step::Tried { at, life, index: index + offset, delivery });
        }
    }

    pub(super) fn tried(&mut self, at: &Address, life: u32, index: usize, delivery: Delivery) {
        if self.life(at) != life {
            return;
        }
        let tries = &mut self.place(at).delivering;
        if let Some((_, outcome)) = tries.get_mut(index) {
            outcome.get_or_insert(delivery);
        }
        if !tries.iter().all(|(_, outcome)| outcome.is_some()) {
            return;
        }
        let results: Vec<_> =
            std::mem::take(tries).into_iter().filter_map(|(item, outcome)| Some((item, outcome?))).collect();
        if !self.on_disk(at, |node, now| node.acknowledge(now, &results)) {
            self.forgot(at, "fails to settle");
        }
        self.set_alarm(at);
    }
}
