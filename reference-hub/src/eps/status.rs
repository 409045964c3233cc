//! The dispensing status that a released order message carries with each of its items (published extension
//! EPS-DispensingInformation). An item that is handed out is with its dispenser, unless it was cancelled before: so orders
//! are stored with that status already, and a release copies them without a look inside.
//!
//! Called by eps-prescribe and the seed (before storing), eps-cancel (which changes it) and eps-release (for what differs).
//! Changes no other byte of an order.

use super::line::Line;
use bytes::Bytes;
use serde_json::{Value, json};

/// The extension.
pub const INFORMATION: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-EPS-DispensingInformation";

/// Code system of an item's status.
pub const DISPENSE_TYPE: &str = "https://fhir.nhs.uk/CodeSystem/medicationdispense-type";

/// A compact order message, each item of which says that it is with a dispenser. What its sender said of that goes.
pub fn released(order: Bytes) -> Bytes {
    let own = information(Line::WithDispenser).to_string();
    let claims = std::str::from_utf8(&order).is_ok_and(|text| text.contains(INFORMATION));
    if !claims {
        return inserted(&order, &own);
    }
    let Ok(mut message) = serde_json::from_slice::<Value>(&order) else { return order };
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

/// Nesting depths of the members that matter, counted in brackets around them: those of the bundle, of an entry, of its
/// resource, and of what stands in the resource's extensions.
const BUNDLE: usize = 1;
const ENTRY: usize = 3;
const RESOURCE: usize = 4;
const EXTENSIONS: usize = 5;

/// `order` with `extension` as the last of each MedicationRequest's extensions. One walk over the bytes, which a parser
/// has accepted and `compact` has treated.
fn inserted(order: &[u8], extension: &str) -> Bytes {
    let mut out = Vec::with_capacity(order.len() + 8 * extension.len());
    let mut copied = 0;
    let mut walk = Walk::default();
    for place in walk.places(order) {
        let (at, before, after) = match place {
            Place::In { end, empty } => (end, if empty { "" } else { "," }, ""),
            Place::None { begin } => (begin, r#""extension":["#, "],"),
        };
        out.extend_from_slice(&order[copied..at]);
        for piece in [before, extension, after] {
            out.extend_from_slice(piece.as_bytes());
        }
        copied = at;
    }
    out.extend_from_slice(&order[copied..]);
    Bytes::from(out)
}

/// Where an item's extension goes.
#[derive(Clone, Copy)]
enum Place {
    /// Into its extensions, which end there.
    In { end: usize, empty: bool },
    /// It has none: to the beginning of the item.
    None { begin: usize },
}

/// What is known while walking: the member that is being read at each depth that matters, and of the resource at hand
/// where it begins and its extensions end.
#[derive(Default)]
struct Walk<'o> {
    members: [&'o [u8]; RESOURCE + 1],
    is_item: bool,
    place: Option<Place>,
}

impl<'o> Walk<'o> {
    fn places(&mut self, order: &'o [u8]) -> Vec<Place> {
        let (mut places, mut depth, mut at) = (Vec::new(), 0, 0);
        while let Some(&byte) = order.get(at) {
            match byte {
                b'"' => {
                    let end = string_end(order, at);
                    self.string(depth, &order[at + 1..end], order.get(end + 1) == Some(&b':'));
                    at = end;
                }
                b'{' | b'[' => {
                    depth += 1;
                    if depth == RESOURCE && self.in_resource() {
                        (self.is_item, self.place) = (false, Some(Place::None { begin: at + 1 }));
                    }
                }
                b'}' | b']' => {
                    if depth == EXTENSIONS && self.in_resource() && self.members[RESOURCE] == b"extension" {
                        self.place = Some(Place::In { end: at, empty: order[at - 1] == b'[' });
                    } else if depth == RESOURCE && self.in_resource() && self.is_item {
                        places.extend(self.place.take());
                    }
                    depth = depth.saturating_sub(1);
                }
                _ => {}
            }
            at += 1;
        }
        places
    }

    fn string(&mut self, depth: usize, text: &'o [u8], is_name: bool) {
        if is_name {
            if let Some(member) = self.members.get_mut(depth) {
                *member = text;
            }
        } else if depth == RESOURCE && self.in_resource() && self.members[RESOURCE] == b"resourceType" {
            self.is_item = text == b"MedicationRequest";
        }
    }

    fn in_resource(&self) -> bool {
        self.members[BUNDLE] == b"entry" && self.members[ENTRY] == b"resource"
    }
}

/// Where the string that begins at `from` has its closing quote.
fn string_end(json: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(&byte) = json.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    json.len().saturating_sub(1).max(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(order: &Value) -> Value {
        serde_json::from_slice(&released(Bytes::from(order.to_string()))).unwrap()
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
        for text in ["", "{", "{}", "[[[[[{\"resourceType\":\"MedicationRequest\"}]]]]]", "\"\\", "]]]"] {
            assert_eq!(released(Bytes::from(text)), text);
        }
    }
}
