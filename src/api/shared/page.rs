//! Lists are paginated: `limit`, an opaque `cursor`, and a `Link` to the next page (RFC 8288).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use serde::{Serialize, de::DeserializeOwned};

use crate::domain::{FieldError, limits};

/// The query parameters of a request; the first value of each name counts.
pub(in crate::api) struct Params(Vec<(String, String)>);

impl Params {
    pub(in crate::api) fn read(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    pub(in crate::api) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The number of items on a page.
    pub(in crate::api) fn limit(&self) -> Result<u32, FieldError> {
        let Some(text) = self.get("limit") else {
            return Ok(limits::PAGE_DEFAULT);
        };
        let limit = text.parse().ok().filter(|limit| (1..=limits::PAGE_MAX).contains(limit));
        limit.ok_or(FieldError::new("limit", "out_of_range", "Give a number from 1 to 200."))
    }

    /// Where the page begins.
    pub(in crate::api) fn cursor<T: DeserializeOwned>(&self) -> Result<Option<T>, FieldError> {
        let Some(text) = self.get("cursor") else {
            return Ok(None);
        };
        let place = URL_SAFE_NO_PAD.decode(text).ok().and_then(|json| serde_json::from_slice(&json).ok());
        place.map(Some).ok_or(FieldError::new(
            "cursor",
            "invalid_cursor",
            "Give a cursor as it was handed out.",
        ))
    }

    /// The link to the page that begins at `cursor`, with this request's other parameters.
    pub(in crate::api) fn next_link(&self, path: &str, cursor: &str) -> Option<HeaderValue> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.0.iter().filter(|(name, _)| name != "cursor") {
            query.append_pair(name, value);
        }
        query.append_pair("cursor", cursor);
        HeaderValue::from_str(&format!("<{path}?{}>; rel=\"next\"", query.finish())).ok()
    }
}

/// A position in a list, encoded for clients.
pub(in crate::api) fn encode<T: Serialize>(place: &T) -> Option<String> {
    serde_json::to_vec(place).ok().map(|json| URL_SAFE_NO_PAD.encode(json))
}
