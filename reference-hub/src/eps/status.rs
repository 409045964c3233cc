//! The dispensing status that a released order message carries with each of its items (published extension
//! EPS-DispensingInformation). An item that is handed out is with its dispenser, unless it was cancelled before: so orders
//! are stored with that status already, and a release copies them without a look inside.
//!
//! Called by eps-prescribe and the seed (before storing), eps-cancel (which changes it) and eps-release (for what differs).
//! Changes no other byte of an order.

use super::check::ITEMS_MAX;
use super::line::Line;
use super::tape::{Compact, Kind, Node, Tape};
use bytes::Bytes;
use memchr::memmem;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The extension.
pub const INFORMATION: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-EPS-DispensingInformation";

/// What stands around the extensions of an item that has no others, its end aside.
const AROUND: &[u8] = br#""extension":["#;

/// Code system of an item's status.
pub const DISPENSE_TYPE: &str = "https://fhir.nhs.uk/CodeSystem/medicationdispense-type";

/// The extension with the status of an item that is handed out, as JSON.
static WITH_DISPENSER: LazyLock<String> = LazyLock::new(|| information(Line::WithDispenser).to_string());

/// An order message without white space between its tokens, each item of which says that it is with a dispenser. What its
/// sender said of that goes.
pub fn released(order: &Tape<'_>) -> Bytes {
    if memmem::find(order.text().as_bytes(), INFORMATION.as_bytes()).is_some() {
        return retold(order);
    }
    let own = WITH_DISPENSER.as_bytes();
    let mut copy = Compact::new(order, ITEMS_MAX * (own.len() + AROUND.len()));
    for entry in order.root().get("entry").into_iter().flat_map(Node::elements) {
        let Some(item) = entry.get("resource").filter(|r| r.get("resourceType").is_some_and(is_item)) else {
            continue;
        };
        let extensions = item.get("extension");
        match extensions.map(|e| (e, e.kind(), e.elements().next())) {
            None => {
                copy.to(item.start() + 1);
                copy.put(&[AROUND, own, b"],"]);
            }
            Some((extensions, Kind::Array, first)) => {
                copy.to(extensions.end() - 1);
                copy.put(&[if first.is_some() { b"," } else { b"" }, own]);
            }
            Some(_) => return retold(order),
        }
    }
    copy.finish()
}

fn is_item(kind: Node<'_, '_>) -> bool {
    kind.is("MedicationRequest")
}

/// The same by way of a tree, for an order that says something about the status itself.
fn retold(order: &Tape<'_>) -> Bytes {
    let Ok(mut message) = serde_json::from_str::<Value>(order.text()) else {
        return Compact::new(order, 0).finish();
    };
    for entry in message["entry"].as_array_mut().into_iter().flatten() {
        let resource = &mut entry["resource"];
        if resource["resourceType"] == "MedicationRequest" {
            tell(resource, Line::WithDispenser);
        }
    }
    Bytes::from(message.to_string())
}

/// Gives an item this status in place of any other.
pub fn tell(item: &mut Value, line: Line) {
    match item["extension"].as_array_mut() {
        Some(extensions) => {
            extensions.retain(|e| e["url"] != INFORMATION);
            extensions.push(information(line));
        }
        None => item["extension"] = json!([information(line)]),
    }
}

/// Adds to an item's status the date on which an issue of it was dispensed before (published for repeat dispensing).
pub fn tell_last_dispensed(item: &mut Value, date: &str) {
    let extensions = item["extension"].as_array_mut().into_iter().flatten();
    for information in extensions.filter(|e| e["url"] == INFORMATION) {
        if let Some(parts) = information["extension"].as_array_mut() {
            parts.push(json!({"url": "dateLastDispensed", "valueDate": date}));
        }
    }
}

fn information(line: Line) -> Value {
    let coding = json!({"system": DISPENSE_TYPE, "code": line.code(), "display": line.display()});
    json!({"url": INFORMATION, "extension": [{"url": "dispenseStatus", "valueCoding": coding}]})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(order: &Value) -> Value {
        let order = order.to_string();
        serde_json::from_slice(&released(&Tape::read(&order).unwrap())).unwrap()
    }

    fn order(items: Vec<Value>) -> Value {
        let entries: Vec<Value> = items.into_iter().map(|resource| json!({"resource": resource})).collect();
        json!({"resourceType": "Bundle", "entry": entries, "type": "message", "signature": {"a": [{"b": 1}]}})
    }

    #[test]
    fn every_item_and_nothing_else_gets_the_status() {
        let strange = "}]\"resourceType\":\"MedicationRequest\",\\";
        let items = vec![
            json!({"resourceType": "MessageHeader", "extension": [{"url": "x"}], "text": strange}),
            json!({"resourceType": "MedicationRequest", "extension": [{"url": "x", "extension": [{"url": "y"}]}]}),
            json!({"extension": [], "resourceType": "MedicationRequest", "note": [{"text": strange}]}),
            json!({"resourceType": "MedicationRequest", "groupIdentifier": {"extension": [{"url": "z"}]}}),
            json!({"resourceType": "Patient", "contained": [{"resourceType": "MedicationRequest"}]}),
        ];
        let sent = order(items);
        let mut expected = sent.clone();
        for i in [1, 2, 3] {
            tell(&mut expected["entry"][i]["resource"], Line::WithDispenser);
        }
        assert_eq!(told(&sent), expected);
        assert_eq!(expected["entry"][1]["resource"]["extension"][1]["extension"][0]["url"], "dispenseStatus");
        assert_eq!(told(&expected), expected, "what the sender said of it goes");
    }

    #[test]
    fn what_is_no_order_stays_as_it_is() {
        for text in [
            "0",
            "{}",
            "[[[[[{\"resourceType\":\"MedicationRequest\"}]]]]]",
            "{\"entry\":[1,{\"resource\":2}]}",
        ] {
            assert_eq!(released(&Tape::read(text).unwrap()), text);
        }
    }

    #[test]
    fn space_between_the_tokens_goes_and_the_status_stands_in_its_place() {
        let spaced = r#" { "entry" : [ {"resource": { "resourceType" : "MedicationRequest" , "extension": [ ] } } ] } "#;
        let compact = spaced.replace(' ', "").replace("[]", &format!("[{}]", *WITH_DISPENSER));
        assert_eq!(released(&Tape::read(spaced).unwrap()), compact);
    }
}
