//! The runtime's requests and responses, and ours.
//!
//! Each header read costs a crossing into JavaScript, so the ones that the API knows are asked
//! for by name. A body is read only where there is one, and never more of it than one byte above
//! the limit.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, header};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, ResponseInit};

use crate::api::BODY_MAX_BYTES;

/// What any request may carry that matters here.
const HEADERS: [HeaderName; 4] =
    [header::AUTHORIZATION, header::ORIGIN, header::IF_NONE_MATCH, header::ACCEPT];
/// What matters of a request that is no plain read.
const WRITE_HEADERS: [HeaderName; 6] = [
    header::CONTENT_TYPE,
    header::IF_MATCH,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("cf-connecting-ip"),
    header::ACCESS_CONTROL_REQUEST_METHOD,
    header::ACCESS_CONTROL_REQUEST_HEADERS,
];

/// Reads a request. A URL that cannot be read leads to `/`, where nothing is.
pub(super) async fn read(request: &web_sys::Request) -> Request<Bytes> {
    let method = Method::from_bytes(request.method().as_bytes()).unwrap_or_default();
    let plain_read = matches!(method, Method::GET | Method::HEAD);
    let body = if plain_read { Bytes::new() } else { read_body(request).await };
    let mut ours = Request::new(body);
    *ours.method_mut() = method;
    *ours.uri_mut() = request.url().parse().unwrap_or_else(|_| Uri::from_static("/"));
    let theirs = request.headers();
    let more: &[HeaderName] = if plain_read { &[] } else { &WRITE_HEADERS };
    for name in HEADERS.iter().chain(more) {
        let value = theirs.get(name.as_str()).ok().flatten();
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            ours.headers_mut().insert(name, value);
        }
    }
    ours
}

/// Reads the body until it ends or is too large. One that breaks off is treated as it came: it
/// will not be well-formed.
async fn read_body(request: &web_sys::Request) -> Bytes {
    let mut bytes = Vec::new();
    let Some(stream) = request.body() else {
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

/// Writes a response.
pub(super) fn write(response: Response<Bytes>) -> worker::Result<web_sys::Response> {
    let (parts, body) = response.into_parts();
    let headers = web_sys::Headers::new()?;
    for (name, value) in &parts.headers {
        if let Ok(value) = value.to_str() {
            headers.append(name.as_str(), value)?;
        }
    }
    let init = ResponseInit::new();
    init.set_status(parts.status.as_u16());
    init.set_headers(&headers);
    let body = (!body.is_empty()).then(|| Uint8Array::from(body.as_ref()));
    Ok(web_sys::Response::new_with_opt_js_u8_array_and_init(body.as_ref(), &init)?)
}
