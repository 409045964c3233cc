//! PDS's published refusals, one constructor a code: status, FHIR issue type, severity and display as published.
//!
//! Called by every file of this folder. Never echoes more than [`ECHO_CHARS_MAX`] characters of what a caller sent.

use crate::fhir::{self, Issue, SPINE_ERROR_OR_WARNING, Severity};
use crate::message::{Answer, Body};
use serde_json::{Value, json};

/// A refusal on its way out.
pub(crate) type Refusal = Box<Answer>;

/// Characters of a faulty value that a refusal repeats: enough to find it, too few to make the hub a loudspeaker.
const ECHO_CHARS_MAX: usize = 64;

fn issue(
    status: u16,
    severity: Severity,
    kind: &str,
    code: &str,
    display: &str,
    diagnostics: &str,
) -> Refusal {
    let system = SPINE_ERROR_OR_WARNING;
    Box::new(fhir::outcome(
        status,
        &[Issue { severity, kind, system, code, display, diagnostics, expression: "" }],
    ))
}

fn error(status: u16, kind: &str, code: &str, display: &str, diagnostics: &str) -> Refusal {
    issue(status, Severity::Error, kind, code, display, diagnostics)
}

fn echo(value: &str) -> &str {
    value.char_indices().nth(ECHO_CHARS_MAX).map_or(value, |(end, _)| &value[..end])
}

/// 400: the id in the path is no NHS number.
pub(crate) fn invalid_resource_id() -> Refusal {
    error(400, "value", "INVALID_RESOURCE_ID", "Resource Id is invalid", "")
}

/// 400: a header, parameter or element that has to be there is not.
pub(crate) fn missing_value(what: &str) -> Refusal {
    error(
        400,
        "required",
        "MISSING_VALUE",
        "Required value is missing",
        &format!("Missing value - '{}'", echo(what)),
    )
}

/// 400: a header that has to be there is not.
pub(crate) fn missing_header(header: &str) -> Refusal {
    let diagnostics =
        format!("Invalid request with error - {header} header must be supplied to access this resource");
    error(400, "required", "MISSING_VALUE", "Required value is missing", &diagnostics)
}

/// 400: a field's value is not of its kind.
pub(crate) fn invalid_value(value: &str, field: &str) -> Refusal {
    let diagnostics = format!("Invalid value - '{}' in field '{}'", echo(value), echo(field));
    error(400, "value", "INVALID_VALUE", "Provided value is invalid", &diagnostics)
}

/// 400: a header's value is not of its kind.
pub(crate) fn invalid_header(value: &str, header: &str) -> Refusal {
    let diagnostics = format!("Invalid value - '{}' in header '{header}'", echo(value));
    error(400, "value", "INVALID_VALUE", "Provided value is invalid", &diagnostics)
}

/// 400: no NHS number, no search parameter, or a body of the wrong content type.
pub(crate) fn unsupported_service() -> Refusal {
    error(400, "processing", "UNSUPPORTED_SERVICE", "Unsupported Service", "")
}

/// 400: something is there that the interface does not know.
pub(crate) fn additional_properties(name: &str) -> Refusal {
    let diagnostics = format!(
        "Invalid request with error - Additional properties are not allowed ('{}' was unexpected)",
        echo(name)
    );
    error(
        400,
        "invariant",
        "ADDITIONAL_PROPERTIES",
        "Additional properties should not be included",
        &diagnostics,
    )
}

/// 400: the combination of search parameters is not one that PDS searches by.
pub(crate) fn invalid_search_data(why: &str) -> Refusal {
    let diagnostics = format!("Invalid search data provided - '{why}'");
    error(400, "value", "INVALID_SEARCH_DATA", "Search data is invalid", &diagnostics)
}

/// 200: more people match than the caller may see.
pub(crate) fn too_many_matches() -> Refusal {
    issue(200, Severity::Information, "multiple-matches", "TOO_MANY_MATCHES", "Too Many Matches", "")
}

/// 404: nobody has this NHS number.
pub(crate) fn not_found() -> Refusal {
    issue(404, Severity::Information, "not-found", "RESOURCE_NOT_FOUND", "Resource not found", "")
}

/// 404: the record was invalidated and nothing took its place.
pub(crate) fn invalidated() -> Refusal {
    error(
        404,
        "processing",
        "INVALIDATED_RESOURCE",
        "Resource that has been marked as invalid was requested - invalid resources cannot be retrieved",
        "",
    )
}

/// 403: the caller's kind of access, or the organisation named, does not open this.
pub(crate) fn access_denied(who: &str, why: &str) -> Refusal {
    error(403, "forbidden", "ACCESS_DENIED", &format!("{who} cannot perform this action"), why)
}

/// 403: application-restricted access cannot write.
pub(crate) fn invalid_method() -> Refusal {
    let display = "Cannot update resource with Application-Restricted access token";
    let diagnostics = "Your app has insufficient permissions to use this method. Please contact support.";
    error(403, "forbidden", "INVALID_METHOD", display, diagnostics)
}

/// 403: application-restricted access gets one match, never a list.
pub(crate) fn one_result_only() -> Refusal {
    let diagnostics = "Your app has insufficient permissions to perform this search. Please contact support.";
    error(403, "value", "INVALID_VALUE", "Provided value is invalid", diagnostics)
}

/// 200: the person to be created has a record.
pub(crate) fn single_match(nhs_number: &str) -> Refusal {
    let diagnostics =
        format!("Unable to create new patient. NHS number {nhs_number} found for supplied demographic data.");
    error(200, "value", "SINGLE_MATCH", "Single match found", &diagnostics)
}

/// 200: the person to be created may be any of several who have a record.
pub(crate) fn multiple_matches() -> Refusal {
    let diagnostics = "Unable to create new patient. Multiple matches found for supplied demographic data.";
    error(200, "structure", "MULTIPLE_MATCHES", "Multiple matches found", diagnostics)
}

/// 400: a fault that has no code of its own.
pub(crate) fn validation_error(why: &str) -> Refusal {
    let diagnostics = format!("Invalid request with error - {why}");
    error(400, "invalid", "VALIDATION_ERROR", "Validation error", &diagnostics)
}

/// 400: the patch is malformed or cannot be applied.
pub(crate) fn invalid_update(why: &str) -> Refusal {
    let diagnostics = format!("Invalid update with error - {why}");
    error(400, "structure", "INVALID_UPDATE", "Update is invalid", &diagnostics)
}

/// 403: this part of the record is not the caller's to change.
pub(crate) fn forbidden_update(why: &str) -> Refusal {
    let diagnostics = format!("Forbidden update with error - {why}");
    issue(403, Severity::Information, "forbidden", "FORBIDDEN_UPDATE", "Update is forbidden", &diagnostics)
}

/// 403: a restricted record is changed elsewhere.
pub(crate) fn restricted() -> Refusal {
    forbidden_update("a restricted patient can only be updated by the National Back Office")
}

/// 409: the record has moved on since the caller read it.
pub(crate) fn version_mismatch() -> Refusal {
    let display = "Resource version supplied does not match actual version";
    error(409, "conflict", "RESOURCE_VERSION_MISMATCH", display, "")
}

/// 412: no usable If-Match header.
pub(crate) fn precondition_failed() -> Refusal {
    let diagnostics = "Invalid request with error - If-Match header must be supplied to update this resource";
    error(412, "structure", "PRECONDITION_FAILED", "Required condition was not fulfilled", diagnostics)
}

/// 400: a value of the code system that updates may not set.
pub(crate) fn unsupported_value(value: &str, field: &str) -> Refusal {
    let diagnostics = format!("Unsupported value - '{}' in field '{}'", echo(value), echo(field));
    error(400, "value", "UNSUPPORTED_VALUE", "Unsupported value", &diagnostics)
}

/// 400: more items than the element holds.
pub(crate) fn too_many_values(field: &str) -> Refusal {
    let diagnostics = format!("Too many values submitted - '{}'", echo(field));
    error(400, "value", "TOO_MANY_VALUES_SUBMITTED", "Too many values submitted", &diagnostics)
}

/// 400: fewer items than the element needs.
pub(crate) fn too_few_values(field: &str) -> Refusal {
    let diagnostics = format!("Too few values submitted - '{}'", echo(field));
    error(400, "value", "TOO_FEW_VALUES_SUBMITTED", "Too few values submitted", &diagnostics)
}

/// 400: a character that the field cannot hold.
pub(crate) fn unsupported_characters(value: &str, field: &str) -> Refusal {
    let diagnostics = format!("Unsupported characters - '{}' in field '{}'", echo(value), echo(field));
    error(400, "value", "UNSUPPORTED_CHARACTERS_IN_FIELD", "Unsupported characters in field", &diagnostics)
}

/// Issues that one refusal lists. 20: more than a person mends at a time; a bound on the answer.
const ISSUES_MAX: usize = 20;

/// Faults in the making: all that a request has are told at once.
#[derive(Default)]
pub(crate) struct Faults(Vec<Refusal>);

impl Faults {
    /// The value, or `None` with the fault noted.
    pub(crate) fn note<T>(&mut self, checked: Result<T, Refusal>) -> Option<T> {
        checked.map_err(|fault| self.0.push(fault)).ok()
    }

    /// Notes a fault.
    pub(crate) fn add(&mut self, fault: Refusal) {
        self.0.push(fault);
    }

    /// Nothing, or one refusal with the issues of all faults that share the first one's status.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        let mut faults = self.0.into_iter();
        let Some(first) = faults.next() else { return Ok(()) };
        let status = first.status;
        let more: Vec<Refusal> = faults.filter(|f| f.status == status).collect();
        if more.is_empty() {
            return Err(first);
        }
        let all = std::iter::once(&first).chain(&more);
        let issues: Vec<Value> = all.flat_map(|fault| issues(fault)).take(ISSUES_MAX).collect();
        let body = json!({"resourceType": "OperationOutcome", "issue": issues});
        Err(Box::new(fhir::resource(status, &body)))
    }
}

/// The issues of a refusal.
fn issues(refusal: &Answer) -> Vec<Value> {
    let Body::Inline(body) = &refusal.body else { return Vec::new() };
    let mut body: Value = serde_json::from_slice(body).unwrap_or_default();
    match body["issue"].take() {
        Value::Array(issues) => issues,
        _ => Vec::new(),
    }
}

/// A refusal of a rule that creation shares with update, in the code that creation publishes for it: INVALID_UPDATE is
/// of updates only.
pub(crate) fn of_create(refusal: Refusal) -> Refusal {
    let issue = issues(&refusal).into_iter().next().unwrap_or_default();
    if issue["details"]["coding"][0]["code"] != "INVALID_UPDATE" {
        return refusal;
    }
    let why = issue["diagnostics"].as_str().unwrap_or("");
    validation_error(why.strip_prefix("Invalid update with error - ").unwrap_or(why))
}
