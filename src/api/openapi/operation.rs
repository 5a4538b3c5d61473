//! Builds one OpenAPI operation step by step. What every operation has (the request id, the problems that any
//! call may get) is added only here.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::json_schema::reference;
use crate::api::shared::problem::Problem;
use crate::domain::Refusal;

/// How the platform writes its own identifiers into examples.
pub(super) const EXAMPLE_REQUEST_ID: &str = "0b9d4b4e-8e0e-4d0c-9d57-5f1a3f1c9a55";

/// A call: a method on a path, its input and its answers.
pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    members: Map<String, Value>,
    parameters: Vec<Value>,
    answers: BTreeMap<u16, Value>,
    problems: Vec<Problem>,
}

impl Operation {
    fn new(method: &'static str, path: &'static str, id: &str, tag: &str) -> Self {
        let mut operation = Self {
            path,
            method,
            members: Map::new(),
            parameters: Vec::new(),
            answers: BTreeMap::new(),
            problems: vec![Problem::internal(String::new()), Problem::misconfigured(), Problem::overloaded()],
        };
        operation.set("operationId", json!(id));
        operation.set("tags", json!([tag]));
        operation.set("security", json!([]));
        if path.contains("{id}") {
            operation.parameters.push(json!({ "$ref": "#/components/parameters/EventId" }));
            operation.problems.push(Problem::not_found());
        }
        for (segment, parameter) in
            [("{account}", "AccountKey"), ("{kind}", "ObjectKind"), ("{name}", "ObjectName")]
        {
            if path.contains(segment) {
                operation.parameters.push(json!({ "$ref": format!("#/components/parameters/{parameter}") }));
                operation.problems.push(Problem::not_found());
            }
        }
        if path.contains("{registration}") {
            operation.parameters.push(json!({ "$ref": "#/components/parameters/RegistrationId" }));
        }
        operation
    }

    pub(super) fn get(path: &'static str, id: &str, tag: &str) -> Self {
        let mut operation = Self::new("get", path, id, tag);
        operation.parameters.push(json!({ "$ref": "#/components/parameters/IfNoneMatch" }));
        operation.answers.insert(
            304,
            json!({
                "description": "Nothing has changed since the answer that `If-None-Match` names.",
                "headers": headers(&["X-Request-Id", "ETag"]),
            }),
        );
        operation
    }

    pub(super) fn post(path: &'static str, id: &str, tag: &str) -> Self {
        Self::new("post", path, id, tag)
    }

    pub(super) fn put(path: &'static str, id: &str, tag: &str) -> Self {
        Self::new("put", path, id, tag)
    }

    pub(super) fn patch(path: &'static str, id: &str, tag: &str) -> Self {
        Self::new("patch", path, id, tag)
    }

    pub(super) fn delete(path: &'static str, id: &str, tag: &str) -> Self {
        Self::new("delete", path, id, tag)
    }

    fn set(&mut self, name: &str, value: Value) {
        self.members.insert(name.to_owned(), value);
    }

    /// What it does: a summary, and whatever the summary leaves out.
    pub(super) fn says(mut self, summary: &str, description: &str) -> Self {
        self.set("summary", json!(summary));
        if !description.is_empty() {
            self.set("description", json!(description));
        }
        self
    }

    /// Requires a token.
    pub(super) fn with_token(mut self) -> Self {
        self.set("security", json!([{ "bearer": [] }]));
        self.refuses([Problem::unauthenticated()])
    }

    /// Requires the operator's token. In a deployment without one, the path does not exist.
    pub(super) fn with_operator_token(mut self) -> Self {
        self.set("security", json!([{ "operator": [] }]));
        self.refuses([Problem::unauthenticated(), Problem::not_found()])
    }

    /// Requires a token, and counts as one of the changes that a session may make.
    pub(super) fn with_token_for_change(self) -> Self {
        self.with_token().refuses([Refusal::RateLimited { retry_after: 1 }])
    }

    /// A token is optional; without it the call works as well.
    pub(super) fn with_or_without_token(mut self) -> Self {
        self.set("security", json!([{}, { "bearer": [] }]));
        self
    }

    /// Takes these parameters of `components`.
    pub(super) fn takes(mut self, names: &[&str]) -> Self {
        let parameter = |name: &&str| json!({ "$ref": format!("#/components/parameters/{name}") });
        self.parameters.extend(names.iter().map(parameter));
        self
    }

    /// Takes a JSON body.
    pub(super) fn body(mut self, schema: &str, example: &Value) -> Self {
        let content = json!({ "application/json": { "schema": reference(schema), "example": example } });
        self.set("requestBody", json!({ "required": true, "content": content }));
        self.refuses([
            Problem::malformed_json(),
            Problem::body_too_large(),
            Problem::unsupported_media_type(),
            Problem::invalid(),
        ])
    }

    /// Takes a body whose format somebody else defines.
    pub(super) fn foreign_body(mut self, description: &str) -> Self {
        let content = json!({ "*/*": { "schema": {} } });
        self.set("requestBody", json!({ "required": true, "description": description, "content": content }));
        self.refuses([Problem::body_too_large(), Problem::unsupported_media_type()])
    }

    /// Answers with a body of this media type. Every read has an entity-tag.
    pub(super) fn answers_with(
        mut self,
        status: u16,
        description: &str,
        media_type: &str,
        content: Value,
        more_headers: &[&str],
    ) -> Self {
        let mut names = vec!["X-Request-Id"];
        if self.method == "get" && status == 200 {
            names.push("ETag");
        }
        names.extend(more_headers);
        let answer = self.answers.entry(status).or_insert_with(
            || json!({ "description": description, "headers": headers(&names), "content": {} }),
        );
        if let Some(contents) = answer.get_mut("content").and_then(Value::as_object_mut) {
            contents.insert(media_type.to_owned(), content);
        }
        self
    }

    /// The body is JSON, or it is streamed and then has no entity-tag.
    pub(super) fn may_be_streamed(mut self, status: u16) -> Self {
        let answer = self.answers.get_mut(&status);
        if let Some(tag) = answer.and_then(|answer| answer.pointer_mut("/headers/ETag")) {
            *tag = json!({ "$ref": "#/components/headers/ETag-Of-JSON" });
        }
        self
    }

    /// Answers with JSON.
    pub(super) fn answers(
        self,
        status: u16,
        description: &str,
        schema: &str,
        example: &Value,
        headers: &[&str],
    ) -> Self {
        let content = json!({ "schema": reference(schema), "example": example });
        self.answers_with(status, description, "application/json", content, headers)
    }

    /// Answers with a small HTML page.
    pub(super) fn shows(self, status: u16, description: &str) -> Self {
        self.answers_with(status, description, "text/html", json!({ "schema": { "type": "string" } }), &[])
    }

    /// Takes the fields of a page's form.
    pub(super) fn form(mut self, schema: &str) -> Self {
        let content = json!({ "application/x-www-form-urlencoded": { "schema": reference(schema) } });
        self.set("requestBody", json!({ "required": true, "content": content }));
        self.refuses([Problem::body_too_large(), Problem::unsupported_media_type()])
    }

    /// Answers without a body.
    pub(super) fn answers_nothing(mut self, status: u16, description: &str) -> Self {
        let answer = json!({ "description": description, "headers": headers(&["X-Request-Id"]) });
        self.answers.insert(status, answer);
        self
    }

    /// Links values of an answer to the calls that take them.
    pub(super) fn leads_to(mut self, status: u16, from: &str, parameter: &str, operations: &[&str]) -> Self {
        let mut links = Map::new();
        for operation in operations {
            links.insert(
                (*operation).to_owned(),
                json!({ "operationId": operation, "parameters": { parameter: from } }),
            );
        }
        self.link(status, links);
        self
    }

    /// The same for calls on one registration, which take two values.
    pub(super) fn leads_to_registration(mut self, status: u16, operations: &[&str]) -> Self {
        let mut links = Map::new();
        for operation in operations {
            let parameters = json!({
                "id": "$response.body#/registration/event_id",
                "registration": "$response.body#/registration/id",
            });
            links.insert(
                (*operation).to_owned(),
                json!({ "operationId": operation, "parameters": parameters }),
            );
        }
        self.link(status, links);
        self
    }

    fn link(&mut self, status: u16, links: Map<String, Value>) {
        let Some(answer) = self.answers.get_mut(&status).and_then(Value::as_object_mut) else {
            return;
        };
        let known = answer.entry("links").or_insert_with(|| json!({}));
        if let Some(known) = known.as_object_mut() {
            known.extend(links);
        }
    }

    /// May fail with these problems.
    pub(super) fn refuses<P: Into<Problem>>(mut self, problems: impl IntoIterator<Item = P>) -> Self {
        self.problems.extend(problems.into_iter().map(Into::into));
        self
    }

    /// Examples of its problems, by code.
    pub(super) fn problem_examples(&self) -> impl Iterator<Item = (String, Value)> + '_ {
        self.problems.iter().map(|problem| {
            let body: Value = serde_json::from_str(&problem.body(EXAMPLE_REQUEST_ID)).unwrap_or_default();
            (problem.code().to_owned(), json!({ "value": body }))
        })
    }

    /// The operation as it appears in the document. Problem responses are shared: they go into `shared` by
    /// name.
    pub(super) fn into_value(mut self, shared: &mut Map<String, Value>) -> Value {
        let mut by_status: BTreeMap<u16, Vec<&Problem>> = BTreeMap::new();
        for problem in &self.problems {
            by_status.entry(problem.status().as_u16()).or_default().push(problem);
        }
        for (status, problems) in by_status {
            // An HTML error page is described by hand.
            self.answers.entry(status).or_insert_with(|| {
                let (name, answer) = refusal(&problems);
                let reference = json!({ "$ref": format!("#/components/responses/{name}") });
                shared.insert(name, answer);
                reference
            });
        }
        let answers: Map<String, Value> =
            self.answers.into_iter().map(|(status, answer)| (status.to_string(), answer)).collect();
        self.members.insert("responses".to_owned(), Value::Object(answers));
        if !self.parameters.is_empty() {
            self.members.insert("parameters".to_owned(), Value::Array(self.parameters));
        }
        Value::Object(self.members)
    }
}

/// The problems that share a status, distinguished by their code, and a name for the group.
fn refusal(problems: &[&Problem]) -> (String, Value) {
    let mut codes: Vec<&str> = problems.iter().map(|problem| problem.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut names = vec!["X-Request-Id"];
    if problems.iter().any(|problem| problem.status().as_u16() == 401) {
        names.push("WWW-Authenticate");
    }
    if problems.iter().any(|problem| problem.retry_after().is_some()) {
        names.push("Retry-After");
    }
    let mut details: Vec<String> =
        problems.iter().map(|problem| format!("`{}`: {}", problem.code(), problem.detail())).collect();
    details.sort_unstable();
    details.dedup();
    let example =
        |code: &&str| ((*code).to_owned(), json!({ "$ref": format!("#/components/examples/{code}") }));
    let examples: Map<String, Value> = codes.iter().map(example).collect();
    let schema = json!({
        "allOf": [
            reference("Problem"),
            { "type": "object", "required": ["code"], "properties": { "code": { "enum": codes } } },
        ],
    });
    let answer = json!({
        "description": details.join("\n\n"),
        "headers": headers(&names),
        "content": { "application/problem+json": { "schema": schema, "examples": examples } },
    });
    (codes.join("-or-"), answer)
}

fn headers(names: &[&str]) -> Value {
    let header =
        |name: &&str| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
    Value::Object(names.iter().map(header).collect())
}
