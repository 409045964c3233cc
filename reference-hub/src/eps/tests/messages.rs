//! The messages of one prescription, from order to claim, for the tests of EPS.

use super::*;
use crate::eps::order::{Order, write_order};
use population::{OrgKind, prescription_short_id};

/// One prescription of two items and its messages.
pub struct Rx {
    pub id: String,
    pub items: Vec<String>,
    pub patient: String,
    pub practice: String,
    pub order: Value,
}

impl Rx {
    pub fn new(hub: &Hub, n: u32, pharmacy: Option<&str>) -> Rx {
        let population = Population::new(42, Sizes { patients: 100, ..Sizes::default() }).unwrap();
        let practice = population.organisation_of(OrgKind::GpPractice, n);
        let id = prescription_short_id(&format!("{n:06x}"), &practice.ods, "00001");
        let items = vec![hub.fresh_uuid(), hub.fresh_uuid()];
        let patient = population.patient(n.into());
        let order = write_order(&Order {
            message_id: &hub.fresh_uuid(),
            short_id: &id,
            long_id: &hub.fresh_uuid(),
            item_ids: &items,
            patient: &patient,
            practice: &practice,
            pharmacy,
        });
        let order = serde_json::from_slice(&order).unwrap();
        Rx { id, items, patient: patient.nhs_number.to_string(), practice: practice.ods, order }
    }

    pub fn order(&self) -> Value {
        self.order.clone()
    }

    /// The cancellation of item `i` by the prescriber.
    pub fn cancel(&self, hub: &Hub, i: usize) -> Value {
        let mut message = self.order.clone();
        message["identifier"]["value"] = hub.fresh_uuid().into();
        let entries = message["entry"].as_array_mut().unwrap();
        entries[0]["resource"]["eventCoding"]["code"] = "prescription-order-update".into();
        let keep = self.items[i].clone();
        entries.retain(|e| {
            e["resource"]["resourceType"] != "MedicationRequest" || e["resource"]["id"] == keep.as_str()
        });
        entries.retain(|e| e["resource"]["resourceType"] != "Provenance");
        let item = &mut entries[1]["resource"];
        item["status"] = "cancelled".into();
        item["statusReason"] = json!({"coding": [{
            "system": "https://fhir.nhs.uk/CodeSystem/medicationrequest-status-reason", "code": "0002",
        }]});
        message
    }

    /// A dispense notification by the pharmacy: prescription status, and the status of each item named.
    pub fn dispense(&self, hub: &Hub, status: &str, lines: &[&str]) -> Value {
        let mut entries = vec![json!({"fullUrl": "urn:uuid:h", "resource": {
            "resourceType": "MessageHeader",
            "eventCoding": {"system": "https://fhir.nhs.uk/CodeSystem/message-event", "code": "dispense-notification"},
            "sender": {"identifier": {"system": ODS, "value": PHARMACY}},
        }})];
        for (item, line) in self.items.iter().zip(lines) {
            entries.push(json!({"fullUrl": "urn:uuid:d", "resource": {
                "resourceType": "MedicationDispense",
                "contained": [{
                    "resourceType": "MedicationRequest", "id": "m1",
                    "identifier": [{"system": "https://fhir.nhs.uk/Id/prescription-order-item-number", "value": item}],
                    "groupIdentifier": {"system": "https://fhir.nhs.uk/Id/prescription-order-number", "value": self.id},
                }],
                "extension": [{
                    "url": "https://fhir.nhs.uk/StructureDefinition/Extension-EPS-TaskBusinessStatus",
                    "valueCoding": {"code": status},
                }],
                "authorizingPrescription": [{"reference": "#m1"}],
                "type": {"coding": [{"code": line}]},
            }}));
        }
        entries.push(json!({"fullUrl": "urn:uuid:o", "resource": {
            "resourceType": "Organization",
            "identifier": [{"system": ODS, "value": PHARMACY}],
            "extension": [{
                "url": "https://fhir.nhs.uk/StructureDefinition/Extension-ODS-OrganisationRelationships",
                "extension": [{"url": "reimbursementAuthority", "valueIdentifier": {"system": ODS, "value": "T1450"}}],
            }],
        }}));
        json!({
            "resourceType": "Bundle", "type": "message",
            "identifier": {"system": "https://tools.ietf.org/html/rfc4122", "value": hub.fresh_uuid()},
            "entry": entries,
        })
    }

    /// The pharmacy gives the prescription back, or withdraws the notification named.
    pub fn task(&self, hub: &Hub, withdraws: Option<&Value>) -> Value {
        let system = "https://fhir.nhs.uk/CodeSystem/EPS-task-dispense-return-status-reason";
        let mut task = json!({
            "resourceType": "Task",
            "contained": [
                {"resourceType": "PractitionerRole", "id": "requester",
                 "practitioner": {"identifier": {"value": "1"}, "display": "A"},
                 "organization": {"reference": "#organization"}},
                {"resourceType": "Organization", "id": "organization",
                 "identifier": [{"system": ODS, "value": PHARMACY}]},
            ],
            "identifier": [{"system": "https://tools.ietf.org/html/rfc4122", "value": hub.fresh_uuid()}],
            "status": "rejected",
            "statusReason": {"coding": [{"system": system, "code": "0003"}]},
            "intent": "order",
            "groupIdentifier": {"system": "https://fhir.nhs.uk/Id/prescription-order-number", "value": self.id},
            "for": {"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": self.patient}},
            "requester": {"reference": "#requester"},
        });
        if let Some(notification) = withdraws {
            task["status"] = "in-progress".into();
            task["code"] =
                json!({"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "abort"}]});
            let system = "https://fhir.nhs.uk/CodeSystem/EPS-task-dispense-withdraw-reason";
            task["statusReason"] = json!({"coding": [{"system": system, "code": "MU"}]});
            task["focus"] = json!({"identifier": notification["identifier"]});
        }
        task
    }

    /// The pharmacy's claim for every item.
    pub fn claim(&self, hub: &Hub) -> Value {
        let detail = |item: &String| {
            json!({
                "extension": [{
                    "url": "https://fhir.nhs.uk/StructureDefinition/Extension-ClaimMedicationRequestReference",
                    "valueReference": {"identifier": {"value": item}},
                }],
                "programCode": [{"coding": [{
                    "system": "https://fhir.nhs.uk/CodeSystem/medicationdispense-endorsement", "code": "NDEC",
                }]}],
            })
        };
        json!({
            "resourceType": "Claim",
            "identifier": [{"system": "https://tools.ietf.org/html/rfc4122", "value": hub.fresh_uuid()}],
            "contained": [{
                "resourceType": "Organization", "id": "organisation",
                "identifier": [{"system": ODS, "value": PHARMACY}],
            }],
            "patient": {"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": self.patient}},
            "payee": {"party": {"reference": "#organisation"}},
            "prescription": {"extension": [{
                "url": "https://fhir.nhs.uk/StructureDefinition/Extension-DM-GroupIdentifier",
                "extension": [{"url": "shortForm", "valueIdentifier": {"value": self.id}}],
            }]},
            "item": [{"sequence": 1, "detail": self.items.iter().map(detail).collect::<Vec<_>>()}],
        })
    }
}

/// The message or claim as one in place of the message or claim `old`.
pub fn in_place_of(mut new: Value, old: &Value) -> Value {
    let id = old["identifier"].get(0).unwrap_or(&old["identifier"])["value"].clone();
    let url = "https://fhir.nhs.uk/StructureDefinition/Extension-replacementOf";
    let extension = json!([{"url": url, "valueIdentifier": {"value": id}}]);
    if new["resourceType"] == "Claim" {
        new["extension"] = extension;
    } else {
        new["entry"][0]["resource"]["extension"] = extension;
    }
    new
}

/// A release request: of the pharmacy's queue, or of one prescription.
pub fn release(ods: &str, id: Option<&str>) -> Value {
    let mut parameters = vec![
        json!({"name": "owner", "resource": {
            "resourceType": "Organization", "id": "o", "name": format!("Pharmacy {ods}"),
            "identifier": [{"system": ODS, "value": ods}],
        }}),
        json!({"name": "status", "valueCode": "accepted"}),
        json!({"name": "agent", "resource": {"resourceType": "PractitionerRole", "id": "a"}}),
    ];
    if let Some(id) = id {
        parameters.push(json!({"name": "group-identifier", "valueIdentifier": {"value": id}}));
    }
    json!({"resourceType": "Parameters", "parameter": parameters})
}
