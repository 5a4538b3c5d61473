//! Operator commands for an account. A suspended account keeps its data but gives no access: its sessions
//! end, and its password, links and feed are treated as invalid. Its events are told through the Catalog
//! ([`crate::objects::messages::account_change`]).

use super::security_log;
use super::state::Account;
use crate::domain::account::Role;
use crate::domain::moderation::Suspension;
use crate::domain::{Refusal, Timestamp, UserId};
use crate::objects::backup;
use crate::objects::messages::account::{AdminOrder, Overview, Reply, SecurityEventKind};
use crate::objects::messages::account_change::{AccountChange, ChangeKind};
use crate::objects::object::{Fault, Kind, Transaction};
use crate::objects::outbox::OutboxMessage;
use crate::objects::schema::Step;
use crate::objects::sql::{Sql, SqlError};

/// The schema step for suspending an account (one row, once that has happened) and for backups.
pub(super) const SCHEMA: Step =
    &["CREATE TABLE suspension (suspended INTEGER NOT NULL, changes INTEGER NOT NULL);", backup::SCHEMA];

impl AdminOrder {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Look => Kind::Read,
            Self::Suspend | Self::Restore => Kind::Write,
            Self::Maintenance(maintenance) => maintenance.kind(),
        }
    }
}

impl Account {
    pub(super) fn administer(&mut self, tx: &mut Transaction<'_>, order: AdminOrder) -> Result<Reply, Fault> {
        match order {
            AdminOrder::Look => self.overview(tx.now),
            AdminOrder::Suspend => self.set_suspended(tx, true),
            AdminOrder::Restore => self.set_suspended(tx, false),
            AdminOrder::Maintenance(maintenance) => Ok(Reply::Maintenance(maintenance.carry_out(tx)?)),
        }
    }

    /// The owner's id, unless there is none or the account is suspended.
    pub(super) fn admitted(&self) -> Option<UserId> {
        self.owner.as_ref().filter(|_| !self.suspension.suspended).map(|owner| owner.profile.id)
    }

    fn overview(&self, now: Timestamp) -> Result<Reply, Fault> {
        let profile = &self.owner.as_ref().ok_or(Refusal::NotFound)?.profile;
        let sessions = self.sessions.iter().filter(|session| session.expires_at > now).count();
        Ok(Reply::Overview(Box::new(Overview {
            user: profile.id,
            role: profile.role,
            email_verified: profile.email_verified,
            created_at: profile.created_at,
            suspended: self.suspension.suspended,
            sessions: u32::try_from(sessions).unwrap_or(u32::MAX),
            failed_logins: self.guard.failures(),
        })))
    }

    fn set_suspended(&mut self, tx: &mut Transaction<'_>, suspended: bool) -> Result<Reply, Fault> {
        let profile = self.owner.as_ref().ok_or(Refusal::NotFound)?.profile.clone();
        if self.suspension.suspended == suspended {
            tx.unchanged = true;
            return self.overview(tx.now);
        }
        let suspension = self.suspension.becoming(suspended);
        save(tx.sql, suspension)?;
        if suspended {
            self.end_sessions(tx, |_| true)?;
        }
        let kind = if suspended { SecurityEventKind::Suspended } else { SecurityEventKind::Restored };
        security_log::note(tx, kind)?;
        if profile.role == Role::Organizer {
            let account_change = AccountChange { user: profile.id, kind: ChangeKind::Suspension(suspension) };
            tx.post(
                "suspension",
                &OutboxMessage::AccountChange(Box::new(account_change), Vec::new()),
                tx.now,
            )?;
        }
        self.suspension = suspension;
        self.overview(tx.now)
    }
}

pub(super) fn load(sql: &dyn Sql) -> Result<Suspension, SqlError> {
    let rows = sql.run("SELECT suspended, changes FROM suspension", &[])?;
    rows.first().map_or(Ok(Suspension::default()), |row| {
        Ok(Suspension { suspended: row.get(0)?, changes: row.get(1)? })
    })
}

fn save(sql: &dyn Sql, suspension: Suspension) -> Result<(), SqlError> {
    sql.run("DELETE FROM suspension", &[])?;
    sql.run(
        "INSERT INTO suspension (suspended, changes) VALUES (?, ?)",
        &[suspension.suspended.into(), suspension.changes.into()],
    )?;
    Ok(())
}
