//! What an operator asks of an account. A suspended account keeps everything and opens nothing: its
//! sessions end, and its password, its links and its feed are as good as wrong. Its events hear of
//! it through the Catalog ([`crate::objects::notice`]).

use serde::{Deserialize, Serialize};

use super::{Account, Reply, SecurityEventKind, events};
use crate::domain::account::Role;
use crate::domain::moderation::Suspension;
use crate::domain::{Refusal, Timestamp, UserId};
use crate::objects::backup;
use crate::objects::notice::{News, Notice};
use crate::objects::outbox::Parcel;
use crate::objects::schema::Step;
use crate::objects::sql::{Sql, SqlError};
use crate::objects::upkeep::Upkeep;
use crate::objects::{Fault, Kind, Turn};

/// The step that lets an account be suspended (one row, once that has happened) and copied.
pub(super) const SCHEMA: Step =
    &["CREATE TABLE suspension (suspended INTEGER NOT NULL, changes INTEGER NOT NULL);", backup::SCHEMA];

/// A question or an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminOrder {
    /// What is known of the account.
    Look,
    /// Suspends it.
    Suspend,
    /// Takes the suspension back.
    Restore,
    /// What is asked of any object.
    Upkeep(Upkeep),
}

impl AdminOrder {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Look => Kind::Read,
            Self::Suspend | Self::Restore => Kind::Write,
            Self::Upkeep(upkeep) => upkeep.kind(),
        }
    }
}

/// An account as an operator sees it: no address and no name, which whoever looked it up knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// The user's id.
    pub user: UserId,
    /// What the account may do.
    pub role: Role,
    /// Whether the address has been confirmed.
    pub email_verified: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Whether it is suspended.
    pub suspended: bool,
    /// Sessions that stand.
    pub sessions: u32,
    /// Failed logins in a row.
    pub failed_logins: u32,
}

impl Account {
    pub(super) fn administer(&mut self, turn: &mut Turn<'_>, order: AdminOrder) -> Result<Reply, Fault> {
        match order {
            AdminOrder::Look => self.overview(turn.now),
            AdminOrder::Suspend => self.set_suspended(turn, true),
            AdminOrder::Restore => self.set_suspended(turn, false),
            AdminOrder::Upkeep(upkeep) => Ok(Reply::Upkeep(upkeep.carry_out(turn)?)),
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

    fn set_suspended(&mut self, turn: &mut Turn<'_>, suspended: bool) -> Result<Reply, Fault> {
        let profile = self.owner.as_ref().ok_or(Refusal::NotFound)?.profile.clone();
        if self.suspension.suspended == suspended {
            turn.unchanged = true;
            return self.overview(turn.now);
        }
        let suspension = self.suspension.becoming(suspended);
        save(turn.sql, suspension)?;
        if suspended {
            self.end_sessions(turn, |_| true)?;
        }
        let kind = if suspended { SecurityEventKind::Suspended } else { SecurityEventKind::Restored };
        events::note(turn, kind)?;
        if profile.role == Role::Organizer {
            let notice = Notice { user: profile.id, news: News::Suspension(suspension) };
            turn.post("suspension", &Parcel::Notice(Box::new(notice), Vec::new()), turn.now)?;
        }
        self.suspension = suspension;
        self.overview(turn.now)
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
