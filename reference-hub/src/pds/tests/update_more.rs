//! Updates, continued: history, several faults at once, headers that change nothing.

use super::*;

const FULL: &str = "9000000009";

#[test]
fn former_postcodes_and_contact_points_are_found_in_a_search_of_history_only() {
    let hub = Hub::sandbox();
    let record = hub.record(FULL);
    let was = (
        record["address"][0]["postalCode"].as_str().unwrap(),
        record["telecom"][2]["value"].as_str().unwrap(),
    );
    let mut patches = Vec::new();
    for i in 0..3 {
        patches.push(
            json!({"op": "test", "path": format!("/address/{i}/id"), "value": record["address"][i]["id"]}),
        );
        patches
            .push(json!({"op": "replace", "path": format!("/address/{i}/postalCode"), "value": "ZZ99 3VZ"}));
    }
    patches.push(json!({"op": "replace", "path": "/telecom/2/id", "value": record["telecom"][2]["id"]}));
    patches.push(json!({"op": "replace", "path": "/telecom/2/value", "value": "new.address@example.org"}));
    let answer = hub.ask(&Ask::patch(FULL, 2, 1, patches.into()));
    assert_eq!(answer.status, 200, "{}", body(&answer));
    let total = |query: String| {
        let path = format!("Patient?family=Smith&birthdate=2010-10-22&{query}");
        body(&hub.ask(&Ask::new("GET", &path)))["total"].clone()
    };
    for former in [format!("address-postalcode={}", was.0), format!("email={}", was.1)] {
        assert_eq!(total(former.clone()), 0, "{former}");
        assert_eq!(total(format!("{former}&_history=true")), 1, "{former}");
    }
}

#[test]
fn all_faults_of_an_update_are_told_at_once() {
    let hub = Hub::sandbox();
    let patches = json!([
        {"op": "replace", "path": "/gender", "value": "other"},
        {"op": "replace", "path": "/birthDate", "value": "2999-01-01"},
        {"op": "add", "path": "/multipleBirthInteger", "value": 10},
    ]);
    let answer = hub.ask(&Ask::patch(FULL, 2, 1, patches));
    assert_eq!(answer.status, 400);
    assert_eq!(codes(&answer), ["INVALID_UPDATE", "UNSUPPORTED_VALUE", "INVALID_VALUE"]);
}

#[test]
fn a_later_given_name_of_several_words_becomes_several_names() {
    let hub = Hub::sandbox();
    let name = json!({"use": "old", "family": "Fell", "given": ["Mary Ann", "Jo Adele"]});
    let answer = hub.ask(&Ask::patch(FULL, 2, 1, json!([{"op": "add", "path": "/name/-", "value": name}])));
    assert_eq!(answer.status, 200, "{}", body(&answer));
    let names = body(&answer)["name"].clone();
    assert_eq!(names.as_array().unwrap().last().unwrap()["given"], json!(["Mary Ann", "Jo", "Adele"]));
}

#[test]
fn x_sync_wait_and_a_media_type_with_parameters_are_taken() {
    let hub = Hub::sandbox();
    let ask = Ask::patch(FULL, 2, 1, json!([{"op": "replace", "path": "/gender", "value": "male"}]))
        .with("x-sync-wait", "0.25")
        .with("content-type", "application/json-patch+json; charset=utf-8");
    assert_eq!(hub.ask(&ask).status, 200);
}
