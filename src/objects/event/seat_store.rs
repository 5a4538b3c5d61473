//! The registrations as the roster needs them: all of them while there are few; counted by blocks and found
//! by index once there are many.
//!
//! Once an event has outgrown its memory, a row of `seat_blocks` is written together with the registrations
//! that it counts. If there are any rows, the event has outgrown its memory.

use super::email_status_store;
use crate::domain::roster::{Block, Roster, Seat, Sizes};
use crate::domain::{EmailStatus, RegistrationId, Timestamp, UserId};
use crate::objects::messages::event::Participant;
use crate::objects::sql::{self, Sql, SqlError, Value};

/// The schema step for events that outgrow their memory. An event that already has gets its counts when it is
/// loaded.
pub(super) const SCHEMA: &str = "
    CREATE INDEX registrations_id ON registrations (id);
    CREATE TABLE seat_blocks (
        block INTEGER PRIMARY KEY,
        confirmed INTEGER NOT NULL,
        waitlisted INTEGER NOT NULL
    );
";

/// Seats per read. Their text stays far below the size limit of a value.
const SEATS_PER_READ: usize = 4_096;

type SeatColumns = (u64, RegistrationId, UserId, Timestamp, Option<Timestamp>, Option<Timestamp>);

/// Loads the roster.
pub(super) fn load(sql: &dyn Sql, sizes: Sizes) -> Result<Roster, SqlError> {
    let last: Option<u64> = sql::value(sql, "SELECT max(seq) FROM registrations", &[])?;
    let next_seq = last.map_or(0, |seq| seq.saturating_add(1));
    let blocks = load_blocks(sql)?;
    if !blocks.is_empty() {
        return Ok(Roster::restore_partial(sizes, blocks, next_seq));
    }
    let complete_max = usize::try_from(sizes.complete_max).unwrap_or(usize::MAX);
    let seats = after(sql, None, Some(complete_max))?;
    if seats.len() > complete_max {
        count_blocks(sql, sizes)?;
        return Ok(Roster::restore_partial(sizes, load_blocks(sql)?, next_seq));
    }
    Ok(Roster::restore(sizes, seats, next_seq))
}

/// The registrations after this arrival, in order. If there are more than `enough`, more than `enough` are
/// returned. SQLite returns many of them as JSON, because in rows every column of each would be passed
/// separately. The `+` makes SQLite follow the table's own order; with the index it would have to sort.
pub(super) fn after(sql: &dyn Sql, seq: Option<u64>, enough: Option<usize>) -> Result<Vec<Seat>, SqlError> {
    let mut seats: Vec<Seat> = Vec::new();
    loop {
        let last = seats.last().map(|seat| seat.seq).or(seq);
        let statement = format!(
            "SELECT {AS_JSON} FROM (SELECT * FROM registrations
             WHERE +status IN ('confirmed', 'waitlisted') AND seq > ? ORDER BY seq LIMIT ?)"
        );
        let after = last.map_or(Value::Integer(-1), Value::from);
        let page = read(sql, &statement, &[after, count(SEATS_PER_READ)])?;
        let complete = page.len() < SEATS_PER_READ;
        seats.extend(page);
        if complete || enough.is_some_and(|enough| seats.len() > enough) {
            return Ok(seats);
        }
    }
}

/// The active registrations of these users and those with these ids.
pub(super) fn seats(sql: &dyn Sql, users: &[UserId], ids: &[RegistrationId]) -> Result<Vec<Seat>, SqlError> {
    let statement = format!(
        "SELECT {AS_JSON} FROM registrations WHERE +status IN ('confirmed', 'waitlisted') AND seq IN (
             SELECT seq FROM registrations WHERE user_id IN (SELECT value FROM json_each(?))
             UNION ALL SELECT seq FROM registrations WHERE id IN (SELECT value FROM json_each(?)))"
    );
    read(sql, &statement, &[sql::json(&users)?, sql::json(&ids)?])
}

/// The first in line, at most `most`, in order.
pub(super) fn heads(sql: &dyn Sql, most: usize) -> Result<Vec<Seat>, SqlError> {
    let statement = format!(
        "SELECT {AS_JSON} FROM (SELECT * FROM registrations WHERE status = 'waitlisted' ORDER BY seq LIMIT ?)"
    );
    read(sql, &statement, &[count(most)])
}

/// How many of the arrivals between two numbers, both included, are waiting.
pub(super) fn count_waiting(sql: &dyn Sql, from_seq: u64, to_seq: u64) -> Result<u32, SqlError> {
    let statement =
        "SELECT count(*) FROM registrations WHERE status = 'waitlisted' AND seq >= ? AND seq <= ?";
    Ok(sql::value(sql, statement, &[from_seq.into(), to_seq.into()])?.unwrap_or(0))
}

/// Stores that these have a seat since the same moment. Returns the participants in the same order.
pub(super) fn confirm(sql: &dyn Sql, promoted: &[Seat]) -> Result<Vec<Participant>, SqlError> {
    let seqs: Vec<u64> = promoted.iter().map(|seat| seat.seq).collect();
    let since = promoted.first().and_then(|seat| seat.confirmed_at);
    let rows = sql.run(
        "UPDATE registrations SET status = 'confirmed', confirmed_at = ?
         WHERE seq IN (SELECT value FROM json_each(?))
         RETURNING seq, user_id, account, name, email, origin",
        &[since.into(), sql::json(&seqs)?],
    )?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let participant = Participant {
            id: row.get(1)?,
            account: row.get(2)?,
            name: row.get(3)?,
            email: row.get(4)?,
            origin: row.get(5)?,
            email_status: EmailStatus::default(),
            email_status_changes: 0,
        };
        found.push((row.get::<u64>(0)?, participant));
    }
    found.sort_unstable_by_key(|(seq, _)| *seq);
    if !found.iter().map(|(seq, _)| seq).eq(&seqs) {
        return Err(SqlError::new("a seat has no row"));
    }
    let statuses = email_status_store::of_all(sql, promoted.iter().map(|seat| seat.user))?;
    let marked = |participant: Participant| {
        let email_status = statuses.get(&participant.id).copied().unwrap_or_default();
        Participant { email_status, ..participant }
    };
    Ok(found.into_iter().map(|(_, participant)| marked(participant)).collect())
}

/// Stores the counts of a block, in the transaction of what they count.
pub(super) fn save_block(sql: &dyn Sql, block: &Block) -> Result<(), SqlError> {
    sql.insert(
        "INSERT OR REPLACE INTO seat_blocks (block, confirmed, waitlisted)
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)",
        &[block.number.into(), block.confirmed.into(), block.waitlisted.into()],
    )
}

fn load_blocks(sql: &dyn Sql) -> Result<Vec<Block>, SqlError> {
    let rows =
        sql.run("SELECT json_group_array(json_array(block, confirmed, waitlisted)) FROM seat_blocks", &[])?;
    let found: Vec<(u64, u32, u32)> = rows.first().map_or(Ok(Vec::new()), |row| row.json(0))?;
    let blocks = found.into_iter();
    Ok(blocks.map(|(number, confirmed, waitlisted)| Block { number, confirmed, waitlisted }).collect())
}

/// Counts an event that has no counts yet, block by block along the index. With a `GROUP BY`, SQLite would
/// sort everything.
fn count_blocks(sql: &dyn Sql, sizes: Sizes) -> Result<(), SqlError> {
    sql.run(
        "WITH RECURSIVE blocks (block) AS (
             SELECT 0 UNION ALL
             SELECT block + 1 FROM blocks WHERE block < (SELECT max(seq) >> ?1 FROM registrations))
         INSERT INTO seat_blocks (block, confirmed, waitlisted)
         SELECT block,
             (SELECT count(*) FROM registrations WHERE status = 'confirmed'
                 AND seq >= block << ?1 AND seq < (block + 1) << ?1),
             (SELECT count(*) FROM registrations WHERE status = 'waitlisted'
                 AND seq >= block << ?1 AND seq < (block + 1) << ?1)
         FROM blocks",
        &[sizes.block_bits.into()],
    )?;
    Ok(())
}

const AS_JSON: &str =
    "json_group_array(json_array(seq, id, user_id, registered_at, confirmed_at, checked_in_at))";

/// Reads seats in order of arrival. They are sorted here because SQLite promises no order within an
/// aggregate.
fn read(sql: &dyn Sql, statement: &str, params: &[Value]) -> Result<Vec<Seat>, SqlError> {
    let rows = sql.run(statement, params)?;
    let mut page: Vec<SeatColumns> = rows.first().map_or(Ok(Vec::new()), |row| row.json(0))?;
    page.sort_unstable_by_key(|(seq, ..)| *seq);
    let seats = page.into_iter().map(|(seq, id, user, registered_at, confirmed_at, checked_in_at)| Seat {
        seq,
        id,
        user,
        registered_at,
        confirmed_at,
        checked_in_at,
    });
    Ok(seats.collect())
}

fn count(rows: usize) -> Value {
    u64::try_from(rows).unwrap_or(u64::MAX).into()
}
