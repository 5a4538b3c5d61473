//! Converts the runtime's requests and responses to ours and back.
//!
//! Each direction takes one call into JavaScript (`bindings.js`). A body is read only if there is one, and at
//! most one byte beyond the limit.

use std::cell::RefCell;
use std::collections::VecDeque;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStream, ReadableStreamDefaultReader};

use super::runtime::js_ms;
use super::stream::PieceSource;
use crate::api::{BODY_MAX_BYTES, Cacheable, CachedBody, Pieces};

#[wasm_bindgen(module = "/src/platform/bindings.js")]
extern "C" {
    fn head(request: &web_sys::Request) -> String;

    fn body(request: &web_sys::Request) -> Option<ReadableStream>;

    #[wasm_bindgen(catch)]
    fn respond(status: u16, head: &str, body: &JsValue) -> Result<web_sys::Response, JsValue>;

    #[wasm_bindgen(catch, js_name = "respondInPieces")]
    fn respond_in_pieces(status: u16, head: &str, pieces: PieceSource) -> Result<web_sys::Response, JsValue>;

    /// See `response_cache.js`.
    pub(super) type ResponseCache;

    #[wasm_bindgen(method)]
    fn remember(
        this: &ResponseCache,
        request: &web_sys::Request,
        until_ms: f64,
        response: &web_sys::Response,
        body: &JsValue,
        line_before: &str,
        line_after: &str,
        lines_kept: u32,
    );
}

/// Reads a request. An unreadable URL becomes `/`, where nothing is.
pub(super) async fn read(request: &web_sys::Request) -> Request<Bytes> {
    let head = head(request);
    let mut lines = head.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let method = Method::from_bytes(next().as_bytes()).unwrap_or_default();
    let uri = next().parse().unwrap_or_else(|_| Uri::from_static("/"));
    let plain_read = matches!(method, Method::GET | Method::HEAD);
    let body = if plain_read { Bytes::new() } else { read_body(request).await };
    let mut ours = Request::new(body);
    *ours.method_mut() = method;
    *ours.uri_mut() = uri;
    while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            ours.headers_mut().insert(name, value);
        }
    }
    ours
}

/// Reads the body until it ends or is too large. A body that breaks off is treated as it arrived: it will not
/// be well-formed.
async fn read_body(request: &web_sys::Request) -> Bytes {
    let mut bytes = Vec::new();
    let Some(stream) = body(request) else {
        return Bytes::new();
    };
    let Ok(reader) = stream.get_reader().dyn_into::<ReadableStreamDefaultReader>() else {
        return Bytes::new();
    };
    while bytes.len() <= BODY_MAX_BYTES {
        let Ok(step) = JsFuture::from(reader.read()).await else {
            break;
        };
        let chunk = Reflect::get(&step, &JsValue::from_str("value")).unwrap_or(JsValue::UNDEFINED);
        let Ok(chunk) = chunk.dyn_into::<Uint8Array>() else {
            break;
        };
        bytes.extend_from_slice(&chunk.to_vec());
    }
    if bytes.len() > BODY_MAX_BYTES {
        let cancelled = reader.cancel();
        wasm_bindgen_futures::spawn_local(async move {
            let _ = JsFuture::from(cancelled).await;
        });
    }
    bytes.truncate(BODY_MAX_BYTES.saturating_add(1));
    Bytes::from(bytes)
}

thread_local! {
    static KEPT: RefCell<BodyCache> = RefCell::default();
}

/// Bodies that are sent repeatedly, kept in JavaScript's memory: reusing one saves the copy. They are
/// buffers, which the runtime sends more cheaply than strings and views. The address of a body's bytes
/// identifies it, and stays valid as long as the body is kept here.
#[derive(Default)]
struct BodyCache(VecDeque<(Bytes, ArrayBuffer)>);

impl BodyCache {
    const BODIES_MAX: usize = 64;
    const BODY_MAX_BYTES: usize = 256 * 1024;

    fn get(&mut self, body: &Bytes) -> ArrayBuffer {
        let same = |known: &Bytes| known.as_ptr() == body.as_ptr() && known.len() == body.len();
        if let Some((_, buffer)) = self.0.iter().find(|(known, _)| same(known)) {
            return buffer.clone();
        }
        let buffer = Uint8Array::from(body.as_ref()).buffer();
        if body.len() <= Self::BODY_MAX_BYTES {
            self.0.truncate(Self::BODIES_MAX.saturating_sub(1));
            self.0.push_front((body.clone(), buffer.clone()));
        }
        buffer
    }
}

/// Converts the response to a request.
pub(super) fn write(
    request: &web_sys::Request,
    response: &Response<Bytes>,
    responses: &ResponseCache,
) -> worker::Result<web_sys::Response> {
    let head = head_of(response);
    let body = response.body();
    let body = match response.extensions().get::<CachedBody>() {
        _ if body.is_empty() => JsValue::NULL,
        Some(CachedBody { .. }) => KEPT.with_borrow_mut(|kept| kept.get(body)).into(),
        None => Uint8Array::from(body.as_ref()).into(),
    };
    let written = respond(response.status().as_u16(), &head, &body)?;
    if let Some(Cacheable { until, line: (before, after), log_sampling }) = response.extensions().get() {
        let kept = log_sampling.parts();
        responses.remember(request, js_ms(*until), &written, &body, before, after, kept);
    }
    Ok(written)
}

/// Converts a response whose body is produced while it is sent.
pub(super) fn write_pieces(response: &Response<Bytes>, pieces: Pieces) -> worker::Result<web_sys::Response> {
    let pieces = PieceSource::new(pieces);
    Ok(respond_in_pieces(response.status().as_u16(), &head_of(response), pieces)?)
}

/// The names and values of the headers, one per line.
fn head_of(response: &Response<Bytes>) -> String {
    let mut head = String::with_capacity(512);
    for (name, value) in response.headers() {
        if let Ok(value) = value.to_str() {
            head.push_str(name.as_str());
            head.push('\n');
            head.push_str(value);
            head.push('\n');
        }
    }
    head
}
