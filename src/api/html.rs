//! The few pages that people see who follow a link in a mail. They run no script, load nothing, and
//! cannot be framed; the address, which holds a token, is passed on to nobody.

use axum::response::{Html, IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_FRAME_OPTIONS};
use http::{HeaderName, StatusCode};

const POLICY: &str = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page of which `main` is the content, as HTML.
pub(super) fn page(status: StatusCode, title: &str, main: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><body><main>{main}</main></body></html>"
    );
    let headers: [(HeaderName, &str); 3] =
        [(CONTENT_SECURITY_POLICY, POLICY), (REFERRER_POLICY, "no-referrer"), (X_FRAME_OPTIONS, "DENY")];
    (status, headers, Html(page)).into_response()
}

/// A page that says one sentence.
pub(super) fn say(status: StatusCode, title: &str, words: &str) -> Response {
    page(status, title, &format!("<h1>{words}</h1>"))
}

/// Text as HTML shows it, in content and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
