//! The published refusals of EPS as answers: each code with its system, issue type, display text and HTTP status.
//!
//! Called by the EPS handlers. Builds data only.

use super::reason::CancelReason;
use super::state::Refusal;
use super::wire::ODS_CODE;
use crate::domain::Context;
use crate::fhir::{
    EPS_ISSUE_CODE, FHIR_JSON, Issue, SPINE_ERROR_OR_WARNING, Severity, eps_issue, outcome, resource,
};
use crate::message::{Answer, Body};
use memchr::memmem;
use serde_json::{Value, json};

/// Code system of the Spine codes in EPS answers (EPS publishes it without the `R4` of the other interfaces).
const SPINE_CODES: &str = "https://fhir.nhs.uk/CodeSystem/Spine-ErrorOrWarningCode";
/// Code system of the cancellation reasons.
pub const STATUS_HISTORY: &str = "https://fhir.nhs.uk/CodeSystem/medicationrequest-status-history";

/// How every OperationOutcome ends.
const OUTCOME_END: &[u8] = br#""resourceType":"OperationOutcome"}"#;
/// How the time of an OperationOutcome begins.
const META: &[u8] = br#""meta":{"lastUpdated":""#;

/// A refusal on its way out of a handler.
pub type Refused = Box<Answer>;

fn error(kind: &str, system: &str, code: &str, display: &str, diagnostics: &str) -> Refused {
    let severity = Severity::Error;
    Box::new(outcome(400, &[Issue { severity, kind, system, code, display, diagnostics, expression: "" }]))
}

/// 400 `value`: an element has a value that is not allowed here.
pub fn value(diagnostics: &str) -> Refused {
    error("value", "", "", "", diagnostics)
}

/// 400 `value`: an item's intent, with where it stands.
pub fn intent() -> Refused {
    let issue = Issue {
        severity: Severity::Error,
        kind: "value",
        system: "",
        code: "",
        display: "",
        diagnostics: "MedicationRequest.intent must be order, original-order or instance-order.",
        expression: "Bundle.entry.resource.ofType(MedicationRequest).intent",
    };
    Box::new(outcome(400, &[issue]))
}

/// 400 INVALID_VALUE: the items of a notification give different reasons why nothing was dispensed.
pub fn non_dispensing_reasons() -> Refused {
    let issue = Issue {
        severity: Severity::Error,
        kind: "invalid",
        system: SPINE_CODES,
        code: "INVALID_VALUE",
        display: "",
        diagnostics: "Expected all MedicationDispenses to have the same value for MedicationDispense.extension:prescriptionNonDispensingReason",
        expression: "MedicationDispense.extension:prescriptionNonDispensingReason",
    };
    Box::new(outcome(400, &[issue]))
}

/// 400 `invalid`: an element is missing or must not be there.
pub fn invalid(diagnostics: &str) -> Refused {
    error("invalid", "", "", "", diagnostics)
}

/// 400 `not-supported`: published, but not offered by this hub.
pub fn not_supported(diagnostics: &str) -> Refused {
    error("not-supported", "", "", "", diagnostics)
}

/// 400 INVALID_MESSAGE: not JSON, or an element of the wrong type.
pub fn invalid_message(diagnostics: &str) -> Refused {
    error("structure", EPS_ISSUE_CODE, "INVALID_MESSAGE", "Invalid Message", diagnostics)
}

/// 400 MISSING_FIELD: the bundle has no entries.
pub fn missing_entry() -> Refused {
    error(
        "value",
        SPINE_ERROR_OR_WARNING,
        "MISSING_FIELD",
        "ResourceType Bundle must contain 'entry' field",
        "",
    )
}

/// 400 MISSING_VALUE or INVALID_VALUE of a header.
pub fn header_value(code: &str, kind: &str, diagnostics: &str) -> Refused {
    error(kind, SPINE_CODES, code, "", diagnostics)
}

/// 400 INVALID_VALUE: courses of therapy that do not go together.
pub fn therapy_mixed() -> Refused {
    let issue = Issue {
        severity: Severity::Fatal,
        kind: "invalid",
        system: SPINE_ERROR_OR_WARNING,
        code: "INVALID_VALUE",
        display: "Course of therapy type must either match for all MedicationRequests or be a mixture of 'acute' and 'continuous'.",
        diagnostics: "",
        expression: "MedicationRequest.courseOfTherapyType.coding",
    };
    Box::new(outcome(400, &[issue]))
}

/// All issues of these refusals as one: a sender corrects everything at once. `None` when there is none.
pub fn all(refused: Vec<Refused>) -> Option<Refused> {
    let mut refused = refused.into_iter();
    let first = refused.next()?;
    let rest: Vec<Value> = refused.flat_map(|r| issues(&r)).collect();
    if rest.is_empty() {
        return Some(first);
    }
    let mut every = issues(&first);
    every.extend(rest);
    Some(Box::new(resource(400, &json!({"resourceType": "OperationOutcome", "issue": every}))))
}

/// The issues that a refusal names.
pub fn issues(refused: &Answer) -> Vec<Value> {
    let Body::Inline(body) = &refused.body else { return Vec::new() };
    let mut outcome: Value = serde_json::from_slice(body).unwrap_or_default();
    match outcome["issue"].take() {
        Value::Array(issues) => issues,
        _ => Vec::new(),
    }
}

/// 400 `structure`: elements that exclude each other.
pub fn structure(diagnostics: &str) -> Refused {
    error("structure", "", "", "", diagnostics)
}

/// 200: taken, as an informational outcome with its time.
pub fn done(ctx: &Context<'_>) -> Answer {
    let at = super::fhir_time(ctx);
    let body = format!(
        r#"{{"issue":[{{"code":"informational","severity":"information"}}],"meta":{{"lastUpdated":"{at}"}},"resourceType":"OperationOutcome"}}"#
    );
    Answer::new(200, FHIR_JSON, body)
}

/// Writes into an OperationOutcome when it was made (published: `meta.lastUpdated`), once; other answers stay as they are.
pub fn stamp(answer: &mut Answer, ctx: &Context<'_>) {
    let Body::Inline(body) = &answer.body else { return };
    // Members stand in the order of their names, so an outcome ends with its type: no need to parse it.
    let Some(before) = body.strip_suffix(OUTCOME_END) else { return };
    if memmem::find(before, META).is_some() {
        return;
    }
    let mut stamped = Vec::with_capacity(body.len() + 64);
    stamped.extend_from_slice(before);
    stamped.extend_from_slice(META);
    stamped.extend_from_slice(super::fhir_time(ctx).as_bytes());
    stamped.extend_from_slice(br#""},"#);
    stamped.extend_from_slice(OUTCOME_END);
    answer.body = Body::Inline(stamped.into());
}

/// 403 FORBIDDEN: the session belongs to another organisation than the one it acts for or asks about.
pub fn forbidden() -> Refused {
    let issue = Issue {
        severity: Severity::Error,
        kind: "forbidden",
        system: SPINE_CODES,
        code: "FORBIDDEN",
        display: "Insufficient authorization.",
        diagnostics: "The session's organisation may not do this for another one.",
        expression: "",
    };
    Box::new(outcome(403, &[issue]))
}

/// 403 `forbidden`: an application without a user asks for what only users may do.
pub fn users_only(diagnostics: &str) -> Refused {
    let issue = Issue {
        severity: Severity::Error,
        kind: "forbidden",
        system: SPINE_CODES,
        code: "FORBIDDEN",
        display: "Insufficient authorization.",
        diagnostics,
        expression: "",
    };
    Box::new(outcome(403, &[issue]))
}

/// 400 MISSING_VALUE: several doses without their order.
pub fn dosage_sequence() -> Refused {
    let issue = Issue {
        severity: Severity::Error,
        kind: "required",
        system: SPINE_CODES,
        code: "MISSING_VALUE",
        display: "",
        diagnostics: "Each of several dosage instructions must have a sequence.",
        expression: "MedicationRequest.dosageInstruction.sequence",
    };
    Box::new(outcome(400, &[issue]))
}

/// 400 TOO_FEW_VALUES_SUBMITTED: a mandatory element of a message is missing.
pub fn too_few_values(expression: &str) -> Refused {
    let issue = Issue {
        severity: Severity::Error,
        kind: "invalid",
        system: SPINE_CODES,
        code: "TOO_FEW_VALUES_SUBMITTED",
        display: "Too few values submitted",
        diagnostics: "A mandatory value is missing.",
        expression,
    };
    Box::new(outcome(400, &[issue]))
}

/// 400 FAILURE_TO_PROCESS_MESSAGE, with what is missing or invalid.
pub fn failure_to_process(what: &str) -> Refused {
    let display = format!("Unable to process message. Information missing or invalid - {what}");
    error("processing", SPINE_CODES, "FAILURE_TO_PROCESS_MESSAGE", &display, "")
}

fn eps(kind: &str, code: &str, display: &str) -> Refused {
    Box::new(eps_issue(400, Severity::Error, kind, code, display))
}

/// 400 DUPLICATE_PRESCRIPTION_ID.
pub fn duplicate_prescription() -> Refused {
    eps("duplicate", "DUPLICATE_PRESCRIPTION_ID", "Duplicate prescription ID exists")
}

/// 400 MISSING_DIGITAL_SIGNATURE.
pub fn missing_signature() -> Refused {
    eps("business-rule", "MISSING_DIGITAL_SIGNATURE", "Digital signature not found")
}

/// 400 INVALID_NUMBER_MEDICATIONREQUESTS.
pub fn item_count() -> Refused {
    eps(
        "business-rule",
        "INVALID_NUMBER_MEDICATIONREQUESTS",
        "Number of items on a prescription should be between 1 and 4",
    )
}

/// 400 PRESCRIPTION_NOT_FOUND, of dispense notifications and claims.
pub fn prescription_not_found() -> Refused {
    eps("not-found", "PRESCRIPTION_NOT_FOUND", "Prescription can not be found. Contact prescriber")
}

/// 400 RESOURCE_NOT_FOUND, of a release by prescription id.
pub fn release_not_found() -> Refused {
    error("not-found", SPINE_CODES, "RESOURCE_NOT_FOUND", "Resource not found", "")
}

/// 400 ITEM_NOT_FOUND.
pub fn item_not_found() -> Refused {
    eps("not-found", "ITEM_NOT_FOUND", "Prescription Item Not found")
}

/// 400 MISMATCH_AUTHORISED_REPEAT_COUNTS.
pub fn repeat_counts() -> Refused {
    eps("business-rule", "MISMATCH_AUTHORISED_REPEAT_COUNTS", "Mismatch in authorised repeat counts")
}

/// 400 DISPENSE_AMEND_IDENTIFIER_MISMATCH: what is to be replaced is not the latest on record.
pub fn amend_mismatch() -> Refused {
    eps(
        "business-rule",
        "DISPENSE_AMEND_IDENTIFIER_MISMATCH",
        "Replacement target does not match the reference on record",
    )
}

/// 400 CLAIM_AMEND_PERIOD_ISSUE.
pub fn claim_period() -> Refused {
    eps(
        "business-rule",
        "CLAIM_AMEND_PERIOD_ISSUE",
        "Claim amendment is not permitted outside of the claim period",
    )
}

/// 404 RESOURCE_NOT_FOUND, of the tracker.
pub fn not_tracked() -> Refused {
    Box::new(crate::fhir::spine_error(404, "not-found", "RESOURCE_NOT_FOUND", "Resource not found", ""))
}

/// 400 PRESCRIPTION_WITH_ANOTHER_DISPENSER, naming who holds it.
pub fn with_another_dispenser(id: &str, ods: &str, name: &str) -> Refused {
    let issue = Issue {
        severity: Severity::Error,
        kind: "business-rule",
        system: EPS_ISSUE_CODE,
        code: "PRESCRIPTION_WITH_ANOTHER_DISPENSER",
        display: "Prescription is with another dispenser",
        diagnostics: "",
        expression: "",
    };
    let mut organization = json!({
        "resourceType": "Organization", "id": id,
        "identifier": [{"system": ODS_CODE, "value": ods}],
    });
    if !name.is_empty() {
        organization["name"] = name.into();
    }
    Box::new(resource(
        400,
        &json!({
            "resourceType": "OperationOutcome",
            "contained": [organization],
            "extension": [{
                "url": "https://fhir.nhs.uk/StructureDefinition/Extension-Spine-supportingInfo",
                "valueReference": {"reference": format!("#{id}")},
            }],
            "issue": [issue.to_json()],
        }),
    ))
}

/// 200 NO_MORE_PRESCRIPTIONS, severity information: nothing waits for this dispenser. Not an error: EPS answers 200
/// when every issue is informational.
pub fn no_more_prescriptions() -> Answer {
    eps_issue(
        200,
        Severity::Information,
        "informational",
        "NO_MORE_PRESCRIPTIONS",
        "No more prescriptions available for nominated download",
    )
}

/// The published answer to an illegal transition.
pub fn transition(refusal: Refusal) -> Refused {
    match refusal {
        Refusal::Cancelled => {
            eps("business-rule", "PRESCRIPTION_CANCELLED", "Prescription has been cancelled")
        }
        Refusal::Expired => eps("business-rule", "PRESCRIPTION_EXPIRED", "Prescription has expired"),
        Refusal::Dispensed => {
            eps("business-rule", "PRESCRIPTION_DISPENSED", "Prescription has been dispensed")
        }
        Refusal::WithDispenser | Refusal::InvalidTransition => eps(
            "business-rule",
            "PRESCRIPTION_INVALID_STATE_TRANSITION",
            "Invalid State Transition for Prescription",
        ),
        Refusal::InvalidLineTransition => eps(
            "business-rule",
            "PRESCRIPTION_INVALID_LINE_STATE_TRANSITION",
            "Invalid State Transition for Prescription Item",
        ),
        Refusal::NotCancelled(reason) => cancellation(reason),
    }
}

/// A cancellation's refusal as an OperationOutcome: R-0008 and R-5000, which have no item to show in a bundle.
pub fn cancellation(reason: CancelReason) -> Refused {
    let (code, display) = reason.coding();
    let kind = match reason {
        CancelReason::NotFound => "not-found",
        CancelReason::Mismatch => "processing",
        CancelReason::InvalidMessage => "invalid",
        _ => "business-rule",
    };
    error(kind, STATUS_HISTORY, code, display, "")
}
