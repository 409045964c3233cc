//! The operations of this interface and the routes to them. Read by the listener and by the OpenAPI document.

use crate::operation::{AnswerDoc, Credentials, Operation, RequestBody, Route};

/// All operations of this interface.
pub const OPERATIONS: &[Operation] = &[Operation::read("dbs-batch-trace")];

const FHIR: &[&str] = &["application/fhir+json"];

const fn outcome(status: u16, about: &'static str) -> AnswerDoc {
    AnswerDoc { status, media: FHIR, resource: "OperationOutcome", about }
}

/// All routes of this interface.
pub const ROUTES: &[Route] = &[Route {
    id: "dbs-batch-trace",
    method: "POST",
    path: "/dbs/batch",
    operations: &["dbs-batch-trace"],
    about: "Traces up to 50 people at once, a line each (this hub's own form of the batch service, which takes files)",
    credentials: Credentials::Bearer,
    parameters: &[],
    body: Some(RequestBody { required: true, media: &["text/csv"], schema: r#"{"type":"string"}"# }),
    answers: &[
        AnswerDoc { status: 200, media: &["text/csv"], resource: "", about: "A line for each line" },
        outcome(400, "The file is not one: INVALID_VALUE"),
        outcome(401, "No live session: ACCESS_DENIED"),
        outcome(404, "No such address: RESOURCE_NOT_FOUND"),
        outcome(405, "Another method than POST: NOT_IMPLEMENTED"),
        outcome(415, "The body is not CSV: UNSUPPORTED_MEDIA_TYPE"),
    ],
}];
