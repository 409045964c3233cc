//! The operations of this interface and the published routes to them. Read by the listener and by the OpenAPI document.

use super::bodies;
use crate::fhir::FHIR_JSON;
use crate::operation::{
    AnswerDoc, Credentials, KIB, Operation, Parameter, Place, RequestBody, Route, Schema,
};

/// All operations of this interface.
pub const OPERATIONS: &[Operation] = &[
    Operation::read("pds-retrieve"),
    Operation::read("pds-trace"),
    Operation::write("pds-update", 64 * KIB),
    Operation::write("pds-create", 64 * KIB),
    Operation::read("pds-related"),
    Operation::read("pds-coverage"),
    Operation::write("pds-coverage-update", 64 * KIB),
];

const fn header(name: &'static str, schema: Schema, example: &'static str, about: &'static str) -> Parameter {
    Parameter { place: Place::Header, name, required: false, schema, example, about }
}

const fn query(name: &'static str, schema: Schema, example: &'static str, about: &'static str) -> Parameter {
    Parameter { place: Place::Query, name, required: false, schema, example, about }
}

const fn needed(parameter: Parameter) -> Parameter {
    Parameter { required: true, ..parameter }
}

/// Headers of every request.
const CALL: &[Parameter] = &[
    needed(header(
        "X-Request-ID",
        Schema::Pattern("^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"),
        "7B0C6E2A-93D4-4E0B-8F2B-5B1C7E6A9D10",
        "A UUID, mirrored; a write that is sent again under it is done once and answered the same",
    )),
    header("X-Correlation-ID", Schema::Text, "0F4F2E7C-6A53-4B1B-9C59-2C1B7E0E6C11", "Any value, mirrored"),
    header(
        "NHSD-End-User-Organisation-ODS",
        Schema::Text,
        "",
        "ODS code of the organisation the caller acts for; that of the access token",
    ),
];

/// The role, where it is published.
const ROLE: &[Parameter] = &[header(
    "NHSD-Session-URID",
    Schema::Pattern("^[0-9]+$"),
    "480216735501",
    "Role profile of the session; looked at in healthcare worker access only",
)];

/// The patient.
const ID: &[Parameter] = &[Parameter {
    place: Place::Path,
    name: "id",
    required: true,
    schema: Schema::Pattern("^[0-9]{10}$"),
    example: "9000000009",
    about: "NHS number: ten digits, the last a modulus-11 check digit",
}];

/// The version that a write was made for.
const IF_MATCH: &[Parameter] = &[needed(header(
    "If-Match",
    Schema::Pattern("^W/\"[0-9]+\"$"),
    "W/\"2\"",
    "ETag of the record that the write was made for",
))];

/// How long a client would wait for an update.
const SYNC_WAIT: &[Parameter] = &[header(
    "X-Sync-Wait",
    Schema::Text,
    "10",
    "Seconds the client would wait; the hub answers when the update is durable, which is sooner",
)];

const NAME: Schema = Schema::Text;
const DATE: Schema = Schema::Pattern("^(eq|ge|le)?[0-9]{4}-[0-9]{2}-[0-9]{2}$");

/// Parameters of a search.
const SEARCH: &[Parameter] = &[
    query("_fuzzy-match", Schema::Flag, "false", "Homophones, transposed names and history match too"),
    query("_exact-match", Schema::Flag, "false", "Only matches of score 1.0"),
    query("_history", Schema::Flag, "false", "Former names, addresses and contact points match too"),
    query("_max-results", Schema::Whole(1, 50), "50", "Matches at most; 1 in application-restricted access"),
    query("family", NAME, "Smith", "Family name, at most 35 characters; * after two characters"),
    query("given", Schema::Many(&NAME), "Jane", "Given names in order; * after two characters"),
    query("gender", Schema::OneOf(&["male", "female", "other", "unknown"]), "female", "Recorded gender"),
    query(
        "birthdate",
        Schema::Many(&DATE),
        "eq2010-10-22",
        "eq, ge or le and a date; ge and le make a range",
    ),
    query("death-date", Schema::Many(&DATE), "", "As birthdate"),
    query("address-postalcode", Schema::Text, "", "Postcode of any known address; * after two characters"),
    query("address-postcode", Schema::Text, "", "The older name of address-postalcode, which it excludes"),
    query("general-practitioner", Schema::Text, "", "ODS code of the practice"),
    query("managing-organization", Schema::Text, "", "ODS code of the managing organisation"),
    query("email", Schema::Text, "", "E-mail address, whole"),
    query("phone", Schema::Text, "", "Telephone number, whole"),
];

/// Whose coverage.
const SUBSCRIBER: &[Parameter] = &[needed(query(
    "subscriber:identifier",
    Schema::Pattern("^[0-9]{10}$"),
    "9000000009",
    "NHS number of the holder",
))];

const fn answer(status: u16, resource: &'static str, about: &'static str) -> AnswerDoc {
    AnswerDoc { status, media: &[FHIR_JSON], resource, about }
}

const fn refusal(status: u16, about: &'static str) -> AnswerDoc {
    answer(status, "OperationOutcome", about)
}

const HEADERS_400: AnswerDoc =
    refusal(400, "MISSING_VALUE, INVALID_VALUE: a header is missing or not of its kind");
const NUMBER_400: AnswerDoc = refusal(400, "INVALID_RESOURCE_ID: no valid NHS number");
const BODY_400: AnswerDoc = refusal(
    400,
    "MISSING_VALUE, INVALID_VALUE, VALIDATION_ERROR, UNSUPPORTED_CHARACTERS_IN_FIELD, ADDITIONAL_PROPERTIES, \
     UNSUPPORTED_VALUE, TOO_FEW_VALUES_SUBMITTED, TOO_MANY_VALUES_SUBMITTED: the body breaks a rule",
);
const MEDIA_400: AnswerDoc = refusal(400, "UNSUPPORTED_SERVICE: no or another Content-Type than is taken");
const TOKEN_401: AnswerDoc = refusal(401, "ACCESS_DENIED: access token missing, unknown or expired");
const DENIED_403: AnswerDoc = refusal(
    403,
    "ACCESS_DENIED: not open to this access mode, or not this patient's own record, or another organisation's",
);
const GONE_404: AnswerDoc = refusal(
    404,
    "RESOURCE_NOT_FOUND: nobody has this number; INVALIDATED_RESOURCE: invalidated and not superseded",
);
const SLOW_408: AnswerDoc =
    refusal(408, "UNABLE_TO_CALL_SERVICE: only when injected, as there is no service behind the hub");
const RATE_429: AnswerDoc = refusal(429, "TOO_MANY_REQUESTS: over the client's rate limit");
const BUSY_503: AnswerDoc =
    refusal(503, "SERVICE_UNAVAILABLE: send again under the same X-Request-ID after Retry-After seconds");
const RESTRICTED_403: AnswerDoc =
    refusal(403, "FORBIDDEN_UPDATE: a restricted record, or what is not the caller's to change");
const METHOD_403: AnswerDoc = refusal(403, "INVALID_METHOD: application-restricted access does not write");
const VERSION_409: AnswerDoc = refusal(409, "RESOURCE_VERSION_MISMATCH: the record has moved on");
const MATCH_412: AnswerDoc = refusal(412, "PRECONDITION_FAILED: no If-Match of the form W/\"n\"");

/// All routes of this interface.
pub const ROUTES: &[Route] = &[
    Route {
        id: "search-patient",
        method: "GET",
        path: "/personal-demographics/FHIR/R4/Patient",
        operations: &["pds-trace"],
        about: "Searches for patients",
        credentials: Credentials::Bearer,
        parameters: &[CALL, ROLE, SEARCH],
        body: None,
        answers: &[
            answer(200, "", "A searchset Bundle, best match first, or an OperationOutcome: TOO_MANY_MATCHES"),
            HEADERS_400,
            refusal(
                400,
                "INVALID_SEARCH_DATA: the combination; UNSUPPORTED_SERVICE: no parameter; MISSING_VALUE, INVALID_VALUE, \
                 ADDITIONAL_PROPERTIES: a parameter",
            ),
            TOKEN_401,
            DENIED_403,
            refusal(403, "INVALID_VALUE: several results asked for in application-restricted access"),
            SLOW_408,
            RATE_429,
            BUSY_503,
        ],
    },
    Route {
        id: "create-patient",
        method: "POST",
        path: "/personal-demographics/FHIR/R4/Patient",
        operations: &["pds-create"],
        about: "Creates a record and allocates an NHS number",
        credentials: Credentials::Bearer,
        parameters: &[CALL, ROLE],
        body: Some(RequestBody {
            required: true,
            media: &["application/json", FHIR_JSON],
            schema: bodies::CREATION,
        }),
        answers: &[
            answer(201, "Patient", "The new record"),
            refusal(
                200,
                "SINGLE_MATCH, MULTIPLE_MATCHES: the person has, or may have, a record; none was made",
            ),
            HEADERS_400,
            MEDIA_400,
            BODY_400,
            TOKEN_401,
            DENIED_403,
            METHOD_403,
            SLOW_408,
            RATE_429,
            BUSY_503,
        ],
    },
    Route {
        id: "get-patient",
        method: "GET",
        path: "/personal-demographics/FHIR/R4/Patient/{id}",
        operations: &["pds-retrieve"],
        about: "Reads a patient's record; of a superseded number, the one that took its place",
        credentials: Credentials::Bearer,
        parameters: &[ID, CALL, ROLE],
        body: None,
        answers: &[
            answer(200, "Patient", "The record; ETag is its version"),
            HEADERS_400,
            NUMBER_400,
            TOKEN_401,
            DENIED_403,
            GONE_404,
            SLOW_408,
            RATE_429,
            BUSY_503,
        ],
    },
    Route {
        id: "update-patient-partial",
        method: "PATCH",
        path: "/personal-demographics/FHIR/R4/Patient/{id}",
        operations: &["pds-update"],
        about: "Changes parts of a patient's record by JSON Patch",
        credentials: Credentials::Bearer,
        parameters: &[ID, CALL, ROLE, IF_MATCH, SYNC_WAIT],
        body: Some(RequestBody {
            required: true,
            media: &["application/json-patch+json"],
            schema: bodies::PATCH,
        }),
        answers: &[
            answer(200, "Patient", "The record as it is now; ETag is its new version"),
            HEADERS_400,
            NUMBER_400,
            MEDIA_400,
            refusal(400, "INVALID_UPDATE: the patch is malformed or cannot be applied"),
            BODY_400,
            TOKEN_401,
            DENIED_403,
            METHOD_403,
            RESTRICTED_403,
            GONE_404,
            SLOW_408,
            VERSION_409,
            MATCH_412,
            RATE_429,
            BUSY_503,
        ],
    },
    Route {
        id: "get-related-people",
        method: "GET",
        path: "/personal-demographics/FHIR/R4/Patient/{id}/RelatedPerson",
        operations: &["pds-related"],
        about: "Reads whom to contact about a patient",
        credentials: Credentials::Bearer,
        parameters: &[ID, CALL, ROLE],
        body: None,
        answers: &[
            answer(
                200,
                "Bundle",
                "Related people, none of a restricted patient; ETag is the record's version",
            ),
            HEADERS_400,
            NUMBER_400,
            TOKEN_401,
            DENIED_403,
            GONE_404,
            SLOW_408,
            RATE_429,
            BUSY_503,
        ],
    },
    Route {
        id: "get-coverage",
        method: "GET",
        path: "/personal-demographics/FHIR/R4/Coverage",
        operations: &["pds-coverage"],
        about: "Reads a patient's European health insurance card",
        credentials: Credentials::Bearer,
        parameters: &[SUBSCRIBER, CALL],
        body: None,
        answers: &[
            answer(200, "Bundle", "One card or none; ETag is the version for an update"),
            HEADERS_400,
            NUMBER_400,
            refusal(
                400,
                "INVALID_SEARCH_DATA: other parameters than subscriber:identifier once; MISSING_VALUE: empty",
            ),
            TOKEN_401,
            DENIED_403,
            GONE_404,
            SLOW_408,
            RATE_429,
            BUSY_503,
        ],
    },
    Route {
        id: "post-coverage",
        method: "POST",
        path: "/personal-demographics/FHIR/R4/Coverage",
        operations: &["pds-coverage-update"],
        about: "Sets a patient's European health insurance card",
        credentials: Credentials::Bearer,
        parameters: &[CALL, IF_MATCH],
        body: Some(RequestBody {
            required: true,
            media: &["application/json", FHIR_JSON, "application/json-patch+json"],
            schema: bodies::COVERAGE,
        }),
        answers: &[
            answer(201, "Bundle", "The card as it is now; ETag is the new version"),
            HEADERS_400,
            NUMBER_400,
            MEDIA_400,
            refusal(400, "INVALID_UPDATE: the body is malformed"),
            BODY_400,
            TOKEN_401,
            DENIED_403,
            RESTRICTED_403,
            GONE_404,
            SLOW_408,
            VERSION_409,
            MATCH_412,
            RATE_429,
            BUSY_503,
        ],
    },
];
