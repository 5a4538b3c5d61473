//! The key of a personal calendar feed: a secret in a URL, for calendars that cannot log in. Only its digest
//! is stored, and a new key replaces the old one.

use crate::domain::{Refusal, UserId};
use crate::objects::messages::account::{Digest, Reply};
use crate::objects::object::Fault;
use crate::objects::schema::Step;
use crate::objects::sql::Sql;

/// The schema step that gives an account a feed.
pub(super) const SCHEMA: Step = &["CREATE TABLE feed (digest TEXT NOT NULL);"];

/// Replaces the key.
pub(super) fn save(sql: &dyn Sql, digest: &Digest) -> Result<Reply, Fault> {
    sql.run("DELETE FROM feed", &[])?;
    sql.run("INSERT INTO feed (digest) VALUES (?)", &[digest.as_str().into()])?;
    Ok(Reply::Done)
}

/// Whose feed the key opens. The digest of a guess reveals nothing about the digest of the key, so the
/// comparison need not take constant time.
pub(super) fn open(sql: &dyn Sql, user: Option<UserId>, digest: &Digest) -> Result<Reply, Fault> {
    let user = user.ok_or(Refusal::NotFound)?;
    let rows = sql.run("SELECT 1 FROM feed WHERE digest = ?", &[digest.as_str().into()])?;
    if rows.is_empty() { Err(Refusal::NotFound.into()) } else { Ok(Reply::User(user)) }
}
