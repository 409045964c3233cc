//! Search: parameters, matching, order of scores, limits.

use super::*;

fn crowd() -> Hub {
    let mut married = person("9000000017", "Thornfell", &["Averil", "Jane"], "1980-03-02", "female");
    married["name"]
        .as_array_mut()
        .unwrap()
        .push(json!({"family": "Dovecott", "given": ["Averil"], "id": "A2", "use": "maiden"}));
    married["address"] = json!([
        {"use": "home", "postalCode": "LS1 6CK", "line": ["1 Elm Road"]},
        {"use": "temp", "postalCode": "YO9 1MM", "line": ["2 Elm Road"]},
    ]);
    married["telecom"] = json!([
        {"system": "email", "value": "Averil@example.org"},
        {"system": "phone", "value": "01632 960587"},
    ]);
    married["generalPractitioner"] = json!([{"identifier": {"value": "C31774"}}]);
    let mut hidden = person("9000000025", "Thornfell", &["Imogen"], "1980-03-02", "female");
    hidden["meta"]["security"][0]["code"] = "R".into();
    hidden["address"] = married["address"].clone();
    Hub::with(&[
        married,
        hidden,
        person("9000000033", "Thornfield", &["Averil"], "1981-07-01", "female"),
        person("9000000041", "Thurnfell", &["Averyl"], "1980-03-02", "female"),
        person("9000000068", "Averil", &["Thornfell"], "1980-03-02", "male"),
    ])
}

/// NHS numbers and scores in the order of the answer.
fn found(hub: &Hub, query: &str) -> Vec<(String, f64)> {
    let answer = hub.ask(&Ask::new("GET", &format!("Patient?{query}")));
    let bundle = body(&answer);
    assert_eq!((answer.status, bundle["resourceType"].as_str()), (200, Some("Bundle")), "{query}: {bundle}");
    assert_eq!(bundle["type"], "searchset");
    assert_eq!(bundle["timestamp"], "2025-06-01T12:00:00+00:00");
    let entries = bundle["entry"].as_array().unwrap();
    assert_eq!(bundle["total"], entries.len());
    let of = |e: &Value| {
        (e["resource"]["id"].as_str().unwrap().to_owned(), e["search"]["score"].as_f64().unwrap())
    };
    entries.iter().map(of).collect()
}

fn numbers(hub: &Hub, query: &str) -> Vec<String> {
    found(hub, query).into_iter().map(|(number, _)| number).collect()
}

#[test]
fn a_simple_trace_finds_one_person_with_score_one() {
    let hub = crowd();
    let query = "family=thornfell&given=averil&gender=female&birthdate=eq1980-03-02";
    assert_eq!(found(&hub, query), [("9000000017".to_owned(), 1.0)]);
    let bundle = body(&hub.ask(&Ask::new("GET", &format!("Patient?{query}"))));
    let entry = &bundle["entry"][0];
    assert_eq!(
        entry["fullUrl"],
        "https://api.service.nhs.uk/personal-demographics/FHIR/R4/Patient/9000000017"
    );
    let resource = &entry["resource"];
    assert_eq!(resource["name"].as_array().unwrap().len(), 1, "no maiden name in a search");
    assert_eq!(resource["address"].as_array().unwrap().len(), 1, "no temporary address in a search");
}

#[test]
fn nobody_found_is_an_empty_searchset() {
    assert!(found(&crowd(), "family=Nobody&birthdate=1980-03-02").is_empty());
}

#[test]
fn every_parameter_narrows_the_search() {
    let hub = crowd();
    let base = "family=Thornfell&birthdate=eq1980-03-02";
    assert_eq!(numbers(&hub, base), ["9000000017", "9000000025"]);
    for narrow in [
        "given=Averil",
        "given=Averil&given=Jane",
        "given=AV*",
        "address-postalcode=ls16ck",
        "address-postcode=LS1*",
        "address-postalcode=yo91mm",
        "general-practitioner=c31774",
        "email=averil@EXAMPLE.org",
        "phone=%2B441632960587",
        "phone=01632960587",
    ] {
        let narrow = narrow.replace("%2B", "+");
        assert_eq!(numbers(&hub, &format!("{base}&{narrow}")), ["9000000017"], "{narrow}");
    }
    for nothing in [
        "gender=male",
        "given=Jan*",
        "phone=0",
        "email=x@y.z",
        "death-date=eq2020-01-01",
        "general-practitioner=X",
    ] {
        assert!(numbers(&hub, &format!("{base}&{nothing}")).is_empty(), "{nothing}");
    }
}

#[test]
fn date_ranges_and_wildcards_find_all_within() {
    let hub = crowd();
    assert_eq!(numbers(&hub, "family=Thornfield&birthdate=ge1981-07-01"), ["9000000033"]);
    assert_eq!(numbers(&hub, "family=Thornfield&birthdate=le1981-07-01"), ["9000000033"]);
    assert!(numbers(&hub, "family=Thornfield&birthdate=le1981-06-30").is_empty());
    let all = "family=Th*rnf*&birthdate=ge1970-01-01&birthdate=le1990-01-01";
    assert_eq!(numbers(&hub, all), ["9000000017", "9000000025", "9000000033", "9000000041"]);
    assert_eq!(
        numbers(&hub, "family=Th*ell&birthdate=1980-03-02"),
        ["9000000017", "9000000025", "9000000041"]
    );
    assert!(numbers(&hub, "family=Th*ell&birthdate=1980-03-02&_exact-match=true").is_empty());
}

#[test]
fn history_finds_a_former_name_for_less_than_score_one() {
    let hub = crowd();
    let query = "family=Dovecott&birthdate=eq1980-03-02";
    assert!(found(&hub, query).is_empty());
    let found = found(&hub, &format!("{query}&_history=true"));
    assert_eq!(found[0].0, "9000000017");
    assert!(found[0].1 < 1.0);
}

#[test]
fn a_fuzzy_search_finds_homophones_and_transposed_names_best_first() {
    let found = found(&crowd(), "family=Thornfell&given=Averil&birthdate=eq1980-03-02&_fuzzy-match=true");
    let (numbers, scores): (Vec<String>, Vec<f64>) = found.into_iter().unzip();
    assert_eq!(numbers, ["9000000017", "9000000041", "9000000068"]);
    assert!(scores[0] == 1.0 && scores[0] > scores[1] && scores[1] > scores[2], "{scores:?}");
}

#[test]
fn in_a_fuzzy_search_the_practice_only_lowers_the_score() {
    let hub = crowd();
    let query = "family=Thornfell&given=Averil&birthdate=eq1980-03-02&_fuzzy-match=true&gender=female";
    let with = |gp: &str| found(&hub, &format!("{query}&general-practitioner={gp}"))[0].clone();
    assert_eq!(with("C31774"), ("9000000017".to_owned(), 1.0));
    let other = with("C99999");
    assert!(other.0 == "9000000017" && other.1 < 1.0);
}

#[test]
fn a_fuzzy_search_without_family_name_goes_by_birth_gender_and_postcode() {
    let query =
        "given=Averil&gender=female&birthdate=eq1980-03-02&address-postalcode=LS16CK&_fuzzy-match=true";
    assert_eq!(numbers(&crowd(), query), ["9000000017"]);
}

#[test]
fn more_matches_than_asked_for_are_told_and_not_shown() {
    let hub = crowd();
    let query = "family=Thornfell&birthdate=eq1980-03-02";
    let answer = hub.ask(&Ask::new("GET", &format!("Patient?{query}&_max-results=1")));
    assert_refused(&answer, 200, "TOO_MANY_MATCHES");
    assert_eq!(numbers(&hub, &format!("{query}&_max-results=2")).len(), 2);
    let twins: Vec<Value> = (0..51)
        .map(|i| person(&format!("90000{i:05}"), "Yarwick", &["Una"], "1999-01-01", "female"))
        .collect();
    let answer = Hub::with(&twins).ask(&Ask::new("GET", "Patient?family=Yarwick&birthdate=1999-01-01"));
    assert_refused(&answer, 200, "TOO_MANY_MATCHES");
}

#[test]
fn published_refusals_of_a_search() {
    let hub = crowd();
    for (query, code) in [
        ("", "UNSUPPORTED_SERVICE"),
        ("email=a@b.c&phone=0163", "MISSING_VALUE"),
        ("family=Smith", "MISSING_VALUE"),
        ("given=Jane&birthdate=eq2010-10-22", "INVALID_SEARCH_DATA"),
        ("family=Smith&birthdate=eq2010-10-22&invalidParam=123", "ADDITIONAL_PROPERTIES"),
        ("family=Smith&birthdate=2010", "INVALID_VALUE"),
        ("family=Smith&birthdate=gt2010-10-22", "INVALID_VALUE"),
        ("family=Smith&birthdate=eq2010-02-30", "INVALID_VALUE"),
        ("family=Smith&birthdate=2010-10-22&death-date=x", "INVALID_VALUE"),
        ("family=Smith&birthdate=ge2010-10-22&birthdate=le2009-10-22", "INVALID_SEARCH_DATA"),
        ("family=Smith&birthdate=eq2010-10-22&birthdate=eq2010-10-23", "INVALID_SEARCH_DATA"),
        ("family=Smith&birthdate=2010-10-22&gender=mal", "INVALID_VALUE"),
        ("family=Smith&birthdate=2010-10-22&_max-results=51", "INVALID_VALUE"),
        ("family=Smith&birthdate=2010-10-22&_max-results=0", "INVALID_VALUE"),
        ("family=Smith&birthdate=2010-10-22&_history=maybe", "INVALID_VALUE"),
        ("family=Smith&family=Jones&birthdate=2010-10-22", "INVALID_VALUE"),
        ("family=&birthdate=2010-10-22", "INVALID_VALUE"),
        ("family=S*&birthdate=2010-10-22", "INVALID_SEARCH_DATA"),
        ("family=Smith&birthdate=2010-10-22&address-postalcode=L*", "INVALID_SEARCH_DATA"),
        (
            "family=Smith&birthdate=2010-10-22&address-postalcode=LS1&address-postcode=LS1",
            "INVALID_SEARCH_DATA",
        ),
        ("family=Smith&birthdate=2010-10-22&_fuzzy-match=true", "INVALID_SEARCH_DATA"),
        ("family=Smi*&given=Jane&birthdate=2010-10-22&_fuzzy-match=true", "INVALID_SEARCH_DATA"),
        ("family=abcdefghijklmnopqrstuvwxyzabcdefghij&birthdate=2010-10-22", "INVALID_VALUE"),
    ] {
        let answer = hub.ask(&Ask::new("GET", &format!("Patient?{query}")));
        assert_eq!(refusal(&answer), (400, code.to_owned()), "{query}");
    }
}

#[test]
fn all_faulty_parameters_are_told_at_once() {
    let path = "Patient?family=Smith&birthdate=x&gender=mal&pets=2&_max-results=99";
    let answer = crowd().ask(&Ask::new("GET", path));
    assert_eq!(answer.status, 400);
    let want = ["INVALID_VALUE", "ADDITIONAL_PROPERTIES", "INVALID_VALUE", "INVALID_VALUE"];
    assert_eq!(codes(&answer), want);
}

#[test]
fn managing_organization_and_death_date_ranges_narrow_too() {
    let mut gone = person("9000000017", "Thornfell", &["Averil"], "1980-03-02", "female");
    gone["managingOrganization"] = json!({"identifier": {"value": "C31774"}});
    gone["deceasedDateTime"] = "2020-05-05T00:00:00+00:00".into();
    let hub = Hub::with(&[gone]);
    let base = "family=Thornfell&birthdate=eq1980-03-02";
    for (query, hits) in [
        ("managing-organization=c31774", 1),
        ("managing-organization=C9", 0),
        ("death-date=ge2020-05-05&death-date=le2020-05-06", 1),
        ("death-date=le2020-05-04", 0),
    ] {
        assert_eq!(numbers(&hub, &format!("{base}&{query}")).len(), hits, "{query}");
    }
}

#[test]
fn an_address_or_contact_point_that_has_ended_counts_in_history_only() {
    let mut moved = person("9000000017", "Thornfell", &["Averil"], "1980-03-02", "female");
    let ended = json!({"start": "2020-01-01", "end": "2025-05-31"});
    moved["address"] = json!([{"use": "temp", "postalCode": "YO9 1MM", "period": ended}]);
    moved["telecom"] = json!([{"system": "phone", "value": "01632960587", "period": ended}]);
    let hub = Hub::with(&[moved]);
    for query in ["address-postalcode=YO91MM", "phone=01632960587"] {
        let query = format!("family=Thornfell&birthdate=eq1980-03-02&{query}");
        assert!(numbers(&hub, &query).is_empty(), "{query}");
        assert_eq!(numbers(&hub, &format!("{query}&_history=true")).len(), 1, "{query}");
    }
}
