//! The `MailPacer` object: one pace for all the mail of a deployment.
//!
//! A provider's limit applies to the whole account, but mail is sent from thousands of objects. Before an
//! object sends, it asks here for as many slots as it has requests and says when its most urgent mail should
//! be sent. It gets the slots that are free and not needed for anything more urgent, and a time to ask for
//! the rest, which stays in its outbox until then. Its place in the queue is kept until that time and a
//! little longer. A pause that the provider asks of one object applies to all.
//!
//! Nothing is stored. A write for each question would cost more than what a restart loses: places in the
//! queue, which the objects take again with their next question; a pause, which the provider repeats to the
//! next sender; and the slots given last, all of which have passed a second later. So the first slot after a
//! restart is a second away, and a restart never causes a second with more requests than the provider
//! accepts.
//!
//! What an object does with the answer, and without one, is in [`client`].

pub mod client;
mod schedule;

pub use crate::objects::messages::mail_pacer::{Ask, Command, Reply, Slots};

use super::sql::{Sql, SqlError};
use crate::objects::object::{Fault, Kind, Object, Transaction};
use schedule::Schedule;

/// Hands out the slots of a deployment. Everything is in memory.
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

    /// Nothing stored changes, so no answer waits for a batch or a commit.
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
