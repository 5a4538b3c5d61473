//! Whether this deployment's setting matches where its data lives.
//!
//! Under another `JURISDICTION` every object is a different, empty one: people would find no account and sign
//! up again, in the wrong place. So the Catalog outside any jurisdiction, which is the same for every
//! setting, remembers the setting of the first write, and each isolate asks it once.
//!
//! A write waits for that answer before it does anything. A read runs at the same time: an object in the
//! wrong place has nothing to show and stores nothing for a read, and the read's answer is dropped. So a cold
//! start delays no read, and costs an isolate's first write one extra call. If the Catalog does not answer,
//! reads are answered and writes are not.

use axum::response::{IntoResponse, Response};
use futures_util::future::join;
use serde_json::json;

use crate::api::shared::context::App;
use crate::api::shared::object_client::{reply, unexpected};
use crate::api::shared::problem::Problem;
use crate::domain::Residence;
use crate::objects::Envelope;
use crate::objects::catalog::{Command, Reply};

/// Returns `answer`, unless this deployment looks for the data in the wrong place.
pub(in crate::api) async fn guard(
    app: &App,
    writes: bool,
    answer: impl Future<Output = Response>,
) -> Response {
    match app.residence.get() {
        Some(true) => answer.await,
        Some(false) => Problem::misconfigured().into_response(),
        None if writes => match is_right(app, true).await {
            Ok(true) => answer.await,
            Ok(false) => Problem::misconfigured().into_response(),
            Err(problem) => problem.into_response(),
        },
        None => match join(is_right(app, false), answer).await {
            (Ok(false), _) => Problem::misconfigured().into_response(),
            (_, answer) => answer,
        },
    }
}

/// Asks whether the setting is right. If nothing was written before, a write decides it.
async fn is_right(app: &App, writes: bool) -> Result<bool, Problem> {
    let setting = app.config.placement.jurisdiction;
    let mut residence = ask(app, Command::Residence).await?;
    if residence == Residence::Undecided && writes {
        residence = ask(app, Command::Reside(setting)).await?;
    }
    let Some(is_right) = residence.admits(setting) else {
        return Ok(true);
    };
    if app.residence.set(is_right).is_ok() && !is_right {
        let detail = format!("JURISDICTION has to be {}: the data lives there", residence.setting());
        app.runtime.log(&json!({ "level": "error", "event": "misconfigured", "detail": detail }).to_string());
    }
    Ok(is_right)
}

async fn ask(app: &App, command: Command) -> Result<Residence, Problem> {
    match app.objects.registry(Envelope::new(command)).await {
        Ok(answer) => match reply(answer.outcome)? {
            Reply::Residence(residence) => Ok(residence),
            _ => Err(unexpected()),
        },
        // A Catalog of the previous version, during a rollout: it knows no jurisdictions.
        Err(error) if error.does_not_know_the_command() => Ok(Residence::Anywhere),
        Err(error) => Err(error.into()),
    }
}
