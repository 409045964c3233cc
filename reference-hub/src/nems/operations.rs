//! The operations of this interface and the published routes to them. Read by the listener and by the OpenAPI document.

use crate::operation::{
    AnswerDoc, Credentials, KIB, Operation, Parameter, Place, RequestBody, Route, Schema,
};

/// Largest event. 256 KiB: eighty times a usual one.
const EVENT_BYTES_MAX: u64 = 256 * KIB;

/// All operations of this interface.
pub const OPERATIONS: &[Operation] = &[Operation::write("pds-change-notification", EVENT_BYTES_MAX)];

const FHIR: &[&str] = &["application/fhir+json"];

const fn outcome(status: u16, about: &'static str) -> AnswerDoc {
    AnswerDoc { status, media: FHIR, resource: "OperationOutcome", about }
}

const fn header(name: &'static str, schema: Schema, example: &'static str, about: &'static str) -> Parameter {
    Parameter { place: Place::Header, name, required: true, schema, example, about }
}

/// All routes of this interface.
pub const ROUTES: &[Route] = &[Route {
    id: "nems-publish-event",
    method: "POST",
    path: "/STU3/Events/1/$process-message",
    operations: &["pds-change-notification"],
    about: "Publishes an event message (National Events Management Service)",
    credentials: Credentials::Bearer,
    parameters: &[&[
        header("fromASID", Schema::Pattern("^[0-9]{12}$"), "200000000359", "ASID of the publishing system"),
        header("toASID", Schema::Pattern("^[0-9]{12}$"), "999999999999", "ASID of the events service"),
        header(
            "InteractionID",
            Schema::Pattern("^urn:nhs:names:services:events:[a-z0-9-]+\\.Write$"),
            "urn:nhs:names:services:events:pds-change-of-gp-1.Write",
            "Interaction id: names the event code of the message",
        ),
    ]],
    body: Some(RequestBody {
        required: true,
        media: &["application/fhir+json"],
        schema: r#"{"type":"object","properties":{"resourceType":{"enum":["Bundle"]},"type":{"enum":["message"]},"entry":{"type":"array","items":{"type":"object"}}}}"#,
    }),
    answers: &[
        AnswerDoc { status: 202, media: &[], resource: "", about: "The event is durable" },
        outcome(
            400,
            "BAD_REQUEST: a header is missing or malformed; INVALID_RESOURCE: the message is not valid",
        ),
        outcome(401, "No live session: ACCESS_DENIED"),
        outcome(403, "ACCESS_DENIED: the publishing system is not the session's organisation's"),
        outcome(404, "No such address: RESOURCE_NOT_FOUND"),
        outcome(405, "Another method than POST: NOT_IMPLEMENTED"),
        outcome(415, "The body is not FHIR JSON: UNSUPPORTED_MEDIA_TYPE"),
    ],
}];
