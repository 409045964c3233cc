//! The operations of this interface and the routes to them. Read by the listener and by the OpenAPI document.

use crate::operation::{
    AnswerDoc, Credentials, KIB, Operation, Parameter, Place, RequestBody, Route, Schema,
};

/// Largest message, in bytes (published limit of the Spine).
const MESSAGE_BYTES_MAX: u64 = 5_000_000;

/// All operations of this interface. Large messages go to blob files; forwarding looks at them once.
pub const OPERATIONS: &[Operation] = &[
    Operation::stream("gp2gp-request", MESSAGE_BYTES_MAX),
    Operation::stream("gp2gp-extract", MESSAGE_BYTES_MAX),
    Operation::stream("gp2gp-fragment", MESSAGE_BYTES_MAX),
    Operation::stream("gp2gp-acknowledge", MESSAGE_BYTES_MAX),
    Operation::stream("pathology-transfer", MESSAGE_BYTES_MAX),
    Operation::stream("forward-reliable", MESSAGE_BYTES_MAX),
    Operation::read("transfer-collect"),
    Operation::read("transfer-fetch"),
    Operation::write("transfer-accept", 64 * KIB),
];

const FHIR: &[&str] = &["application/fhir+json"];
const XML: &[&str] = &["text/xml"];

const fn answer(status: u16, media: &'static [&'static str], about: &'static str) -> AnswerDoc {
    AnswerDoc { status, media, resource: "", about }
}

const fn outcome(status: u16, about: &'static str) -> AnswerDoc {
    AnswerDoc { status, media: FHIR, resource: "OperationOutcome", about }
}

const PARTY_KEY: Parameter = Parameter {
    place: Place::Path,
    name: "party_key",
    required: true,
    schema: Schema::Pattern("^[A-Z0-9-]{1,24}$"),
    example: "YES-0000806",
    about: "Party key of the recipient's message handler",
};

const MESSAGE_ID: Parameter = Parameter {
    place: Place::Path,
    name: "message_id",
    required: true,
    schema: Schema::Pattern("^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$"),
    example: "4A7B1C2D-0000-4000-8000-00000000000A",
    about: "ebXML message id",
};

const OF_QUEUE: [AnswerDoc; 3] = [
    outcome(401, "No client certificate and no live access token: ACCESS_DENIED"),
    outcome(403, "The queue is another organisation's: ACCESS_DENIED"),
    outcome(404, "No such party, or no such message waits: RESOURCE_NOT_FOUND"),
];

/// All routes of this interface.
pub const ROUTES: &[Route] = &[
    Route {
        id: "forward-reliable",
        method: "POST",
        path: "/reliablemessaging/forwardreliable",
        operations: &[
            "forward-reliable",
            "gp2gp-request",
            "gp2gp-extract",
            "gp2gp-fragment",
            "gp2gp-acknowledge",
            "pathology-transfer",
        ],
        about: "Sends an ebXML message to another party's message handler; the operation is told by SOAPAction",
        credentials: Credentials::Bearer,
        parameters: &[&[Parameter {
            place: Place::Header,
            name: "SOAPAction",
            required: true,
            schema: Schema::Text,
            example: "urn:nhs:names:services:gp2gp/RCMR_IN010000UK05",
            about: "Service and action, in quotes or without",
        }]],
        body: Some(RequestBody { required: true, media: &["multipart/related"], schema: "{}" }),
        answers: &[
            answer(
                202,
                XML,
                "The message is durable: an ebXML acknowledgement; the same again for the same message id",
            ),
            answer(
                400,
                XML,
                "ebXML error list: ValueNotRecognized, NotSupported, Inconsistent, OtherXml, MimeProblem, TimeToLiveExpired",
            ),
            answer(401, XML, "Nobody is named as the sender: SecurityFailure"),
            answer(403, XML, "The caller's organisation is not the sender's: SecurityFailure"),
            outcome(405, "Another method than POST: NOT_IMPLEMENTED"),
            answer(415, XML, "The body is not multipart/related: MimeProblem"),
        ],
    },
    Route {
        id: "transfer-collect",
        method: "GET",
        path: "/reliablemessaging/queue/{party_key}",
        operations: &["transfer-collect"],
        about: "Lists what waits for a party, oldest first (this hub's own: the Spine pushes)",
        credentials: Credentials::Bearer,
        parameters: &[&[
            PARTY_KEY,
            Parameter {
                place: Place::Query,
                name: "max_results",
                required: false,
                schema: Schema::Whole(1, 100),
                example: "50",
                about: "Most messages in one answer",
            },
            Parameter {
                place: Place::Query,
                name: "continue_from",
                required: false,
                schema: Schema::Text,
                example: "4A7B1C2D-0000-4000-8000-00000000000A",
                about: "The last message id of the list before",
            },
        ]],
        body: None,
        answers: &[
            answer(200, &["application/json"], "What waits"),
            outcome(400, "A query parameter is not allowed: INVALID_VALUE"),
            OF_QUEUE[0],
            OF_QUEUE[1],
            OF_QUEUE[2],
            outcome(405, "Another method than GET: NOT_IMPLEMENTED"),
        ],
    },
    Route {
        id: "transfer-fetch",
        method: "GET",
        path: "/reliablemessaging/queue/{party_key}/{message_id}",
        operations: &["transfer-fetch"],
        about: "The message as it was sent (this hub's own: the Spine pushes)",
        credentials: Credentials::Bearer,
        parameters: &[&[PARTY_KEY, MESSAGE_ID]],
        body: None,
        answers: &[
            answer(
                200,
                &["multipart/related", "text/xml"],
                "The message, or the error list of one not delivered",
            ),
            OF_QUEUE[0],
            OF_QUEUE[1],
            OF_QUEUE[2],
            outcome(405, "Another method than GET and DELETE: NOT_IMPLEMENTED"),
        ],
    },
    Route {
        id: "transfer-accept",
        method: "DELETE",
        path: "/reliablemessaging/queue/{party_key}/{message_id}",
        operations: &["transfer-accept"],
        about: "The recipient has the message: it leaves the queue (this hub's own: the Spine takes the recipient's acknowledgement)",
        credentials: Credentials::Bearer,
        parameters: &[&[PARTY_KEY, MESSAGE_ID]],
        body: None,
        answers: &[answer(204, &[], "It left the queue"), OF_QUEUE[0], OF_QUEUE[1], OF_QUEUE[2]],
    },
];
