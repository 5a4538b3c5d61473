//! The tables of an account.

use super::Session;
use super::protocol::{OneTimeToken, SignUp};
use crate::domain::account::{Name, Profile, Role};
use crate::domain::guard::LoginGuard;
use crate::domain::{Email, FieldError, Secret, SessionId, Timestamp};
use crate::objects::schema::Step;
use crate::objects::sql::{Row, Sql, SqlError};
use crate::objects::{Turn, outbox};

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
    &[outbox::LANES],
    super::feed::SCHEMA,
];

/// What a one-time token is good for, as stored.
pub(super) const VERIFY_EMAIL: &str = "verify_email";

pub(super) fn load_profile(sql: &dyn Sql) -> Result<Option<(Profile, Secret<String>)>, SqlError> {
    let rows = sql.run(
        "SELECT user_id, email, name, role, email_verified, created_at, password_hash FROM account",
        &[],
    )?;
    rows.first().map(read_profile).transpose()
}

fn read_profile(row: &Row) -> Result<(Profile, Secret<String>), SqlError> {
    let name: Option<String> = row.get(2)?;
    let profile = Profile {
        id: row.get(0)?,
        email: Email::parse(&row.get::<String>(1)?).map_err(unreadable)?,
        name: name.map(|name| Name::parse(&name)).transpose().map_err(unreadable)?,
        role: Role::parse(&row.get::<String>(3)?).map_err(unreadable)?,
        email_verified: row.get(4)?,
        created_at: row.get(5)?,
    };
    Ok((profile, Secret::new(row.get(6)?)))
}

fn unreadable(error: FieldError) -> SqlError {
    SqlError::new(format!("the stored {} is not valid", error.field))
}

pub(super) fn insert_account(turn: &Turn<'_>, sign_up: &SignUp) -> Result<(), SqlError> {
    turn.sql.run(
        "INSERT INTO account (user_id, email, name, role, email_verified, password_hash, created_at)
         VALUES (?, ?, ?, ?, 0, ?, ?)",
        &[
            sign_up.id.into(),
            sign_up.email.as_str().into(),
            sign_up.name.as_ref().map(Name::as_str).into(),
            sign_up.role.as_str().into(),
            sign_up.password_hash.reveal().as_str().into(),
            turn.now.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn mark_verified(sql: &dyn Sql) -> Result<(), SqlError> {
    sql.run("UPDATE account SET email_verified = 1", &[])?;
    Ok(())
}

pub(super) fn insert_token(sql: &dyn Sql, purpose: &str, token: &OneTimeToken) -> Result<(), SqlError> {
    sql.run(
        "INSERT INTO tokens (digest, purpose, expires_at) VALUES (?, ?, ?)",
        &[token.digest.as_str().into(), purpose.into(), token.expires_at.into()],
    )?;
    Ok(())
}

/// Whether the token is known for this purpose and has not expired.
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
    let rows = sql.run("SELECT id, expires_at FROM sessions ORDER BY created_at, rowid", &[])?;
    rows.iter().map(|row| Ok(Session { id: row.get(0)?, expires_at: row.get(1)? })).collect()
}

pub(super) fn insert_session(turn: &Turn<'_>, id: SessionId, refresh: &OneTimeToken) -> Result<(), SqlError> {
    turn.sql.run(
        "INSERT INTO sessions (id, refresh_digest, created_at, expires_at) VALUES (?, ?, ?, ?)",
        &[id.into(), refresh.digest.as_str().into(), turn.now.into(), refresh.expires_at.into()],
    )?;
    Ok(())
}

pub(super) fn delete_session(sql: &dyn Sql, id: SessionId) -> Result<(), SqlError> {
    sql.run("DELETE FROM sessions WHERE id = ?", &[id.into()])?;
    Ok(())
}
