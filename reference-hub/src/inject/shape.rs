//! Injected errors in each interface's own shape, with the codes that it publishes for them.
//!
//! Called by the service. Builds data only.

use crate::limits::RETRY_AFTER_S;
use crate::message::Answer;
use crate::{fhir, scr};

/// Statuses that a bad day brings: what a gateway or a service behind it answers when it is slow, busy or broken.
pub const STATUSES: &[u16] = &[408, 429, 500, 502, 503, 504];

/// The answer of `status` to a request of `operation`; the service gives those of MESH their own shape, as all that is
/// refused in its place.
pub fn answer(operation: &str, status: u16) -> Answer {
    let (kind, code, display) = named(status);
    let answer = match status {
        500 | 502.. if operation.starts_with("scr-") => scr::failed(status),
        _ => fhir::spine_error(status, kind, code, display, ""),
    };
    match status {
        429 | 503 => answer.with("retry-after", RETRY_AFTER_S.to_string()),
        _ => answer,
    }
}

/// FHIR issue type, published code (Spine-ErrorOrWarningCode) and display. 408, 429 and 503 as PDS publishes them, 504 as
/// EPS; SDS publishes 502 and 504 by status alone.
fn named(status: u16) -> (&'static str, &'static str, &'static str) {
    match status {
        408 => ("timeout", "UNABLE_TO_CALL_SERVICE", "Unable to call service"),
        429 => ("throttled", "TOO_MANY_REQUESTS", "Too many requests"),
        502 => ("transient", "BAD_GATEWAY", "Bad gateway"),
        503 => ("timeout", "SERVICE_UNAVAILABLE", "Service unavailable"),
        504 => ("timeout", "GATEWAY_TIMEOUT", "Gateway timeout"),
        _ => ("exception", "INTERNAL_SERVER_ERROR", "Internal server error"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{mesh, message::Body};
    use serde_json::Value;

    fn json(answer: &Answer) -> Value {
        let Body::Inline(bytes) = &answer.body else { panic!("inline") };
        serde_json::from_slice(bytes).unwrap()
    }

    #[test]
    fn each_interface_gets_its_own_shape_and_published_code() {
        for operation in ["sds-device", "eps-prescribe", "pds-retrieve", "ssp-read"] {
            for (status, code) in [
                (408, "UNABLE_TO_CALL_SERVICE"),
                (429, "TOO_MANY_REQUESTS"),
                (502, "BAD_GATEWAY"),
                (503, "SERVICE_UNAVAILABLE"),
                (504, "GATEWAY_TIMEOUT"),
            ] {
                let answer = answer(operation, status);
                assert_eq!(answer.status, status);
                assert_eq!(json(&answer)["issue"][0]["details"]["coding"][0]["code"], code);
                let waits = answer.headers.iter().any(|(name, _)| *name == "retry-after");
                assert_eq!(waits, matches!(status, 429 | 503));
            }
        }
        for (status, kind) in [(500, "unknown"), (502, "unknown"), (503, "transient"), (504, "transient")] {
            let answer = answer("scr-list", status);
            assert_eq!((answer.status, &json(&answer)["issue"][0]["code"]), (status, &kind.into()));
        }
        let refused = answer("mesh-send", 503);
        let v2 = mesh::reshaped(Some("application/vnd.mesh.v2+json"), &refused).unwrap();
        assert_eq!(json(&v2)["detail"][0]["msg"], "Service Unavailable");
        assert!(v2.headers.contains(&("content-type", "application/vnd.mesh.v2+json".into())));
        assert!(v2.headers.iter().any(|(name, _)| *name == "retry-after"));
        let v1 = mesh::reshaped(None, &answer("mesh-send", 504)).unwrap();
        assert_eq!(json(&v1)["errorDescription"], "Gateway Timeout");
    }
}
