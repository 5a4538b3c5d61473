//! The request that is being handled, so that commands to objects can name it.
//!
//! An isolate interleaves many requests. The id is set whenever work on a request resumes and reset when it
//! pauses, like the task-local values of async runtimes. So handlers need not pass it along, and no request
//! ever sees another's id.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use uuid::Uuid;

thread_local! {
    static CURRENT: Cell<Option<Uuid>> = const { Cell::new(None) };
}

/// The id of the request that is being handled, if there is one.
#[must_use]
pub fn current_request() -> Option<String> {
    CURRENT.get().map(|id| id.hyphenated().to_string())
}

/// Work that belongs to a request.
pub(in crate::api) struct OfRequest<F> {
    id: Option<Uuid>,
    work: Pin<Box<F>>,
}

impl<F: Future> OfRequest<F> {
    /// Does `work` for the request with this id.
    pub(in crate::api) fn new(id: &str, work: F) -> Self {
        Self { id: Uuid::try_parse(id).ok(), work: Box::pin(work) }
    }

    /// Does `work`, which may begin later, for the current request.
    pub(in crate::api) fn inherited(work: F) -> Self {
        Self { id: CURRENT.get(), work: Box::pin(work) }
    }
}

impl<F: Future> Future for OfRequest<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let before = CURRENT.replace(self.id);
        let polled = self.work.as_mut().poll(context);
        CURRENT.set(before);
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::Waker;

    const IDS: [&str; 2] = ["0b9d4b4e-8e0e-4d0c-9d57-5f1a3f1c9a55", "1b9d4b4e-8e0e-4d0c-9d57-5f1a3f1c9a55"];

    /// Reads the current id, pauses once, and reads it again.
    async fn told() -> [Option<String>; 2] {
        let first = current_request();
        let mut paused = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut paused, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        [first, current_request()]
    }

    #[test]
    fn work_in_turn_sees_its_own_request_each_time() {
        let mut context = Context::from_waker(Waker::noop());
        let mut works = IDS.map(|id| pin_boxed(OfRequest::new(id, told())));
        for work in &mut works {
            assert!(work.as_mut().poll(&mut context).is_pending());
            assert_eq!(current_request(), None);
        }
        for (work, id) in works.iter_mut().zip(IDS) {
            let id = Some(id.to_owned());
            assert_eq!(work.as_mut().poll(&mut context), Poll::Ready([id.clone(), id]));
        }
    }

    #[test]
    fn work_for_later_remembers_whose_it_is() {
        let mut context = Context::from_waker(Waker::noop());
        let posting =
            std::future::poll_fn(|_| Poll::Ready(OfRequest::inherited(async { current_request() })));
        let outer = OfRequest::new(IDS[0], posting);
        let Poll::Ready(later) = pin!(outer).poll(&mut context) else { panic!("nothing to wait for") };
        assert_eq!(pin!(later).poll(&mut context), Poll::Ready(Some(IDS[0].to_owned())));
    }

    fn pin_boxed<F: Future>(future: F) -> Pin<Box<F>> {
        Box::pin(future)
    }
}
