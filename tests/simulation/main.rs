//! A simulation of the whole platform: the real objects over real databases, in one thread and in
//! virtual time, in a world where messages are delayed, repeated and lost, disks fail, and objects
//! crash between any two steps and in the middle of a transaction. Chance comes from a seed, so
//! that every run can be had again:
//!
//! ```text
//! SIMULATION_SEED=42 cargo test --test simulation
//! ```
//!
//! - [`world`]: time, network, disks, mail, and the runtime's host around each object.
//! - [`clients`]: people who sign up, organize, register, leave, delete their accounts, and retry.
//! - [`isolates`]: copies of events, under lease.
//! - [`model`]: what must be true.
//! - [`checks`]: that it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects)]

mod checks;
mod clients;
mod isolates;
mod model;
#[path = "../support/mod.rs"]
mod support;
mod world;

use checks::{acknowledged_stands, after_step, at_rest};
use clients::Clients;
use model::{Broken, Truth};
use support::node::EventMemory;
use world::{Happened, Weather, World};

/// A run: who and what takes part, and for how long.
#[derive(Debug, Clone, Copy)]
struct Scenario {
    name: &'static str,
    weather: Weather,
    memory: EventMemory,
    people: u32,
    organizers: u32,
    events: u32,
    /// Commands to execute before the last storm ends.
    commands: u64,
}

const BAD_WEATHER: Weather = Weather {
    loss: 0.02,
    repeat: 0.05,
    late: 0.03,
    crash: 0.001,
    bad_disk: 0.01,
    overload: 0.005,
    mail_outage: 0.0005,
};

/// Commands that a storm lasts.
const STORM: u64 = 2_000;
/// Steps after which a world that does not come to rest never will.
const PATIENCE: u64 = 200_000;
/// Steps between two looks at what was acknowledged.
const LOOK_EVERY: u64 = 500;

impl Scenario {
    /// Runs with the seed from outside, or with each of these.
    fn run(self, seeds: &[u64]) {
        let asked = std::env::var("SIMULATION_SEED").ok().map(|seed| seed.parse().expect("a number"));
        for seed in asked.as_ref().map_or(seeds, std::slice::from_ref) {
            println!("{} with seed {seed}: {}", self.name, self.play(*seed).0);
        }
    }

    /// Plays until the storm has passed and everything has come to rest: a summary, and the last
    /// of what happened.
    fn play(self, seed: u64) -> (String, String) {
        let (mut world, mut truth) = (World::new(seed, self.weather, self.memory), Truth::default());
        let outcome = self.storms(&mut world, &mut truth);
        let history = world.history();
        if let Err(broken) = outcome {
            let again = format!("SIMULATION_SEED={seed} cargo test --test simulation {}", self.name);
            panic!("{broken}\n\nThe last of what happened:\n{history}\nHave it again: {again}");
        }
        let World { executed, accidents, .. } = world;
        (format!("{executed} commands, {accidents} accidents, mails {:?}", truth.mails), history)
    }

    /// Storm after storm, each followed by a calm in which everything comes to rest.
    fn storms(self, world: &mut World, truth: &mut Truth) -> Result<(), Broken> {
        let mut clients = Clients::new(self.people, self.organizers, self.events);
        while world.executed < self.commands {
            let until = world.executed + STORM;
            world.weather = self.weather;
            clients.wake_up(world);
            self.run_down(world, truth, &mut clients, until)?;
            acknowledged_stands(&clients, truth)?;
            at_rest(world, truth)?;
        }
        let told = [
            "confirm_address",
            "registered",
            "waitlisted",
            "seat_is_yours",
            "registration_cancelled",
            "event_changed",
        ];
        if truth.erased.is_empty() {
            return Err("nobody has deleted an account: the run shows little".to_owned());
        }
        match told.iter().find(|kind| !truth.mails.contains_key(*kind)) {
            Some(kind) => Err(format!("nothing that leads to {kind} has happened: the run shows little")),
            None => Ok(()),
        }
    }

    /// A storm until so many commands were executed, and then calm until nothing is left to do.
    fn run_down(
        self,
        world: &mut World,
        truth: &mut Truth,
        clients: &mut Clients,
        until: u64,
    ) -> Result<(), Broken> {
        for step in 1..PATIENCE {
            let Some(happened) = world.step() else {
                return Ok(());
            };
            for happened in happened {
                truth.learn(&happened)?;
                after_step(world, truth, &happened)?;
                match happened {
                    Happened::Woke(client) => clients.woke(world, client),
                    Happened::Answered { client, request, answer } => {
                        clients.answered(world, client, request, answer.as_deref())?;
                    }
                    _ => {}
                }
            }
            if step % LOOK_EVERY == 0 {
                acknowledged_stands(clients, truth)?;
            }
            if !clients.resting && world.executed >= until {
                clients.resting = true;
                world.calm_down();
            }
        }
        Err("the world never comes to rest".to_owned())
    }
}

#[test]
fn a_town_of_events_in_bad_weather() {
    let scenario = Scenario {
        name: "a_town_of_events_in_bad_weather",
        weather: BAD_WEATHER,
        memory: EventMemory::Usual,
        people: 40,
        organizers: 4,
        events: 8,
        commands: 40_000,
    };
    scenario.run(&[1, 2]);
}

#[test]
fn one_event_that_everybody_wants() {
    let scenario = Scenario {
        name: "one_event_that_everybody_wants",
        weather: BAD_WEATHER,
        memory: EventMemory::Usual,
        people: 150,
        organizers: 5,
        events: 1,
        commands: 40_000,
    };
    scenario.run(&[3]);
}

#[test]
fn one_large_event_that_everybody_wants() {
    let scenario = Scenario {
        name: "one_large_event_that_everybody_wants",
        weather: BAD_WEATHER,
        memory: EventMemory::Tiny,
        people: 150,
        organizers: 5,
        events: 1,
        commands: 40_000,
    };
    scenario.run(&[9]);
}

#[test]
fn large_events_that_crash_all_the_time() {
    let scenario = Scenario {
        name: "large_events_that_crash_all_the_time",
        weather: Weather { crash: 0.005, bad_disk: 0.05, ..BAD_WEATHER },
        memory: EventMemory::Tiny,
        people: 60,
        organizers: 4,
        events: 3,
        commands: 30_000,
    };
    scenario.run(&[10, 11]);
}

#[test]
fn objects_that_crash_all_the_time() {
    let scenario = Scenario {
        name: "objects_that_crash_all_the_time",
        weather: Weather { crash: 0.005, bad_disk: 0.05, ..BAD_WEATHER },
        memory: EventMemory::Usual,
        people: 30,
        organizers: 4,
        events: 4,
        commands: 30_000,
    };
    scenario.run(&[4, 5]);
}

#[test]
fn messages_that_come_late_twice_or_never() {
    let scenario = Scenario {
        name: "messages_that_come_late_twice_or_never",
        weather: Weather { loss: 0.1, repeat: 0.3, late: 0.2, overload: 0.05, ..BAD_WEATHER },
        memory: EventMemory::Usual,
        people: 40,
        organizers: 4,
        events: 4,
        commands: 30_000,
    };
    scenario.run(&[6, 7]);
}

#[test]
fn a_town_of_events_in_fine_weather() {
    let scenario = Scenario {
        name: "a_town_of_events_in_fine_weather",
        weather: Weather::CALM,
        memory: EventMemory::Usual,
        people: 60,
        organizers: 4,
        events: 8,
        commands: 30_000,
    };
    scenario.run(&[8]);
}

#[test]
fn one_seed_is_one_history() {
    let scenario = Scenario {
        name: "one_seed_is_one_history",
        weather: BAD_WEATHER,
        memory: EventMemory::Usual,
        people: 30,
        organizers: 4,
        events: 4,
        commands: 5_000,
    };
    let (first, again, other) = (scenario.play(1), scenario.play(1), scenario.play(2));
    assert_eq!(first, again);
    assert_ne!(first.1, other.1);
}
