//! When a backup of an object is due, and how a restore changes the object ([`crate::objects::backup`]).

use super::{Host, Running};
use crate::domain::Timestamp;
use crate::objects::backup::{self, Export};
use crate::objects::object::Object;
use crate::objects::sql::{Sql, SqlError};

impl<O: Object> Host<O> {
    /// Whether a backup is due.
    #[must_use]
    pub fn copy_is_due(&self, now: Timestamp) -> bool {
        let due = self.running.as_ref().and_then(|running| running.copy_due);
        self.copied_at_ms.is_some() && due.is_some_and(|due| due <= now)
    }

    /// The name under which the backup is stored, and the backup; `None` if there is nothing to back up.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn begin_copy(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
    ) -> Result<Option<(String, Export)>, SqlError> {
        let (running, _) = self.running(sql, now)?;
        let Some(name) = running.object.copy_name().filter(|_| O::COPIED) else { return Ok(None) };
        Ok(Some((name, Export::begin(sql)?)))
    }

    /// Records that a backup was made, or when to try again.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn end_copy(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        again: Option<Timestamp>,
    ) -> Result<(), SqlError> {
        self.transact(sql, now, |sql, running, _| {
            if running.founded {
                backup::save_due(sql, again)?;
                running.copy_due = again;
            }
            Ok(())
        })
    }

    /// Empties the database for a backup with this schema version, which is then restored part by part.
    ///
    /// # Errors
    /// When the schema version is not known here, in which case nothing has happened; when the storage fails.
    pub fn begin_restore(&mut self, sql: &dyn Sql, schema_version: usize) -> Result<(), SqlError> {
        let prepared = backup::prepare(sql, O::MIGRATIONS, schema_version);
        self.throw_away();
        prepared
    }
}

impl<O: Object> Running<O> {
    /// Records when a backup is due after a change to the object, in the transaction of that change.
    pub(super) fn plan_copy(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        copied_at_ms: Option<i64>,
    ) -> Result<(), SqlError> {
        if let (Some(time_of_day_ms), None, true) =
            (copied_at_ms, self.copy_due, self.changed && self.founded)
        {
            let due = backup::next_due(now, time_of_day_ms);
            backup::save_due(sql, Some(due))?;
            self.copy_due = Some(due);
        }
        Ok(())
    }
}
