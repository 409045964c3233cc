//! Access modes and organisations: who may do what.

use super::*;

fn hub() -> Hub {
    let hub = Hub::sandbox();
    hub.admit_all();
    hub
}

fn gender() -> Value {
    json!([{"op": "replace", "path": "/gender", "value": "male"}])
}

/// Status and code for a worker, an application and the patient.
type Wanted = [(u16, &'static str); 3];

#[test]
fn every_access_mode_opens_what_is_published_for_it_and_nothing_else() {
    let hub = hub();
    let asks: [(&str, Ask, Wanted); 7] = [
        ("retrieve", Ask::new("GET", "Patient/9000000009"), [(200, ""), (200, ""), (200, "")]),
        (
            "retrieve another",
            Ask::new("GET", "Patient/9000000033"),
            [(200, ""), (200, ""), (403, "ACCESS_DENIED")],
        ),
        (
            "search",
            Ask::new("GET", "Patient?family=Smythe&birthdate=2005-06-16"),
            [(200, ""), (200, ""), (403, "ACCESS_DENIED")],
        ),
        (
            "update",
            Ask::patch("9000000009", 9, 1, gender()),
            [(409, "RESOURCE_VERSION_MISMATCH"), (403, "INVALID_METHOD"), (409, "RESOURCE_VERSION_MISMATCH")],
        ),
        (
            "create",
            Ask::post("Patient", 1, &json!({})),
            [(400, "MISSING_VALUE"), (403, "INVALID_METHOD"), (403, "ACCESS_DENIED")],
        ),
        ("related", Ask::new("GET", "Patient/9000000009/RelatedPerson"), [(200, ""), (200, ""), (200, "")]),
        (
            "coverage",
            Ask::new("GET", "Coverage?subscriber:identifier=9000000009"),
            [(403, "ACCESS_DENIED"), (403, "ACCESS_DENIED"), (200, "")],
        ),
    ];
    for (what, mut ask, wanted) in asks {
        for (token, (status, code)) in ["worker", "application", "patient"].into_iter().zip(wanted) {
            ask = ask.by(token);
            let answer = hub.ask(&ask);
            assert_eq!(answer.status, status, "{what} by {token}: {}", body(&answer));
            if status >= 400 {
                assert_eq!(refusal(&answer).1, code, "{what} by {token}");
            }
        }
    }
}

#[test]
fn an_application_gets_one_match_or_is_told_of_too_many() {
    let twins = [
        person("9000000017", "Thornfell", &["Averil"], "1980-03-02", "female"),
        person("9000000033", "Thornfell", &["Imogen"], "1980-03-02", "female"),
    ];
    let hub = Hub::with(&twins);
    hub.admit_all();
    let ask = |query: &str| {
        let path = format!("Patient?family=Thornfell&birthdate=1980-03-02{query}");
        hub.ask(&Ask::new("GET", &path).by("application"))
    };
    assert_eq!(body(&ask("&given=Averil"))["total"], 1);
    assert_eq!(body(&ask("&given=Averil&_max-results=1"))["total"], 1);
    assert_refused(&ask(""), 200, "TOO_MANY_MATCHES");
    assert_refused(&ask("&_max-results=2"), 403, "INVALID_VALUE");
    assert_refused(&ask("&_max-results=51"), 400, "INVALID_VALUE");
}

#[test]
fn a_caller_acts_for_the_organisation_of_its_token_only() {
    let hub = hub();
    let ask = |token: &str, ods: &str| {
        let ask = Ask::new("GET", "Patient/9000000009").by(token);
        hub.ask(&ask.with("nhsd-end-user-organisation-ods", ods))
    };
    assert_eq!(ask("worker", "a20047").status, 200);
    assert_refused(&ask("worker", "Y12345"), 403, "ACCESS_DENIED");
    assert_refused(&ask("application", "Y12345"), 403, "ACCESS_DENIED");
    assert_eq!(ask("patient", "Y12345").status, 200, "a patient acts for nobody");
}

#[test]
fn the_role_is_looked_at_in_healthcare_worker_access_only() {
    let hub = hub();
    let ask =
        |token: &str| Ask::new("GET", "Patient/9000000009").by(token).with("nhsd-session-urid", "R8000");
    assert_refused(&hub.ask(&ask("worker")), 400, "INVALID_VALUE");
    assert_eq!(hub.ask(&ask("application")).status, 200);
    assert_eq!(hub.ask(&ask("patient")).status, 200);
    assert_eq!(hub.ask(&ask("worker").with("nhsd-session-urid", "555254240100")).status, 200);
}

#[test]
fn patient_access_updates_a_few_elements_and_whole_objects_only() {
    let telecom = Hub::sandbox().record("9000000009")["telecom"].clone();
    let mobile = json!({"id": telecom[1]["id"], "system": "phone", "use": "mobile", "value": "07700900999"});
    let home = json!({"id": telecom[0]["id"], "system": "phone", "use": "home", "value": "01632960999"});
    let pharmacy = |op: &str| {
        json!({"op": op, "path": "/extension/0", "value": {
            "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NominatedPharmacy",
            "valueReference": {"identifier": {"value": "FQ3K7"}},
        }})
    };
    for (patches, status, code) in [
        (json!([{"op": "replace", "path": "/telecom/1", "value": mobile}]), 200, ""),
        (json!([pharmacy("replace")]), 200, ""),
        (
            json!([pharmacy("test"), {"op": "replace", "path": "/telecom/0", "value": home}]),
            400,
            "INVALID_UPDATE",
        ),
        (json!([{"op": "replace", "path": "/telecom/0", "value": home}]), 403, "FORBIDDEN_UPDATE"),
        (gender(), 403, "FORBIDDEN_UPDATE"),
        (
            json!([
                {"op": "replace", "path": "/telecom/1/id", "value": telecom[1]["id"]},
                {"op": "replace", "path": "/telecom/1/value", "value": "07700900999"},
            ]),
            400,
            "INVALID_UPDATE",
        ),
    ] {
        let hub = hub();
        let answer = hub.ask(&Ask::patch("9000000009", 2, 1, patches).by("patient"));
        assert_eq!(answer.status, status, "{}", body(&answer));
        if status >= 400 {
            assert_eq!(refusal(&answer).1, code);
        }
    }
}
