//! What an object sends: the change that is reported to the Catalog before an answer goes out, the messages
//! in the outbox that are due when the alarm fires, and the alarm itself.

use super::*;

impl Inner {
    pub(super) async fn deliver_due(self: &Rc<Self>) -> Result<(), SqlError> {
        self.alarm_at.set(None);
        metrics::record_outbox(&self.sql, self.subject);
        let due = self.queue.borrow_mut().due(&self.sql, now())?;
        let rest_ms = match &self.pacer {
            None => self.pace.rest_ms(&due),
            Some(_) => Pace::rest_between_looks_ms(due.len()),
        };
        self.resting_until.set(now().plus_ms(rest_ms));
        let (mails, others): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|item| item.message.recipient().is_some());
        let results = deliver(self.config.as_deref(), self.objects.as_ref(), others).await;
        if !results.is_empty() {
            self.queue.borrow_mut().acknowledge(&self.sql, now(), &results)?;
            self.note_write();
        }
        self.deliver_mails(mails).await?;
        self.arm_alarm()
    }

    /// The runtime gives up an alarm after six failures, and the outbox would then wait for ever. So the
    /// first call after the object was loaded makes sure that an alarm is set.
    pub(super) fn look_after_alarm(self: &Rc<Self>) {
        if self.alarm_known.replace(true) || self.queue.borrow().next_alarm().is_none() {
            return;
        }
        let inner = Rc::clone(self);
        spawn_local(async move {
            let kept = inner.sql.storage().get_alarm().await.ok().flatten().map(Timestamp::from_ms);
            inner.alarm_at.set(inner.alarm_at.get().or(kept));
            if let Err(error) = inner.arm_alarm() {
                log_error("alarm_not_set", &error.to_string());
            }
        });
    }

    /// Sends as much as the deployment's pace allows; the rest stays in the outbox.
    pub(super) async fn deliver_mails(&self, mails: Vec<OutboxEntry>) -> Result<(), SqlError> {
        let (config, objects) = (self.config.as_deref(), self.objects.as_ref());
        let results = match &self.pacer {
            None => deliver(config, objects, mails).await,
            Some(_) if mails.is_empty() => return Ok(()),
            Some(pacer) => {
                let departure = depart(objects, pacer, self.pace, mails).await;
                if let Some(Rest { again_in_ms, leave_by }) = departure.rest {
                    let until = now().plus_ms(i64::from(again_in_ms));
                    self.queue.borrow_mut().queue_mail_until(until, leave_by);
                }
                let results = deliver_apart(config, objects, departure).await;
                let slowed = pacer.borrow_mut().tried(&results);
                if let Some(for_ms) = slowed {
                    slow_down(objects, for_ms).await;
                }
                results
            }
        };
        if !results.is_empty() {
            self.queue.borrow_mut().acknowledge(&self.sql, now(), &results)?;
            self.note_write();
        }
        Ok(())
    }

    /// Sets the alarm for the next message, in the same commit as the preceding writes.
    pub(super) fn arm_alarm(self: &Rc<Self>) -> Result<(), SqlError> {
        let Some(due) = self.queue.borrow().next_alarm() else {
            return Ok(());
        };
        let at = due.max(self.resting_until.get());
        if self.alarm_at.get().is_none_or(|armed| at < armed) { self.set_alarm(at) } else { Ok(()) }
    }

    pub(super) fn set_alarm(self: &Rc<Self>, at: Timestamp) -> Result<(), SqlError> {
        // The runtime refuses an alarm at 0 or before.
        let date = Date::new(&JsValue::from_f64(js_ms(at).max(1.0)));
        let set = self.sql.storage().as_raw().set_alarm(date, js_sys::Object::new());
        let set = set.map_err(|_| SqlError::new("the alarm could not be set"))?;
        self.alarm_at.set(Some(at));
        let inner = Rc::clone(self);
        spawn_local(async move {
            if JsFuture::from(set).await.is_err() {
                // The next batch sets it again, or the next load of the object.
                inner.alarm_at.set(None);
                log_error("alarm_not_set", "the storage refused it");
            }
        });
        Ok(())
    }

    /// Reports the event's change to the Catalog. If that fails, the outbox reports it. The wait covers the
    /// time that the Catalog's leases take to run out: until then a leased list shows the earlier state.
    pub(super) async fn announce(&self) {
        let report = self.queue.borrow().report(now());
        let (Some(OutboxMessage::Report(Some(report))), Some(objects)) = (report, &self.objects) else {
            return;
        };
        if !objects.is_at_home().await {
            return log_error("report_delayed", "the data lives in another jurisdiction, or it is not known");
        }
        let command = catalog::Command::Report(report.clone());
        let mut heard = objects.catalog(Envelope::new(command));
        for _ in 0..ANNOUNCING_MAX {
            match select(heard, Delay::from(ANNOUNCING)).await {
                Either::Left((Ok(answer), _)) if answer.is_granted() => {
                    self.queue.borrow_mut().reported(&OutboxMessage::Report(Some(report)));
                    return;
                }
                Either::Left((Ok(_), _)) => return log_error("report_delayed", "the Catalog is overloaded"),
                Either::Left((Err(error), _)) => return log_error("report_delayed", &error.to_string()),
                Either::Right(((), unheard)) => heard = unheard,
            }
            let drains = select(Box::pin(objects.catalog_drains()), Delay::from(ANNOUNCING)).await;
            if !matches!(drains, Either::Left((true, _))) {
                break;
            }
        }
        log_error("report_delayed", "the Catalog takes too long");
    }
}
