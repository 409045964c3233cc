//! Tests of eps-track.

use super::*;

#[test]
fn the_tracker_shows_every_state_and_item_by_its_published_code() {
    let hub = Hub::new();
    for (n, (state, expected, display)) in (1..).zip(super::super::STATES) {
        let rx = hub.prescription_in(state, n);
        let (status, body) = hub.get(&format!("{TRACKER}?focus:identifier={}", rx.id));
        assert_eq!((status, &body["type"]), (200, &json!("searchset")));
        let task = &body["entry"][0]["resource"];
        assert_eq!(task["resourceType"], "Task");
        let coding = &task["businessStatus"]["coding"][0];
        assert_eq!((&coding["code"], &coding["display"]), (&json!(expected), &json!(display)));
        assert_eq!(task["focus"]["identifier"]["value"], rx.id.as_str());
        assert_eq!(task["for"]["identifier"]["value"], rx.patient.as_str());
        assert_eq!(task["requester"]["identifier"]["value"], rx.practice.as_str());
        assert_eq!(task["owner"]["identifier"]["value"], PHARMACY);
        assert_eq!(task["input"].as_array().unwrap().len(), 2);
        let item = &task["input"][0]["extension"][0]["extension"][0]["valueCoding"];
        assert_eq!(item["code"], hub.header(&rx.id).items[0].line.code());
    }
}

#[test]
fn an_answer_for_four_items_has_the_size_of_the_published_query() {
    let population = Population::new(42, Sizes { patients: 2_000, ..Sizes::default() }).unwrap();
    let hub = Hub::new();
    let mut rows: Vec<_> =
        super::super::seed_rows(&population).filter(|r| r.0 == Table::Prescriptions).collect();
    hub.store.load(Table::Prescriptions, &mut rows.drain(..).map(|(_, k, v)| (k, v))).unwrap();
    let held = population.prescription(population::PrescriptionKind::WithDispenser, 0);
    let (status, body) = hub.get(&format!("{TRACKER}?focus:identifier={}", held.short_id));
    assert_eq!(
        (status, &body["entry"][0]["resource"]["authoredOn"]),
        (200, &json!("2025-01-01T09:00:00+00:00"))
    );
    let bytes = body.to_string().len();
    assert!((3_000..6_000).contains(&bytes), "{bytes}");
}

#[test]
fn the_id_may_follow_its_system_and_either_parameter_takes_it() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::Dispensed, 1);
    let lower = rx.id.to_lowercase();
    for query in [
        format!("identifier={lower}"),
        format!("focus:identifier=https://fhir.nhs.uk/Id/prescription-order-number|{}", rx.id),
    ] {
        assert_eq!(hub.get(&format!("{TRACKER}?{query}")).0, 200, "{query}");
    }
    let (_, body) = hub.get(&format!("{TRACKER}?identifier={lower}"));
    let task = &body["entry"][0]["resource"];
    assert_eq!(task["output"].as_array().unwrap().len(), 2, "the release and the notification");
    assert_eq!(task["owner"]["display"], format!("Pharmacy {PHARMACY}"));
}

#[test]
fn a_question_about_nothing_or_nonsense_is_refused() {
    let hub = Hub::new();
    let (status, body) = hub.get(TRACKER);
    assert_eq!((status, code(&body)), (400, "invalid"));
    let diagnostics = &body["issue"][0]["diagnostics"];
    assert_eq!(diagnostics, "Query parameter must be one of: identifier, focus:identifier.");
    let unknown = Rx::new(&hub, 2, None);
    let (status, body) = hub.get(&format!("{TRACKER}?focus:identifier={}", unknown.id));
    assert_eq!((status, code(&body)), (404, "RESOURCE_NOT_FOUND"));
    for wrong in ["000000-A20047-000000", "x", "", "a|"] {
        let (status, body) = hub.get(&format!("{TRACKER}?focus:identifier={wrong}"));
        assert_eq!((status, code(&body)), (400, "FAILURE_TO_PROCESS_MESSAGE"), "{wrong}");
    }
}
