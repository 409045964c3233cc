//! The published scenarios of the sandbox, asked as clients' own tests ask them.

use super::*;

/// Numbers found by a search, as given.
fn found(hub: &Hub, query: &str) -> Vec<String> {
    let answer = hub.ask(&Ask::new("GET", &format!("Patient?{query}")));
    assert_eq!(answer.status, 200, "{query}: {}", body(&answer));
    let bundle = body(&answer);
    let entries = bundle["entry"].as_array().unwrap().iter();
    entries.map(|e| e["resource"]["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_published_searches_find_whom_they_are_published_to_find() {
    let hub = Hub::sandbox();
    let jane = "gender=female&birthdate=eq2010-10-22";
    let contact = "email=jane.smith@example.com&phone=01632960587";
    for (query, wanted) in [
        (format!("family=Smith&{jane}&{contact}"), &["9000000009"][..]),
        (format!("family=Smith&{jane}&email=deb.trotter@example.com&phone=0121111111"), &[]),
        (format!("family=Sm*&{jane}"), &["9000000009", "9000000017"]),
        (format!("family=Sm*&{jane}&{contact}"), &["9000000009"]),
        (format!("family=Sm*&{jane}&{contact}&_max-results=1"), &["9000000009"]),
        (
            format!("family=Smith&gender=female&birthdate=ge2010-10-21&birthdate=le2010-10-23&{contact}"),
            &["9000000009"],
        ),
        (format!("family=Smith&given=Jane&{jane}&{contact}&_fuzzy-match=true"), &["9000000009"]),
        (format!("family=Smith&given=Jane&{jane}&_fuzzy-match=true"), &["9000000009"]),
        (
            "family=Smythe&given=Janet&gender=female&birthdate=eq2005-06-16&email=janet.smythe@example.com&phone=01632960587"
                .to_owned(),
            &["9000000025"],
        ),
        (
            "family=Smith&given=John Paul&given=James&gender=male&birthdate=eq2010-10-22&email=johnp.smith@example.com&phone=01632960587"
                .to_owned(),
            &["9000000076"],
        ),
    ] {
        assert_eq!(found(&hub, &query), wanted, "{query}");
    }
}

#[test]
fn the_published_creations_of_who_is_there_are_told_of_the_match() {
    let hub = Hub::sandbox();
    for (given, family, code, kind) in [
        ("Jane", "McMatch-Single", "SINGLE_MATCH", "value"),
        ("Louisa", "McMatch-Multiple", "MULTIPLE_MATCHES", "structure"),
    ] {
        let asked = json!({
            "address": [{"line": ["1 Hill", "", "", "Addlewick"], "postalCode": "DN19 7UD", "use": "home"}],
            "birthDate": "1982-07-10",
            "extension": [create::authority()],
            "gender": "female",
            "name": [{"family": family, "given": [given], "use": "usual"}],
            "resourceType": "Patient",
        });
        let answer = hub.ask(&Ask::post("Patient", 1, &asked));
        assert_eq!((answer.status, codes(&answer)), (200, vec![code.to_owned()]), "{family}");
        assert_eq!(body(&answer)["issue"][0]["code"], kind, "{family}");
    }
}

#[test]
fn the_published_patches_point_at_items_that_are_there() {
    let hub = Hub::sandbox();
    let patches = json!([
        {"op": "replace", "path": "/address/0/id", "value": "456"},
        {"op": "replace", "path": "/address/0/postalCode", "value": "LS1 4BU"},
        {"op": "test", "path": "/name/0/id", "value": "123"},
    ]);
    let answer = hub.ask(&Ask::patch("9000000009", 2, 1, patches));
    assert_eq!(answer.status, 200, "{}", body(&answer));
}

#[test]
fn one_request_id_for_everything_never_gets_another_requests_answer() {
    let hub = Hub::sandbox();
    let gender = |value: &str| json!([{"op": "replace", "path": "/gender", "value": value}]);
    assert_eq!(hub.ask(&Ask::patch("9000000009", 2, 1, gender("male"))).status, 200);
    let again = Ask::patch("9000000009", 2, 1, gender("unknown"));
    assert_refused(&hub.ask(&again), 409, "RESOURCE_VERSION_MISMATCH");
    assert_eq!(hub.ask(&Ask::patch("9000000009", 3, 1, gender("unknown"))).status, 200);
    assert_eq!(hub.record("9000000009")["gender"], "unknown");
}
