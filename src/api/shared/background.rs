//! Work that is done after the answer was sent, so that neither the answer nor its timing depends on it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::api::shared::current_request::OfRequest;
use crate::api::shared::ports::BoxFuture;

/// Attached to an answer for whoever sends it, who must then run it to completion.
#[derive(Clone)]
pub struct Background(Arc<Mutex<Option<BoxFuture<'static, ()>>>>);

impl Background {
    /// Attaches work to an answer.
    pub(in crate::api) fn attach<B>(
        response: &mut http::Response<B>,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        response
            .extensions_mut()
            .insert(Self(Arc::new(Mutex::new(Some(Box::pin(OfRequest::inherited(work)))))));
    }

    /// Removes the work from an answer, if there is any.
    pub fn take<B>(response: &mut http::Response<B>) -> Option<BoxFuture<'static, ()>> {
        let background = response.extensions_mut().remove::<Self>()?;
        background.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
