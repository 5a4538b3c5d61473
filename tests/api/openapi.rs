//! The OpenAPI document, the route table and the handlers tell one story. What answers look like is
//! checked beside every test of this crate, in `support/contract.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use event_platform::api::openapi;
use http::Method;
use serde_json::{Value, json};

use crate::support::app::{Answer, App, Call, Person};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

/// What a `$ref` stands for.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let Some(pointer) = value["$ref"].as_str() else { return value };
    document.pointer(pointer.trim_start_matches('#')).unwrap_or_else(|| panic!("{pointer} is missing"))
}

/// Every operation as (method, path).
fn documented() -> BTreeSet<(String, String)> {
    let document = openapi::document();
    let paths = document["paths"].as_object().unwrap();
    let operations = |(path, item): (&String, &Value)| -> Vec<(String, String)> {
        item.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())).collect()
    };
    paths.iter().flat_map(operations).collect()
}

#[test]
fn the_file_is_what_the_code_says() {
    let mut text = serde_json::to_string_pretty(&openapi::document()).unwrap();
    text.push('\n');
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(FILE, &text).unwrap();
    }
    let file = fs::read_to_string(FILE).unwrap_or_default();
    assert!(file == text, "openapi.json is behind the code: run `make generate`");
}

#[test]
fn every_path_of_the_route_table_is_documented_and_the_other_way_round() {
    let table = include_str!("../../src/api/routes.rs");
    let literals = table.split('"').skip(1).step_by(2).filter(|literal| literal.starts_with("/api/"));
    let mut routed: BTreeSet<&str> = literals.collect();
    assert!(table.contains("at!(health::PATH"), "health moved");
    routed.insert("/api/health");
    let documented = documented();
    assert_eq!(routed, documented.iter().map(|(_, path)| path.as_str()).collect());
}

#[test]
fn every_path_has_the_methods_that_the_document_gives_it() {
    let app = App::new();
    let documented = documented();
    for path in documented.iter().map(|(_, path)| path).collect::<BTreeSet<_>>() {
        let mut expected: BTreeSet<String> = documented
            .iter()
            .filter(|(_, known)| known == path)
            .map(|(method, _)| method.to_uppercase())
            .collect();
        if expected.contains("GET") {
            expected.insert("HEAD".to_owned());
        }
        let answer = app.call(Method::TRACE, &path.replace(['{', '}'], "")).send();
        let answer = answer.expect_problem(405, "method_not_allowed");
        let allowed: BTreeSet<String> =
            answer.header("allow").unwrap().split(',').map(|method| method.trim().to_owned()).collect();
        assert_eq!(allowed, expected, "{path}");
    }
}

/// The names of the properties or parameters that the document has, whatever the operation.
fn documented_names(of: impl Fn(&Value, &Value) -> Vec<String>) -> BTreeSet<String> {
    let document = openapi::document();
    let mut names = BTreeSet::new();
    for (method, path) in documented() {
        names.extend(of(&document, &document["paths"][path][method]));
    }
    names
}

/// The first string literal in each call of one of these functions, in all of `src/api`.
fn literals_in_calls(functions: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let source = fs::read_to_string(entry.path()).unwrap();
            for function in functions {
                for call in source.split(function).skip(1) {
                    let literal = call.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                    found.extend(literal.map(str::to_owned));
                }
            }
        }
    }
    found
}

#[test]
fn the_fields_that_handlers_read_are_those_of_the_document() {
    let documented = documented_names(|document, operation| {
        let schema = resolve(document, &operation["requestBody"]["content"]["application/json"]["schema"]);
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    });
    let read = literals_in_calls(&[
        "fields.text(",
        "fields.required_text(",
        "fields.integer(",
        "fields.boolean(",
        "fields.texts(",
        "instant(fields, ",
        "prove(&app, &caller, &mut fields, ",
    ]);
    assert_eq!(read, documented);
}

#[test]
fn the_parameters_that_handlers_read_are_those_of_the_document() {
    let documented = documented_names(|document, operation| {
        let references = operation["parameters"].as_array().into_iter().flatten();
        let parameters = references.map(|parameter| resolve(document, parameter));
        let in_query = parameters.filter(|parameter| parameter["in"] == "query");
        in_query.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
    });
    assert_eq!(literals_in_calls(&["params.get(", "self.get(", "bound("]), documented);
}

#[test]
fn a_parameter_may_be_empty_where_the_document_says_so() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let event = app.event(&ada, json!({}));
    let document = openapi::document();
    let mut told = BTreeSet::new();
    for (_, path) in documented().into_iter().filter(|(method, _)| method == "get") {
        for parameter in document["paths"][&path]["get"]["parameters"].as_array().into_iter().flatten() {
            let parameter = resolve(&document, parameter);
            let name = parameter["name"].as_str().unwrap();
            // Secrets are no filters: without the right one there is nothing.
            if parameter["in"] != "query" || ["token", "key"].contains(&name) {
                continue;
            }
            let answer = ask(&app, Method::GET, &format!("{path}?{name}="), &event, &ada).send();
            let allowed = parameter["allowEmptyValue"] == true;
            assert_eq!(answer.status(), if allowed { 200 } else { 422 }, "{path}?{name}=");
            told.insert((name.to_owned(), allowed));
        }
    }
    assert!(told.contains(&("status".to_owned(), true)) && told.contains(&("limit".to_owned(), false)));
}

/// A path with something in the place of each id, and whoever may ask there.
fn ask<'a>(app: &'a App, method: Method, path: &str, event: &str, ada: &Person) -> Call<'a> {
    let key = event_platform::auth::digest::text(ada.email.as_bytes());
    let path = path.replace("{id}", event).replace("{account}", &key);
    let path = path.replace("{kind}", "event").replace("{name}", event);
    let call = app.call(method, &path);
    if path.starts_with("/api/admin/") { call.by_operator() } else { call.by(ada) }
}

/// Sends a body to every operation that takes JSON, made by `body` of the schema; each answer with that
/// schema and the path.
fn answers_to(body: impl Fn(&Value) -> Value) -> Vec<(Answer, Value, String)> {
    let app = App::new();
    let ada = app.organizer("Ada");
    let event = app.event(&ada, json!({}));
    let document = openapi::document();
    let mut answers = Vec::new();
    for (method, path) in documented() {
        let operation = &document["paths"][&path][&method];
        let schema = resolve(&document, &operation["requestBody"]["content"]["application/json"]["schema"]);
        if schema.is_null() {
            continue;
        }
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let call = ask(&app, method, &path, &event, &ada).json(&body(schema));
        answers.push((call.send(), schema.clone(), path));
    }
    assert!(answers.len() > 5, "only {} operations", answers.len());
    answers
}

#[test]
fn every_documented_field_is_read_by_its_call() {
    let properties = |schema: &Value| schema["properties"].as_object().unwrap().clone();
    let all_wrong =
        |schema: &Value| properties(schema).keys().map(|name| (name.clone(), json!([{}]))).collect();
    for (answer, schema, path) in answers_to(all_wrong) {
        let named: BTreeSet<String> = answer.bad_fields().into_iter().map(|(field, _)| field).collect();
        assert_eq!(named, properties(&schema).keys().cloned().collect(), "{path}");
    }
}

#[test]
fn every_field_that_the_document_demands_is_demanded() {
    for (answer, schema, path) in answers_to(|_| json!({})) {
        let demanded: BTreeSet<String> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect();
        if demanded.is_empty() {
            answer.expect(200);
            continue;
        }
        let named = answer.bad_fields().into_iter();
        let named: BTreeSet<String> =
            named.filter(|(_, code)| code == "required").map(|(field, _)| field).collect();
        assert_eq!(named, demanded, "{path}");
    }
}

#[test]
fn examples_are_what_the_schemas_allow() {
    let document = openapi::document();
    let mut checked = 0;
    let mut contents = Vec::new();
    for (method, path) in documented() {
        let operation = &document["paths"][&path][&method];
        contents.extend(operation["requestBody"]["content"].as_object().into_iter().flatten());
        for answer in operation["responses"].as_object().unwrap().values() {
            let answer = resolve(&document, answer);
            contents.extend(answer["content"].as_object().into_iter().flatten());
        }
    }
    for (_, content) in contents {
        let mut schema = content["schema"].clone();
        schema["components"] = document["components"].clone();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let named = content["examples"].as_object().into_iter().flatten();
        let named = named.map(|(_, example)| &resolve(&document, example)["value"]);
        for example in content.get("example").into_iter().chain(named) {
            let errors: Vec<_> = validator.iter_errors(example).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}\n{example:#}");
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} examples");
}
