//! Creation: numbers, matches, races, retries and every published refusal.

use super::*;
use hub_store::Outcome;

const AUTHORITY: &str = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-RegisteringAuthority";

pub(super) fn authority() -> Value {
    let system = "https://fhir.nhs.uk/CodeSystem/UKCore-RegisteringAuthorityType";
    json!({
        "url": AUTHORITY,
        "extension": [
            {"url": "registeringAuthorityType", "valueCodeableConcept": {"coding": [{"system": system, "code": "x"}]}},
            {"url": "organisationIdentifier", "valueString": "RGT"},
        ],
    })
}

fn newcomer() -> Value {
    json!({
        "resourceType": "Patient",
        "name": [{"use": "usual", "family": "Quillfeather", "given": ["Osric", "Per Ivo"], "prefix": ["Mr."]}],
        "gender": "male",
        "birthDate": "1971-04-09",
        "address": [{"use": "home", "line": ["3 Example Row", "", "Iveldale"], "postalCode": "YO9 1MM"}],
        "telecom": [{"system": "phone", "use": "mobile", "value": "07700900001"}],
        "extension": [authority(), {"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-BirthSex"}],
    })
}

fn with(at: &str, value: Value) -> Value {
    let mut body = newcomer();
    match body.pointer_mut(at) {
        Some(place) => *place = value,
        None => body[at.trim_start_matches('/')] = value,
    }
    body
}

#[test]
fn a_newcomer_gets_a_record_and_a_synthetic_number_and_is_found() {
    let hub = Hub::sandbox();
    let answer = hub.ask(&Ask::post("Patient", 1, &newcomer()));
    assert_eq!(answer.status, 201, "{}", body(&answer));
    assert_eq!(header(&answer, "content-type"), Some("application/fhir+json"));
    let patient = body(&answer);
    let number = patient["id"].as_str().unwrap();
    assert!(population::NhsNumber::parse(number).unwrap().is_synthetic());
    assert_eq!(patient["identifier"][0]["value"], number);
    assert_eq!(
        (&patient["meta"]["versionId"], &patient["meta"]["security"][0]["code"]),
        (&json!("1"), &json!("U"))
    );
    assert_eq!(patient["name"][0]["given"], json!(["Osric", "Per", "Ivo"]));
    assert_eq!(patient["name"][0]["prefix"], json!(["Mr"]));
    assert_eq!(patient["name"][0]["period"]["start"], "2025-06-01");
    assert_eq!(patient["address"][0]["line"], json!(["3 Example Row", "Iveldale"]));
    assert!(patient["address"][0]["id"].is_string() && patient["telecom"][0]["id"].is_string());
    assert!(patient.get("extension").is_none(), "neither authority nor birth sex is kept");
    assert_eq!(hub.record(number), patient);
    let read = hub.ask(&Ask::new("GET", &format!("Patient/{number}")));
    assert_eq!(header(&read, "etag"), Some("W/\"1\""));
    let query = "family=quillfeather&given=osric&birthdate=1971-04-09&gender=male&address-postalcode=yo91mm";
    let found = body(&hub.ask(&Ask::new("GET", &format!("Patient?{query}"))));
    assert_eq!((&found["total"], &found["entry"][0]["resource"]["id"]), (&json!(1), &json!(number)));
}

#[test]
fn communication_and_contact_preference_are_kept() {
    let kept = json!({
        "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSCommunication",
        "extension": [{"url": "language", "valueCodeableConcept": {"coding": [{"code": "pl"}]}}],
    });
    let answer =
        Hub::sandbox().ask(&Ask::post("Patient", 1, &with("/extension", json!([authority(), kept]))));
    assert_eq!(answer.status, 201, "{}", body(&answer));
    assert_eq!(body(&answer)["extension"], json!([kept]));
}

#[test]
fn whoever_has_a_record_is_named_and_not_created() {
    let hub = Hub::sandbox();
    let number = body(&hub.ask(&Ask::post("Patient", 1, &newcomer())))["id"].as_str().unwrap().to_owned();
    let again = hub.decide(&Ask::post("Patient", 2, &newcomer()));
    assert_eq!((&again.txn, &again.subject), (&None, &number));
    assert_refused(&again.answer, 200, "SINGLE_MATCH");
    assert!(body(&again.answer)["issue"][0]["diagnostics"].as_str().unwrap().contains(&number));
    for other in [
        with("/birthDate", "1971-04-10".into()),
        with("/gender", "female".into()),
        with("/name/0/given/0", "Osmund".into()),
        with("/address/0/postalCode", "ZZ99 3VZ".into()),
    ] {
        assert_eq!(hub.decide(&Ask::post("Patient", 3, &other)).answer.status, 201);
    }
}

#[test]
fn several_who_may_be_the_person_are_not_named() {
    let mut twin = person("9000000076", "Quillfeather", &["Osric"], "1971-04-09", "male");
    twin["address"] = json!([{"use": "home", "postalCode": "yo91mm"}]);
    let bare = person("9000000084", "QUILLFEATHER", &["Osric"], "1971-04-09", "male");
    let answer = Hub::with(&[twin, bare]).ask(&Ask::post("Patient", 1, &newcomer()));
    assert_refused(&answer, 200, "MULTIPLE_MATCHES");
    assert!(!body(&answer).to_string().contains("90000000"));
}

#[test]
fn a_restricted_record_matches_whatever_the_postcode_and_a_superseded_one_by_its_successor() {
    let mut hidden = person("9000000076", "Quillfeather", &["Osric"], "1971-04-09", "male");
    hidden["address"] = json!([{"use": "home", "postalCode": "LS1 6CK"}]);
    hidden["meta"]["security"][0]["code"] = "R".into();
    assert_refused(&Hub::with(&[hidden]).ask(&Ask::post("Patient", 1, &newcomer())), 200, "SINGLE_MATCH");
    let hub = Hub::with(&[person("9000000009", "Other", &["Osric"], "1971-04-09", "male")]);
    let was = person("9000000041", "Quillfeather", &["Osric"], "1971-04-09", "male");
    hub.put(Table::Patients, "9000000041", crate::pds::resolve::superseded_row("9000000009", &was));
    for key in crate::pds::index::keys_of(&was) {
        hub.put(Table::PatientIndex, key, "");
    }
    let answer = hub.ask(&Ask::post("Patient", 1, &newcomer()));
    assert_refused(&answer, 200, "SINGLE_MATCH");
    assert!(body(&answer).to_string().contains("9000000009"));
}

#[test]
fn of_two_creations_of_one_person_one_wins_and_the_other_finds_it() {
    let hub = Hub::sandbox();
    let (one, other) = (Ask::post("Patient", 1, &newcomer()), Ask::post("Patient", 2, &newcomer()));
    let (first, second) = (hub.decide(&one), hub.decide(&other));
    assert!(matches!(hub.commit(first.txn.unwrap()), Outcome::Committed { .. }));
    assert!(matches!(hub.commit(second.txn.unwrap()), Outcome::Conflict { table: Table::PatientIndex, .. }));
    assert_refused(&hub.ask(&other), 200, "SINGLE_MATCH");
    // A person of the same name, birth date and gender who lives elsewhere contends for the same row, and gets a record.
    let elsewhere = with("/address/0/postalCode", "ZZ99 3VZ".into());
    assert_eq!(hub.ask(&Ask::post("Patient", 3, &elsewhere)).status, 201);
}

#[test]
fn a_retry_of_a_creation_gets_the_first_answer() {
    let hub = Hub::sandbox();
    let ask = Ask::post("Patient", 1, &newcomer());
    let first = hub.decide(&ask);
    let racing = hub.decide(&ask);
    assert!(matches!(hub.commit(first.txn.unwrap()), Outcome::Committed { .. }));
    let Outcome::Duplicate { answer } = hub.commit(racing.txn.unwrap()) else { panic!("a duplicate") };
    assert_eq!(crate::answer_codec::decode(&answer).unwrap(), first.answer);
    let later = hub.decide(&ask);
    assert_eq!(later.subject, first.subject, "the audit names the patient again");
    assert_eq!((later.answer, later.txn), (first.answer, None));
}

#[test]
fn a_number_that_is_taken_is_not_given_again() {
    let hub = Hub::sandbox();
    let first = body(&hub.ask(&Ask::post("Patient", 1, &newcomer())))["id"].clone();
    // The same source of ids would choose the same number.
    let second = hub.ask(&Ask::post("Patient", 2, &with("/birthDate", "1980-01-01".into())));
    assert_eq!(second.status, 201);
    assert_ne!(body(&second)["id"], first);
}

#[test]
fn published_refusals_of_a_creation() {
    let hub = Hub::sandbox();
    hub.admit_all();
    let ask = |body: Value| Ask::post("Patient", 1, &body);
    let without = |element: &str| {
        let mut body = newcomer();
        body.as_object_mut().unwrap().remove(element);
        ask(body)
    };
    let raw = |text: &'static str| {
        let mut ask = ask(newcomer());
        ask.0.body = Body::Inline(text.into());
        ask
    };
    let mut halved = authority();
    halved["extension"].as_array_mut().unwrap().pop();
    let coded = |code: &str| {
        let mut authority = authority();
        authority["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] = code.into();
        ask(with("/extension", json!([authority])))
    };
    let name = newcomer()["name"][0].clone();
    for (ask, status, code) in [
        (ask(newcomer()).without("x-request-id"), 400, "MISSING_VALUE"),
        (ask(newcomer()).with("x-request-id", "1234"), 400, "INVALID_VALUE"),
        (ask(newcomer()).with("nhsd-session-urid", "R8000"), 400, "INVALID_VALUE"),
        (ask(newcomer()).without("content-type"), 400, "UNSUPPORTED_SERVICE"),
        (ask(newcomer()).without("authorization"), 401, "ACCESS_DENIED"),
        (ask(newcomer()).by("patient"), 403, "ACCESS_DENIED"),
        (ask(newcomer()).by("application"), 403, "INVALID_METHOD"),
        (raw("nonsense"), 400, "VALIDATION_ERROR"),
        (raw("[]"), 400, "VALIDATION_ERROR"),
        (without("name"), 400, "MISSING_VALUE"),
        (without("gender"), 400, "MISSING_VALUE"),
        (without("birthDate"), 400, "MISSING_VALUE"),
        (without("address"), 400, "MISSING_VALUE"),
        (without("extension"), 400, "MISSING_VALUE"),
        (
            ask(with(
                "/extension",
                json!([{"url": "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"}]),
            )),
            400,
            "MISSING_VALUE",
        ),
        (ask(with("/pets", 2.into())), 400, "ADDITIONAL_PROPERTIES"),
        (ask(with("/id", NOBODY.into())), 400, "ADDITIONAL_PROPERTIES"),
        (ask(with("/name", json!([]))), 400, "TOO_FEW_VALUES_SUBMITTED"),
        (ask(with("/name", json!([name, name]))), 400, "TOO_MANY_VALUES_SUBMITTED"),
        (
            ask(with("/name", json!([{"use": "usual", "family": "Fell", "pets": 2}]))),
            400,
            "ADDITIONAL_PROPERTIES",
        ),
        (ask(with("/name", json!([{"use": "nickname", "family": "Fell"}]))), 400, "TOO_FEW_VALUES_SUBMITTED"),
        (ask(with("/name", "Fell".into())), 400, "INVALID_VALUE"),
        (ask(with("/name", json!(["Fell"]))), 400, "INVALID_VALUE"),
        (ask(with("/name/0/family", "O`Fell".into())), 400, "UNSUPPORTED_CHARACTERS_IN_FIELD"),
        (ask(with("/name/0/given", json!(["A", "B", "C D E F"]))), 400, "TOO_MANY_VALUES_SUBMITTED"),
        (ask(with("/gender", "other".into())), 400, "UNSUPPORTED_VALUE"),
        (ask(with("/gender", "m".into())), 400, "INVALID_VALUE"),
        (ask(with("/birthDate", "not-a-date".into())), 400, "INVALID_VALUE"),
        (ask(with("/birthDate", "2999-01-01".into())), 400, "VALIDATION_ERROR"),
        (ask(with("/address/0/use", "work".into())), 400, "UNSUPPORTED_VALUE"),
        (ask(with("/address", json!([]))), 400, "TOO_FEW_VALUES_SUBMITTED"),
        (
            ask(with("/telecom", json!([newcomer()["telecom"][0], newcomer()["telecom"][0]]))),
            400,
            "TOO_MANY_VALUES_SUBMITTED",
        ),
        (ask(with("/extension", json!([halved]))), 400, "TOO_FEW_VALUES_SUBMITTED"),
        (ask(with("/extension", json!([authority(), authority()]))), 400, "TOO_MANY_VALUES_SUBMITTED"),
        (
            ask(with("/extension", json!([authority(), {"url": "https://example.org/x"}]))),
            400,
            "INVALID_VALUE",
        ),
        (coded("y"), 400, "INVALID_VALUE"),
        (ask(with("/resourceType", "Person".into())), 400, "INVALID_VALUE"),
    ] {
        assert_refused(&hub.decide(&ask).answer, status, code);
    }
}

#[test]
fn all_faults_of_a_creation_are_told_at_once() {
    let answer =
        Hub::sandbox().ask(&Ask::post("Patient", 1, &json!({"pets": 1, "gender": "other", "name": []})));
    let want = [
        "ADDITIONAL_PROPERTIES",
        "TOO_FEW_VALUES_SUBMITTED",
        "UNSUPPORTED_VALUE",
        "MISSING_VALUE",
        "MISSING_VALUE",
        "MISSING_VALUE",
    ];
    assert_eq!((answer.status, codes(&answer)), (400, want.map(str::to_owned).to_vec()));
}
