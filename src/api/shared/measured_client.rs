//! Measures every call to an object: how many, and how long they take.

use std::sync::Arc;

use crate::api::shared::ports::{BoxFuture, ObjectClient, Runtime, StorageOrder, StorageReply, Unreachable};
use crate::domain::{AccountKey, EventId};
use crate::metrics::{Metric, Subject};
use crate::objects::messages::maintenance::ObjectName;
use crate::objects::{Answer, Envelope, account, catalog, event};

/// An object client that measures every call.
pub(in crate::api) struct MeasuredClient {
    objects: Arc<dyn ObjectClient>,
    runtime: Arc<dyn Runtime>,
}

impl MeasuredClient {
    pub(in crate::api) fn new(objects: Arc<dyn ObjectClient>, runtime: Arc<dyn Runtime>) -> Self {
        Self { objects, runtime }
    }

    fn measured<'a, T: 'a>(&'a self, subject: Subject, question: BoxFuture<'a, T>) -> BoxFuture<'a, T> {
        if !self.runtime.measures() {
            return question;
        }
        Box::pin(async move {
            let asked_at = self.runtime.now();
            let answer = question.await;
            let ms = u64::try_from(self.runtime.now().ms_since(asked_at)).unwrap_or(0);
            self.runtime.measure(Metric::QuestionMs, subject, ms);
            answer
        })
    }
}

impl ObjectClient for MeasuredClient {
    fn account<'a>(
        &'a self,
        key: &'a AccountKey,
        envelope: Envelope<account::Command>,
    ) -> BoxFuture<'a, Result<Answer<account::Reply>, Unreachable>> {
        self.measured(Subject::Account, self.objects.account(key, envelope))
    }

    fn event(
        &self,
        id: EventId,
        envelope: Envelope<event::Command>,
    ) -> BoxFuture<'_, Result<Answer<event::Reply>, Unreachable>> {
        self.measured(Subject::Event, self.objects.event(id, envelope))
    }

    fn catalog(
        &self,
        envelope: Envelope<catalog::Command>,
    ) -> BoxFuture<'_, Result<Answer<catalog::Reply>, Unreachable>> {
        self.measured(Subject::Catalog, self.objects.catalog(envelope))
    }

    fn registry(
        &self,
        envelope: Envelope<catalog::Command>,
    ) -> BoxFuture<'_, Result<Answer<catalog::Reply>, Unreachable>> {
        self.measured(Subject::Catalog, self.objects.registry(envelope))
    }

    fn manage<'a>(
        &'a self,
        object: &'a ObjectName,
        order: StorageOrder,
    ) -> BoxFuture<'a, Result<StorageReply, Unreachable>> {
        self.objects.manage(object, order)
    }
}
