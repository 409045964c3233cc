//! The operations of this interface and the published routes to them. Read by the listener and by the OpenAPI document.

use crate::operation::{AnswerDoc, Credentials, Operation, Parameter, Place, RequestBody, Route, Schema};

/// All operations of this interface.
pub const OPERATIONS: &[Operation] = &[Operation::read("ers-read"), Operation::read("ers-worklist")];

/// Business functions that e-RS publishes.
pub(super) const BUSINESS_FUNCTIONS: &[&str] = &[
    "REFERRING_CLINICIAN",
    "REFERRING_CLINICIAN_ADMIN",
    "REFERRING_ADMIN",
    "COMMISSIONER",
    "SERVICE_PROVIDER_CLINICIAN_ADMIN",
    "SERVICE_PROVIDER_CLINICIAN",
    "SERVICE_PROVIDER_ADMIN",
    "INFORMATION_ANALYST",
    "BOOKING_MANAGER",
    "ADDITIONAL_REQUIREMENTS_MANAGER",
];

/// Worklists that e-RS publishes: referring organisations' first, then providers'.
pub(super) const WORKLISTS: &[&str] = &[
    "LETTERS_OUTSTANDING",
    "REJECTED_TRIAGE_RESPONSE",
    "ASSESSMENT_RETURNED_CANCELLED_DNA",
    "AWAITING_BOOKING",
    "REFERRALS_FOR_REVIEW",
    "APPOINTMENT_SLOT_ISSUES",
];

const FHIR: &[&str] = &["application/fhir+json"];

const fn outcome(status: u16, about: &'static str) -> AnswerDoc {
    AnswerDoc { status, media: FHIR, resource: "OperationOutcome", about }
}

const fn header(name: &'static str, schema: Schema, example: &'static str, about: &'static str) -> Parameter {
    Parameter { place: Place::Header, name, required: false, schema, example, about }
}

const HEADERS: &[Parameter] = &[
    header(
        "NHSD-End-User-Organisation-ODS",
        Schema::Text,
        "A20047",
        "ODS code of the user's organisation; must be the session's",
    ),
    header(
        "NHSD-eRS-Business-Function",
        Schema::OneOf(BUSINESS_FUNCTIONS),
        "REFERRING_CLINICIAN",
        "Business function of the caller",
    ),
    header(
        "NHSD-eRS-On-Behalf-Of-User-ID",
        Schema::Pattern("^[0-9]{12}$"),
        "555254240100",
        "User for whom the caller acts, 12 digits",
    ),
    header(
        "X-Correlation-ID",
        Schema::Text,
        "11c46f5f-cdef-4865-94b2-0ee0edcc26da",
        "Repeated in the answer",
    ),
];

/// All routes of this interface.
pub const ROUTES: &[Route] = &[
    Route {
        id: "ers-retrieve-referral-request",
        method: "GET",
        path: "/referrals/FHIR/STU3/ReferralRequest/{ubrn}",
        operations: &["ers-read"],
        about: "Retrieves a referral (A005)",
        credentials: Credentials::Bearer,
        parameters: &[
            &[Parameter {
                place: Place::Path,
                name: "ubrn",
                required: true,
                schema: Schema::Pattern("^[0-9]{12}$"),
                example: "000000070000",
                about: "Unique booking reference number",
            }],
            HEADERS,
        ],
        body: None,
        answers: &[
            AnswerDoc { status: 200, media: FHIR, resource: "ReferralRequest", about: "The referral" },
            outcome(400, "A header is not allowed: BAD_REQUEST"),
            outcome(401, "No live session: NO_ACCESS"),
            outcome(403, "The organisation in the header is not the session's: NO_ACCESS"),
            outcome(404, "No such referral, or no such address: NOT_FOUND"),
            outcome(405, "Another method than GET: METHOD_NOT_ALLOWED"),
            outcome(406, "FHIR JSON is not accepted: NOT_ACCEPTABLE"),
            outcome(422, "NO_RELATIONSHIP, PATIENT_ERROR"),
        ],
    },
    Route {
        id: "ers-retrieve-worklist",
        method: "POST",
        path: "/referrals/FHIR/STU3/ReferralRequest/$ers.fetchworklist",
        operations: &["ers-worklist"],
        about: "Retrieves a worklist of the session's organisation (A008)",
        credentials: Credentials::Bearer,
        parameters: &[HEADERS],
        body: Some(RequestBody {
            required: true,
            media: &["application/fhir+json"],
            schema: r#"{"type":"object","properties":{"resourceType":{"enum":["Parameters"]},"parameter":{"type":"array","items":{"type":"object"}}}}"#,
        }),
        answers: &[
            AnswerDoc { status: 200, media: FHIR, resource: "List", about: "The worklist" },
            outcome(400, "A header is not allowed: BAD_REQUEST"),
            outcome(401, "No live session: NO_ACCESS"),
            outcome(403, "The organisation in the header is not the session's: NO_ACCESS"),
            outcome(405, "Another method than POST: METHOD_NOT_ALLOWED"),
            outcome(406, "FHIR JSON is not accepted: NOT_ACCEPTABLE"),
            outcome(415, "The body is not FHIR JSON: UNSUPPORTED_MEDIA_TYPE"),
            outcome(422, "INVALID_FHIR_STRUCTURE, MISSING_VALUE, INVALID_CODE, UNEXPECTED_FIELD"),
        ],
    },
];
