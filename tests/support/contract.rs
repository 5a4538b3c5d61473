//! Every answer that a native test gets is held against the OpenAPI document: its status, its
//! headers, its problem code, and each member of its JSON. A body that was accepted has to be one
//! that the document allows.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use bytes::Bytes;
use event_platform::api::openapi;
use http::{Method, Request, Response};
use jsonschema::Validator;
use serde_json::{Value, json};

/// The document, with the schemas of answers closed: a member that it does not name is an error.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document = openapi::document();
    for schema in document["components"]["schemas"].as_object_mut().unwrap().values_mut() {
        if schema["required"].is_array() && schema["type"] == "object" {
            schema["additionalProperties"] = json!(false);
        }
    }
    document
});

/// Schemas of requests stay open: unknown fields are ignored.
static OPEN_DOCUMENT: LazyLock<Value> = LazyLock::new(openapi::document);

static VALIDATORS: LazyLock<Mutex<HashMap<String, Validator>>> = LazyLock::new(Mutex::default);

/// Headers that an answer may carry only where the document says so.
const TOLD: [&str; 8] = [
    "x-request-id",
    "etag",
    "location",
    "link",
    "content-disposition",
    "www-authenticate",
    "retry-after",
    "allow",
];

/// Panics where an answer is not as the document has it.
#[track_caller]
pub(crate) fn check(request: &Request<Bytes>, response: &Response<Bytes>) {
    let status = response.status().as_u16();
    let asked = format!("{} {}", request.method(), request.uri().path());
    let Some(operation) = operation(request) else {
        // No such path, or no such method on it.
        assert!([404, 405, 204, 503].contains(&status), "{asked} is undocumented and answers {status}");
        return;
    };
    let id = operation["operationId"].as_str().unwrap();
    let answer = resolve(&operation["responses"][status.to_string()]);
    assert!(answer.is_object(), "{asked}: {status} is undocumented");
    check_headers(&format!("{asked}: {status}"), answer, response);

    let sent_nothing = request.method() == Method::HEAD || response.body().is_empty();
    if sent_nothing {
        assert!(
            request.method() == Method::HEAD || answer.get("content").is_none(),
            "{asked}: {status} has no body"
        );
    } else {
        let media_type = response.headers()["content-type"].to_str().unwrap().split(';').next().unwrap();
        let content = &answer["content"][media_type];
        assert!(content.is_object(), "{asked}: {status} with {media_type} is undocumented");
        if media_type.ends_with("json") {
            let body: Value = serde_json::from_slice(response.body()).unwrap();
            let key = format!("{id} {status}");
            // Answers are held against formats, too; requests are not: an address may come untrimmed.
            validate(&key, &DOCUMENT, &content["schema"], &body, &asked);
        }
    }

    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    if response.status().is_success() && schema.is_object() {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        validate(&format!("{id} request"), &OPEN_DOCUMENT, schema, &body, &asked);
    }
}

fn check_headers(asked: &str, answer: &'static Value, response: &Response<Bytes>) {
    let declared = answer["headers"].as_object().unwrap();
    for (name, reference) in declared {
        let required = resolve(reference)["required"] == true;
        assert!(!required || response.headers().contains_key(name.as_str()), "{asked} lacks {name}");
    }
    for name in TOLD {
        let known = declared.keys().any(|known| known.eq_ignore_ascii_case(name));
        assert!(known || !response.headers().contains_key(name), "{asked}: {name} is undocumented");
    }
}

/// What a `$ref` of the document stands for.
fn resolve(value: &'static Value) -> &'static Value {
    let Some(pointer) = value["$ref"].as_str() else { return value };
    DOCUMENT.pointer(pointer.trim_start_matches('#')).unwrap_or_else(|| panic!("{pointer} is missing"))
}

/// The operation that a request asks for.
pub(crate) fn operation(request: &Request<Bytes>) -> Option<&'static Value> {
    let method = match *request.method() {
        Method::HEAD => "get".to_owned(),
        ref other => other.as_str().to_lowercase(),
    };
    let path = request.uri().path();
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let (_, item) = paths.iter().find(|(template, _)| matches(template, path))?;
    item.get(&method)
}

fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given => {}
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

#[track_caller]
fn validate(key: &str, document: &Value, schema: &Value, body: &Value, asked: &str) {
    let mut validators = VALIDATORS.lock().unwrap();
    let validator = validators.entry(key.to_owned()).or_insert_with(|| {
        let mut root = schema.clone();
        root["components"] = json!({ "schemas": document["components"]["schemas"] });
        let formats = std::ptr::eq(document, &raw const *DOCUMENT);
        jsonschema::draft202012::options().should_validate_formats(formats).build(&root).unwrap()
    });
    let errors: Vec<String> =
        validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect();
    drop(validators);
    assert!(errors.is_empty(), "{asked} ({key}): {errors:#?}\n{body:#}");
}
