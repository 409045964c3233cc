//! What is refused before anything is decided: a header that is too large, a client that asks too fast, a body that is
//! too large or too slow.
//!
//! Called by the service for every request.

use crate::counts::OperationIndex;
use crate::domain::Interface;
use crate::limits::{BODY_BYTES_ANY_OPERATION, BODY_BYTES_UNROUTED_MAX, HEADER_BYTES_MAX};
use crate::message::{Answer, Body, Request};
use crate::server::rate;
use crate::server::service::{Caller, Handled, Service};
use crate::server::upload::{self, Room, Share, UploadError};
use crate::{fhir, log};
use hyper::body::{Body as _, Incoming};
use hyper::header;
use hyper::http::request::Parts;
use std::sync::atomic::Ordering::Relaxed;

/// The refusal of a header that is too large. The parser's own limit is one of its buffer, which a header that came at
/// once may exceed.
pub(super) fn over_header(parts: &Parts) -> Option<Handled> {
    if header_bytes(parts) <= HEADER_BYTES_MAX {
        return None;
    }
    let answer = Answer::new(431, "text/plain", "the header is too large\n");
    Some(Handled { close: true, ..Handled::of(OperationIndex::OTHER, answer) })
}

/// Bytes of request line and headers, as HTTP/1.1 writes them.
fn header_bytes(parts: &Parts) -> usize {
    let target = parts.uri.path_and_query().map_or(0, |p| p.as_str().len());
    let line = parts.method.as_str().len() + target + "  HTTP/1.1\r\n".len();
    parts
        .headers
        .iter()
        .fold(line, |sum, (name, value)| sum + name.as_str().len() + value.len() + ": \r\n".len())
}

/// Bytes that the body has, as its header says.
pub(super) fn declared(request: &Request) -> Option<u64> {
    request.header(header::CONTENT_LENGTH.as_str()).and_then(|v| v.trim().parse().ok())
}

/// The refusal of a body that is too large.
pub(super) fn too_large(bytes_max: u64) -> Answer {
    let diagnostics = format!("The request body is too large; at most {bytes_max} bytes are taken");
    fhir::spine_error(413, "too-long", "PAYLOAD_TOO_LARGE", "Payload too large", &diagnostics)
}

impl Service {
    /// The refusal of a client that asks faster than it may, before its body is read.
    pub(super) fn over_rate(
        &self,
        interface: Option<&Interface>,
        request: &Request,
        incoming: &Incoming,
    ) -> Option<Handled> {
        let rates = self.hub.rates.as_ref()?;
        let Caller { address, peer } = self.caller.as_ref();
        let wait_s =
            rates.take(&rate::client(self.hub.view.as_ref(), request, *address, peer.as_ref())).err()?;
        self.hub.refused.rate.fetch_add(1, Relaxed);
        let routed = interface.and_then(|i| self.route(i, request).ok());
        let operation = routed.map_or(OperationIndex::OTHER, OperationIndex::of);
        let close = !incoming.is_end_stream();
        Some(Handled { close, ..Handled::of(operation, rate::refusal(wait_s)) })
    }

    /// Reads the body, or refuses it before reading when that is known to be right.
    pub(super) async fn take_body(
        &self,
        interface: &Interface,
        request: &Request,
        incoming: Incoming,
    ) -> Result<Body, Handled> {
        let declared = declared(request);
        let refused = |operation, answer| Handled { close: true, ..Handled::of(operation, answer) };
        let mut index = OperationIndex::OTHER;
        let progress_time = self.hub.limits.body_progress_time;
        let mut room = Room { bytes_max: BODY_BYTES_ANY_OPERATION, streams: false, progress_time };
        if declared.is_none_or(|n| n > BODY_BYTES_ANY_OPERATION) {
            room.bytes_max = BODY_BYTES_UNROUTED_MAX;
            index = self.route(interface, request).map_or(index, OperationIndex::of);
            if let Some(operation) = index.row() {
                (room.bytes_max, room.streams) = (operation.body_bytes_max, operation.streams);
                if operation.writes && self.hub.queue.is_full() {
                    self.hub.refused.commit_queue_full.fetch_add(1, Relaxed);
                    return Err(refused(index, fhir::overloaded()));
                }
            }
            if declared.is_some_and(|n| n > room.bytes_max) {
                return Err(refused(index, too_large(room.bytes_max)));
            }
        }
        let share = Share { all: &self.hub.gathered, all_max: self.hub.limits.gathered_bytes_max, held: 0 };
        let reading = upload::read(incoming, declared, (room, share), &self.hub.blobs, || {
            format!("{:032x}", self.nonce())
        });
        let read = tokio::time::timeout(self.hub.limits.body_read_time, reading).await;
        read.unwrap_or(Err(UploadError::TooSlow)).map_err(|error| {
            let answer = match error {
                UploadError::TooLarge => too_large(room.bytes_max),
                UploadError::NoMemory => {
                    self.hub.refused.bodies.fetch_add(1, Relaxed);
                    fhir::overloaded()
                }
                UploadError::TooSlow => Answer::new(408, "text/plain", "the body took too long\n"),
                UploadError::Broken => Answer::new(400, "text/plain", "the body broke off\n"),
                UploadError::Disk(error) => {
                    log::error("body-not-stored", &format!("a large body cannot be stored: {error}"));
                    fhir::internal_error()
                }
            };
            refused(index, answer)
        })
    }
}
