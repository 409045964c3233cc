//! The way of one request: target, operation, body, decision, commit, audit, count, answer.
//!
//! Called by the I/O threads for every request. Decisions are pure and run here, on the I/O thread; what they write
//! goes to the committer, and the answer is given only when that is durable.

use crate::audit::Auditor;
use crate::clock::{HubClock, Stopwatch};
use crate::committer::CommitQueue;
use crate::counts::{Counts, OperationIndex, Shard};
use crate::domain::{Interface, Peer};
use crate::inject::{Bad, body::Cut, body::slowed};
use crate::limits::{INLINE_BYTES_MAX, Limits};
use crate::message::{Answer, Body, Request};
use crate::operating::Operating;
use crate::server::addresses::Addresses;
use crate::server::rate::Rates;
use crate::server::reply::{self, HubBody, Mirrored};
use crate::server::upload::BlobRoom;
use crate::server::{admin, admit, status, target};
use crate::view::CachedView;
use crate::{fhir, log, mesh};
use bytes::Bytes;
use hub_store::Store;
use hyper::body::{Body as _, Incoming};
use hyper::{Method, Response};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// Requests refused because something was full.
#[derive(Debug, Default)]
pub struct Refused {
    /// The commit queue had no room.
    pub commit_queue_full: AtomicU64,
    /// The read-audit queue had no room.
    pub read_audit_queue_full: AtomicU64,
    /// Too many version conflicts on one record.
    pub contended: AtomicU64,
    /// Connections over the limit, of all or of one address.
    pub connections: AtomicU64,
    /// TLS handshakes that failed, were too slow, or showed no certificate of ours.
    pub handshakes: AtomicU64,
    /// Bodies for which there was no memory.
    pub bodies: AtomicU64,
    /// Requests over their client's rate.
    pub rate: AtomicU64,
}

impl Refused {
    /// Every cause with its count.
    pub fn causes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let causes = [
            ("commit_queue_full", &self.commit_queue_full),
            ("read_audit_queue_full", &self.read_audit_queue_full),
            ("contended", &self.contended),
            ("connections", &self.connections),
            ("handshakes", &self.handshakes),
            ("bodies", &self.bodies),
            ("rate", &self.rate),
        ];
        causes.map(|(cause, count)| (cause, count.load(Relaxed))).into_iter()
    }
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
    /// Bytes in memory of bodies that are not whole yet.
    pub gathered: AtomicU64,
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
    /// The same by address.
    pub addresses: Addresses,
    /// Makes TLS of a socket; `None` means plain HTTP.
    pub tls: Option<TlsAcceptor>,
    /// The rates of the clients; `None` means no limit.
    pub rates: Option<Rates>,
    /// A stop was asked for.
    pub draining: AtomicBool,
    /// Median fsync of the data folder's disk measured at start, in nanoseconds; 0 for a store without a disk.
    pub fsync_ns_p50: u64,
    /// Time the store took to fill in this start, in seconds; 0 when it was already full.
    pub seed_s: f64,
    /// Random start of this process's nonces.
    pub nonce: u128,
    /// Which process this is: random, made anew at every start, so that a harness sees a hub that was exchanged.
    pub instance: String,
    /// The clock that decisions see.
    pub clock: HubClock,
    /// The OpenAPI document of the interfaces.
    pub openapi: Bytes,
    /// Rounds of housekeeping so far.
    pub tended: AtomicU64,
    /// The data folder.
    pub data: PathBuf,
    /// What the operator sees and sets.
    pub operating: Operating,
}

impl Hub {
    /// A nonce for one round of housekeeping: the upper half of the counter's range belongs to it.
    pub fn tend_nonce(&self, batch: u64) -> u128 {
        let n = self.tended.fetch_add(1, Relaxed);
        spread(self.nonce, (u128::from(n) << 64) | u128::from(batch))
    }
}

/// Ids and tokens come from here: none may tell of another, so a one-way function stands between them and the secret.
fn spread(secret: u128, n: u128) -> u128 {
    let digest = Sha256::new().chain_update(secret.to_be_bytes()).chain_update(n.to_be_bytes()).finalize();
    digest.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte))
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The address.
    pub address: IpAddr,
    /// Whom the client certificate names, under mutual TLS.
    pub peer: Option<Peer>,
}

/// One I/O thread's handle to the hub, for one caller. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    thread: Arc<Thread>,
    pub(super) caller: Arc<Caller>,
}

/// What belongs to one I/O thread.
pub struct Thread {
    /// What all share.
    pub hub: Arc<Hub>,
    /// Wakes this thread's connections when they must finish.
    pub drain: Arc<Notify>,
    /// This thread's open connections.
    pub open: AtomicUsize,
    pub(super) shard: Arc<Shard>,
    nonces: AtomicU64,
}

impl std::ops::Deref for Service {
    type Target = Thread;
    fn deref(&self) -> &Thread {
        &self.thread
    }
}

/// An answer and what to do besides sending it.
pub(super) struct Handled {
    pub(super) answer: Answer,
    /// `None` for the hub's own addresses, which are not counted.
    pub(super) operation: Option<OperationIndex>,
    /// The body was not read to its end: the connection cannot be used again.
    pub(super) close: bool,
    /// A transaction that may refer to the body's blob is durable, or may be.
    pub(super) keeps_blob: bool,
    /// The audit event, when there is one.
    pub(super) told: Option<Bytes>,
    /// What was injected.
    pub(super) bad: Option<Bad>,
    /// Bytes of the request's body.
    pub(super) request_bytes: u64,
}

impl Handled {
    pub(super) fn of(operation: OperationIndex, answer: Answer) -> Self {
        let operation = Some(operation);
        let (close, keeps_blob, told, bad, request_bytes) = (false, false, None, None, 0);
        Handled { answer, operation, close, keeps_blob, told, bad, request_bytes }
    }

    /// Of the hub's own addresses.
    fn own(answer: Answer) -> Self {
        Handled { operation: None, ..Handled::of(OperationIndex::OTHER, answer) }
    }
}

impl Service {
    /// The service of I/O thread `index`.
    pub fn new(hub: Arc<Hub>, index: usize) -> Self {
        let shard = hub.counts.shard(index);
        let nonces = AtomicU64::new((index as u64) << 48); // room for 2^48 requests a thread
        let thread = Thread { hub, drain: Arc::default(), open: AtomicUsize::new(0), shard, nonces };
        let caller = Caller { address: IpAddr::from([0, 0, 0, 0]), peer: None };
        Service { thread: Arc::new(thread), caller: Arc::new(caller) }
    }

    /// The same for the connection of `caller`.
    pub fn of(&self, caller: Caller) -> Self {
        Service { thread: Arc::clone(&self.thread), caller: Arc::new(caller) }
    }

    /// Answers one HTTP request.
    ///
    /// # Errors
    /// [`Cut`] when the connection is to be closed without an answer, as injected.
    pub async fn handle(self, request: hyper::Request<Incoming>) -> Result<Response<HubBody>, Cut> {
        let watch = Stopwatch::start();
        let (parts, incoming) = request.into_parts();
        let mirrored = Mirrored::of(&parts.headers);
        let to_mesh = parts.uri.path().starts_with("/messageexchange");
        let accept = to_mesh.then(|| parts.headers.get(hyper::header::ACCEPT).cloned());
        let mut handled = self.respond(parts, incoming).await;
        let pieces = match &handled.answer.body {
            Body::Inline(_) => None,
            Body::Blob { id, len, .. } => match reply::open_blob(self.hub.blobs.path(id), *len).await {
                Ok(pieces) => Some(pieces),
                Err(error) => {
                    log::error("blob-unreadable", &format!("blob {id}: cannot be read: {error}"));
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
        self.account(&handled, watch)?;
        let response = reply::response(handled.answer, pieces, mirrored);
        let last = handled.close || self.hub.draining.load(Relaxed);
        let response = if last { reply::closing(response) } else { response };
        match handled.bad.and_then(|bad| bad.bytes_per_s) {
            Some(bytes_per_s) => Ok(slowed(response, bytes_per_s)),
            None => Ok(response),
        }
    }

    async fn respond(&self, parts: hyper::http::request::Parts, incoming: Incoming) -> Handled {
        if let Some(refused) = admit::over_header(&parts) {
            return refused;
        }
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
            return Handled::own(answer);
        }
        if admin::is_for(&self.hub, &request) {
            request.body = match admin::body(incoming).await {
                Ok(bytes) => Body::Inline(bytes),
                Err(answer) => return Handled { close: true, ..Handled::own(*answer) },
            };
            return Handled::own(admin::answer(&self.hub, &request, self.caller.address).await);
        }
        let root = request.segments.first().map_or("", String::as_str);
        let interface = self.hub.interfaces.iter().find(|i| i.roots.contains(&root)).copied();
        if let Some(refused) = self.over_rate(interface, &request, &incoming) {
            return refused;
        }
        let Some(interface) = interface else {
            return Handled::of(OperationIndex::OTHER, Answer::new(404, "text/plain", "no such service\n"));
        };
        let declared = admit::declared(&request);
        if incoming.is_end_stream() || declared.is_some_and(|n| n <= INLINE_BYTES_MAX) {
            return self.answered(interface, request, incoming).await;
        }
        // The body may become a file, which is nobody's until its transaction is durable. A task of its own goes on when
        // the client goes away, so that the file is either named by a row or removed.
        let service = self.clone();
        let whole = async move { service.answered(interface, request, incoming).await };
        match tokio::spawn(whole).await {
            Ok(handled) => handled,
            Err(_) => {
                log::error("handler-failed", "a request failed unexpectedly; it was answered 500");
                Handled { close: true, ..Handled::of(OperationIndex::OTHER, fhir::internal_error()) }
            }
        }
    }

    /// Reads the body, answers the request, and removes the body's file when no row names it.
    async fn answered(&self, interface: &Interface, mut request: Request, incoming: Incoming) -> Handled {
        if !incoming.is_end_stream() {
            match self.take_body(interface, &request, incoming).await {
                Ok(body) => request.body = body,
                Err(refused) => return refused,
            }
        }
        let request_bytes = request.body.len();
        let handled = Handled { request_bytes, ..self.dispatch(interface, &mut request).await };
        if let (Body::Blob { id, .. }, false) = (&request.body, handled.keeps_blob) {
            let (blobs, id) = (Arc::clone(&self.hub.blobs.blobs), id.clone());
            let gone = reply::blocking(move || blobs.delete(&id).map_err(std::io::Error::other)).await;
            if let Err(error) = gone {
                log::warn("blob-stays", &format!("a blob that nothing needs stays: {error}"));
            }
        }
        handled
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
        if let Some(operation) = index.row()
            && request.body.len() > operation.body_bytes_max
        {
            return Handled::of(index, admit::too_large(operation.body_bytes_max));
        }
        let bad = self.hub.operating.inject.meets(name);
        if let Some(bad) = bad
            && let Some(ended) = self.suffer(bad, index, request).await
        {
            return ended;
        }
        Handled { bad, ..self.transact(interface, (index, bad.is_some()), request).await }
    }

    /// Names the operation; a handler that fails is a 500, not the end of the hub.
    pub(super) fn route(
        &self,
        interface: &Interface,
        request: &Request,
    ) -> Result<&'static str, Box<Answer>> {
        catch_unwind(AssertUnwindSafe(|| (interface.route)(request))).unwrap_or_else(|_| {
            log::error("handler-failed", "routing failed unexpectedly; the request was answered 500");
            Err(Box::new(fhir::internal_error()))
        })
    }

    /// 128 bits that no other request of this or another process has, as good as surely.
    pub(super) fn nonce(&self) -> u128 {
        let n = u128::from(self.nonces.fetch_add(1, Relaxed)) + 1;
        spread(self.hub.nonce, n)
    }
}
