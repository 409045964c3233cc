//! The operations of this interface and the published routes to them. Read by the listener and by the OpenAPI document.

use crate::fhir::FHIR_JSON;
use crate::operation::{
    AnswerDoc, Credentials, KIB, MIB, Operation, Parameter, Place, RequestBody, Route, Schema,
};

/// All operations of this interface.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("scr-upload", MIB),
    Operation::read("scr-list"),
    Operation::read("scr-retrieve"),
    Operation::write("scr-set-permission", 64 * KIB),
    Operation::write("scr-audit", 64 * KIB),
];

const NHS_NUMBER: Schema = Schema::Pattern(r"^https://fhir\.nhs\.uk/Id/nhs-number\|9[0-9]{9}$");
const NHS_NUMBER_EXAMPLE: &str = "https://fhir.nhs.uk/Id/nhs-number|9000000009";

/// Ids of a request.
const IDS: &[Parameter] = &[
    Parameter {
        place: Place::Header,
        name: "X-Request-ID",
        required: false,
        schema: Schema::Uuid,
        example: "60e0b220-8136-4ca5-ae46-1d97ef59d068",
        about: "De-duplicates: the same request sent again is answered as the first time. Mirrored",
    },
    Parameter {
        place: Place::Header,
        name: "X-Correlation-ID",
        required: false,
        schema: Schema::Text,
        example: "11c46f5f-cdef-4865-94b2-0ee0edcc26da",
        about: "Any text; mirrored",
    },
];

/// The user's role.
const ROLE: &[Parameter] = &[Parameter {
    place: Place::Header,
    name: "NHSD-Session-URID",
    required: false,
    schema: Schema::Pattern("^[0-9]+$"),
    example: "",
    about: "Role profile id of the session; if sent, it must be one of the logged-in user",
}];

/// Parameters of the list.
const LIST: &[Parameter] = &[
    Parameter {
        place: Place::Query,
        name: "patient",
        required: true,
        schema: NHS_NUMBER,
        example: NHS_NUMBER_EXAMPLE,
        about: "Whose summary is looked for",
    },
    Parameter {
        place: Place::Query,
        name: "type",
        required: false,
        schema: Schema::OneOf(&["http://snomed.info/sct|196981000000101"]),
        example: "http://snomed.info/sct|196981000000101",
        about: "General Practice Summary, the only type",
    },
    Parameter {
        place: Place::Query,
        name: "_sort",
        required: false,
        schema: Schema::OneOf(&["date"]),
        example: "date",
        about: "The only order",
    },
    Parameter {
        place: Place::Query,
        name: "_count",
        required: false,
        schema: Schema::Whole(1, 1),
        example: "1",
        about: "The latest alone can be asked for",
    },
];

/// Parameters of the retrieval.
const RETRIEVE: &[Parameter] = &[
    Parameter {
        place: Place::Query,
        name: "composition.identifier",
        required: true,
        schema: Schema::Uuid,
        example: "fa60be64-1f34-11eb-a2a8-000c29a364eb",
        about: "Id of the latest summary, from the list; an older one finds nothing",
    },
    Parameter {
        place: Place::Query,
        name: "composition.subject:Patient.identifier",
        required: true,
        schema: NHS_NUMBER,
        example: NHS_NUMBER_EXAMPLE,
        about: "Whose summary it is",
    },
];

const fn outcome(status: u16, about: &'static str) -> AnswerDoc {
    AnswerDoc { status, media: &[FHIR_JSON], resource: "OperationOutcome", about }
}

const fn created(about: &'static str) -> AnswerDoc {
    AnswerDoc { status: 201, media: &[], resource: "", about }
}

const fn found(about: &'static str) -> AnswerDoc {
    AnswerDoc { status: 200, media: &[FHIR_JSON], resource: "Bundle", about }
}

const BAD_REQUEST: AnswerDoc =
    outcome(400, "invalid: the request contradicts the specification or the record; an issue for each fault");
const UNAUTHORISED: AnswerDoc = outcome(
    401,
    "forbidden: the access token is missing, invalid or expired, or not a user's where it must be",
);
const NO_CONSENT: AnswerDoc = outcome(403, "forbidden: the patient does not consent to storing a summary");
const OTHER_ORGANISATION: AnswerDoc =
    outcome(403, "forbidden: the organisation in the message is not the session's");
const MEDIA_TYPE: AnswerDoc = outcome(415, "not-supported: Content-Type is not application/fhir+json");
const FAULT: AnswerDoc = outcome(500, "unknown, UNKNOWN_ERROR: a fault of the hub");
const TIMED_OUT: AnswerDoc =
    outcome(504, "transient: processing timed out; answered only when it is injected");

/// JSON Schema of a bundle as far as the hub demands it.
const BUNDLE_SCHEMA: &str = r#"{"type":"object","required":["resourceType","identifier","type","timestamp","entry"],
"properties":{"resourceType":{"enum":["Bundle"]},"id":{"type":"string"},
"identifier":{"type":"object","required":["system","value"],
"properties":{"system":{"enum":["https://tools.ietf.org/html/rfc4122"]},"value":{"type":"string","format":"uuid"}}},
"type":{"enum":["document"]},"timestamp":{"type":"string","format":"date-time"},
"entry":{"type":"array","minItems":4,"items":{"type":"object","required":["resource"],
"properties":{"fullUrl":{"type":"string"},"resource":{"type":"object","required":["resourceType"],
"properties":{"resourceType":{"type":"string"},"id":{"type":"string"}}}}}}}}"#;

/// JSON Schema of the Parameters of a permission.
const PERMISSION_SCHEMA: &str = r#"{"type":"object","required":["resourceType","parameter"],
"properties":{"resourceType":{"enum":["Parameters"]},"parameter":{"type":"array","minItems":1,"maxItems":1,
"items":{"type":"object","required":["name","part"],"properties":{"name":{"enum":["setPermissions"]},
"part":{"type":"array","minItems":2,"maxItems":2,"items":{"anyOf":[
{"type":"object","required":["name","valueString"],"properties":{"name":{"enum":["nhsNumber"]},
"valueString":{"type":"string","pattern":"^9[0-9]{9}$"}}},
{"type":"object","required":["name","valueCoding"],"properties":{"name":{"enum":["permissionCode"]},
"valueCoding":{"type":"object","required":["system","code"],"properties":{
"system":{"enum":["https://fhir.nhs.uk/CodeSystem/SCR-ACSPermission"]},
"code":{"enum":["Yes","No","Ask"]}}}}}]}}}}}}}"#;

/// JSON Schema of an alert.
const ALERT_SCHEMA: &str = r#"{"type":"object",
"required":["resourceType","id","extension","type","subtype","recorded","agent","source","entity"],
"properties":{"resourceType":{"enum":["AuditEvent"]},"id":{"type":"string","minLength":1},
"extension":{"type":"array","minItems":1,"items":{"type":"object","required":["url","valueString"],"properties":{
"url":{"enum":["https://fhir.nhs.uk/StructureDefinition/Extension-SCR-NotificationMessage"]},
"valueString":{"type":"string","minLength":1}}}},
"type":{"type":"object","required":["system","code","display"],"properties":{
"system":{"enum":["https://fhir.nhs.uk/CodeSystem/SCR-AlertType"]},"code":{"enum":["1","2"]},
"display":{"type":"string","minLength":1}}},
"subtype":{"type":"array","minItems":1,"maxItems":1,"items":{"type":"object",
"required":["system","code","display"],"properties":{
"system":{"enum":["https://fhir.nhs.uk/CodeSystem/SCR-AlertReason"]},
"code":{"enum":["1","2","3","4","5","6"]},"display":{"type":"string","minLength":1}}}},
"recorded":{"type":"string","format":"date-time"},"outcomeDesc":{"type":"string"},
"agent":{"type":"array","minItems":3,"maxItems":3,"items":{"type":"object","required":["who","requestor"],
"properties":{"who":{"type":"object","required":["identifier"],"properties":{"identifier":{"type":"object",
"required":["system","value"],"properties":{"system":{"type":"string"},"value":{"type":"string"}}}}},
"role":{"type":"array","items":{"type":"object","required":["text"]}},"requestor":{"type":"boolean"}}}},
"source":{"type":"object","required":["observer"],"properties":{"observer":{"type":"object",
"required":["identifier"],"properties":{"identifier":{"type":"object","required":["system","value"],
"properties":{"system":{"enum":["https://fhir.nhs.uk/Id/nhsSpineASID"]},
"value":{"type":"string","minLength":1}}}}}}},
"entity":{"type":"array","minItems":1,"items":{"type":"object","required":["what"]}}}}"#;

const fn fhir(schema: &'static str) -> Option<RequestBody> {
    Some(RequestBody { required: true, media: &[FHIR_JSON], schema })
}

/// All routes of this interface. Content-Type is documented with the body.
pub const ROUTES: &[Route] = &[
    Route {
        id: "scr-upload",
        method: "POST",
        path: "/summary-care-record/FHIR/R4/Bundle",
        operations: &["scr-upload"],
        about: "Uploads a patient's Summary Care Record, which becomes the latest",
        credentials: Credentials::Bearer,
        parameters: &[IDS, ROLE],
        body: fhir(BUNDLE_SCHEMA),
        answers: &[
            created("The summary is stored"),
            BAD_REQUEST,
            UNAUTHORISED,
            NO_CONSENT,
            OTHER_ORGANISATION,
            MEDIA_TYPE,
            FAULT,
            TIMED_OUT,
        ],
    },
    Route {
        id: "scr-retrieve",
        method: "GET",
        path: "/summary-care-record/FHIR/R4/Bundle",
        operations: &["scr-retrieve"],
        about: "Retrieves a patient's latest Summary Care Record",
        credentials: Credentials::Bearer,
        parameters: &[IDS, RETRIEVE],
        body: None,
        answers: &[
            found("The summary, resource by resource; without entries when the id is not the latest one's"),
            BAD_REQUEST,
            UNAUTHORISED,
            NO_CONSENT,
            outcome(
                420,
                "forbidden, PSIS-30418: the patient opted out, so that access control keeps it closed",
            ),
            FAULT,
        ],
    },
    Route {
        id: "scr-list",
        method: "GET",
        path: "/summary-care-record/FHIR/R4/DocumentReference",
        operations: &["scr-list"],
        about: "Finds the id of a patient's latest Summary Care Record, and the patient's permission",
        credentials: Credentials::Bearer,
        parameters: &[IDS, ROLE, LIST],
        body: None,
        answers: &[
            found("A reference to the latest summary and the patient; no entries when there is none"),
            BAD_REQUEST,
            UNAUTHORISED,
            NO_CONSENT,
            FAULT,
        ],
    },
    Route {
        id: "scr-set-permission",
        method: "POST",
        path: "/summary-care-record/FHIR/R4/$setPermission",
        operations: &["scr-set-permission"],
        about: "Sets a patient's permission to share the summary",
        credentials: Credentials::Bearer,
        parameters: &[IDS, ROLE],
        body: fhir(PERMISSION_SCHEMA),
        answers: &[created("The permission is set"), BAD_REQUEST, UNAUTHORISED, MEDIA_TYPE, FAULT],
    },
    Route {
        id: "scr-audit",
        method: "POST",
        path: "/summary-care-record/FHIR/R4/AuditEvent",
        operations: &["scr-audit"],
        about: "Raises an alert to the privacy officers of an organisation",
        credentials: Credentials::Bearer,
        parameters: &[IDS, ROLE],
        body: fhir(ALERT_SCHEMA),
        answers: &[
            created("The alert is stored"),
            BAD_REQUEST,
            UNAUTHORISED,
            OTHER_ORGANISATION,
            MEDIA_TYPE,
            FAULT,
        ],
    },
];
