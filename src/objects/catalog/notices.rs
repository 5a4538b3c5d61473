//! Passes on what becomes of users to the events that it concerns ([`crate::objects::notice`]).

use super::protocol::Report;
use crate::domain::account::Name;
use crate::domain::moderation::Suspension;
use crate::domain::{EmailStatus, EventId, UserId};
use crate::objects::Turn;
use crate::objects::notice::{News, Notice};
use crate::objects::outbox::Parcel;
use crate::objects::sql::{self, Row, Sql, SqlError};

/// The step that remembers whose address mail does not reach.
pub(super) const EMAIL_STATUSES: &str = "
    CREATE TABLE email_statuses (
        user TEXT PRIMARY KEY, changes INTEGER NOT NULL, status TEXT NOT NULL
    ) WITHOUT ROWID;
";

/// Takes a notice in and posts it to every event that it concerns, unless something newer is
/// known already.
pub(super) fn pass_on(turn: &mut Turn<'_>, notice: Notice, visited: Vec<EventId>) -> Result<(), SqlError> {
    let user = notice.user;
    match notice.news {
        News::Suspension(suspension) => return pass_on_suspension(turn, &notice, suspension),
        News::EmailStatus { status, changes } => {
            return pass_on_status(turn, notice, status, changes, visited);
        }
        News::Renamed { .. } | News::Erased => {}
    }
    if known(turn.sql, user)?.is_some_and(|known| !is_newer(&notice.news, &known.news)) {
        return Ok(());
    }
    remember(turn.sql, &notice)?;
    let mut concerned =
        events(&turn.sql.run("SELECT event FROM events WHERE organizer = ?", &[user.into()])?)?;
    if notice.news == News::Erased {
        turn.sql.run("DELETE FROM suspensions WHERE user = ?", &[user.into()])?;
        turn.sql.run("DELETE FROM email_statuses WHERE user = ?", &[user.into()])?;
        let left =
            turn.sql.run("DELETE FROM participations WHERE user = ? RETURNING event", &[user.into()])?;
        concerned.extend(events(&left)?);
        concerned.extend(visited);
    }
    concerned.into_iter().try_for_each(|event| tell(turn, event, &notice))
}

/// The same for a suspension or its end, which the organizer's events have to hear of.
fn pass_on_suspension(turn: &mut Turn<'_>, notice: &Notice, suspension: Suspension) -> Result<(), SqlError> {
    let user = notice.user;
    if known_suspension(turn.sql, user)?.is_some_and(|known| known.changes >= suspension.changes) {
        return Ok(());
    }
    turn.sql.run(
        "INSERT OR REPLACE INTO suspensions (user, changes, suspended) VALUES (?, ?, ?)",
        &[user.into(), suspension.changes.into(), suspension.suspended.into()],
    )?;
    let organized = events(&turn.sql.run("SELECT event FROM events WHERE organizer = ?", &[user.into()])?)?;
    organized.into_iter().try_for_each(|event| tell(turn, event, notice))
}

fn known_suspension(sql: &dyn Sql, user: UserId) -> Result<Option<Suspension>, SqlError> {
    let rows = sql.run("SELECT suspended, changes FROM suspensions WHERE user = ?", &[user.into()])?;
    rows.first().map(|row| Ok(Suspension { suspended: row.get(0)?, changes: row.get(1)? })).transpose()
}

/// The same for the status of an address, which concerns the events at which its owner takes part.
fn pass_on_status(
    turn: &mut Turn<'_>,
    notice: Notice,
    status: EmailStatus,
    changes: u64,
    visited: Vec<EventId>,
) -> Result<(), SqlError> {
    let user = notice.user;
    let gone = known(turn.sql, user)?.is_some_and(|known| known.news == News::Erased);
    let newer = turn.sql.run(
        "INSERT INTO email_statuses (user, changes, status) SELECT ?, ?, ? WHERE NOT ?
         ON CONFLICT (user) DO UPDATE SET changes = excluded.changes, status = excluded.status
         WHERE excluded.changes > changes RETURNING 1",
        &[user.into(), changes.into(), status.as_str().into(), gone.into()],
    )?;
    if newer.is_empty() {
        return Ok(());
    }
    let mut concerned =
        events(&turn.sql.run("SELECT event FROM participations WHERE user = ?", &[user.into()])?)?;
    concerned.extend(visited);
    concerned.sort_unstable();
    concerned.dedup();
    concerned.into_iter().try_for_each(|event| tell(turn, event, &notice))
}

/// Holds a report against the notices: what it says of somebody who is gone is taken out, and an
/// event that has not heard yet is told.
pub(super) fn correct(turn: &mut Turn<'_>, report: &mut Report) -> Result<(), SqlError> {
    let event = report.event;
    if let Some(organizer) = report.entry.as_mut().map(|entry| &mut entry.organizer)
        && let Some(notice) = known(turn.sql, organizer.id)?
    {
        let unheard = match notice.news {
            News::Renamed { changes, .. } => organizer.name_changes < changes,
            // Those of names and of ends alone are remembered in this table.
            News::Suspension(_) | News::EmailStatus { .. } => false,
            News::Erased => {
                organizer.name = None;
                organizer.account.take().is_some()
            }
        };
        if unheard {
            tell(turn, event, &notice)?;
        }
    }
    if let Some(organizer) = report.entry.as_ref().map(|entry| &entry.organizer)
        && organizer.account.is_some()
        && let Some(suspension) = known_suspension(turn.sql, organizer.id)?
        && organizer.suspension.changes < suspension.changes
    {
        tell(turn, event, &Notice { user: organizer.id, news: News::Suspension(suspension) })?;
    }
    let users: Vec<UserId> = report.participations.iter().map(|one| one.user).collect();
    let gone = turn.sql.run(
        "SELECT user FROM notices
         WHERE changes IS NULL AND user IN (SELECT value FROM json_each(?))",
        &[sql::json(&users)?],
    )?;
    for row in &gone {
        let user: UserId = row.get(0)?;
        report.participations.retain(|one| one.user != user);
        tell(turn, event, &Notice { user, news: News::Erased })?;
    }
    let marked = turn.sql.run(
        "SELECT user, status, changes FROM email_statuses WHERE user IN (SELECT value FROM json_each(?))",
        &[sql::json(&users)?],
    )?;
    for row in &marked {
        let news = News::EmailStatus { status: row.get(1)?, changes: row.get(2)? };
        tell(turn, event, &Notice { user: row.get(0)?, news })?;
    }
    Ok(())
}

fn is_newer(news: &News, known: &News) -> bool {
    match (news, known) {
        (_, News::Erased) => false,
        (News::Erased, News::Renamed { .. }) => true,
        (News::Renamed { changes, .. }, News::Renamed { changes: known, .. }) => changes > known,
        // They are held against others of their kind, in tables of their own.
        (News::Suspension(_) | News::EmailStatus { .. }, _) => true,
        (_, News::Suspension(_) | News::EmailStatus { .. }) => false,
    }
}

fn tell(turn: &mut Turn<'_>, event: EventId, notice: &Notice) -> Result<(), SqlError> {
    // News of one kind never takes the place of one of another that still has to arrive.
    let what = match notice.news {
        News::Suspension(_) => "suspension",
        News::EmailStatus { .. } => "email_status",
        News::Renamed { .. } | News::Erased => "notice",
    };
    let key = format!("{what}/{}/{event}", notice.user);
    turn.post(&key, &Parcel::Tell(event, Box::new(notice.clone())), turn.now)
}

fn events(rows: &[Row]) -> Result<Vec<EventId>, SqlError> {
    rows.iter().map(|row| row.get(0)).collect()
}

fn known(sql: &dyn Sql, user: UserId) -> Result<Option<Notice>, SqlError> {
    let rows = sql.run("SELECT changes, name FROM notices WHERE user = ?", &[user.into()])?;
    let Some(row) = rows.first() else { return Ok(None) };
    let changes: Option<u64> = row.get(0)?;
    let name = row.get(1)?;
    let news = changes.map_or(News::Erased, |changes| News::Renamed { name, changes });
    Ok(Some(Notice { user, news }))
}

fn remember(sql: &dyn Sql, notice: &Notice) -> Result<(), SqlError> {
    let (changes, name) = match &notice.news {
        News::Renamed { name, changes } => (Some(*changes), name.as_ref().map(Name::as_str)),
        News::Erased => (None, None),
        News::Suspension(_) | News::EmailStatus { .. } => return Ok(()),
    };
    sql.run(
        "INSERT OR REPLACE INTO notices (user, changes, name) VALUES (?, ?, ?)",
        &[notice.user.into(), changes.into(), name.into()],
    )?;
    Ok(())
}
