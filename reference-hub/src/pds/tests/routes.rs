//! What the interface says of itself: routes, parameters, statuses, codes.

use super::*;
use crate::operation::{AnswerDoc, Place, Route};
use crate::pds::operations::ROUTES;

fn route(id: &str) -> &'static Route {
    ROUTES.iter().find(|r| r.id == id).unwrap()
}

fn said(route: &Route, status: u16) -> String {
    let of = |a: &&AnswerDoc| a.status == status;
    route.answers.iter().filter(of).map(|a| a.about).collect::<Vec<_>>().join("; ")
}

#[test]
fn every_route_documents_its_published_parameters() {
    let names = |id: &str, place: Place| -> Vec<&str> {
        let all = route(id).parameters.iter().flat_map(|list| list.iter());
        all.filter(|p| p.place == place).map(|p| p.name).collect()
    };
    for route in ROUTES {
        for header in ["X-Request-ID", "X-Correlation-ID", "NHSD-End-User-Organisation-ODS"] {
            assert!(names(route.id, Place::Header).contains(&header), "{}: {header}", route.id);
        }
    }
    for id in
        ["search-patient", "create-patient", "get-patient", "update-patient-partial", "get-related-people"]
    {
        assert!(names(id, Place::Header).contains(&"NHSD-Session-URID"), "{id}");
    }
    for id in ["update-patient-partial", "post-coverage"] {
        assert!(names(id, Place::Header).contains(&"If-Match"), "{id}");
    }
    assert!(names("update-patient-partial", Place::Header).contains(&"X-Sync-Wait"));
    assert_eq!(names("get-coverage", Place::Query), ["subscriber:identifier"]);
    assert_eq!(names("search-patient", Place::Query).len(), 15);
}

#[test]
fn what_only_the_listener_or_an_injected_fault_answers_is_documented() {
    for route in ROUTES {
        assert!(said(route, 408).contains("UNABLE_TO_CALL_SERVICE"), "{}", route.id);
        assert!(said(route, 429).contains("TOO_MANY_REQUESTS"), "{}", route.id);
        assert!(said(route, 503).contains("SERVICE_UNAVAILABLE"), "{}", route.id);
    }
    let busy = crate::fhir::overloaded();
    assert_refused(&busy, 503, "SERVICE_UNAVAILABLE");
    assert!(header(&busy, "retry-after").is_some());
}

#[test]
fn example_bodies_of_the_document_are_accepted() {
    let hub = Hub::sandbox();
    hub.admit_all();
    let example = |id: &str| {
        let schema: Value = serde_json::from_str(route(id).body.unwrap().schema).unwrap();
        schema["example"].clone()
    };
    let patch = Ask::patch("9000000009", 2, 1, example("update-patient-partial")["patches"].clone());
    assert_eq!(hub.ask(&patch).status, 200);
    assert_eq!(hub.ask(&Ask::post("Patient", 2, &example("create-patient"))).status, 201);
    let card = Ask::post("Coverage", 3, &example("post-coverage")).by("patient").with("if-match", "W/\"3\"");
    assert_eq!(hub.ask(&card).status, 201);
}

#[test]
fn every_media_type_of_a_body_is_taken() {
    let body = |id: &str| route(id).body.unwrap();
    let example = |id: &str| serde_json::from_str::<Value>(body(id).schema).unwrap()["example"].clone();
    assert_eq!(body("create-patient").media, ["application/json", "application/fhir+json"]);
    assert_eq!(
        body("post-coverage").media,
        ["application/json", "application/fhir+json", "application/json-patch+json"]
    );
    for media in body("create-patient").media {
        let ask = Ask::post("Patient", 1, &example("create-patient")).with("content-type", media);
        assert_eq!(Hub::sandbox().ask(&ask).status, 201, "{media}");
    }
    for media in body("post-coverage").media {
        let hub = Hub::sandbox();
        hub.admit_all();
        let ask =
            Ask::post("Coverage", 1, &example("post-coverage")).by("patient").with("content-type", media);
        assert_eq!(hub.ask(&ask.with("if-match", "W/\"2\"")).status, 201, "{media}");
    }
}
