//! The few pages that people see who follow a link in a mail. They run no script, load nothing, and
//! cannot be framed; the address, which holds a token or a key, is passed on to nobody. What they
//! show is in `templates/page/`, compiled in and escaped.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_FRAME_OPTIONS};
use http::{HeaderName, StatusCode};

use crate::api::shared::problem::Problem;
use crate::auth::digest;

/// How all pages look. Their policy names its digest, and so admits no other style.
pub(in crate::api) const STYLE: &str = include_str!("../../../templates/page/style.css");

/// A page that says something, and may ask whether to go on: then the button posts to the page's own
/// address.
#[derive(Template)]
#[template(path = "page/words.html")]
pub(in crate::api) struct Words<'a> {
    pub(in crate::api) title: &'a str,
    pub(in crate::api) words: Option<&'a str>,
    pub(in crate::api) button: Option<&'a str>,
}

/// The answer that shows this page.
pub(in crate::api) fn page(status: StatusCode, page: &impl Template) -> Response {
    let Ok(html) = page.render() else {
        return Problem::internal("a page could not be written").into_response();
    };
    let style = STANDARD.encode(digest::sha256(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let headers: [(HeaderName, &str); 3] =
        [(CONTENT_SECURITY_POLICY, &policy), (REFERRER_POLICY, "no-referrer"), (X_FRAME_OPTIONS, "DENY")];
    (status, headers, Html(html)).into_response()
}

/// A page that says one thing.
pub(in crate::api) fn say(status: StatusCode, title: &str, words: &str) -> Response {
    page(status, &Words { title, words: Some(words), button: None })
}
