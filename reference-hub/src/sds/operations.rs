//! The operations of this interface and the published routes to them. Read by the listener and by the OpenAPI document.

use crate::fhir::FHIR_JSON;
use crate::operation::{AnswerDoc, Credentials, Operation, Parameter, Place, Route, Schema};

/// All operations of this interface.
pub const OPERATIONS: &[Operation] = &[Operation::read("sds-device"), Operation::read("sds-endpoint")];

const ODS: Schema = Schema::Pattern(r"^https://fhir\.nhs\.uk/Id/ods-organization-code\|[A-Za-z0-9-]+$");
const ODS_EXAMPLE: &str = "https://fhir.nhs.uk/Id/ods-organization-code|A20047";
const IDENTIFIER: Schema = Schema::Many(&Schema::Pattern(
    r"^https://fhir\.nhs\.uk/Id/(nhsServiceInteractionId|nhsMhsPartyKey)\|[A-Za-z0-9:._-]+$",
));
const IDENTIFIER_EXAMPLE: &str =
    "https://fhir.nhs.uk/Id/nhsServiceInteractionId|urn:nhs:names:services:psis:REPC_IN150016UK05";

const fn query(
    name: &'static str,
    required: bool,
    schema: Schema,
    example: &'static str,
    about: &'static str,
) -> Parameter {
    Parameter { place: Place::Query, name, required, schema, example, about }
}

/// What both look-ups take.
const BOTH: &[Parameter] = &[
    query(
        "identifier",
        true,
        IDENTIFIER,
        IDENTIFIER_EXAMPLE,
        "A service interaction id, an MHS party key, or each of them once",
    ),
    Parameter {
        place: Place::Header,
        name: "X-Correlation-Id",
        required: false,
        schema: Schema::Uuid,
        example: "6d3d3674-7ce5-11ec-90d6-0242ac120003",
        about: "Tracks the request; mirrored",
    },
];

const DEVICE: &[Parameter] = &[
    query("organization", true, ODS, ODS_EXAMPLE, "The organisation that runs the system"),
    query("manufacturing-organization", false, ODS, ODS_EXAMPLE, "Who made the system"),
];

const ENDPOINT: &[Parameter] = &[query(
    "organization",
    false,
    ODS,
    ODS_EXAMPLE,
    "The organisation that runs the system; may be left out when interaction and party key are given",
)];

const fn outcome(status: u16, about: &'static str) -> AnswerDoc {
    AnswerDoc { status, media: &[FHIR_JSON], resource: "OperationOutcome", about }
}

/// What both look-ups answer. Wrong paths get the published 404, other methods the published 405.
const ANSWERS: &[AnswerDoc] = &[
    AnswerDoc {
        status: 200,
        media: &[FHIR_JSON],
        resource: "Bundle",
        about: "All that match, which may be none",
    },
    outcome(400, "BAD_REQUEST: missing or invalid query parameters or X-Correlation-Id"),
    outcome(
        401,
        "ACCESS_DENIED: no apikey header, which the gateway in front of the published interface demands",
    ),
    outcome(404, "NOT_IMPLEMENTED: no such path"),
    outcome(405, "NOT_IMPLEMENTED: GET only"),
    outcome(406, "UNSUPPORTED_MEDIA_TYPE: the client does not accept FHIR JSON"),
    outcome(500, "INTERNAL_SERVER_ERROR: a fault of the hub"),
    outcome(502, "The directory behind the interface answers nonsense; answered only when it is injected"),
    outcome(504, "The directory behind the interface does not answer; answered only when it is injected"),
];

/// All routes of this interface.
pub const ROUTES: &[Route] = &[
    Route {
        id: "sds-device",
        method: "GET",
        path: "/spine-directory/FHIR/R4/Device",
        operations: &["sds-device"],
        about: "Finds the accredited systems of an organisation for a service interaction",
        credentials: Credentials::ApiKey,
        parameters: &[DEVICE, BOTH],
        body: None,
        answers: ANSWERS,
    },
    Route {
        id: "sds-endpoint",
        method: "GET",
        path: "/spine-directory/FHIR/R4/Endpoint",
        operations: &["sds-endpoint"],
        about: "Finds where and how reliably systems take messages",
        credentials: Credentials::ApiKey,
        parameters: &[ENDPOINT, BOTH],
        body: None,
        answers: ANSWERS,
    },
];
