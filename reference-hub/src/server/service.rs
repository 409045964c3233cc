//! The way of one request: target, operation, body, decision, commit, audit, count, answer.
//!
//! Called by the I/O threads for every request. Decisions are pure and run here, on the I/O thread; what they write
//! goes to the committer, and the answer is given only when that is durable.

use crate::audit::{self, Auditor, Event};
use crate::clock::HubClock;
use crate::committer::CommitQueue;
use crate::counts::{Counts, OperationIndex, Shard};
use crate::domain::{Context, Decision, Ids, Interface, settled};
use crate::limits::{BODY_BYTES_ANY_OPERATION, BODY_BYTES_UNROUTED_MAX, CONFLICT_RETRIES_MAX, Limits};
use crate::message::{Answer, Body, Request};
use crate::operation::operation;
use crate::server::reply::{self, HubBody, Mirrored};
use crate::server::upload::{self, BlobRoom, Room, UploadError};
use crate::server::{status, target};
use crate::view::CachedView;
use crate::{answer_codec, auth, fhir, mesh};
use bytes::Bytes;
use hub_store::{Outcome, Store, Txn};
use hyper::body::{Body as _, Incoming};
use hyper::{Method, Response, header};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use tokio::sync::Notify;

/// Requests refused because something was full.
#[derive(Debug, Default)]
pub struct Refused {
    /// The commit queue had no room.
    pub commit_queue_full: AtomicU64,
    /// The read-audit queue had no room.
    pub read_audit_queue_full: AtomicU64,
    /// Too many version conflicts on one record.
    pub contended: AtomicU64,
    /// Connections over the limit.
    pub connections: AtomicU64,
}

/// What all I/O threads share.
pub struct Hub {
    /// The interfaces that requests are routed over.
    pub interfaces: &'static [&'static Interface],
    /// The engine; read here only for its head.
    pub store: Arc<dyn Store>,
    /// The engine's name in `STORES`.
    pub store_name: &'static str,
    /// What handlers read.
    pub view: Arc<CachedView>,
    /// The way to the committer.
    pub queue: CommitQueue,
    /// Writes audit events.
    pub auditor: Auditor,
    /// Large bodies on disk.
    pub blobs: BlobRoom,
    /// Limits in force.
    pub limits: Limits,
    /// The open sandbox.
    pub sandbox: bool,
    /// Answers by operation and status.
    pub counts: Counts,
    /// Refusals by cause.
    pub refused: Refused,
    /// Open connections.
    pub connections: AtomicUsize,
    /// A stop was asked for.
    pub draining: AtomicBool,
    /// Median fsync of the data folder's disk measured at start, in nanoseconds; 0 for a store without a disk.
    pub fsync_ns_p50: u64,
    /// Time the store took to fill in this start, in seconds; 0 when it was already full.
    pub seed_s: f64,
    /// Random start of this process's nonces.
    pub nonce: u128,
    /// The clock that decisions see.
    pub clock: HubClock,
    /// The OpenAPI document of the interfaces.
    pub openapi: Bytes,
    /// Rounds of housekeeping so far.
    pub tended: AtomicU64,
}

impl Hub {
    /// A nonce for one round of housekeeping: the upper half of the counter's range belongs to it.
    pub fn tend_nonce(&self, batch: u64) -> u128 {
        let n = self.tended.fetch_add(1, Relaxed);
        spread(self.nonce, (u128::from(n) << 64) | u128::from(batch))
    }
}

/// An odd multiplier spreads neighbours over all bits; the process's random start separates processes.
fn spread(start: u128, n: u128) -> u128 {
    start.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

/// One I/O thread's handle to the hub. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Thread>);

/// What belongs to one I/O thread.
pub struct Thread {
    /// What all share.
    pub hub: Arc<Hub>,
    /// Wakes this thread's connections when they must finish.
    pub drain: Arc<Notify>,
    /// This thread's open connections.
    pub open: AtomicUsize,
    shard: Arc<Shard>,
    nonces: AtomicU64,
}

impl std::ops::Deref for Service {
    type Target = Thread;
    fn deref(&self) -> &Thread {
        &self.0
    }
}

/// An answer and what to do besides sending it.
struct Handled {
    answer: Answer,
    /// `None` for the hub's own addresses, which are not counted.
    operation: Option<OperationIndex>,
    /// The body was not read to its end: the connection cannot be used again.
    close: bool,
    /// A transaction that may refer to the body's blob is durable, or may be.
    keeps_blob: bool,
}

impl Handled {
    fn of(operation: OperationIndex, answer: Answer) -> Self {
        Handled { answer, operation: Some(operation), close: false, keeps_blob: false }
    }
}

impl Service {
    /// The service of I/O thread `index`.
    pub fn new(hub: Arc<Hub>, index: usize) -> Self {
        let shard = hub.counts.shard(index);
        let nonces = AtomicU64::new((index as u64) << 48); // room for 2^48 requests a thread
        Service(Arc::new(Thread { hub, drain: Arc::default(), open: AtomicUsize::new(0), shard, nonces }))
    }

    /// Answers one HTTP request.
    pub async fn handle(self, request: hyper::Request<Incoming>) -> Response<HubBody> {
        let (parts, incoming) = request.into_parts();
        let mirrored = Mirrored::of(&parts.headers);
        let to_mesh = parts.uri.path().starts_with("/messageexchange");
        let accept = to_mesh.then(|| parts.headers.get(header::ACCEPT).cloned());
        let mut handled = self.respond(parts, incoming).await;
        let pieces = match &handled.answer.body {
            Body::Inline(_) => None,
            Body::Blob { id, len, .. } => match reply::open_blob(self.hub.blobs.path(id), *len).await {
                Ok(pieces) => Some(pieces),
                Err(error) => {
                    log(&format!("blob {id}: cannot be read: {error}"));
                    handled.answer = fhir::internal_error();
                    None
                }
            },
        };
        if let Some(accept) = accept {
            // What the listener refuses is a FHIR outcome; MESH has an error shape of its own.
            let accept = accept.as_ref().and_then(|a| a.to_str().ok());
            handled.answer = mesh::reshaped(accept, &handled.answer).unwrap_or(handled.answer);
        }
        if let Some(operation) = handled.operation {
            self.shard.add(operation, handled.answer.status);
        }
        let response = reply::response(handled.answer, pieces, mirrored);
        if handled.close { reply::closing(response) } else { response }
    }

    async fn respond(&self, parts: hyper::http::request::Parts, incoming: Incoming) -> Handled {
        let path = target::segments(parts.uri.path());
        let query = target::query(parts.uri.query().unwrap_or(""));
        let (Some(segments), Some(query)) = (path, query) else {
            let answer =
                Answer::new(400, "text/plain", "the request target has a malformed percent escape\n");
            return Handled::of(OperationIndex::OTHER, answer);
        };
        let (method, headers) = (parts.method, parts.headers);
        let mut request = Request { method, segments, query, headers, body: Body::EMPTY };
        if let Some(answer) = status::answer(&self.hub, &request) {
            return Handled { answer, operation: None, close: false, keeps_blob: false };
        }
        let root = request.segments.first().map_or("", String::as_str);
        let Some(interface) = self.hub.interfaces.iter().find(|i| i.roots.contains(&root)) else {
            return Handled::of(OperationIndex::OTHER, Answer::new(404, "text/plain", "no such service\n"));
        };
        if !incoming.is_end_stream() {
            match self.take_body(interface, &request, incoming).await {
                Ok(body) => request.body = body,
                Err(refused) => return refused,
            }
        }
        let handled = self.dispatch(interface, &mut request).await;
        if let (Body::Blob { id, .. }, false) = (&request.body, handled.keeps_blob) {
            let (blobs, id) = (Arc::clone(&self.hub.blobs.blobs), id.clone());
            // Should it fail, the sweep at the next start removes what nothing refers to.
            let _ = reply::blocking(move || blobs.delete(&id).map_err(std::io::Error::other)).await;
        }
        handled
    }

    /// Reads the body, or refuses it before reading when that is known to be right.
    async fn take_body(
        &self,
        interface: &Interface,
        request: &Request,
        incoming: Incoming,
    ) -> Result<Body, Handled> {
        let declared =
            request.header(header::CONTENT_LENGTH.as_str()).and_then(|v| v.trim().parse::<u64>().ok());
        let refused = |operation, answer| Handled { close: true, ..Handled::of(operation, answer) };
        let mut index = OperationIndex::OTHER;
        let mut room = Room { bytes_max: BODY_BYTES_ANY_OPERATION, streams: false };
        if declared.is_none_or(|n| n > BODY_BYTES_ANY_OPERATION) {
            room.bytes_max = BODY_BYTES_UNROUTED_MAX;
            if let Ok(name) = self.route(interface, request)
                && let Some(operation) = operation(name)
            {
                index = OperationIndex::of(name);
                room = Room { bytes_max: operation.body_bytes_max, streams: operation.streams };
                if operation.writes && self.hub.queue.is_full() {
                    self.hub.refused.commit_queue_full.fetch_add(1, Relaxed);
                    return Err(refused(index, fhir::overloaded()));
                }
            }
            if declared.is_some_and(|n| n > room.bytes_max) {
                return Err(refused(index, too_large(room.bytes_max)));
            }
        }
        let reading =
            upload::read(incoming, declared, room, &self.hub.blobs, || format!("{:032x}", self.nonce()));
        let read = tokio::time::timeout(self.hub.limits.body_read_time, reading).await;
        read.unwrap_or(Err(UploadError::TooSlow)).map_err(|error| {
            let answer = match error {
                UploadError::TooLarge => too_large(room.bytes_max),
                UploadError::TooSlow => Answer::new(408, "text/plain", "the body took too long\n"),
                UploadError::Broken => Answer::new(400, "text/plain", "the body broke off\n"),
                UploadError::Disk(error) => {
                    log(&format!("a large body cannot be stored: {error}"));
                    fhir::internal_error()
                }
            };
            refused(index, answer)
        })
    }

    /// Routes and decides a request that was read whole.
    async fn dispatch(&self, interface: &Interface, request: &mut Request) -> Handled {
        let mut routed = self.route(interface, request);
        if request.method == Method::HEAD && routed.is_err() {
            // A HEAD that the interface does not publish is its GET; hyper leaves the body out.
            request.method = Method::GET;
            routed = self.route(interface, request);
        }
        let name = match routed {
            Ok(name) => name,
            Err(answer) => return Handled::of(OperationIndex::OTHER, *answer),
        };
        let index = OperationIndex::of(name);
        if let Some(operation) = operation(name)
            && request.body.len() > operation.body_bytes_max
        {
            return Handled::of(index, too_large(operation.body_bytes_max));
        }
        let (answer, keeps_blob) = self.transact(interface, name, request).await;
        Handled { keeps_blob, ..Handled::of(index, answer) }
    }

    /// Decides, commits what the decision writes, and audits. True when something was, or may have been, written.
    async fn transact(&self, interface: &Interface, name: &'static str, request: &Request) -> (Answer, bool) {
        let now_ms = self.hub.clock.now_ms();
        let nonce = self.nonce();
        for _ in 0..=CONFLICT_RETRIES_MAX {
            let Some(decision) = self.decide(interface, name, request, now_ms, nonce) else {
                return (self.read_done(name, request, now_ms, "", fhir::internal_error()), false);
            };
            let Some(txn) = decision.txn else {
                return (self.read_done(name, request, now_ms, &decision.subject, decision.answer), false);
            };
            let event = (name, now_ms, decision.subject.as_str(), decision.answer.status);
            let txn = Txn { audit: self.audit_line(event, request, true), ..txn };
            let Ok(outcome) = self.hub.queue.submit(txn) else {
                self.hub.refused.commit_queue_full.fetch_add(1, Relaxed);
                return (fhir::overloaded(), false);
            };
            match outcome.await {
                Ok(Outcome::Committed { .. }) => return (decision.answer, true),
                Ok(Outcome::Conflict { .. }) => {}
                Ok(Outcome::Duplicate { answer }) => {
                    let answer = answer_codec::decode(&answer).unwrap_or_else(|| {
                        log(&format!("{name}: a stored answer cannot be read"));
                        fhir::internal_error()
                    });
                    return (self.read_done(name, request, now_ms, &decision.subject, answer), false);
                }
                // The committer stopped before it knew: whether the transaction stands is told by a retry.
                Err(_) => return (fhir::overloaded(), true),
            }
        }
        self.hub.refused.contended.fetch_add(1, Relaxed);
        (self.read_done(name, request, now_ms, "", fhir::overloaded()), false)
    }

    /// Audits an answer that wrote nothing; without room for the event the answer may not be given.
    fn read_done(&self, name: &str, request: &Request, now_ms: u64, subject: &str, answer: Answer) -> Answer {
        let line = self.audit_line((name, now_ms, subject, answer.status), request, false);
        match self.hub.queue.audit_read(line) {
            Ok(()) => answer,
            Err(_) => {
                self.hub.refused.read_audit_queue_full.fetch_add(1, Relaxed);
                fhir::overloaded()
            }
        }
    }

    fn audit_line(
        &self,
        (operation, at_ms, subject, status): (&str, u64, &str, u16),
        request: &Request,
        write: bool,
    ) -> bytes::Bytes {
        let named = audit::organisation(request);
        let of_session = match (named, auth::bearer(request)) {
            ("", Some(token)) => auth::organisation(self.hub.view.as_ref(), token),
            _ => None,
        };
        let organisation = of_session.as_deref().unwrap_or(named);
        let event = Event { at_ms, operation, organisation, subject, status, write };
        self.hub.auditor.line(&event, request)
    }

    /// Names the operation; a handler that fails is a 500, not the end of the hub.
    fn route(&self, interface: &Interface, request: &Request) -> Result<&'static str, Box<Answer>> {
        catch_unwind(AssertUnwindSafe(|| (interface.route)(request))).unwrap_or_else(|_| {
            log("routing failed unexpectedly; the request was answered 500");
            Err(Box::new(fhir::internal_error()))
        })
    }

    /// Decides; `None` when the handler failed.
    fn decide(
        &self,
        interface: &Interface,
        name: &'static str,
        request: &Request,
        now_ms: u64,
        nonce: u128,
    ) -> Option<Decision> {
        let view = self.hub.view.as_ref();
        let writes = operation(name).is_some_and(|o| o.writes);
        let decide = || {
            let ids = Ids::new(nonce);
            let context = Context::new(view, now_ms, &ids, self.hub.sandbox);
            (interface.decide)(name, &context, request)
        };
        let decided = catch_unwind(AssertUnwindSafe(|| settled(writes, decide)));
        if decided.is_err() {
            log(&format!("{name}: a handler failed unexpectedly; the request was answered 500"));
        }
        decided.ok()
    }

    /// 128 bits that no other request of this or another process has, as good as surely.
    fn nonce(&self) -> u128 {
        let n = u128::from(self.nonces.fetch_add(1, Relaxed)) + 1;
        spread(self.hub.nonce, n)
    }
}

fn too_large(bytes_max: u64) -> Answer {
    let diagnostics = format!("The request body is too large; at most {bytes_max} bytes are taken");
    fhir::spine_error(413, "too-long", "PAYLOAD_TOO_LARGE", "Payload too large", &diagnostics)
}

fn log(sentence: &str) {
    eprintln!("hub: {sentence}");
}
