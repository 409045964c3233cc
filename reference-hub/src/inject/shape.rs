//! Injected errors in each interface's own shape, with the codes that it publishes for them.
//!
//! Called by the service. Builds data only.

use crate::fhir;
use crate::limits::RETRY_AFTER_S;
use crate::message::{Answer, Request};
use serde_json::json;

/// Statuses that a bad day brings: what a gateway or a service behind it answers when it is slow, busy or broken.
pub const STATUSES: &[u16] = &[408, 429, 500, 502, 503, 504];

/// The answer of `status` to a request of `operation`.
pub fn answer(operation: &str, request: &Request, status: u16) -> Answer {
    let (kind, code, display) = named(status);
    let answer = if operation.starts_with("mesh-") {
        mesh(request, status, display)
    } else {
        fhir::spine_error(status, kind, code, display, "")
    };
    match status {
        429 | 503 => answer.with("retry-after", RETRY_AFTER_S.to_string()),
        _ => answer,
    }
}

/// FHIR issue type, published code (Spine-ErrorOrWarningCode) and display. 408, 429 and 503 as PDS publishes them; SDS and
/// SCR publish 502 and 504 by status alone.
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

/// MESH's own shapes, of version 1 and of version 2 as the client asks for.
fn mesh(request: &Request, status: u16, text: &str) -> Answer {
    let v2 = request.header("accept").is_some_and(|accept| accept.contains("vnd.mesh.v2+json"));
    if v2 {
        let body = json!({"internal_id": "", "detail": [{"event": "", "code": "", "msg": text}]});
        return Answer::new(status, "application/vnd.mesh.v2+json", body.to_string());
    }
    let body = json!({"errorEvent": "", "errorCode": "", "errorDescription": text});
    Answer::new(status, "application/json", body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Body;
    use serde_json::Value;

    fn body(operation: &str, accept: &str, status: u16) -> (Answer, Value) {
        let mut headers = hyper::HeaderMap::new();
        headers.insert("accept", accept.parse().unwrap());
        let (segments, query, body) = (Vec::new(), Vec::new(), Body::EMPTY);
        let request = Request { method: hyper::Method::GET, segments, query, headers, body };
        let answer = answer(operation, &request, status);
        let Body::Inline(bytes) = &answer.body else { panic!("inline") };
        let json = serde_json::from_slice(bytes).unwrap();
        (answer, json)
    }

    #[test]
    fn each_interface_gets_its_own_shape_and_published_code() {
        for (status, code) in [
            (408, "UNABLE_TO_CALL_SERVICE"),
            (429, "TOO_MANY_REQUESTS"),
            (503, "SERVICE_UNAVAILABLE"),
            (504, "GATEWAY_TIMEOUT"),
        ] {
            let (answer, json) = body("sds-device", "*/*", status);
            assert_eq!(answer.status, status);
            assert_eq!(json["issue"][0]["details"]["coding"][0]["code"], code);
            let waits = answer.headers.iter().any(|(name, _)| *name == "retry-after");
            assert_eq!(waits, matches!(status, 429 | 503));
        }
        let (answer, json) = body("mesh-send", "application/vnd.mesh.v2+json", 503);
        assert_eq!(json["detail"][0]["msg"], "Service unavailable");
        assert_eq!(answer.headers[0].1, "application/vnd.mesh.v2+json");
        assert_eq!(body("mesh-send", "*/*", 500).1["errorDescription"], "Internal server error");
    }
}
