//! A body that is produced while it is sent, piece by piece, so that its length costs no memory.
//!
//! The sender asks for the next piece when there is room for it. The body has neither a length nor an
//! entity-tag, since both are unknown before the end. An incomplete body must not look complete: if the rest
//! cannot be read, the connection is aborted.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::Stream;

/// The pieces of a body, in order.
pub type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, BrokenOff>> + Send>>;

/// The rest of the body cannot be read. The reason has been logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenOff;

/// Attached to an answer in place of its body.
#[derive(Clone)]
pub struct BodyStream(Arc<Mutex<Option<Pieces>>>);

impl BodyStream {
    /// Attaches the pieces to an answer.
    pub(in crate::api) fn attach<B>(
        response: &mut http::Response<B>,
        pieces: impl Stream<Item = Result<Bytes, BrokenOff>> + Send + 'static,
    ) {
        response.extensions_mut().insert(Self(Arc::new(Mutex::new(Some(Box::pin(pieces))))));
    }

    /// Removes the pieces from an answer, if its body is streamed.
    pub fn take<B>(response: &mut http::Response<B>) -> Option<Pieces> {
        let stream = response.extensions_mut().remove::<Self>()?;
        stream.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
