//! The operations of this interface and the published routes to them. Read by the listener and by the OpenAPI document.

use super::documented::{ANY, BUNDLE, CLAIM, DENIED, FORBIDDEN, HEADERS, PARAMETERS, TASK, answer};
use crate::operation::{Credentials, KIB, MIB, Operation, Parameter, Place, Route, Schema};

/// All operations of this interface.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("eps-prescribe", MIB),
    Operation::write("eps-cancel", MIB),
    Operation::write("eps-release", 64 * KIB),
    Operation::write("eps-dispense", MIB),
    Operation::write("eps-claim", MIB),
    Operation::write("eps-return", 64 * KIB),
    Operation::write("eps-withdraw", 64 * KIB),
    Operation { name: "eps-prepare", writes: false, body_bytes_max: MIB, streams: false },
    Operation { name: "eps-validate", writes: false, body_bytes_max: MIB, streams: false },
    Operation::read("eps-track"),
    Operation::read("eps-metadata"),
];

const METADATA: &[crate::operation::AnswerDoc] =
    &[answer(200, "CapabilityStatement", "What the service offers")];

const VALIDATED: &[crate::operation::AnswerDoc] = &[
    answer(
        200,
        "OperationOutcome",
        "Every fault of the message, or one informational issue when there is none",
    ),
    answer(
        400,
        "OperationOutcome",
        "INVALID_MESSAGE: not JSON of a known shape; value: no such resource here",
    ),
    DENIED,
    FORBIDDEN,
];

const TRACKED: &[Parameter] = &[
    Parameter {
        place: Place::Query,
        name: "focus:identifier",
        required: false,
        schema: Schema::Text,
        example: "24F5DA-A83008-7EFE6Z",
        about: "Short prescription id, alone or after `system|`. This or `identifier` is mandatory.",
    },
    Parameter {
        place: Place::Query,
        name: "identifier",
        required: false,
        schema: Schema::Text,
        example: "24F5DA-A83008-7EFE6Z",
        about: "The same, read when there is no `focus:identifier`.",
    },
];

/// A route that a Bearer session calls with a body.
const fn post(
    id: &'static str,
    path: &'static str,
    operations: &'static [&'static str],
    about: &'static str,
    body: Option<crate::operation::RequestBody>,
    answers: &'static [crate::operation::AnswerDoc],
) -> Route {
    Route {
        id,
        method: "POST",
        path,
        operations,
        about,
        credentials: Credentials::Bearer,
        parameters: &[HEADERS],
        body,
        answers,
    }
}

/// The CapabilityStatement at one of its places.
const fn metadata(id: &'static str, path: &'static str) -> Route {
    Route {
        id,
        method: "GET",
        path,
        operations: &["eps-metadata"],
        about: "Says what the service offers.",
        credentials: Credentials::Open,
        parameters: &[],
        body: None,
        answers: METADATA,
    }
}

/// All routes of this interface.
pub const ROUTES: &[Route] = &[
    post(
        "eps-prepare",
        "/fhir-prescribing/FHIR/R4/$prepare",
        &["eps-prepare"],
        "Answers what the prescriber is to sign: a SignedInfo with the SHA-256 digest of the order's signed elements.",
        BUNDLE,
        &[
            answer(200, "Parameters", "digest (base64 of the SignedInfo), timestamp, algorithm (RS256)"),
            answer(
                400,
                "OperationOutcome",
                "Every fault of the order: INVALID_MESSAGE, MISSING_FIELD, MISSING_VALUE, INVALID_VALUE, \
                 TOO_FEW_VALUES_SUBMITTED, FAILURE_TO_PROCESS_MESSAGE, INVALID_NUMBER_MEDICATIONREQUESTS, \
                 DUPLICATE_PRESCRIPTION_ID, or the issue \
                 types value, invalid and structure",
            ),
            DENIED,
            FORBIDDEN,
        ],
    ),
    post(
        "eps-prescribing-message",
        "/fhir-prescribing/FHIR/R4/$process-message",
        &["eps-prescribe", "eps-cancel"],
        "Takes a signed prescription (prescription-order) or cancels an item of one (prescription-order-update). The \
         signature must be there, must be XML, and its digest must be the one of $prepare; its value and certificate are \
         not verified.",
        BUNDLE,
        &[
            answer(
                200,
                "",
                "An OperationOutcome: the order is taken; a Bundle: R-0001, the item is cancelled",
            ),
            answer(
                400,
                "",
                "An OperationOutcome with every fault, as of $prepare, or MISSING_DIGITAL_SIGNATURE, \
                 DUPLICATE_PRESCRIPTION_ID, R-0008, R-5000, R-5888; a Bundle: R-0002, R-0003, R-0004, R-0005, R-0006, \
                 R-0007, R-0010, the item is not cancelled",
            ),
            DENIED,
            FORBIDDEN,
        ],
    ),
    post(
        "eps-prescribing-validate",
        "/fhir-prescribing/FHIR/R4/$validate",
        &["eps-validate"],
        "Says everything that is wrong with a prescribing message, and changes nothing.",
        ANY,
        VALIDATED,
    ),
    metadata("eps-prescribing-metadata", "/fhir-prescribing/metadata"),
    metadata("eps-prescribing-metadata-base", "/fhir-prescribing/FHIR/R4/metadata"),
    post(
        "eps-release",
        "/fhir-dispensing/FHIR/R4/Task/$release",
        &["eps-release"],
        "Hands over up to 25 prescriptions nominated to a dispenser, or the one named by group-identifier.",
        PARAMETERS,
        &[
            answer(
                200,
                "",
                "Parameters with the prescriptions; an OperationOutcome NO_MORE_PRESCRIPTIONS when none wait",
            ),
            answer(
                400,
                "OperationOutcome",
                "INVALID_MESSAGE, value, invalid, FAILURE_TO_PROCESS_MESSAGE, RESOURCE_NOT_FOUND, \
                 PRESCRIPTION_WITH_ANOTHER_DISPENSER, PRESCRIPTION_CANCELLED, PRESCRIPTION_EXPIRED, \
                 PRESCRIPTION_DISPENSED, PRESCRIPTION_INVALID_STATE_TRANSITION",
            ),
            DENIED,
            FORBIDDEN,
        ],
    ),
    post(
        "eps-task",
        "/fhir-dispensing/FHIR/R4/Task",
        &["eps-return", "eps-withdraw"],
        "Gives a prescription back (status rejected), or withdraws the latest dispense notification (in-progress).",
        TASK,
        &[
            answer(200, "OperationOutcome", "Done"),
            answer(
                400,
                "OperationOutcome",
                "INVALID_MESSAGE, value, invalid, FAILURE_TO_PROCESS_MESSAGE, PRESCRIPTION_NOT_FOUND, \
                 PRESCRIPTION_WITH_ANOTHER_DISPENSER, PRESCRIPTION_INVALID_STATE_TRANSITION, \
                 MISMATCH_AUTHORISED_REPEAT_COUNTS, DISPENSE_AMEND_IDENTIFIER_MISMATCH",
            ),
            DENIED,
            FORBIDDEN,
        ],
    ),
    post(
        "eps-dispensing-message",
        "/fhir-dispensing/FHIR/R4/$process-message",
        &["eps-dispense"],
        "Takes a dispense notification, or one in place of the latest (replacementOf).",
        BUNDLE,
        &[
            answer(200, "OperationOutcome", "Taken"),
            answer(
                400,
                "OperationOutcome",
                "INVALID_MESSAGE, MISSING_FIELD, INVALID_VALUE, value, invalid, FAILURE_TO_PROCESS_MESSAGE, PRESCRIPTION_NOT_FOUND, \
                 ITEM_NOT_FOUND, PRESCRIPTION_WITH_ANOTHER_DISPENSER, PRESCRIPTION_INVALID_STATE_TRANSITION, \
                 PRESCRIPTION_INVALID_LINE_STATE_TRANSITION, MISMATCH_AUTHORISED_REPEAT_COUNTS, \
                 DISPENSE_AMEND_IDENTIFIER_MISMATCH",
            ),
            DENIED,
            FORBIDDEN,
        ],
    ),
    post(
        "eps-claim",
        "/fhir-dispensing/FHIR/R4/Claim",
        &["eps-claim"],
        "Claims payment for a dispensed prescription, or amends a claim (replacementOf) until the fifth of next month.",
        CLAIM,
        &[
            answer(200, "OperationOutcome", "Taken"),
            answer(
                400,
                "OperationOutcome",
                "INVALID_MESSAGE, value, invalid, FAILURE_TO_PROCESS_MESSAGE, PRESCRIPTION_NOT_FOUND, ITEM_NOT_FOUND, \
                 PRESCRIPTION_WITH_ANOTHER_DISPENSER, PRESCRIPTION_INVALID_STATE_TRANSITION, \
                 PRESCRIPTION_INVALID_LINE_STATE_TRANSITION, MISMATCH_AUTHORISED_REPEAT_COUNTS, \
                 DISPENSE_AMEND_IDENTIFIER_MISMATCH, CLAIM_AMEND_PERIOD_ISSUE",
            ),
            DENIED,
            FORBIDDEN,
        ],
    ),
    post(
        "eps-dispensing-validate",
        "/fhir-dispensing/FHIR/R4/$validate",
        &["eps-validate"],
        "Says everything that is wrong with a dispensing message, and changes nothing.",
        ANY,
        VALIDATED,
    ),
    metadata("eps-dispensing-metadata", "/fhir-dispensing/metadata"),
    metadata("eps-dispensing-metadata-base", "/fhir-dispensing/FHIR/R4/metadata"),
    Route {
        id: "eps-track",
        method: "GET",
        path: "/prescription-tracker/FHIR/R4/Task",
        operations: &["eps-track"],
        about: "Shows a prescription's status and its items' to its prescriber and its dispenser.",
        credentials: Credentials::Bearer,
        parameters: &[HEADERS, TRACKED],
        body: None,
        answers: &[
            answer(200, "Bundle", "A searchset of Tasks, one for each issue up to the current one"),
            answer(
                400,
                "OperationOutcome",
                "invalid: neither parameter; FAILURE_TO_PROCESS_MESSAGE: the id's check character is wrong",
            ),
            answer(404, "OperationOutcome", "RESOURCE_NOT_FOUND: no such prescription"),
            DENIED,
            FORBIDDEN,
        ],
    },
];
