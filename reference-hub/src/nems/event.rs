//! The event message: a FHIR STU3 message Bundle, checked for what every event must say.
//!
//! Called by `super::decide`. Reports all faults at once; never looks at what an event means.

use serde_json::Value;

/// Event codes that the service publishes.
pub(super) const EVENT_CODES: &[&str] = &[
    "pds-change-of-gp-1",
    "pds-change-of-address-1",
    "pds-record-change-1",
    "pds-birth-notification-1",
    "pds-death-notification-1",
    "blood-spot-test-outcome-1",
    "newborn-hearing-1",
    "nipe-outcome-1",
    "professional-contacts-1",
    "vaccinations-1",
];

/// Longest id of a message: a FHIR id.
const ID_CHARS_MAX: usize = 64;

/// What is kept of a valid event besides its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// Id of its message header.
    pub id: String,
    /// Event code.
    pub code: String,
    /// NHS number of its patient.
    pub nhs_number: String,
}

/// A fault: the element and what is wrong with it.
pub(super) type Fault = (&'static str, &'static str);

/// Reads an event message of the code that the interaction names.
///
/// # Errors
/// All faults.
pub(super) fn read(body: &[u8], code_named: &str) -> Result<Event, Vec<Fault>> {
    let bundle: Value = serde_json::from_slice(body).map_err(|_| vec![("Bundle", "the body is not JSON")])?;
    let mut faults = Vec::new();
    let at = |value: &Value, pointer: &str| {
        value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).unwrap_or_default()
    };
    if at(&bundle, "/resourceType") != "Bundle" || at(&bundle, "/type") != "message" {
        faults.push(("Bundle.type", "the body is not a Bundle of type message"));
    }
    let header = bundle.pointer("/entry/0/resource").unwrap_or(&Value::Null);
    if at(header, "/resourceType") != "MessageHeader" {
        faults.push(("Bundle.entry[0].resource", "the first entry is not a MessageHeader"));
    }
    let id = at(header, "/id");
    let known = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    if id.is_empty() || id.len() > ID_CHARS_MAX || !id.bytes().all(known) {
        faults.push(("MessageHeader.id", "the id is absent or not a FHIR id"));
    }
    let code = at(header, "/event/code");
    if !EVENT_CODES.contains(&code.as_str()) {
        faults.push(("MessageHeader.event.code", "the code is not that of a published event"));
    } else if code != code_named {
        faults.push(("MessageHeader.event.code", "the code is not that of the header InteractionID"));
    }
    if at(header, "/timestamp").parse::<jiff::Timestamp>().is_err() {
        faults.push(("MessageHeader.timestamp", "the time is absent or not a FHIR instant"));
    }
    if at(header, "/source/endpoint").is_empty() {
        faults.push(("MessageHeader.source.endpoint", "the endpoint is absent"));
    }
    if at(header, "/focus/0/reference").is_empty() {
        faults.push(("MessageHeader.focus", "the reference is absent"));
    }
    let nhs_number = patient_number(&bundle).unwrap_or_default();
    if population::NhsNumber::parse(&nhs_number).is_err() {
        faults.push(("Patient.identifier", "no entry is a Patient with a valid NHS number"));
    }
    if faults.is_empty() { Ok(Event { id, code, nhs_number }) } else { Err(faults) }
}

/// The NHS number of the first patient in the bundle.
fn patient_number(bundle: &Value) -> Option<String> {
    let entries = bundle.get("entry")?.as_array()?;
    let is_patient = |r: &&Value| r.get("resourceType").and_then(Value::as_str) == Some("Patient");
    let patient = entries.iter().filter_map(|e| e.get("resource")).find(is_patient)?;
    let is_number = |i: &&Value| {
        i.get("system").and_then(Value::as_str).is_some_and(|system| system.ends_with("/nhs-number"))
    };
    let identifier = patient.get("identifier")?.as_array()?.iter().find(is_number)?;
    Some(identifier.get("value")?.as_str()?.to_owned())
}
