//! A loaded object: what it does in a transaction that its host has opened.

use super::*;

impl<O: Object> Running<O> {
    pub(super) fn load(sql: &dyn Sql) -> Result<Self, SqlError> {
        let version = schema::version(sql)?;
        if version == 0 {
            let (object, outbox) = (O::blank(), Outbox::default());
            return Ok(Self {
                object,
                outbox,
                founded: false,
                changed: false,
                copy_due: None,
                longest_granted_ms: 0,
            });
        }
        if version < O::MIGRATIONS.len() {
            sql.transaction(&mut || schema::migrate(sql, O::MIGRATIONS))?;
        }
        Ok(Self {
            object: O::load(sql)?,
            outbox: Outbox::load(sql)?,
            founded: true,
            changed: false,
            copy_due: if O::COPIED { backup::load_due(sql)? } else { None },
            longest_granted_ms: if O::GRANTS_LEASES { longest::load(sql)? } else { 0 },
        })
    }

    /// Whether leases must run out before this command.
    pub(super) fn must_wait(
        &self,
        sql: &dyn Sql,
        now: Timestamp,
        command: &O::Command,
    ) -> Result<bool, SqlError> {
        if O::kind(command) != Kind::GuardedWrite {
            return Ok(false);
        }
        match self.object.check(sql, now, command) {
            Ok(check) => Ok(matches!(check, Check::Change)),
            Err(Fault::Refused(_)) => Ok(false),
            Err(Fault::Storage(error)) => Err(error),
        }
    }

    /// Records how long leases may be, before the first one is granted.
    pub(super) fn note_longest_lease(&mut self, sql: &dyn Sql, ms: u32) -> Result<(), SqlError> {
        if O::GRANTS_LEASES {
            longest::save(sql, ms)?;
            self.longest_granted_ms = ms;
        }
        Ok(())
    }

    /// After the setting was lowered and the last longer lease has run out, the next restart need not wait
    /// for longer leases.
    pub(super) fn forget_longer_leases(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        stamp: Stamp,
        ms: u32,
    ) -> Result<(), SqlError> {
        let have_run_out = stamp.loaded_at().plus_ms(i64::from(self.longest_granted_ms)) <= now;
        if self.founded && self.longest_granted_ms > ms && have_run_out {
            self.note_longest_lease(sql, ms)?;
        }
        Ok(())
    }

    /// Continues work that was too large for one transaction.
    pub(super) fn resume(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<(), SqlError> {
        if self.object.unfinished_since().is_some() {
            let mut tx = Transaction { sql, now, outbox: &mut self.outbox, unchanged: false, again: false };
            self.object.resume(&mut tx)?;
            self.changed = true;
        }
        Ok(())
    }

    pub(super) fn write_broadcast(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<(), SqlError> {
        if self.outbox.has_room() && self.object.broadcast_due().is_some_and(|due| due <= now) {
            let mut tx = Transaction { sql, now, outbox: &mut self.outbox, unchanged: true, again: false };
            self.object.write_broadcast(&mut tx)?;
        }
        Ok(())
    }

    pub(super) fn acknowledge(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        results: &[(OutboxEntry, Delivery)],
    ) -> Result<(), SqlError> {
        self.outbox.acknowledge(sql, now, results)?;
        for (item, _) in results.iter().filter(|(_, delivery)| *delivery == Delivery::Done) {
            let mut tx = Transaction { sql, now, outbox: &mut self.outbox, unchanged: true, again: false };
            self.object.acknowledged(&mut tx, &item.message)?;
            self.object.delivered(&item.message);
        }
        Ok(())
    }

    /// Executes a command and returns how it ended and whether it changed anything.
    pub(super) fn execute(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        command: O::Command,
        again: bool,
    ) -> Result<(Outcome<O::Reply>, bool), SqlError> {
        let mut tx = Transaction { sql, now, outbox: &mut self.outbox, unchanged: false, again };
        match self.object.execute(&mut tx, command) {
            Ok(reply) => {
                let changed = !tx.unchanged;
                self.changed |= changed;
                Ok((Outcome::Reply(reply), changed))
            }
            Err(Fault::Refused(refusal)) => Ok((Outcome::Refused(refusal), false)),
            Err(Fault::Storage(error)) => Err(error),
        }
    }
}
