//! Updates: preconditions, rules of patching, business rules, versions, index, retries.

use super::*;
use hub_store::Outcome;

const FULL: &str = "9000000009";

fn usual(hub: &Hub) -> Value {
    hub.record(FULL)["name"][0].clone()
}

#[test]
fn an_update_answers_the_new_version_and_keeps_it() {
    let hub = Hub::sandbox();
    let name = usual(&hub);
    let patches = json!([
        {"op": "replace", "path": "/name/0/id", "value": name["id"]},
        {"op": "replace", "path": "/name/0/given/0", "value": "Rosalynd"},
        {"op": "replace", "path": "/gender", "value": "unknown"},
    ]);
    let answer = hub.ask(&Ask::patch(FULL, 2, 1, patches));
    assert_eq!((answer.status, header(&answer, "etag")), (200, Some("W/\"3\"")), "{}", body(&answer));
    let record = hub.record(FULL);
    assert_eq!(body(&answer), record);
    assert_eq!(record["meta"]["versionId"], "3");
    assert_eq!(record["name"][0]["given"][0], "Rosalynd");
    assert_eq!(record["name"][0]["period"], name["period"], "a partial change keeps the period");
    let read = hub.ask(&Ask::new("GET", "Patient/9000000009"));
    assert_eq!(header(&read, "etag"), Some("W/\"3\""));
}

#[test]
fn the_index_follows_a_new_family_name() {
    let hub = Hub::sandbox();
    let before = hub.index();
    let patches = json!([
        {"op": "test", "path": "/name/0/id", "value": usual(&hub)["id"]},
        {"op": "replace", "path": "/name/0/family", "value": "Wathgrove"},
        {"op": "test", "path": "/name/1/id", "value": hub.record(FULL)["name"][1]["id"]},
        {"op": "replace", "path": "/name/1/family", "value": "Wathgrove"},
    ]);
    assert_eq!(hub.ask(&Ask::patch(FULL, 2, 1, patches)).status, 200);
    let after: Vec<String> = hub.index().into_iter().filter(|k| !k.starts_with('H')).collect();
    assert_eq!(before.len(), after.len());
    assert!(after.iter().any(|k| k.starts_with("F|WATHGROVE|2010-10-22|f|9000000009")));
    assert!(!after.iter().any(|k| k.starts_with("F|SMITH|2010-10-22|f|")));
    let found = hub.ask(&Ask::new("GET", "Patient?family=Wathgrove&birthdate=2010-10-22"));
    assert_eq!(body(&found)["total"], 1);
    let gone = hub.ask(&Ask::new("GET", "Patient?family=Smith&gender=female&birthdate=2010-10-22"));
    assert_eq!(body(&gone)["total"], 0);
    for history in ["_history=true", "_fuzzy-match=true&given=Jane"] {
        let path = format!("Patient?family=Smith&birthdate=2010-10-22&{history}");
        let former = body(&hub.ask(&Ask::new("GET", &path)));
        let scores: Vec<(&str, f64)> = former["entry"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| (e["resource"]["id"].as_str().unwrap(), e["search"]["score"].as_f64().unwrap()))
            .collect();
        assert!(scores.iter().any(|(id, score)| *id == FULL && *score < 1.0), "{history}: {scores:?}");
    }
}

#[test]
fn a_second_update_with_the_same_etag_loses() {
    let hub = Hub::sandbox();
    let gender = |value: &str| json!([{"op": "replace", "path": "/gender", "value": value}]);
    let first = hub.decide(&Ask::patch(FULL, 2, 1, gender("male")));
    let second = hub.decide(&Ask::patch(FULL, 2, 2, gender("unknown")));
    assert!(matches!(hub.commit(first.txn.unwrap()), Outcome::Committed { .. }));
    assert!(matches!(hub.commit(second.txn.unwrap()), Outcome::Conflict { table: Table::Patients, .. }));
    assert_refused(&hub.ask(&Ask::patch(FULL, 2, 2, gender("unknown"))), 409, "RESOURCE_VERSION_MISMATCH");
    assert_eq!(hub.record(FULL)["gender"], "male");
}

#[test]
fn a_retry_with_the_same_request_id_gets_the_first_answer_and_changes_nothing() {
    let hub = Hub::sandbox();
    let ask = Ask::patch(FULL, 2, 1, json!([{"op": "replace", "path": "/gender", "value": "male"}]));
    let first = hub.decide(&ask);
    let racing = hub.decide(&ask);
    assert!(matches!(hub.commit(first.txn.unwrap()), Outcome::Committed { .. }));
    let Outcome::Duplicate { answer } = hub.commit(racing.txn.unwrap()) else { panic!("a duplicate") };
    assert_eq!(crate::answer_codec::decode(&answer).unwrap(), first.answer);
    let later = hub.decide(&ask);
    assert_eq!((later.answer, later.txn), (first.answer, None));
    assert_eq!(hub.record(FULL)["meta"]["versionId"], "3");
}

#[test]
fn preconditions_are_refused_as_published() {
    let hub = Hub::sandbox();
    let ask = || Ask::patch(FULL, 2, 1, json!([{"op": "replace", "path": "/gender", "value": "male"}]));
    let raw = |text: &'static str| {
        let mut ask = ask();
        ask.0.body = Body::Inline(text.into());
        ask
    };
    let other = |number: &str| {
        Ask::patch(number, 2, 1, json!([{"op": "replace", "path": "/gender", "value": "male"}]))
    };
    for (ask, status, code) in [
        (ask().without("if-match"), 412, "PRECONDITION_FAILED"),
        (ask().with("if-match", "\"2\""), 412, "PRECONDITION_FAILED"),
        (ask().with("if-match", "W/\"1\""), 409, "RESOURCE_VERSION_MISMATCH"),
        (ask().without("content-type"), 400, "UNSUPPORTED_SERVICE"),
        (ask().with("content-type", "application/json"), 400, "UNSUPPORTED_SERVICE"),
        (ask().without("x-request-id"), 400, "MISSING_VALUE"),
        (ask().with("x-request-id", "1234"), 400, "INVALID_VALUE"),
        (ask().without("authorization"), 401, "ACCESS_DENIED"),
        (other(NOBODY), 404, "RESOURCE_NOT_FOUND"),
        (other("9000000000"), 400, "INVALID_RESOURCE_ID"),
        (other("9000000025"), 403, "FORBIDDEN_UPDATE"),
        (raw("{}"), 400, "INVALID_UPDATE"),
        (raw("{\"patches\":[]}"), 400, "INVALID_UPDATE"),
        (raw("nonsense"), 400, "INVALID_UPDATE"),
        (raw(""), 400, "INVALID_UPDATE"),
        (raw("{\"patches\":[\"gender\"]}"), 400, "VALIDATION_ERROR"),
        (other("9000000068"), 404, "INVALIDATED_RESOURCE"),
    ] {
        assert_refused(&hub.ask(&ask), status, code);
    }
    assert_eq!(hub.record(FULL)["meta"]["versionId"], "2");
}

/// Applies `patches` to the full sandbox record and expects this refusal, and the record untouched.
#[track_caller]
fn refused(patches: Value, status: u16, code: &str) {
    let hub = Hub::sandbox();
    let before = hub.record(FULL);
    assert_refused(&hub.ask(&Ask::patch(FULL, 2, 1, patches)), status, code);
    assert_eq!(hub.record(FULL), before);
}

#[test]
fn malformed_patches_and_forbidden_paths_are_refused() {
    let id = usual(&Hub::sandbox())["id"].clone();
    for (patch, status, code) in [
        (json!({"op": "move", "from": "/name/0", "path": "/name/1"}), 400, "INVALID_VALUE"),
        (json!({"path": "/gender", "value": "male"}), 400, "MISSING_VALUE"),
        (json!({"op": "replace", "path": "/gender"}), 400, "MISSING_VALUE"),
        (json!({"op": "replace", "path": "gender", "value": "male"}), 400, "INVALID_VALUE"),
        (json!({"op": "add", "path": "/pets/-", "value": "cat"}), 400, "INVALID_UPDATE"),
        (json!({"op": "replace", "path": "/id", "value": NOBODY}), 400, "INVALID_UPDATE"),
        (json!({"op": "replace", "path": "/meta/versionId", "value": "9"}), 400, "INVALID_UPDATE"),
        (json!({"op": "test", "path": "/gender", "value": "male"}), 400, "INVALID_UPDATE"),
        (json!({"op": "replace", "path": "/name/9/family", "value": "X"}), 400, "INVALID_UPDATE"),
        (json!({"op": "replace", "path": "/name/0/family", "value": "X"}), 400, "INVALID_UPDATE"),
        (json!({"op": "replace", "path": "/name/0/id", "value": "999"}), 400, "INVALID_UPDATE"),
        (
            json!({"op": "replace", "path": "/name/0", "value": {"use": "usual", "family": "X"}}),
            400,
            "INVALID_UPDATE",
        ),
        (
            json!({"op": "add", "path": "/name/0", "value": {"use": "temp", "family": "X"}}),
            400,
            "INVALID_UPDATE",
        ),
        (json!({"op": "remove", "path": "/name/1"}), 400, "INVALID_UPDATE"),
        (json!({"op": "remove", "path": "/name"}), 400, "INVALID_UPDATE"),
        (json!({"op": "remove", "path": "/gender"}), 403, "FORBIDDEN_UPDATE"),
        (json!({"op": "remove", "path": "/birthDate"}), 403, "FORBIDDEN_UPDATE"),
    ] {
        refused(json!([patch]), status, code);
    }
    let tested = |at: &str| json!([{"op": "test", "path": format!("{at}/id"), "value": id}, {"op": "remove", "path": at}]);
    refused(tested("/name/0"), 403, "FORBIDDEN_UPDATE");
    let not_before = json!([
        {"op": "test", "path": "/name/1/id", "value": Hub::sandbox().record(FULL)["name"][1]["id"]},
        {"op": "replace", "path": "/gender", "value": "male"},
        {"op": "remove", "path": "/name/1"},
    ]);
    refused(not_before, 400, "INVALID_UPDATE");
}

#[test]
fn business_rules_are_refused_by_their_published_codes() {
    let name = |change: Value| {
        let mut name = json!({"use": "temp", "family": "Fell"});
        name.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({"op": "add", "path": "/name/-", "value": name})
    };
    let extension = |value: Value| json!({"op": "add", "path": "/extension/-", "value": value});
    let set = |path: &str, value: Value| json!({"op": "add", "path": path, "value": value});
    let death = |status: &str| {
        let coding = json!({"coding": [{"code": status}]});
        extension(json!({
            "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeathNotificationStatus",
            "extension": [{"url": "deathNotificationStatus", "valueCodeableConcept": coding}],
        }))
    };
    let key = |kind: &str, value: &str| {
        json!({
            "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AddressKey",
            "extension": [{"url": "type", "valueCoding": {"code": kind}}, {"url": "value", "valueString": value}],
        })
    };
    let died = |day: &str| set("/deceasedDateTime", day.into());
    for (patches, status, code) in [
        (json!([set("/gender", "other".into())]), 400, "UNSUPPORTED_VALUE"),
        (json!([set("/gender", "mal".into())]), 400, "INVALID_VALUE"),
        (json!([set("/birthDate", "2999-01-01".into())]), 400, "INVALID_UPDATE"),
        (json!([set("/birthDate", "1.1.1980".into())]), 400, "INVALID_VALUE"),
        (json!([set("/multipleBirthInteger", 10.into())]), 400, "INVALID_VALUE"),
        (json!([died("2025-01-01")]), 400, "INVALID_UPDATE"),
        (json!([died("2999-01-01"), death("1")]), 400, "INVALID_UPDATE"),
        (json!([died("1900-01-01"), death("1")]), 400, "INVALID_UPDATE"),
        (json!([died("2025-01-01 noon"), death("1")]), 400, "INVALID_VALUE"),
        (json!([died("2025-01-01"), death("2")]), 403, "FORBIDDEN_UPDATE"),
        (json!([died("2025-01-01"), death("U")]), 400, "UNSUPPORTED_VALUE"),
        (json!([death("1")]), 400, "INVALID_UPDATE"),
        (json!([name(json!({"use": "usual"}))]), 403, "FORBIDDEN_UPDATE"),
        (json!([name(json!({"use": "nickname"}))]), 403, "FORBIDDEN_UPDATE"),
        (json!([name(json!({"use": "official"}))]), 400, "INVALID_VALUE"),
        (json!([name(json!({"family": ""}))]), 400, "MISSING_VALUE"),
        (json!([name(json!({"family": "Fell<b>"}))]), 400, "UNSUPPORTED_CHARACTERS_IN_FIELD"),
        (json!([name(json!({"given": ["A", "B", "C", "D", "E", "F"]}))]), 400, "TOO_MANY_VALUES_SUBMITTED"),
        (json!([name(json!({"suffix": ["phD"]}))]), 400, "INVALID_VALUE"),
        (json!([name(json!({"pets": 2}))]), 400, "ADDITIONAL_PROPERTIES"),
        (
            json!([name(json!({"period": {"start": "2025-01-02", "end": "2025-01-01"}}))]),
            400,
            "INVALID_UPDATE",
        ),
        (json!([name(json!({"period": {"start": "2999-01-02"}}))]), 400, "INVALID_UPDATE"),
        (json!([name(json!({"period": {"end": "2025-01-02"}}))]), 400, "MISSING_VALUE"),
        (json!([set("/address/-", json!({"use": "home"}))]), 400, "TOO_MANY_VALUES_SUBMITTED"),
        (
            json!([set(
                "/address/-",
                json!({"use": "temp", "text": "Second Home", "period": {"start": "2025-01-01"}})
            )]),
            400,
            "MISSING_VALUE",
        ),
        (
            json!([set("/address/-", json!({"use": "home", "extension": [key("PAF", "1234567")]}))]),
            400,
            "INVALID_VALUE",
        ),
        (
            json!([set(
                "/address/-",
                json!({"use": "home", "extension": [key("UPRN", "1"), key("UPRN", "2")]})
            )]),
            400,
            "TOO_MANY_VALUES_SUBMITTED",
        ),
        (json!([name(json!({"prefix": ["MRS"]}))]), 400, "INVALID_VALUE"),
        (
            json!([extension(json!({
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
                "valueAddress": {"country": "England"},
            }))]),
            400,
            "TOO_MANY_VALUES_SUBMITTED",
        ),
        (json!([set("/address/-", json!({"use": "work"}))]), 400, "UNSUPPORTED_VALUE"),
        (
            json!([set("/telecom/-", json!({"system": "email", "use": "work", "value": "nobody"}))]),
            400,
            "INVALID_VALUE",
        ),
        (
            json!([set("/telecom/-", json!({"system": "phone", "use": "home", "value": "01632960001"}))]),
            400,
            "TOO_MANY_VALUES_SUBMITTED",
        ),
        (
            json!([set("/contact/-", json!({"relationship": [{"coding": [{"code": "N"}]}]}))]),
            400,
            "INVALID_VALUE",
        ),
        (
            json!([set("/contact/-", json!({"relationship": [{"coding": [{"code": "C"}]}]}))]),
            400,
            "TOO_FEW_VALUES_SUBMITTED",
        ),
        (
            json!([set("/generalPractitioner/-", json!({"identifier": {"value": "C31774"}}))]),
            400,
            "TOO_MANY_VALUES_SUBMITTED",
        ),
        (json!([extension(json!({"url": "https://example.org/other"}))]), 400, "INVALID_VALUE"),
    ] {
        refused(patches, status, code);
    }
}

#[test]
fn a_new_item_gets_an_id_and_todays_date() {
    let hub = Hub::sandbox();
    let name = json!({"use": "temp", "family": "Fell", "given": ["Ro"], "prefix": ["Mrs."], "id": "mine"});
    let answer = hub.ask(&Ask::patch(FULL, 2, 1, json!([{"op": "add", "path": "/name/-", "value": name}])));
    assert_eq!(answer.status, 200, "{}", body(&answer));
    let record = hub.record(FULL);
    let added = record["name"].as_array().unwrap().last().unwrap();
    assert_eq!(added["period"]["start"], "2025-06-01");
    assert_eq!(added["prefix"][0], "Mrs");
    assert_ne!(added["id"], "mine");
    assert_eq!(added["id"].as_str().unwrap().len(), 8);
}

#[test]
fn every_kind_of_data_can_be_added_to_the_minimal_record() {
    let hub = Hub::sandbox();
    let pharmacy = json!({
        "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NominatedPharmacy",
        "valueReference": {"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "FQ3K7"}},
    });
    let patches = json!([
        {"op": "add", "path": "/name/-", "value": {"use": "usual", "family": "Kelmarsh", "given": ["Ifan"]}},
        {"op": "add", "path": "/gender", "value": "male"},
        {"op": "add", "path": "/birthDate", "value": "1970-02-01"},
        {"op": "add", "path": "/address/-", "value": {"use": "home", "line": ["1 Elm Road", "", "Iveldale"], "postalCode": "ZZ99 3VZ"}},
        {"op": "add", "path": "/telecom/-", "value": {"system": "phone", "use": "mobile", "value": "07700900001"}},
        {"op": "add", "path": "/extension/-", "value": pharmacy},
    ]);
    let answer = hub.ask(&Ask::patch("9000000033", 2, 1, patches));
    assert_eq!(answer.status, 200, "{}", body(&answer));
    assert_eq!(body(&answer)["address"][0]["line"], json!(["1 Elm Road", "Iveldale"]));
    let found = body(&hub.ask(&Ask::new("GET", "Patient?family=kelmarsh&birthdate=1970-02-01")));
    assert_eq!(found["entry"][0]["resource"]["id"], "9000000033");
}

#[test]
fn several_items_are_removed_one_after_the_other() {
    let hub = Hub::sandbox();
    let telecom = hub.record(FULL)["telecom"].clone();
    let patches = json!([
        {"op": "test", "path": "/telecom/3/id", "value": telecom[3]["id"]},
        {"op": "remove", "path": "/telecom/3"},
        {"op": "test", "path": "/telecom/2", "value": telecom[2]},
        {"op": "remove", "path": "/telecom/2"},
        {"op": "test", "path": "/extension/0/url", "value": hub.record(FULL)["extension"][0]["url"]},
        {"op": "remove", "path": "/extension/0"},
    ]);
    let answer = hub.ask(&Ask::patch(FULL, 2, 1, patches));
    assert_eq!(answer.status, 200, "{}", body(&answer));
    assert_eq!(hub.record(FULL)["telecom"].as_array().unwrap().len(), 3);
}

#[test]
fn the_reason_of_a_refused_patch_is_told_in_the_published_words() {
    let hub = Hub::sandbox();
    for (patch, words) in [
        (
            json!({"op": "remove", "path": "/name/1"}),
            "removal '/name/1' is not immediately preceded by equivalent test",
        ),
        (
            json!({"op": "replace", "path": "/name/0/id", "value": "999"}),
            "no 'name' resources with object id '999'",
        ),
        (
            json!({"op": "add", "path": "/name/0/given/-", "value": "X"}),
            "no id or url found for path with root /name/0",
        ),
        (
            json!({"op": "replace", "path": "/name/9/family", "value": "X"}),
            "Invalid patch - index '9' is out of bounds",
        ),
        (json!({"op": "add", "path": "/pets/-", "value": "cat"}), "Update unsupported for resource - 'pets'"),
    ] {
        let answer = hub.ask(&Ask::patch(FULL, 2, 1, json!([patch])));
        let diagnostics = body(&answer)["issue"][0]["diagnostics"].clone();
        assert_eq!(diagnostics, format!("Invalid update with error - {words}"));
    }
}
