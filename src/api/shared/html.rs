//! The few pages that people see when they follow a link in a mail. They run no scripts, load nothing and
//! cannot be framed. Their URL, which holds a token or a key, is never sent on as a referrer. Their texts are
//! in `templates/page/`, compiled in and escaped.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_FRAME_OPTIONS};
use http::{HeaderName, StatusCode};

use crate::api::shared::problem::Problem;
use crate::auth::digest;

/// The style of all pages. Their security policy names its digest and so allows no other style.
pub(in crate::api) const STYLE: &str = include_str!("../../../templates/page/style.css");

/// A page with a message and perhaps a confirmation button, which posts to the page's own URL.
#[derive(Template)]
#[template(path = "page/words.html")]
pub(in crate::api) struct Words<'a> {
    pub(in crate::api) title: &'a str,
    pub(in crate::api) words: Option<&'a str>,
    pub(in crate::api) button: Option<&'a str>,
}

/// The response with this page.
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

/// The page of a link that works no more.
pub(in crate::api) fn spent(title: &str) -> Response {
    say(StatusCode::UNPROCESSABLE_ENTITY, title, "This link has been used or has expired.")
}

/// A page with one message.
pub(in crate::api) fn say(status: StatusCode, title: &str, words: &str) -> Response {
    page(status, &Words { title, words: Some(words), button: None })
}
