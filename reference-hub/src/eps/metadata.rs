//! eps-metadata: the CapabilityStatement of each of the two services.
//!
//! Called by [`super::decide`]. Constant data; open to everybody.

use crate::fhir;
use crate::message::Answer;
use serde_json::{Value, json};

/// Day of the published documents that this statement follows.
const DATE: &str = "2025-02-14";

/// The statement of the service at `root`.
pub fn statement(root: &str) -> Answer {
    let (title, rest) = match root {
        "fhir-prescribing" => ("FHIR Prescribing", prescribing()),
        _ => ("FHIR Dispensing", dispensing()),
    };
    fhir::resource(
        200,
        &json!({
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": DATE,
            "kind": "instance",
            "software": {"name": "Spinebench reference hub", "version": env!("CARGO_PKG_VERSION")},
            "implementation": {"description": title, "url": format!("/{root}/FHIR/R4")},
            "fhirVersion": "4.0.1",
            "format": [fhir::FHIR_JSON],
            "rest": [rest],
        }),
    )
}

fn operation(name: &str) -> Value {
    json!({"name": name, "definition": format!("http://hl7.org/fhir/OperationDefinition/{name}")})
}

fn prescribing() -> Value {
    json!({
        "mode": "server",
        "operation": [operation("prepare"), operation("process-message"), operation("validate")],
    })
}

fn dispensing() -> Value {
    json!({
        "mode": "server",
        "resource": [
            {"type": "Task", "interaction": [{"code": "create"}], "operation": [operation("release")]},
            {"type": "Claim", "interaction": [{"code": "create"}]},
        ],
        "operation": [operation("process-message"), operation("validate")],
    })
}
