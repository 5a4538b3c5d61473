//! The contract as OpenAPI 3.1, for tools and for the reference at `/docs`.
//!
//! Statuses, codes and texts of refusals come from `problem.rs`, bounds from `domain`. The document is built
//! natively, never in the Worker: `make generate` writes `openapi.json`, which is served as a file.
//! `tests/api/openapi.rs` checks the document against the route table and the fields that the handlers read,
//! and `tests/support/contract.rs` checks every answer of the native tests against it.

mod accounts;
mod admin;
mod components;
mod events;
mod examples;
mod json_schema;
mod operation;
mod registrations;
mod requests;
mod schemas;

use serde_json::{Map, Value, json};

use operation::Operation;

use crate::api::health;
use crate::api::shared::problem::Problem;

const DESCRIPTION: &str = "The backend for virtual events: accounts, events, registrations.\n\n\
Sign up, log in, and send the `token` as `Authorization: Bearer <token>`. Bodies are JSON with \
snake_case names, at most 65,536 bytes; unknown fields are ignored; `null` puts a field back to its \
default. Times are RFC 3339. Errors are `application/problem+json`: decide by `code`. Any path answers \
405 `method_not_allowed` with `Allow` to a method that it does not have, HEAD as GET without the body, \
and OPTIONS for CORS. Every answer carries `X-Request-Id`.";

/// The whole document.
#[must_use]
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let mut examples: Map<String, Value> = Map::new();
    let mut responses: Map<String, Value> = Map::new();
    for operation in operations() {
        examples.extend(operation.problem_examples());
        let (path, method) = (operation.path, operation.method);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(method.to_owned(), operation.into_value(&mut responses));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "event-platform",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/", "description": "Where this document comes from." }],
        "tags": [
            { "name": "Accounts", "description": "Sign-up, login, and the account of the caller." },
            { "name": "Events", "description": "Find, read and organise events." },
            { "name": "Registrations", "description": "Seats and the waitlist." },
            { "name": "Service", "description": "The service itself." },
            { "name": admin::TAG, "description": "For whoever operates the deployment. Without `ADMIN_TOKEN` these paths do not exist." },
        ],
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "examples": examples,
            "parameters": components::parameters(),
            "responses": responses,
            "headers": components::headers(),
            "securitySchemes": components::security_schemes(),
        },
    })
}

fn operations() -> Vec<Operation> {
    let health = Operation::get(health::PATH, "health", "Service")
        .says(
            "Whether the service is up",
            "503 `misconfigured` when a setting is missing or out of its range. With `deep=1` an object and the Catalog are asked, too: 503 `not_ready` when one does not answer within two seconds. `report_lag_seconds` is then how long the latest of the reports of the last ten minutes had waited for the Catalog; one or two are usual.",
        )
        .takes(&["Deep"])
        .refuses([Problem::not_ready("")])
        .answers(
            200,
            "It is.",
            "Health",
            &json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }),
            &[],
        );
    let hook = Operation::post("/api/hooks/mail/{provider}", "mailHook", "Service")
        .says(
            "A mail came back, or was called spam",
            "For mail providers. The message proves who sent it, each provider in its own way. It may come again.",
        )
        .takes(&["MailProvider"])
        .foreign_body("As the provider has it. What says nothing of mail that came back for good, or of a complaint, changes nothing.")
        .answers_nothing(200, "It is noted.")
        .refuses([Problem::invalid_signature(), Problem::not_found()]);
    let mut all = accounts::operations();
    all.extend(events::operations());
    all.extend(registrations::operations());
    all.push(hook);
    all.push(health);
    all.extend(admin::operations());
    all
}
