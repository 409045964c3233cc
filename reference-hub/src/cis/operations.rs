//! The operations of this interface and the published routes to them. Read by the listener and by the OpenAPI document.

use crate::fhir::FHIR_JSON;
use crate::operation::{AnswerDoc, Credentials, Operation, RequestBody, Route};

/// All operations of this interface.
pub const OPERATIONS: &[Operation] = &[Operation::read("cis-validate")];

/// JSON Schema of the form.
const FORM_SCHEMA: &str = r#"{"type":"object","required":["token"],"properties":{
"token":{"type":"string","minLength":1},"token_type_hint":{"type":"string"}}}"#;

/// All routes of this interface.
pub const ROUTES: &[Route] = &[Route {
    id: "cis-validate",
    method: "POST",
    path: "/oauth2/introspect",
    operations: &["cis-validate"],
    about: "Tells whether a token is live, and whose (RFC 7662)",
    credentials: Credentials::Bearer,
    parameters: &[],
    body: Some(RequestBody {
        required: true,
        media: &["application/x-www-form-urlencoded"],
        schema: FORM_SCHEMA,
    }),
    answers: &[
        AnswerDoc {
            status: 200,
            media: &["application/json"],
            resource: "",
            about: "active true and whose it is, or active false and nothing more",
        },
        AnswerDoc {
            status: 400,
            media: &["application/json"],
            resource: "",
            about: "invalid_request: the body is no form with exactly one token",
        },
        AnswerDoc {
            status: 401,
            media: &[FHIR_JSON],
            resource: "OperationOutcome",
            about: "ACCESS_DENIED: the caller's own access token is missing, invalid or expired",
        },
        AnswerDoc {
            status: 500,
            media: &[FHIR_JSON],
            resource: "OperationOutcome",
            about: "INTERNAL_SERVER_ERROR: a fault of the hub",
        },
    ],
}];
