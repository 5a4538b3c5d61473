//! Security events in the log: what happened, to which account, in which request. No address, no
//! name, no token.

use serde::Serialize;
use serde_json::json;

use super::door::{App, Trace};
use crate::domain::{Refusal, UserId};
use crate::objects::account::SecurityEventKind;
use crate::objects::upkeep::ObjectName;

#[derive(Serialize)]
struct Line<'a> {
    level: &'static str,
    event: &'static str,
    kind: &'static str,
    /// Unknown where nobody has proved who they are.
    user_id: Option<String>,
    /// Whether failures have led to a pause.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
    request_id: &'a str,
}

/// Logs something that has happened to an account.
pub(super) fn log(app: &App, trace: &Trace, kind: SecurityEventKind, user: Option<UserId>) {
    write(app, trace, kind, user, false);
}

/// Logs a password that was wrong, or not even looked at because of a pause.
pub(super) fn log_failure(app: &App, trace: &Trace, user: Option<UserId>, answer: &Refusal) {
    let paused = matches!(answer, Refusal::RateLimited { .. });
    write(app, trace, SecurityEventKind::LoginFailed, user, paused);
}

/// Logs that a mail to choose a new password was asked for and could not be decided.
pub(super) fn log_lost(app: &App, trace: &Trace, cause: Option<&str>) {
    let line = json!({
        "level": "error",
        "event": "reset_mail_lost",
        "cause": cause,
        "request_id": trace.request_id,
    });
    app.runtime.log(&line.to_string());
}

/// Logs that somebody has asked what is the operator's to ask: what, and of which object. Whoever has
/// not shown the operator's token is logged, too.
pub(super) fn log_operator(
    app: &App,
    trace: &Trace,
    action: &str,
    admitted: bool,
    object: Option<&ObjectName>,
) {
    let line = json!({
        "level": if admitted { "info" } else { "warn" },
        "event": "security",
        "kind": if admitted { "admin" } else { "admin_refused" },
        "action": action,
        "object": object.map(ObjectName::kind),
        "object_name": object.map(ObjectName::name),
        "request_id": trace.request_id,
    });
    app.runtime.log(&line.to_string());
}

fn write(app: &App, trace: &Trace, kind: SecurityEventKind, user: Option<UserId>, paused: bool) {
    let alarming = matches!(kind, SecurityEventKind::LoginFailed | SecurityEventKind::RefreshReused);
    let line = Line {
        level: if alarming { "warn" } else { "info" },
        event: "security",
        kind: kind.as_str(),
        user_id: user.map(|user| user.to_string()),
        paused,
        request_id: &trace.request_id,
    };
    if let Ok(line) = serde_json::to_string(&line) {
        app.runtime.log(&line);
    }
}
