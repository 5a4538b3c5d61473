//! Security events in the log: what happened, to which account, in which request. No address, no
//! name, no token.

use serde::Serialize;
use serde_json::json;

use crate::api::shared::context::{App, RequestContext};
use crate::domain::{Refusal, UserId};
use crate::objects::account::SecurityEventKind;
use crate::objects::messages::maintenance::ObjectName;

#[derive(Serialize)]
struct Line<'a> {
    level: &'static str,
    event: &'static str,
    kind: &'static str,
    /// Unknown if nobody has proved who they are.
    user_id: Option<String>,
    /// Whether failures have caused a pause.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
    request_id: &'a str,
}

/// Logs a security event of an account.
pub(in crate::api) fn log(
    app: &App,
    context: &RequestContext,
    kind: SecurityEventKind,
    user: Option<UserId>,
) {
    write(app, context, kind, user, false);
}

/// Logs a wrong password, or one that was not checked because of a pause.
pub(in crate::api) fn log_failure(
    app: &App,
    context: &RequestContext,
    user: Option<UserId>,
    answer: &Refusal,
) {
    let paused = matches!(answer, Refusal::RateLimited { .. });
    write(app, context, SecurityEventKind::LoginFailed, user, paused);
}

/// Logs that a password reset was requested and could not be processed.
pub(in crate::api) fn log_lost(app: &App, context: &RequestContext, cause: Option<&str>) {
    let line = json!({
        "level": "error",
        "event": "reset_mail_lost",
        "cause": cause,
        "request_id": context.request_id,
    });
    app.runtime.log(&line.to_string());
}

/// Logs an operator's request: what was asked, and about which object. Requests without the operator's token
/// are logged, too.
pub(in crate::api) fn log_operator(
    app: &App,
    context: &RequestContext,
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
        "request_id": context.request_id,
    });
    app.runtime.log(&line.to_string());
}

fn write(app: &App, context: &RequestContext, kind: SecurityEventKind, user: Option<UserId>, paused: bool) {
    let alarming = matches!(kind, SecurityEventKind::LoginFailed | SecurityEventKind::RefreshReused);
    let line = Line {
        level: if alarming { "warn" } else { "info" },
        event: "security",
        kind: kind.as_str(),
        user_id: user.map(|user| user.to_string()),
        paused,
        request_id: &context.request_id,
    };
    if let Ok(line) = serde_json::to_string(&line) {
        app.runtime.log(&line);
    }
}
