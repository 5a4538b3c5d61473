//! The `MailPacer` object: one pace for all the mail of a deployment.
//!
//! A provider's limit holds for the whole account, and mail leaves from thousands of objects. Before
//! one sends, it asks here for as many slots as it has requests, saying when the most urgent mail should
//! leave. It gets what is free and not wanted by anybody more urgent, and a time to ask for the rest,
//! which stays in its outbox meanwhile. Its place in the queue is kept until then and a little longer.
//! A pause that the provider asks of one is everybody's.
//!
//! Nothing is stored. A write for each question would cost more than what is lost with the memory:
//! places in the queue, which everybody takes up again with the next question; a pause, of which the
//! provider tells the next one who sends; and the slots that were given last, all of which have passed
//! a second later. So the first slot after a restart is a second away, and a restart never makes a
//! second in which more leaves than the provider takes.
//!
//! What an object does with the answer, and without one, is in [`client`].

pub mod client;
mod schedule;

pub use crate::objects::messages::mail_pacer::{Ask, Command, Reply, Slots};

use super::sql::{Sql, SqlError};
use crate::objects::object::{Fault, Kind, Object, Transaction};
use schedule::Schedule;

/// Hands out the slots of a deployment. All of it is in memory.
#[derive(Debug, Default)]
pub struct MailPacer {
    schedule: Schedule,
}

impl Object for MailPacer {
    const MIGRATIONS: &'static [super::schema::Step] = &[];
    type Command = Command;
    type Reply = Reply;

    fn blank() -> Self {
        Self::default()
    }

    fn load(_sql: &dyn Sql) -> Result<Self, SqlError> {
        Ok(Self::default())
    }

    fn founds(&self, _command: &Command) -> bool {
        false
    }

    /// Nothing that is stored changes, so that no answer waits for a batch or a commit.
    fn kind(_command: &Command) -> Kind {
        Kind::Read
    }

    fn execute(&mut self, tx: &mut Transaction<'_>, command: Command) -> Result<Reply, Fault> {
        match command {
            Command::Ask(ask) => Ok(Reply::Slots(self.schedule.ask(tx.now, &ask))),
            Command::Slowed { for_ms } => {
                self.schedule.pause(tx.now, for_ms);
                Ok(Reply::Done)
            }
        }
    }
}
