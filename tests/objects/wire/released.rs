//! What each released version has sent and stored, a file for each version and a line for each value: the type
//! and the JSON. Today's program reads all of it, and writes it again with every member that it had: so an older
//! version, which ignores what it does not know, reads what today's writes.
//!
//! `RECORD_RELEASE=1.2.3 cargo nextest run --test objects wire` writes the lines of a release, in any order.

use std::any::TypeId;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use event_platform::domain::account::Profile;
use event_platform::domain::event::{Details, Organizer, Status, Visibility};
use event_platform::objects::messages::account_change::AccountChange;
use event_platform::objects::outbox::OutboxMessage;
use event_platform::objects::{Answer, Envelope, Outcome, Stamp, account, catalog, event};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

type Reader = fn(&str) -> serde_json::Result<String>;

fn rewritten<T: Serialize + DeserializeOwned>(text: &str) -> serde_json::Result<String> {
    serde_json::to_string(&serde_json::from_str::<T>(text)?)
}

/// The types, and the names by which files know them, which stay when a type is called otherwise.
macro_rules! readers {
    ($($name:literal $kind:ty),+ $(,)?) => {
        [$(($name, TypeId::of::<$kind>(), rewritten::<$kind> as Reader)),+]
    };
}

fn readers() -> impl Iterator<Item = (&'static str, TypeId, Reader)> {
    readers![
        "question to an account" Envelope<account::Command>,
        "question to an event" Envelope<event::Command>,
        "question to the catalog" Envelope<catalog::Command>,
        "answer of an account" Answer<account::Reply>,
        "answer of an event" Answer<event::Reply>,
        "answer of the catalog" Answer<catalog::Reply>,
        "outcome" Outcome<event::Reply>,
        "stamp" Stamp,
        "outbox message" OutboxMessage,
        "event details" Details,
        "organizer" Organizer,
        "event status" Status,
        "visibility" Visibility,
        "cursor of a list" (catalog::Order, catalog::Cursor),
        "security event" account::SecurityEventKind,
        "notice" AccountChange,
        "profile" Profile,
        "report" catalog::Report,
        "snapshot" event::Snapshot,
    ]
    .into_iter()
}

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/objects/wire/released"].iter().collect()
}

/// Writes a value down for the release that is being made, if one is.
pub(super) fn record<T: 'static>(golden: &str) {
    let Ok(version) = std::env::var("RECORD_RELEASE") else { return };
    let known = readers().find(|(_, kind, _)| *kind == TypeId::of::<T>());
    let (name, ..) = known.unwrap_or_else(|| panic!("{} has no name here", std::any::type_name::<T>()));
    let line = format!("{name}\t{golden}\n");
    let file = OpenOptions::new().create(true).append(true).open(folder().join(version));
    file.unwrap().write_all(line.as_bytes()).unwrap();
}

/// Whether everything in `old` is in `new`, at the same place.
fn holds(new: &Value, old: &Value) -> bool {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => {
            old.iter().all(|(name, old)| new.get(name).is_some_and(|new| holds(new, old)))
        }
        (Value::Array(new), Value::Array(old)) => {
            new.len() == old.len() && new.iter().zip(old).all(|(new, old)| holds(new, old))
        }
        (new, old) => new == old,
    }
}

#[test]
fn all_that_a_release_has_written_is_read_and_keeps_its_members() {
    let mut lines = 0;
    for release in fs::read_dir(folder()).unwrap() {
        let release = release.unwrap().path();
        for line in fs::read_to_string(&release).unwrap().lines() {
            let (kind, text) = line.split_once('\t').unwrap();
            let reader = readers().find(|(known, ..)| *known == kind);
            let (.., reader) = reader.unwrap_or_else(|| panic!("nothing reads {kind} any more"));
            let written = reader(text).unwrap_or_else(|error| panic!("{release:?}: {error}: {text}"));
            let (new, mut old): (Value, Value) =
                (serde_json::from_str(&written).unwrap(), serde_json::from_str(text).unwrap());
            // Each says which version wrote it.
            if let Some(protocol) = old.get_mut("protocol") {
                *protocol = new["protocol"].clone();
            }
            assert!(holds(&new, &old), "{release:?}: {text}\nis written as {written}");
            lines += 1;
        }
    }
    assert!(lines > 50, "only {lines} values of releases are kept");
}
