//! The runtime's host around an object, step by step (`platform::host`).

use event_platform::domain::{Refusal, Timestamp};
use event_platform::objects::Answer;
use event_platform::objects::command_queue::{Completed, Failed, Submission, Ticket};
use serde_json::Value;

use super::{Asker, Happened, LEASE_MS, Place, Step, Waiting, World};
use crate::support::node::{Address, Node};

impl World {
    pub(super) fn place(&mut self, at: &Address) -> &mut Place {
        let memory = self.memory;
        self.places.entry(at.clone()).or_insert_with(|| Place {
            node: at.found(LEASE_MS, memory),
            life: 0,
            waiting: [].into(),
            armed: false,
            wakes_at: None,
            delivering: Vec::new(),
        })
    }

    /// Something that needs the disk, which may fail on the way.
    pub(super) fn on_disk<T>(&mut self, at: &Address, work: impl FnOnce(&mut Node, Timestamp) -> T) -> T {
        let fails_after = self.chance(self.weather.bad_disk).then(|| self.random.u32(0..40));
        let now = self.now;
        let node = &mut self.place(at).node;
        if let Some(statements) = fails_after {
            node.sql.fail_after(statements);
        }
        let done = work(node, now);
        node.sql.heal();
        done
    }

    /// Lets an object crash now and then, and the mail provider go down and come back.
    pub(super) fn strike(&mut self) {
        if self.chance(self.weather.crash) {
            let at = self.random.usize(0..self.places.len().max(1));
            if let Some(at) = self.places.keys().nth(at).cloned() {
                self.crash(&at);
            }
        }
        if self.chance(self.weather.mail_outage) {
            self.post.up = !self.post.up;
        }
    }

    /// What an object has in memory is lost, and so is all that waits for it.
    pub(super) fn crash(&mut self, at: &Address) {
        let place = self.place(at);
        place.node.crash();
        place.life += 1;
        place.waiting.clear();
        place.armed = false;
        place.delivering.clear();
        self.forgot(at, "crashes");
        self.set_alarm(at);
    }

    pub(super) fn forgot(&mut self, at: &Address, how: &str) {
        self.note(at, how, "");
        self.accidents += 1;
        self.happened.push(Happened::Forgot(at.clone()));
    }

    pub(super) fn arrive(&mut self, to: Address, command: &str, again: bool, from: Asker) {
        if self.chance(self.weather.overload) {
            let busy = Answer::<Value>::refused(Refusal::Overloaded);
            return self.reply(from, Some(serde_json::to_string(&busy).unwrap()));
        }
        let command = command.to_owned();
        match self.on_disk(&to, |node, now| node.receive(now, &command, again)) {
            Err(_) => self.reply(from, None),
            Ok(Submission::Unknown { cause, .. }) => panic!("{cause}: {command}"),
            Ok(Submission::Answered(answer)) => {
                self.executed(&to, command, answer.clone());
                self.reply(from, Some(answer));
            }
            Ok(Submission::Waiting { ticket, guarded, announces }) => {
                let waiting = Waiting { command, from, guarded, announces };
                self.place(&to).waiting.insert(ticket, waiting);
                if !guarded {
                    return self.queue(&to, ticket);
                }
                match self.on_disk(&to, Node::hold_leases) {
                    Ok(0) => self.queue(&to, ticket),
                    Ok(wait_ms) => {
                        let life = self.life(&to);
                        self.after(i64::from(wait_ms), Step::Ready { at: to, life, ticket });
                    }
                    Err(_) => {
                        let place = self.place(&to);
                        place.node.withdraw(ticket);
                        if let Some(waiting) = place.waiting.remove(&ticket) {
                            self.reply(waiting.from, None);
                        }
                    }
                }
            }
        }
    }

    /// The wait for leases is over, unless there are new ones.
    pub(super) fn ready(&mut self, at: &Address, life: u32, ticket: Ticket) {
        if self.life(at) != life {
            return;
        }
        let now = self.now;
        match self.place(at).node.leases_remaining_ms(now) {
            0 => self.queue(at, ticket),
            wait_ms => self.after(i64::from(wait_ms), Step::Ready { at: at.clone(), life, ticket }),
        }
    }

    fn queue(&mut self, at: &Address, ticket: Ticket) {
        self.place(at).node.ready(ticket);
        self.arm(at);
    }

    fn arm(&mut self, at: &Address) {
        let place = self.place(at);
        if !std::mem::replace(&mut place.armed, true) {
            let life = place.life;
            let pause_ms = self.random.i64(0..5);
            self.after(pause_ms, Step::Transaction { at: at.clone(), life });
        }
    }

    pub(super) fn run_batch(&mut self, at: &Address, life: u32) {
        if self.life(at) != life {
            return;
        }
        self.place(at).armed = false;
        match self.on_disk(at, Node::run_batch) {
            Ok(settled) => self.turned(at, settled),
            Err(Failed { tickets, .. }) if self.random.bool() => {
                self.forgot(at, "has a batch fail");
                tickets.into_iter().for_each(|ticket| self.give_back(at, ticket, None, false));
            }
            Err(_) => self.crash(at),
        }
        if self.place(at).node.waiting() > 0 {
            self.arm(at);
        }
    }

    fn turned(&mut self, at: &Address, settled: Vec<Completed>) {
        for settled in &settled {
            let command = self.place(at).waiting[&settled.ticket].command.clone();
            self.executed(at, command, settled.answer.clone());
        }
        self.set_alarm(at);
        if self.chance(self.weather.crash * 20.0) {
            return self.crash(at);
        }
        for Completed { ticket, answer, granted } in settled {
            if granted && self.place(at).waiting[&ticket].announces {
                self.announce(at, ticket, answer);
            } else {
                self.give_back(at, ticket, Some(answer), granted);
            }
        }
    }

    fn executed(&mut self, at: &Address, command: String, answer: String) {
        self.note(at, &command, &answer);
        self.executed += 1;
        self.happened.push(Happened::Executed { at: at.clone(), now: self.now, command, answer });
    }

    /// Answers a command that has waited.
    fn give_back(&mut self, at: &Address, ticket: Ticket, answer: Option<String>, changed: bool) {
        if let Some(from) = self.end_wait(at, ticket, changed) {
            self.reply(from, answer);
        }
    }

    pub(super) fn end_wait(&mut self, at: &Address, ticket: Ticket, changed: bool) -> Option<Asker> {
        let now = self.now;
        let place = self.place(at);
        let waiting = place.waiting.remove(&ticket)?;
        if waiting.guarded {
            place.node.release_leases(now, changed);
        }
        Some(waiting.from)
    }
}
