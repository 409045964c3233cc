//! Content negotiation and the error shapes of both versions, those of the listener's refusals included.

use super::*;
use crate::fhir;

const V1: &str = "application/vnd.mesh.v1+json";

#[test]
fn accept_chooses_the_version_and_what_is_no_json_is_406() {
    let hub = Hub::new();
    for (accept, status, media) in [
        ("", 200, "application/json"),
        ("application/json", 200, "application/json"),
        ("*/*", 200, "application/json"),
        ("application/*", 200, "application/json"),
        (V1, 200, "application/json"),
        (V2, 200, V2),
        ("APPLICATION/VND.MESH.V2+JSON", 200, V2),
        ("application/json, application/vnd.mesh.v2+json", 200, V2),
        ("text/html, application/vnd.mesh.v2+json;q=0.9", 200, V2),
        ("application/vnd.mesh.v2+json;q=0, application/json", 200, "application/json"),
        ("text/html, */*;q=0.1", 200, "application/json"),
        ("application/vnd.mesh.v3+json", 400, "application/json"),
        ("application/vnd.mesh.v2", 400, "application/json"),
        ("text/html", 406, "application/json"),
        ("application/json;q=0", 406, "application/json"),
        ("application/fhir+json", 406, "application/json"),
    ] {
        for path in ["inbox", "count"] {
            let mut ask = hub.ask("GET", "X26ABC1", path);
            if !accept.is_empty() {
                ask = ask.header("accept", accept);
            }
            let answer = hub.answer(&ask);
            assert_eq!((answer.status, header(&answer, "content-type")), (status, media), "{accept}");
        }
        for path in
            ["_ping", "deepping", "/_ping", "/healthcheck", "endpointlookup/X26/W", "workflowsearch/W"]
        {
            let ask = Ask::new("GET", path);
            let answer = hub.answer(&if accept.is_empty() { ask } else { ask.header("accept", accept) });
            assert_eq!((answer.status, header(&answer, "content-type")), (status, media), "{path} {accept}");
        }
    }
}

#[test]
fn every_operation_with_json_answers_refuses_other_types_and_content_never_does() {
    let hub = Hub::new();
    let id = hub.sent(b"x", &[("mex-localid", "l")]);
    for (method, path) in [
        ("POST", String::new()),
        ("GET", String::new()),
        ("PUT", format!("inbox/{id}/status/acknowledged")),
        ("POST", "outbox".to_owned()),
        ("POST", format!("outbox/{id}/2")),
        ("GET", format!("outbox/tracking?messageID={id}")),
        ("GET", "outbox/tracking/l".to_owned()),
    ] {
        let answer = hub.answer(&hub.ask(method, "X26ABC2", &path).header("accept", "text/html"));
        assert_eq!(answer.status, 406, "{method} {path}");
    }
    assert_eq!(hub.inbox("X26ABC2"), std::slice::from_ref(&id), "what was refused was not done");
    for (method, path) in
        [("GET", format!("inbox/{id}")), ("GET", format!("inbox/{id}/1")), ("HEAD", format!("inbox/{id}"))]
    {
        let ask = hub.ask(method, "X26ABC2", &path).header("accept", "text/html");
        assert_eq!(hub.answer(&ask).status, 200, "{method} {path}");
        let ask = hub.ask(method, "X26ABC2", &path).header("accept", "application/vnd.mesh.v9+json");
        assert_eq!(hub.answer(&ask).status, 400, "{method} {path}");
    }
}

#[test]
fn errors_have_the_published_shape_of_their_version() {
    let hub = Hub::new();
    let ask = || {
        hub.ask("POST", "X26ABC1", "outbox")
            .header("mex-workflowid", "W")
            .header("mex-to", "NOBODY")
            .body(b"x")
    };
    let v1 = json(&hub.answer(&ask().header("accept", V1)));
    assert_eq!(
        v1,
        serde_json::json!({"errorEvent": "SEND", "errorCode": "12", "errorDescription": "Unregistered to address"})
    );
    let mut v2 = json(&hub.answer(&ask().header("accept", V2)));
    assert!(v2["internal_id"].is_string());
    v2["internal_id"] = Value::Null;
    let detail = serde_json::json!([{"event": "SEND", "code": "12", "msg": "Unregistered to address"}]);
    assert_eq!(v2, serde_json::json!({"internal_id": null, "detail": detail}));
    let id = hub.sent(b"1", &[("mex-chunk-range", "1:2")]);
    let locked = hub.chunk(&id, 2, "2:3").body(b"x");
    assert_eq!(json(&hub.answer(&locked.clone().header("accept", V1)))["messageID"], id.as_str());
    let locked = hub.chunk(&id, 2, "2:3").body(b"x");
    assert_eq!(json(&hub.answer(&locked))["message_id"], id.as_str());
}

#[test]
fn what_the_listener_refuses_has_the_error_shape_of_mesh_too() {
    let busy = fhir::overloaded();
    let v1 = super::super::reshaped(None, &busy).unwrap();
    assert_eq!((v1.status, header(&v1, "retry-after")), (503, "1"));
    assert_eq!(header(&v1, "content-type"), "application/json");
    assert_eq!(json(&v1)["errorDescription"], "Service Unavailable");
    let v2 = super::super::reshaped(Some(V2), &busy).unwrap();
    assert_eq!(
        (header(&v2, "content-type"), &json(&v2)["detail"][0]["msg"]),
        (V2, &"Service Unavailable".into())
    );
    for (status, code) in [(413, "PAYLOAD_TOO_LARGE"), (429, "TOO_MANY_REQUESTS"), (500, "X")] {
        let refusal = fhir::spine_error(status, "x", code, "x", "x").with("retry-after", "7");
        let answer = super::super::reshaped(Some(V2), &refusal).unwrap();
        assert_eq!((answer.status, header(&answer, "retry-after")), (status, "7"));
        assert!(json(&answer)["detail"][0]["msg"].is_string());
    }
    let content = Answer::new(200, fhir::FHIR_JSON, "{}");
    assert_eq!(super::super::reshaped(None, &content), None, "a FHIR document that was sent stays one");
    assert_eq!(super::super::reshaped(None, &Answer::new(408, "text/plain", "slow")), None);
}
