//! One request as a transaction: decided, committed when it writes, audited in any case.
//!
//! Called by the service once a request is read and routed. The answer is given only when what it acknowledges is durable.

use crate::audit::{self, Event, Kind};
use crate::counts::OperationIndex;
use crate::domain::{Context, Decision, Ids, Interface, settled};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::message::{Answer, Request};
use crate::server::service::{Handled, Service};
use crate::{answer_codec, auth, fhir, log};
use bytes::Bytes;
use hub_store::{Outcome, Txn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;

impl Service {
    /// Decides, commits what the decision writes, and audits.
    pub(super) async fn transact(
        &self,
        interface: &Interface,
        (index, injected): (OperationIndex, bool),
        request: &Request,
    ) -> Handled {
        let name = index.name();
        let now_ms = self.hub.clock.now_ms();
        let nonce = self.nonce();
        let read =
            |subject: &str, answer| self.read_done((index, injected), request, now_ms, subject, answer);
        for _ in 0..=CONFLICT_RETRIES_MAX {
            let Some(decision) = self.decide(interface, index, request, now_ms, nonce) else {
                return read("", fhir::internal_error());
            };
            let Some(txn) = decision.txn else {
                return read(&decision.subject, decision.answer);
            };
            let event = (name, now_ms, decision.subject.as_str(), decision.answer.status);
            let line = self.audit_line(event, request, Kind::Write, injected);
            let written = |answer, keeps_blob| Handled {
                keeps_blob,
                told: Some(line.clone()),
                ..Handled::of(index, answer)
            };
            let Ok(outcome) = self.hub.queue.submit(Txn { audit: line.clone(), ..txn }) else {
                self.hub.refused.commit_queue_full.fetch_add(1, Relaxed);
                return Handled { told: None, ..written(fhir::overloaded(), false) };
            };
            match outcome.await {
                Ok(Outcome::Committed { .. }) => return written(decision.answer, true),
                Ok(Outcome::Conflict { .. }) => {}
                Ok(Outcome::Duplicate { answer }) => {
                    let answer = answer_codec::decode(&answer).unwrap_or_else(|| {
                        log::error("answer-unreadable", &format!("{name}: a stored answer cannot be read"));
                        fhir::internal_error()
                    });
                    return read(&decision.subject, answer);
                }
                // The committer stopped before it knew: whether the transaction stands is told by a retry.
                Err(_) => return written(fhir::overloaded(), true),
            }
        }
        self.hub.refused.contended.fetch_add(1, Relaxed);
        read("", fhir::overloaded())
    }

    /// Audits an answer that wrote nothing; without room for the event the answer may not be given.
    pub(super) fn read_done(
        &self,
        (index, injected): (OperationIndex, bool),
        request: &Request,
        now_ms: u64,
        subject: &str,
        answer: Answer,
    ) -> Handled {
        let line =
            self.audit_line((index.name(), now_ms, subject, answer.status), request, Kind::Read, injected);
        match self.hub.queue.audit_read(line.clone()) {
            Ok(()) => Handled { told: Some(line), ..Handled::of(index, answer) },
            Err(_) => {
                self.hub.refused.read_audit_queue_full.fetch_add(1, Relaxed);
                Handled::of(index, fhir::overloaded())
            }
        }
    }

    fn audit_line(
        &self,
        (operation, at_ms, subject, status): (&str, u64, &str, u16),
        request: &Request,
        kind: Kind,
        injected: bool,
    ) -> Bytes {
        let of_session =
            auth::bearer(request).and_then(|token| auth::organisation(self.hub.view.as_ref(), token));
        let of_peer = self.caller.peer.as_ref().map(|peer| peer.ods.as_str());
        let organisation = audit::organisation(request, of_session.as_deref(), of_peer);
        let event = Event { at_ms, operation, organisation, subject, status, kind, injected };
        self.hub.auditor.line(&event, request)
    }

    /// Decides; `None` when the handler failed.
    fn decide(
        &self,
        interface: &Interface,
        index: OperationIndex,
        request: &Request,
        now_ms: u64,
        nonce: u128,
    ) -> Option<Decision> {
        let view = self.hub.view.as_ref();
        let name = index.name();
        let writes = index.row().is_some_and(|o| o.writes);
        let peer = self.caller.peer.as_ref();
        let decide = || {
            let ids = Ids::new(nonce);
            let context = Context { peer, ..Context::new(view, now_ms, &ids, self.hub.sandbox) };
            (interface.decide)(name, &context, request)
        };
        let decided = catch_unwind(AssertUnwindSafe(|| settled(writes, decide)));
        if decided.is_err() {
            let sentence = format!("{name}: a handler failed unexpectedly; the request was answered 500");
            log::error("handler-failed", &sentence);
        }
        decided.ok()
    }
}
