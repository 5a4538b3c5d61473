//! Work that is done once the answer is out, so that neither the answer nor its time depends on it.

use std::sync::{Arc, Mutex, PoisonError};

use super::current_request::OfRequest;
use super::ports::BoxFuture;

/// Travels with an answer to whoever sends it: it must be run to its end after that.
#[derive(Clone)]
pub struct Afterwards(Arc<Mutex<Option<BoxFuture<'static, ()>>>>);

impl Afterwards {
    /// Puts work on an answer.
    pub(super) fn attach<B>(
        response: &mut http::Response<B>,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        response
            .extensions_mut()
            .insert(Self(Arc::new(Mutex::new(Some(Box::pin(OfRequest::inherited(work)))))));
    }

    /// Takes the work off an answer, if there is any.
    pub fn take<B>(response: &mut http::Response<B>) -> Option<BoxFuture<'static, ()>> {
        let afterwards = response.extensions_mut().remove::<Self>()?;
        afterwards.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
