//! The operations of this interface and the published routes to them. Read by the listener and by the OpenAPI document.

use super::parameters::*;
use crate::operation::{AnswerDoc, Credentials, KIB, Operation, Parameter, RequestBody, Route};

/// MESH takes at most 100 MB in one request (published limit).
const BODY_BYTES_MAX: u64 = 100 * 1000 * 1000;

/// All operations of this interface.
pub const OPERATIONS: &[Operation] = &[
    Operation::read("mesh-ping"),
    Operation::write("mesh-handshake", 64 * KIB),
    Operation::stream("mesh-send", BODY_BYTES_MAX),
    Operation::stream("mesh-send-chunk", BODY_BYTES_MAX),
    Operation::read("mesh-inbox"),
    Operation::read("mesh-count"),
    Operation::read("mesh-download"),
    Operation::read("mesh-download-chunk"),
    Operation::read("mesh-head"),
    Operation::write("mesh-acknowledge", 64 * KIB),
    Operation::read("mesh-track"),
    Operation::read("mesh-endpoint-lookup"),
    Operation::read("mesh-workflow-search"),
    Operation::write("mesh-admin-reset", 64 * KIB),
    Operation::write("mesh-admin-report", 64 * KIB),
    Operation::write("mesh-admin-event", 64 * KIB),
    Operation::write("mesh-admin-create-mailbox", 64 * KIB),
    Operation::read("mesh-admin-mailbox"),
    Operation::read("mesh-admin-message"),
];

const DENIED: AnswerDoc = answer(
    403,
    MESH_JSON,
    "The token is missing, wrong, late, used or of another mailbox, the mailbox is not the client certificate's, or the \
     message belongs to another mailbox",
);
const INVALID: AnswerDoc =
    answer(400, MESH_JSON, "A parameter is malformed, or Accept names no live version");
const NO_MESSAGE: AnswerDoc = answer(404, MESH_JSON, "20: no such message");
const GONE: AnswerDoc = answer(410, MESH_JSON, "The message is acknowledged, undelivered or not complete");
const NOT_JSON: AnswerDoc = answer(406, MESH_JSON, "Accept takes no JSON");
const LARGE: AnswerDoc = answer(413, MESH_JSON, "The body is too large");
const MANY: AnswerDoc = answer(429, MESH_JSON, "Too many requests of this client");
const FAULT: AnswerDoc = answer(500, MESH_JSON, "A fault of the hub");
const BUSY: AnswerDoc = answer(503, MESH_JSON, "The hub is busy, or remembers as many tokens as it can");
const BAD_BODY: AnswerDoc =
    answer(400, PLAIN_JSON, "The body is no JSON object, or fields of it are missing or malformed");
const NO_SANDBOX: AnswerDoc =
    answer(404, PLAIN_JSON, "The hub is no sandbox, or there is no such mailbox or message");

/// These answers and those of every route that has credentials.
macro_rules! with_token {
    ($($doc:expr),* $(,)?) => { &[$($doc,)* INVALID, DENIED, LARGE, MANY, FAULT, BUSY] };
}

/// These answers and those of every open route.
macro_rules! open {
    ($($doc:expr),* $(,)?) => { &[$($doc,)* INVALID, LARGE, MANY, FAULT, BUSY] };
}

/// These answers and those of every route of the sandbox's administration.
macro_rules! administration {
    ($($doc:expr),* $(,)?) => { &[$($doc,)* NO_SANDBOX, LARGE, MANY, FAULT, BUSY] };
}

const fn get(
    id: &'static str,
    path: &'static str,
    operations: &'static [&'static str],
    parameters: &'static [&'static [Parameter]],
    answers: &'static [AnswerDoc],
    about: &'static str,
) -> Route {
    let credentials = Credentials::Mesh;
    Route { id, method: "GET", path, operations, about, credentials, parameters, body: None, answers }
}

const fn open(method: &'static str, body: Option<RequestBody>, route: Route) -> Route {
    Route { method, body, credentials: Credentials::Open, ..route }
}

const fn open_get(
    id: &'static str,
    path: &'static str,
    operations: &'static [&'static str],
    parameters: &'static [&'static [Parameter]],
    answers: &'static [AnswerDoc],
    about: &'static str,
) -> Route {
    open("GET", None, get(id, path, operations, parameters, answers, about))
}

const fn with(method: &'static str, body: Option<RequestBody>, route: Route) -> Route {
    Route { method, body, ..route }
}

const MAILBOX_PATH: &str = "/messageexchange/{mailbox_id}";
const MESSAGE_PATH: &str = "/messageexchange/{mailbox_id}/inbox/{message_id}";
const HANDSHAKE: &[&[Parameter]] = &[MAILBOX, CLIENT, ACCEPT];
const ANSWERS_HANDSHAKE: &[AnswerDoc] =
    with_token!(answer(200, &[], "The mailbox is valid; version 1 says its id"), NOT_JSON);
const ANSWERS_PING: &[AnswerDoc] = open!(answer(200, MESH_JSON, "The hub runs"), NOT_JSON);
const ANSWERS_RESET: &[AnswerDoc] = administration!(answer(200, PLAIN_JSON, "The messages are gone"));
const ANSWERS_EVENT: &[AnswerDoc] = administration!(answer(200, &[], "It has happened"), BAD_BODY);
const ANSWERS_MAILBOX: &[AnswerDoc] = administration!(answer(200, PLAIN_JSON, "The mailbox"));
const ANSWERS_MESSAGE: &[AnswerDoc] = administration!(answer(200, PLAIN_JSON, "The message"));
const ANSWERS_CONTENT: &[AnswerDoc] = with_token!(
    answer(200, CONTENT, "The content, or its last chunk; of a REPORT nothing"),
    answer(206, CONTENT, "A chunk, and there are more"),
    NO_MESSAGE,
    GONE,
);
const ANSWERS_SEND: &[AnswerDoc] = with_token!(
    answer(202, MESH_JSON, "The message is taken"),
    answer(400, MESH_JSON, "06 malformed headers, 08 no recipient, Invalid checksum"),
    answer(
        417,
        MESH_JSON,
        "02 no content, 07 foreign sender, 09 version, 11 type, 12 unknown recipient, 16 and 17 restricted workflow, \
         EPL-150 to EPL-154 addresses by person, InvalidHeaderChunks",
    ),
    answer(422, MESH_JSON, "UnsupportedContentEncoding"),
    NOT_JSON,
);
const ANSWERS_SEND_CHUNK: &[AnswerDoc] = with_token!(
    answer(202, MESH_JSON, "The chunk is taken"),
    NO_MESSAGE,
    answer(406, MESH_JSON, "The number is above the number of chunks announced, or Accept takes no JSON"),
    answer(417, MESH_JSON, "02 no content, InvalidHeaderChunks, or another encoding than the first chunk's"),
    answer(423, MESH_JSON, "The message is complete or has failed"),
);

/// All routes of this interface.
pub const ROUTES: &[Route] = &[
    open_get("mesh-ping", "/messageexchange/_ping", &["mesh-ping"], &[ACCEPT], ANSWERS_PING, "Is it there"),
    open_get(
        "mesh-deepping",
        "/messageexchange/deepping",
        &["mesh-ping"],
        &[ACCEPT],
        ANSWERS_PING,
        "Is it there",
    ),
    open_get("mesh-ping-root", "/_ping", &["mesh-ping"], &[ACCEPT], ANSWERS_PING, "Is it there"),
    open_get("mesh-healthcheck", "/healthcheck", &["mesh-ping"], &[ACCEPT], ANSWERS_PING, "Is it there"),
    with(
        "POST",
        None,
        get(
            "mesh-handshake",
            MAILBOX_PATH,
            &["mesh-handshake"],
            HANDSHAKE,
            ANSWERS_HANDSHAKE,
            "Validate a mailbox",
        ),
    ),
    get(
        "mesh-handshake-get",
        MAILBOX_PATH,
        &["mesh-handshake"],
        HANDSHAKE,
        ANSWERS_HANDSHAKE,
        "Validate a mailbox",
    ),
    get(
        "mesh-inbox",
        "/messageexchange/{mailbox_id}/inbox",
        &["mesh-inbox"],
        &[MAILBOX, LISTING, ACCEPT],
        with_token!(answer(200, MESH_JSON, "Message ids"), NOT_JSON),
        "List an inbox, the oldest message first",
    ),
    get(
        "mesh-count",
        "/messageexchange/{mailbox_id}/count",
        &["mesh-count"],
        &[MAILBOX, ACCEPT],
        with_token!(answer(200, MESH_JSON, "The count"), NOT_JSON),
        "Count an inbox (deprecated)",
    ),
    get(
        "mesh-download",
        MESSAGE_PATH,
        &["mesh-download"],
        &[MAILBOX, MESSAGE, ACCEPT_ENCODING],
        ANSWERS_CONTENT,
        "Download a message or its first chunk",
    ),
    with(
        "HEAD",
        None,
        get(
            "mesh-head",
            MESSAGE_PATH,
            &["mesh-head"],
            &[MAILBOX, MESSAGE],
            with_token!(answer(200, MESH_JSON, "The message's headers"), NO_MESSAGE, GONE),
            "The headers of a message",
        ),
    ),
    get(
        "mesh-download-chunk",
        "/messageexchange/{mailbox_id}/inbox/{message_id}/{chunk_number}",
        &["mesh-download-chunk"],
        &[MAILBOX, MESSAGE, CHUNK, ACCEPT_ENCODING],
        ANSWERS_CONTENT,
        "Download a chunk",
    ),
    with(
        "PUT",
        None,
        get(
            "mesh-acknowledge",
            "/messageexchange/{mailbox_id}/inbox/{message_id}/status/acknowledged",
            &["mesh-acknowledge"],
            &[MAILBOX, MESSAGE, ACCEPT],
            with_token!(
                answer(200, &[], "The message is out of the inbox; version 1 says its id"),
                NO_MESSAGE,
                NOT_JSON,
            ),
            "Acknowledge a message",
        ),
    ),
    with(
        "POST",
        PAYLOAD,
        get(
            "mesh-send",
            "/messageexchange/{mailbox_id}/outbox",
            &["mesh-send"],
            &[MAILBOX, SENT, CHUNK_RANGE, ENCODING, ACCEPT],
            ANSWERS_SEND,
            "Send a message or its first chunk",
        ),
    ),
    with(
        "POST",
        PAYLOAD,
        get(
            "mesh-send-chunk",
            "/messageexchange/{mailbox_id}/outbox/{message_id}/{chunk_number}",
            &["mesh-send-chunk"],
            &[MAILBOX, MESSAGE, CHUNK, CHUNK_RANGE, ENCODING, ACCEPT],
            ANSWERS_SEND_CHUNK,
            "Send a further chunk",
        ),
    ),
    get(
        "mesh-track",
        "/messageexchange/{mailbox_id}/outbox/tracking",
        &["mesh-track"],
        &[MAILBOX, TRACKED, ACCEPT],
        with_token!(answer(200, MESH_JSON, "What became of the message"), NO_MESSAGE, NOT_JSON),
        "Track a sent message",
    ),
    get(
        "mesh-track-local-id",
        "/messageexchange/{mailbox_id}/outbox/tracking/{local_id}",
        &["mesh-track"],
        &[MAILBOX, LOCAL_ID, ACCEPT],
        with_token!(
            answer(200, PLAIN_JSON, "What became of the message"),
            answer(300, MESH_JSON, "Several messages have this local id"),
            NO_MESSAGE,
            NOT_JSON,
        ),
        "Track a sent message by the sender's own id (deprecated)",
    ),
    open_get(
        "mesh-endpoint-lookup",
        "/messageexchange/endpointlookup/{ods_code}/{workflow_id}",
        &["mesh-endpoint-lookup"],
        &[ODS_CODE, WORKFLOW, ACCEPT],
        open!(answer(200, MESH_JSON, "Mailboxes; an empty list when there is none"), NOT_JSON),
        "Find an organisation's mailboxes for a workflow",
    ),
    open_get(
        "mesh-workflow-search",
        "/messageexchange/workflowsearch/{workflow_id}",
        &["mesh-workflow-search"],
        &[WORKFLOW, ACCEPT],
        open!(answer(200, MESH_JSON, "Mailboxes; an empty list when there is none"), NOT_JSON),
        "Find the mailboxes for a workflow",
    ),
    admin("DELETE", None, "mesh-admin-reset", "/messageexchange/admin/reset", RESET, &[], ANSWERS_RESET),
    admin("DELETE", None, "mesh-admin-reset-root", "/admin/reset", RESET, &[], ANSWERS_RESET),
    admin(
        "DELETE",
        None,
        "mesh-admin-reset-mailbox",
        "/messageexchange/admin/reset/{mailbox_id}",
        RESET,
        &[MAILBOX],
        ANSWERS_RESET,
    ),
    admin(
        "DELETE",
        None,
        "mesh-admin-reset-mailbox-root",
        "/admin/reset/{mailbox_id}",
        RESET,
        &[MAILBOX],
        ANSWERS_RESET,
    ),
    admin(
        "POST",
        REPORT,
        "mesh-admin-report",
        "/messageexchange/admin/report",
        &["mesh-admin-report"],
        &[],
        administration!(answer(200, PLAIN_JSON, "The report's message id"), BAD_BODY),
    ),
    admin("POST", EVENT, "mesh-admin-event", EVENT_PATH, &["mesh-admin-event"], &[MESSAGE], ANSWERS_EVENT),
    admin(
        "POST",
        EVENT,
        "mesh-admin-event-root",
        "/admin/message/{message_id}/event",
        &["mesh-admin-event"],
        &[MESSAGE],
        ANSWERS_EVENT,
    ),
    admin(
        "POST",
        NEW_MAILBOX,
        "mesh-admin-create-mailbox",
        "/messageexchange/admin/mailbox",
        &["mesh-admin-create-mailbox"],
        &[],
        administration!(answer(200, PLAIN_JSON, "The mailbox"), BAD_BODY),
    ),
    admin(
        "GET",
        None,
        "mesh-admin-mailbox",
        "/messageexchange/admin/mailbox/{mailbox_id}",
        ONE,
        &[MAILBOX],
        ANSWERS_MAILBOX,
    ),
    admin(
        "GET",
        None,
        "mesh-admin-mailbox-root",
        "/admin/mailbox/{mailbox_id}",
        ONE,
        &[MAILBOX],
        ANSWERS_MAILBOX,
    ),
    admin(
        "GET",
        None,
        "mesh-mailbox",
        "/messageexchange/mailbox/{mailbox_id}",
        ONE,
        &[MAILBOX],
        ANSWERS_MAILBOX,
    ),
    admin("GET", None, "mesh-admin-message", ONE_MESSAGE_PATH, ONE_MESSAGE, &[MESSAGE], ANSWERS_MESSAGE),
    admin(
        "GET",
        None,
        "mesh-admin-message-root",
        "/admin/message/{message_id}",
        ONE_MESSAGE,
        &[MESSAGE],
        ANSWERS_MESSAGE,
    ),
];

const RESET: &[&str] = &["mesh-admin-reset"];
const ONE: &[&str] = &["mesh-admin-mailbox"];
const ONE_MESSAGE: &[&str] = &["mesh-admin-message"];
const ONE_MESSAGE_PATH: &str = "/messageexchange/admin/message/{message_id}";
const EVENT_PATH: &str = "/messageexchange/admin/message/{message_id}/event";

/// A route of the sandbox's administration.
const fn admin(
    method: &'static str,
    body: Option<RequestBody>,
    id: &'static str,
    path: &'static str,
    operations: &'static [&'static str],
    parameters: &'static [&'static [Parameter]],
    answers: &'static [AnswerDoc],
) -> Route {
    let route = get(id, path, operations, parameters, answers, "Administration of the sandbox");
    open(method, body, route)
}
