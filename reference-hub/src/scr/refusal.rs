//! The published refusals of SCR: OperationOutcomes that carry their sentence in `details.text`.
//!
//! Called by the SCR handlers. Builds data only.

use crate::fhir;
use crate::message::Answer;
use serde_json::json;

/// A refusal on its way out of a handler.
pub type Refused = Box<Answer>;

fn outcome(status: u16, code: &str, text: &str) -> Refused {
    let issue = json!({"severity": "error", "code": code, "details": {"text": text}});
    Box::new(fhir::resource(status, &json!({"resourceType": "OperationOutcome", "issue": [issue]})))
}

/// 400 `invalid`: the request contradicts the specification or the record.
pub fn invalid(text: &str) -> Refused {
    outcome(400, "invalid", text)
}

/// 400 `invalid`, PSIS-30134: the summary has been uploaded before.
pub fn duplicate(composition_id: &str, nhs_number: &str) -> Refused {
    invalid(&format!(
        "[PSIS-30134] - Duplicate event with eventId {composition_id} and nhsNumber {nhs_number}."
    ))
}

/// 403 `forbidden`: the patient does not consent.
pub fn no_consent() -> Refused {
    outcome(403, "forbidden", "The patient does not consent to storing a Summary Care Record")
}

/// 415 `not-supported`.
pub fn content_type(got: &str) -> Refused {
    let got: String = got.chars().take(80).collect();
    outcome(415, "not-supported", &format!("Content type '{got}' not supported"))
}

/// 404: no such path.
pub fn no_route() -> Refused {
    outcome(404, "not-found", "Route not found")
}

/// 405, with the methods that are allowed.
pub fn method_not_allowed(allow: &str) -> Refused {
    let answer = outcome(405, "not-supported", "Method not allowed");
    Box::new(answer.with("allow", allow))
}

/// 500: the store cannot read, or a row is damaged.
pub fn internal() -> Refused {
    Box::new(fhir::internal_error())
}
