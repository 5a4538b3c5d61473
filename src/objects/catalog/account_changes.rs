//! Passes account changes on to the events they concern ([`crate::objects::messages::account_change`]).

use crate::domain::account::Name;
use crate::domain::moderation::Suspension;
use crate::domain::{EmailStatus, EventId, UserId};
use crate::objects::messages::account_change::{AccountChange, ChangeKind};
use crate::objects::messages::catalog::Report;
use crate::objects::object::Transaction;
use crate::objects::outbox::OutboxMessage;
use crate::objects::sql::{self, Row, Sql, SqlError};

/// The schema step that stores whose address mail does not reach.
pub(super) const EMAIL_STATUSES: &str = "
    CREATE TABLE email_statuses (
        user TEXT PRIMARY KEY, changes INTEGER NOT NULL, status TEXT NOT NULL
    ) WITHOUT ROWID;
";

/// Stores an account change and posts it to every event it concerns, unless a newer one is already known.
#[inline(never)]
pub(super) fn pass_on(
    tx: &mut Transaction<'_>,
    account_change: AccountChange,
    visited: Vec<EventId>,
) -> Result<(), SqlError> {
    let user = account_change.user;
    match account_change.kind {
        ChangeKind::Suspension(suspension) => return pass_on_suspension(tx, &account_change, suspension),
        ChangeKind::EmailStatus { status, changes } => {
            return pass_on_status(tx, account_change, status, changes, visited);
        }
        ChangeKind::Renamed { .. } | ChangeKind::Erased => {}
    }
    if known(tx.sql, user)?.is_some_and(|known| !is_newer(&account_change.kind, &known.kind)) {
        return Ok(());
    }
    remember(tx.sql, &account_change)?;
    let mut concerned = events(&tx.sql.run("SELECT event FROM events WHERE organizer = ?", &[user.into()])?)?;
    if account_change.kind == ChangeKind::Erased {
        tx.sql.run("DELETE FROM suspensions WHERE user = ?", &[user.into()])?;
        tx.sql.run("DELETE FROM email_statuses WHERE user = ?", &[user.into()])?;
        let left = tx.sql.run("DELETE FROM participations WHERE user = ? RETURNING event", &[user.into()])?;
        concerned.extend(events(&left)?);
        concerned.extend(visited);
    }
    concerned.into_iter().try_for_each(|event| tell(tx, event, &account_change))
}

/// The same for a suspension or its end, which the organizer's events must be told.
fn pass_on_suspension(
    tx: &mut Transaction<'_>,
    account_change: &AccountChange,
    suspension: Suspension,
) -> Result<(), SqlError> {
    let user = account_change.user;
    if known_suspension(tx.sql, user)?.is_some_and(|known| known.changes >= suspension.changes) {
        return Ok(());
    }
    tx.sql.run(
        "INSERT OR REPLACE INTO suspensions (user, changes, suspended) VALUES (?, ?, ?)",
        &[user.into(), suspension.changes.into(), suspension.suspended.into()],
    )?;
    let organized = events(&tx.sql.run("SELECT event FROM events WHERE organizer = ?", &[user.into()])?)?;
    organized.into_iter().try_for_each(|event| tell(tx, event, account_change))
}

fn known_suspension(sql: &dyn Sql, user: UserId) -> Result<Option<Suspension>, SqlError> {
    let rows = sql.run("SELECT suspended, changes FROM suspensions WHERE user = ?", &[user.into()])?;
    rows.first().map(|row| Ok(Suspension { suspended: row.get(0)?, changes: row.get(1)? })).transpose()
}

/// The same for the status of an address, for the events at which its owner takes part.
fn pass_on_status(
    tx: &mut Transaction<'_>,
    account_change: AccountChange,
    status: EmailStatus,
    changes: u64,
    visited: Vec<EventId>,
) -> Result<(), SqlError> {
    let user = account_change.user;
    let gone = known(tx.sql, user)?.is_some_and(|known| known.kind == ChangeKind::Erased);
    let newer = tx.sql.run(
        "INSERT INTO email_statuses (user, changes, status) SELECT ?, ?, ? WHERE NOT ?
         ON CONFLICT (user) DO UPDATE SET changes = excluded.changes, status = excluded.status
         WHERE excluded.changes > changes RETURNING 1",
        &[user.into(), changes.into(), status.as_str().into(), gone.into()],
    )?;
    if newer.is_empty() {
        return Ok(());
    }
    let mut concerned =
        events(&tx.sql.run("SELECT event FROM participations WHERE user = ?", &[user.into()])?)?;
    concerned.extend(visited);
    concerned.sort_unstable();
    concerned.dedup();
    concerned.into_iter().try_for_each(|event| tell(tx, event, &account_change))
}

/// Checks a report against the account changes. What it says about a deleted user is removed, and an event
/// that has not been told yet is told.
pub(super) fn correct(tx: &mut Transaction<'_>, report: &mut Report) -> Result<(), SqlError> {
    let event = report.event;
    if let Some(organizer) = report.entry.as_mut().map(|entry| &mut entry.organizer)
        && let Some(account_change) = known(tx.sql, organizer.id)?
    {
        let unheard = match account_change.kind {
            ChangeKind::Renamed { changes, .. } => organizer.name_changes < changes,
            // This table stores only names and erasures.
            ChangeKind::Suspension(_) | ChangeKind::EmailStatus { .. } => false,
            ChangeKind::Erased => {
                organizer.name = None;
                organizer.account.take().is_some()
            }
        };
        if unheard {
            tell(tx, event, &account_change)?;
        }
    }
    if let Some(organizer) = report.entry.as_ref().map(|entry| &entry.organizer)
        && organizer.account.is_some()
        && let Some(suspension) = known_suspension(tx.sql, organizer.id)?
        && organizer.suspension.changes < suspension.changes
    {
        tell(tx, event, &AccountChange { user: organizer.id, kind: ChangeKind::Suspension(suspension) })?;
    }
    let users: Vec<UserId> = report.participations.iter().map(|one| one.user).collect();
    let gone = tx.sql.run(
        "SELECT user FROM notices
         WHERE changes IS NULL AND user IN (SELECT value FROM json_each(?))",
        &[sql::json(&users)?],
    )?;
    for row in &gone {
        let user: UserId = row.get(0)?;
        report.participations.retain(|one| one.user != user);
        tell(tx, event, &AccountChange { user, kind: ChangeKind::Erased })?;
    }
    let marked = tx.sql.run(
        "SELECT user, status, changes FROM email_statuses WHERE user IN (SELECT value FROM json_each(?))",
        &[sql::json(&users)?],
    )?;
    for row in &marked {
        let kind = ChangeKind::EmailStatus { status: row.get(1)?, changes: row.get(2)? };
        tell(tx, event, &AccountChange { user: row.get(0)?, kind })?;
    }
    Ok(())
}

fn is_newer(kind: &ChangeKind, known: &ChangeKind) -> bool {
    match (kind, known) {
        (_, ChangeKind::Erased) => false,
        (ChangeKind::Erased, ChangeKind::Renamed { .. }) => true,
        (ChangeKind::Renamed { changes, .. }, ChangeKind::Renamed { changes: known, .. }) => changes > known,
        // They are compared with others of their kind, in their own tables.
        (ChangeKind::Suspension(_) | ChangeKind::EmailStatus { .. }, _) => true,
        (_, ChangeKind::Suspension(_) | ChangeKind::EmailStatus { .. }) => false,
    }
}

fn tell(tx: &mut Transaction<'_>, event: EventId, account_change: &AccountChange) -> Result<(), SqlError> {
    // A message of one kind never replaces one of another kind that has not been delivered yet.
    let what = match account_change.kind {
        ChangeKind::Suspension(_) => "suspension",
        ChangeKind::EmailStatus { .. } => "email_status",
        ChangeKind::Renamed { .. } | ChangeKind::Erased => "notice",
    };
    let key = format!("{what}/{}/{event}", account_change.user);
    tx.post(&key, &OutboxMessage::AccountChangeFor(event, Box::new(account_change.clone())), tx.now)
}

fn events(rows: &[Row]) -> Result<Vec<EventId>, SqlError> {
    rows.iter().map(|row| row.get(0)).collect()
}

fn known(sql: &dyn Sql, user: UserId) -> Result<Option<AccountChange>, SqlError> {
    let rows = sql.run("SELECT changes, name FROM notices WHERE user = ?", &[user.into()])?;
    let Some(row) = rows.first() else { return Ok(None) };
    let changes: Option<u64> = row.get(0)?;
    let name = row.get(1)?;
    let kind = changes.map_or(ChangeKind::Erased, |changes| ChangeKind::Renamed { name, changes });
    Ok(Some(AccountChange { user, kind }))
}

fn remember(sql: &dyn Sql, account_change: &AccountChange) -> Result<(), SqlError> {
    let (changes, name) = match &account_change.kind {
        ChangeKind::Renamed { name, changes } => (Some(*changes), name.as_ref().map(Name::as_str)),
        ChangeKind::Erased => (None, None),
        ChangeKind::Suspension(_) | ChangeKind::EmailStatus { .. } => return Ok(()),
    };
    sql.run(
        "INSERT OR REPLACE INTO notices (user, changes, name) VALUES (?, ?, ?)",
        &[account_change.user.into(), changes.into(), name.into()],
    )?;
    Ok(())
}
