//! The operations of this interface and the routes to them. Read by the listener and by the OpenAPI document.

use crate::operation::{AnswerDoc, Credentials, Operation, Parameter, Place, Route, Schema};

/// All operations of this interface.
pub const OPERATIONS: &[Operation] = &[Operation::read("ssp-read")];

/// The interaction that reads a patient.
pub(super) const READ_PATIENT: &str = "urn:nhs:names:services:gpconnect:fhir:rest:read:patient-1";

const FHIR: &[&str] = &["application/fhir+json"];

const fn outcome(status: u16, about: &'static str) -> AnswerDoc {
    AnswerDoc { status, media: FHIR, resource: "OperationOutcome", about }
}

const fn header(name: &'static str, schema: Schema, example: &'static str, about: &'static str) -> Parameter {
    Parameter { place: Place::Header, name, required: true, schema, example, about }
}

/// All routes of this interface.
pub const ROUTES: &[Route] = &[Route {
    id: "ssp-read-patient",
    method: "GET",
    path: "/ssp/{provider}/Patient/{nhs_number}",
    operations: &["ssp-read"],
    about: "Reads a patient from a practice's system through the proxy (GP Connect)",
    credentials: Credentials::Bearer,
    parameters: &[&[
        Parameter {
            place: Place::Path,
            name: "provider",
            required: true,
            schema: Schema::Pattern("^[A-Z0-9]{3,10}$"),
            example: "A20047",
            about: "ODS code of the organisation that runs the provider's system; stands for its address",
        },
        Parameter {
            place: Place::Path,
            name: "nhs_number",
            required: true,
            schema: Schema::Pattern("^9[0-9]{9}$"),
            example: "9000000009",
            about: "NHS number of the patient",
        },
        header(
            "Ssp-TraceID",
            Schema::Uuid,
            "09a01679-2564-0fb4-5129-aecc81ea2706",
            "Trace id of the consumer",
        ),
        header("Ssp-From", Schema::Pattern("^[0-9]{12}$"), "200000000359", "ASID of the consumer's system"),
        header("Ssp-To", Schema::Pattern("^[0-9]{12}$"), "918999198993", "ASID of the provider's system"),
        header("Ssp-InteractionID", Schema::OneOf(&[READ_PATIENT]), READ_PATIENT, "Interaction id"),
    ]],
    body: None,
    answers: &[
        AnswerDoc { status: 200, media: FHIR, resource: "Patient", about: "The patient" },
        outcome(
            400,
            "BAD_REQUEST: a header is missing or malformed, or the address is not that of Ssp-To; INVALID_NHS_NUMBER",
        ),
        outcome(401, "No live session: ACCESS_DENIED"),
        outcome(403, "ACCESS_DENIED: sender or receiver may not use this interaction"),
        outcome(
            404,
            "PATIENT_NOT_FOUND: nobody with this number, or one who may not be shown; RESOURCE_NOT_FOUND",
        ),
        outcome(405, "NOT_IMPLEMENTED: another method than GET"),
        outcome(415, "UNSUPPORTED_MEDIA_TYPE: FHIR JSON is not accepted"),
    ],
}];
