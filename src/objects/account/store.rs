//! The tables of an account.

use super::state::Session;
use crate::domain::account::{Name, Profile};
use crate::domain::guard::LoginGuard;
use crate::domain::{EmailStatus, Secret, SessionId, Timestamp, TokenBucket};
use crate::objects::messages::account::{OneTimeToken, SignUp};
use crate::objects::object::Transaction;
use crate::objects::schema::Step;
use crate::objects::sql::{Row, Sql, SqlError};
use crate::objects::{idempotency, outbox};

/// The schema, one entry per version.
pub(super) const MIGRATIONS: &[Step] = &[
    &[
        outbox::TABLE,
        "CREATE TABLE account (
        user_id TEXT NOT NULL,
        email TEXT NOT NULL,
        name TEXT,
        role TEXT NOT NULL,
        email_verified INTEGER NOT NULL,
        password_hash TEXT NOT NULL,
        created_at INTEGER NOT NULL
    );
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        refresh_digest TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
    );
    CREATE TABLE tokens (
        digest TEXT PRIMARY KEY,
        purpose TEXT NOT NULL,
        expires_at INTEGER NOT NULL
    );
    CREATE TABLE login_guard (failures INTEGER NOT NULL, last_failure INTEGER NOT NULL);",
    ],
    &[
        // All refresh tokens so far were the first of their session, and the first one names the family.
        "ALTER TABLE account ADD COLUMN name_changes INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE sessions ADD COLUMN family TEXT NOT NULL DEFAULT '';
    UPDATE sessions SET family = refresh_digest;
    CREATE INDEX sessions_family ON sessions (family);
    CREATE TABLE security_events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        times INTEGER NOT NULL
    );",
    ],
    &[outbox::DESTINATIONS],
    super::calendar_key::SCHEMA,
    &[idempotency::SCHEMA],
    super::admin::SCHEMA,
    &[outbox::URGENCY],
    &[super::address_status::SCHEMA],
    &[super::event_keys::SCHEMA],
    // The refresh token before the latest one, and when it was used.
    &["ALTER TABLE sessions ADD COLUMN spent_digest TEXT;
    ALTER TABLE sessions ADD COLUMN spent_at INTEGER NOT NULL DEFAULT 0;"],
];

/// The purpose of a one-time token, as stored.
pub(super) const VERIFY_EMAIL: &str = "verify_email";
/// The purpose of a token that resets a password.
pub(super) const RESET_PASSWORD: &str = "reset_password";

pub(super) fn load_profile(sql: &dyn Sql) -> Result<Option<(Profile, Secret<String>)>, SqlError> {
    let rows = sql.run(
        "SELECT user_id, email, name, role, email_verified, created_at, password_hash, name_changes
         FROM account",
        &[],
    )?;
    rows.first().map(read_profile).transpose()
}

fn read_profile(row: &Row) -> Result<(Profile, Secret<String>), SqlError> {
    let profile = Profile {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        role: row.get(3)?,
        email_verified: row.get(4)?,
        created_at: row.get(5)?,
        name_changes: row.get(7)?,
        email_status: EmailStatus::default(),
        email_status_changes: 0,
    };
    Ok((profile, Secret::new(row.get(6)?)))
}

pub(super) fn insert_account(tx: &Transaction<'_>, sign_up: &SignUp) -> Result<(), SqlError> {
    tx.sql.run(
        "INSERT INTO account (user_id, email, name, role, email_verified, password_hash, created_at)
         VALUES (?, ?, ?, ?, 0, ?, ?)",
        &[
            sign_up.id.into(),
            sign_up.email.as_str().into(),
            sign_up.name.as_ref().map(Name::as_str).into(),
            sign_up.role.as_str().into(),
            sign_up.password_hash.reveal().as_str().into(),
            tx.now.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn mark_verified(sql: &dyn Sql) -> Result<(), SqlError> {
    sql.run("UPDATE account SET email_verified = 1", &[])?;
    Ok(())
}

pub(super) fn save_password(sql: &dyn Sql, hash: &Secret<String>) -> Result<(), SqlError> {
    sql.run("UPDATE account SET password_hash = ?", &[hash.reveal().as_str().into()])?;
    Ok(())
}

pub(super) fn save_name(sql: &dyn Sql, profile: &Profile) -> Result<(), SqlError> {
    let name = profile.name.as_ref().map(Name::as_str);
    sql.run("UPDATE account SET name = ?, name_changes = ?", &[name.into(), profile.name_changes.into()])?;
    Ok(())
}

/// Deletes the account and all of its user's data, except failed logins, the status of the address, and the
/// outbox.
pub(super) fn erase(sql: &dyn Sql) -> Result<(), SqlError> {
    for table in ["account", "sessions", "tokens", "security_events", "feed", "suspension", "event_keys"] {
        sql.run(&format!("DELETE FROM {table}"), &[])?;
    }
    idempotency::forget(sql)
}

pub(super) fn insert_token(sql: &dyn Sql, purpose: &str, token: &OneTimeToken) -> Result<(), SqlError> {
    sql.run(
        "INSERT INTO tokens (digest, purpose, expires_at) VALUES (?, ?, ?)",
        &[token.digest.as_str().into(), purpose.into(), token.expires_at.into()],
    )?;
    Ok(())
}

/// Whether the token is stored for this purpose and has not expired.
pub(super) fn token_stands(
    sql: &dyn Sql,
    now: Timestamp,
    purpose: &str,
    digest: &str,
) -> Result<bool, SqlError> {
    let rows = sql.run(
        "SELECT 1 FROM tokens WHERE digest = ? AND purpose = ? AND expires_at > ?",
        &[digest.into(), purpose.into(), now.into()],
    )?;
    Ok(!rows.is_empty())
}

pub(super) fn delete_tokens(sql: &dyn Sql, purpose: &str) -> Result<(), SqlError> {
    sql.run("DELETE FROM tokens WHERE purpose = ?", &[purpose.into()])?;
    Ok(())
}

pub(super) fn delete_expired_tokens(tx: &Transaction<'_>) -> Result<(), SqlError> {
    tx.sql.run("DELETE FROM tokens WHERE expires_at <= ?", &[tx.now.into()])?;
    Ok(())
}

/// When the tokens for this purpose expire, earliest first.
pub(super) fn tokens_in_force(sql: &dyn Sql, purpose: &str) -> Result<Vec<Timestamp>, SqlError> {
    let rows =
        sql.run("SELECT expires_at FROM tokens WHERE purpose = ? ORDER BY expires_at", &[purpose.into()])?;
    rows.iter().map(|row| row.get(0)).collect()
}

pub(super) fn load_guard(sql: &dyn Sql) -> Result<LoginGuard, SqlError> {
    let rows = sql.run("SELECT failures, last_failure FROM login_guard", &[])?;
    rows.first().map_or(Ok(LoginGuard::default()), |row| Ok(LoginGuard::restore(row.get(0)?, row.get(1)?)))
}

pub(super) fn save_guard(sql: &dyn Sql, guard: &LoginGuard) -> Result<(), SqlError> {
    sql.run("DELETE FROM login_guard", &[])?;
    if guard.failures() > 0 {
        sql.run(
            "INSERT INTO login_guard (failures, last_failure) VALUES (?, ?)",
            &[guard.failures().into(), guard.last_failure().into()],
        )?;
    }
    Ok(())
}

pub(super) fn load_sessions(sql: &dyn Sql) -> Result<Vec<Session>, SqlError> {
    let rows = sql.run("SELECT id, created_at, expires_at FROM sessions ORDER BY created_at, rowid", &[])?;
    let session = |row: &Row| {
        let changes = TokenBucket::default();
        Ok(Session { id: row.get(0)?, created_at: row.get(1)?, expires_at: row.get(2)?, changes })
    };
    rows.iter().map(session).collect()
}

pub(super) fn insert_session(
    tx: &Transaction<'_>,
    id: SessionId,
    refresh: &OneTimeToken,
) -> Result<(), SqlError> {
    tx.sql.run(
        "INSERT INTO sessions (id, refresh_digest, family, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
        &[
            id.into(),
            refresh.digest.as_str().into(),
            refresh.digest.as_str().into(),
            tx.now.into(),
            refresh.expires_at.into(),
        ],
    )?;
    Ok(())
}

/// What is known of a family of refresh tokens, seen from one that was shown.
pub(super) struct Shown {
    pub(super) session: SessionId,
    /// Whether it is the latest token.
    pub(super) is_latest: bool,
    /// When it was used, if it is the one before the latest, and `next` is the latest.
    pub(super) used_for_next_at: Option<Timestamp>,
}

/// Looks up the session of a family of refresh tokens.
pub(super) fn session_of(
    sql: &dyn Sql,
    family: &str,
    token: &str,
    next: &str,
) -> Result<Option<Shown>, SqlError> {
    let rows = sql.run(
        "SELECT id, refresh_digest = ?1, iif(spent_digest = ?1 AND refresh_digest = ?2, spent_at, NULL)
         FROM sessions WHERE family = ?3",
        &[token.into(), next.into(), family.into()],
    )?;
    let shown =
        |row: &Row| Ok(Shown { session: row.get(0)?, is_latest: row.get(1)?, used_for_next_at: row.get(2)? });
    rows.first().map(shown).transpose()
}

/// Replaces the refresh token that was spent.
pub(super) fn extend_session(
    tx: &Transaction<'_>,
    id: SessionId,
    refresh_digest: &str,
    expires_at: Timestamp,
) -> Result<(), SqlError> {
    tx.sql.run(
        "UPDATE sessions SET spent_digest = refresh_digest, spent_at = ?, refresh_digest = ?, expires_at = ?
         WHERE id = ?",
        &[tx.now.into(), refresh_digest.into(), expires_at.into(), id.into()],
    )?;
    Ok(())
}

pub(super) fn delete_session(sql: &dyn Sql, id: SessionId) -> Result<(), SqlError> {
    sql.run("DELETE FROM sessions WHERE id = ?", &[id.into()])?;
    Ok(())
}
