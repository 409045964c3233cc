//! PDS's published refusals, one constructor a code: status, FHIR issue type, severity and display as published.
//!
//! Called by every file of this folder. Never echoes more than [`ECHO_CHARS_MAX`] characters of what a caller sent.

use crate::fhir::{self, Issue, SPINE_ERROR_OR_WARNING, Severity};
use crate::message::Answer;

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
    issue(
        404,
        Severity::Information,
        "not-found",
        "INVALIDATED_RESOURCE",
        "Resource that has been marked as invalid was requested",
        "",
    )
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
