//! What the documentation of several EPS routes shares: parameters, bodies, and the answers that all of them can give.
//!
//! Read by [`super::operations`]. Constant data.

use crate::fhir::FHIR_JSON;
use crate::operation::{AnswerDoc, Parameter, Place, RequestBody, Schema};

/// A UUID as published: any version, either case.
const UUID: &str = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";

/// Headers of every EPS request but those for metadata.
pub const HEADERS: &[Parameter] = &[
    Parameter {
        place: Place::Header,
        name: "X-Request-ID",
        required: true,
        schema: Schema::Pattern(UUID),
        example: "60e0b220-8136-4ca5-ae46-1d97ef59d068",
        about: "Id of the request, new for each and the same when it is sent again; mirrored. The sandbox does without.",
    },
    Parameter {
        place: Place::Header,
        name: "X-Correlation-ID",
        required: false,
        schema: Schema::Text,
        example: "11C46F5F-CDEF-4865-94B2-0EE0EDCC26DA",
        about: "Ties requests together across systems; mirrored.",
    },
    Parameter {
        place: Place::Header,
        name: "NHSD-Session-URID",
        required: false,
        schema: Schema::Pattern("^[0-9]+$"),
        example: "555254240100",
        about: "Role profile of the user's session.",
    },
];

/// A FHIR body of the resource types that `schema` names.
const fn body(schema: &'static str) -> Option<RequestBody> {
    Some(RequestBody { required: true, media: &[FHIR_JSON], schema })
}

/// A message.
pub const BUNDLE: Option<RequestBody> = body(
    r#"{"type":"object","required":["resourceType","identifier","type","entry"],"properties":{"resourceType":{"type":"string","enum":["Bundle"]},"type":{"type":"string","enum":["message"]},"identifier":{"type":"object"},"entry":{"type":"array","minItems":1,"items":{"type":"object"}}}}"#,
);
/// A release request.
pub const PARAMETERS: Option<RequestBody> = body(
    r#"{"type":"object","required":["resourceType","parameter"],"properties":{"resourceType":{"type":"string","enum":["Parameters"]},"parameter":{"type":"array","minItems":1,"items":{"type":"object"}}}}"#,
);
/// A return or a withdrawal.
pub const TASK: Option<RequestBody> = body(
    r#"{"type":"object","required":["resourceType","identifier","status","groupIdentifier","for"],"properties":{"resourceType":{"type":"string","enum":["Task"]},"status":{"type":"string","enum":["in-progress","rejected"]},"identifier":{"type":"array","minItems":1,"items":{"type":"object"}},"groupIdentifier":{"type":"object"},"for":{"type":"object"}}}"#,
);
/// A claim.
pub const CLAIM: Option<RequestBody> = body(
    r#"{"type":"object","required":["resourceType","identifier","patient","payee","prescription","item"],"properties":{"resourceType":{"type":"string","enum":["Claim"]},"identifier":{"type":"array","minItems":1,"items":{"type":"object"}},"patient":{"type":"object"},"payee":{"type":"object"},"prescription":{"type":"object"},"item":{"type":"array","minItems":1,"items":{"type":"object"}}}}"#,
);
/// Anything that can be checked.
pub const ANY: Option<RequestBody> = body(
    r#"{"type":"object","required":["resourceType"],"properties":{"resourceType":{"type":"string","enum":["Bundle","Parameters","Task","Claim"]}}}"#,
);

/// An answer with a FHIR body.
pub const fn answer(status: u16, resource: &'static str, about: &'static str) -> AnswerDoc {
    AnswerDoc { status, media: &[FHIR_JSON], resource, about }
}

/// 401, which every operation with a session can answer.
pub const DENIED: AnswerDoc =
    answer(401, "OperationOutcome", "ACCESS_DENIED: no access token, or one that is unknown or has ended");

/// 403, which every operation with a session can answer.
pub const FORBIDDEN: AnswerDoc = answer(
    403,
    "OperationOutcome",
    "FORBIDDEN: the session acts for another organisation than its own, or is an application's where a user is needed",
);
