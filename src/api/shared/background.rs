//! Work that is done once the answer is out, so that neither the answer nor its time depends on it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::api::shared::current_request::OfRequest;
use crate::api::shared::ports::BoxFuture;

/// Travels with an answer to whoever sends it: it must be run to its end after that.
#[derive(Clone)]
pub struct Background(Arc<Mutex<Option<BoxFuture<'static, ()>>>>);

impl Background {
    /// Puts work on an answer.
    pub(in crate::api) fn attach<B>(
        response: &mut http::Response<B>,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        response
            .extensions_mut()
            .insert(Self(Arc::new(Mutex::new(Some(Box::pin(OfRequest::inherited(work)))))));
    }

    /// Takes the work off an answer, if there is any.
    pub fn take<B>(response: &mut http::Response<B>) -> Option<BoxFuture<'static, ()>> {
        let background = response.extensions_mut().remove::<Self>()?;
        background.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
