//! A body that is made while it is sent, piece by piece, so that its length costs no memory.
//!
//! Whoever sends it asks for the next piece when there is room for one. It has neither a length nor an
//! entity-tag, which nobody knows before the end. One that cannot be completed must not look complete:
//! the connection is broken off.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::Stream;

/// The pieces of a body, in order.
pub type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, BrokenOff>> + Send>>;

/// The rest of a body cannot be had. Why has been logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenOff;

/// Travels with an answer to whoever sends it, in the place of its body.
#[derive(Clone)]
pub struct BodyStream(Arc<Mutex<Option<Pieces>>>);

impl BodyStream {
    /// Puts the pieces on an answer.
    pub(in crate::api) fn attach<B>(
        response: &mut http::Response<B>,
        pieces: impl Stream<Item = Result<Bytes, BrokenOff>> + Send + 'static,
    ) {
        response.extensions_mut().insert(Self(Arc::new(Mutex::new(Some(Box::pin(pieces))))));
    }

    /// Takes the pieces off an answer, if its body is made of such.
    pub fn take<B>(response: &mut http::Response<B>) -> Option<Pieces> {
        let stream = response.extensions_mut().remove::<Self>()?;
        stream.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
