//! What is told of a request besides its answer, and what is done to it on purpose: counts, times, the access log,
//! injection.
//!
//! Called by the service, for every answer and for every request that an injected fault met.

use crate::clock::Stopwatch;
use crate::counts::OperationIndex;
use crate::inject::body::Cut;
use crate::inject::{Bad, Fate, shape};
use crate::log::access::Access;
use crate::message::{Answer, Body, Request};
use crate::server::service::{Handled, Service};
use std::sync::atomic::Ordering::Relaxed;

/// Status in the audit event of a request that was given no answer.
const NO_ANSWER: u16 = 0;

impl Service {
    /// Counts an answer of an interface and puts it in the access log.
    ///
    /// # Errors
    /// [`Cut`] when it is not to be given: what the client does not get is not counted.
    pub(super) fn account(&self, handled: &Handled, watch: Stopwatch) -> Result<(), Cut> {
        if matches!(handled.bad, Some(Bad { fate: Fate::Reset | Fate::Lose, .. })) {
            return Err(Cut);
        }
        let Some(operation) = handled.operation else { return Ok(()) };
        let (status, service_ns) = (handled.answer.status, watch.elapsed_ns());
        self.shard.add(operation, status);
        self.shard.took(operation, service_ns);
        let metrics = &self.hub.operating.metrics;
        if handled.request_bytes > crate::limits::INLINE_BYTES_MAX {
            metrics.blob_bytes_taken.fetch_add(handled.request_bytes, Relaxed);
        }
        if let Body::Blob { len, .. } = &handled.answer.body {
            metrics.blob_bytes_given.fetch_add(*len, Relaxed);
        }
        if self.hub.operating.access.wants() {
            self.hub.operating.access.put(Access {
                at_ms: self.hub.clock.now_ms(),
                operation: operation.name(),
                status,
                service_ns,
                request_bytes: handled.request_bytes,
                answer_bytes: handled.answer.body.len(),
                told: handled.told.clone(),
            });
        }
        Ok(())
    }

    /// Waits as injected; gives the end of the request when it is not to be decided. Its audit event is marked.
    pub(super) async fn suffer(
        &self,
        bad: Bad,
        operation: OperationIndex,
        request: &Request,
    ) -> Option<Handled> {
        if !bad.wait.is_zero() {
            tokio::time::sleep(bad.wait).await;
        }
        if !bad.work.is_zero() {
            crate::clock::burn(bad.work);
        }
        let answer = match bad.fate {
            Fate::Decided | Fate::Lose => return None,
            Fate::Error(status) => shape::answer(operation.name(), status),
            Fate::Reset => Answer::empty(NO_ANSWER),
        };
        let handled = self.read_done((operation, true), request, self.hub.clock.now_ms(), "", answer);
        Some(Handled { bad: Some(bad), ..handled })
    }
}
