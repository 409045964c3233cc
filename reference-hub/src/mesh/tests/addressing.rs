//! Messages addressed to the practice of a person: `GPPROVIDER_<NHS number>_<ddMMyyyy>_<surname>`.

use super::*;

/// A hub with a person whose practice has one mailbox for ONE, two for TWO, and none for others.
fn hub() -> Hub {
    let hub = Hub::new();
    let person = |nhs: &str, security: &str, practice: &str| {
        let patient = serde_json::json!({
            "resourceType": "Patient", "id": nhs, "birthDate": "1980-03-01",
            "meta": {"security": [{"code": security}]},
            "name": [{"family": "Old"}, {"family": "Fenwald"}],
            "generalPractitioner": [{"identifier": {"value": practice}}],
        });
        (nhs.as_bytes().to_vec(), patient.to_string().into_bytes())
    };
    let people = [
        person("9000000009", "U", "A20047"),
        person("9000000025", "R", "A20047"),
        person("9000000033", "U", "Z99999"),
    ];
    hub.store.load(Table::Patients, &mut people.into_iter()).unwrap();
    for (id, receives) in [("GP1", r#"["ONE", "TWO"]"#), ("GP2", r#"["TWO"]"#)] {
        let body = format!(r#"{{"mailbox_id": "{id}", "ods_code": "A20047", "receives": {receives}}}"#);
        assert_eq!(hub.answer(&Ask::new("POST", "admin/mailbox").body(body.as_bytes())).status, 200);
    }
    hub
}

#[test]
fn a_message_to_a_persons_practice_finds_its_mailbox() {
    let hub = hub();
    let to = "GPPROVIDER_9000000009_01031980_fenWALD";
    let id = hub.sent(b"x", &[("mex-to", to), ("mex-workflowid", "ONE")]);
    assert_eq!(hub.inbox("GP1"), std::slice::from_ref(&id));
    let tracked = hub.ask("GET", "X26ABC1", &format!("outbox/tracking?messageID={id}")).header("accept", V2);
    assert_eq!(json(&hub.answer(&tracked))["recipient"], "GP1");
}

#[test]
fn each_fault_of_an_address_by_person_has_its_published_code() {
    let hub = hub();
    for (to, workflow, code) in [
        ("GPPROVIDER_9000000009_01031980_Fenwald", "TWO", "EPL-150"),
        ("GPPROVIDER_9000000009_01031980_Fenwald", "NONE", "EPL-151"),
        ("GPPROVIDER_9000000033_01031980_Fenwald", "ONE", "EPL-151"),
        ("GPPROVIDER_9000000025_01031980_Fenwald", "ONE", "EPL-151"),
        ("GPPROVIDER_9000000008_01031980_Fenwald", "ONE", "EPL-152"),
        ("GPPROVIDER__01031980_Fenwald", "ONE", "EPL-152"),
        ("GPPROVIDER_9000000017_01031980_Fenwald", "ONE", "EPL-153"),
        ("GPPROVIDER_9000000009_02031980_Fenwald", "ONE", "EPL-154"),
        ("GPPROVIDER_9000000009_1980-03-01_Fenwald", "ONE", "EPL-154"),
        ("GPPROVIDER_9000000009_01031980_Smith", "ONE", "EPL-154"),
        ("GPPROVIDER_9000000009_01031980", "ONE", "EPL-154"),
    ] {
        let answer =
            hub.answer(&hub.send().header("mex-to", to).header("mex-workflowid", workflow).body(b"x"));
        assert_eq!(
            (answer.status, &json(&answer)["detail"][0]["code"]),
            (417, &code.into()),
            "{to} {workflow}"
        );
        assert_eq!(json(&answer)["detail"][0]["event"], "SEND");
    }
    assert!(hub.inbox("GP1").is_empty() && hub.inbox("GP2").is_empty());
}
