//! The published parameters and answers of this interface, in lists that its routes share.
//!
//! Called by `operations`. Constants only.

use super::inbox::{RESULTS_MAX, RESULTS_MIN};
use super::record::CHUNKS_MAX;
use crate::operation::{AnswerDoc, Parameter, Place, RequestBody, Schema};

/// JSON of version 1 and of version 2.
pub const MESH_JSON: &[&str] = &[JSON, "application/vnd.mesh.v2+json"];
/// JSON of no version, as validation faults and the sandbox's administration answer it.
pub const PLAIN_JSON: &[&str] = &[JSON];
/// Content: whatever type its sender gave it in version 2, always this in version 1.
pub const CONTENT: &[&str] = &["application/octet-stream", "*/*"];
const JSON: &str = "application/json";

const fn parameter(
    place: Place,
    name: &'static str,
    required: bool,
    schema: Schema,
    example: &'static str,
    about: &'static str,
) -> Parameter {
    Parameter { place, name, required, schema, example, about }
}

const fn header(name: &'static str, schema: Schema, example: &'static str, about: &'static str) -> Parameter {
    parameter(Place::Header, name, false, schema, example, about)
}

/// The mailbox whose call it is.
pub const MAILBOX: &[Parameter] = &[parameter(
    Place::Path,
    "mailbox_id",
    true,
    Schema::Pattern("^[A-Za-z0-9_-]{1,50}$"),
    "X26ABC1",
    "Mailbox identifier; read in upper case",
)];

/// A message.
pub const MESSAGE: &[Parameter] = &[parameter(
    Place::Path,
    "message_id",
    true,
    Schema::Pattern("^[A-Za-z0-9_-]{1,64}$"),
    "20210311101813838554_1B8F53",
    "Message identifier",
)];

/// A chunk.
pub const CHUNK: &[Parameter] = &[parameter(
    Place::Path,
    "chunk_number",
    true,
    Schema::Whole(1, CHUNKS_MAX as i64),
    "2",
    "Number of the chunk, from 1",
)];

/// The version asked for.
pub const ACCEPT: &[Parameter] = &[header(
    "accept",
    Schema::OneOf(&[JSON, "application/vnd.mesh.v1+json", "application/vnd.mesh.v2+json", "*/*"]),
    "application/vnd.mesh.v2+json",
    "Version of the answer; version 1 without it",
)];

/// The encodings a client takes.
pub const ACCEPT_ENCODING: &[Parameter] =
    &[header("accept-encoding", Schema::Text, "gzip", "gzip, or nothing for content as it is")];

const TEXT_VISIBLE: Schema = Schema::Pattern("^[!-~]([ -~]*[!-~])?$");

/// What a client says of itself in a handshake.
pub const CLIENT: &[Parameter] = &[
    header("user-agent", TEXT_VISIBLE, "my-client;linux;", "User agent"),
    parameter(
        Place::Header,
        "mex-clientversion",
        true,
        TEXT_VISIBLE,
        "Client==1.0.0",
        "Client version number",
    ),
    parameter(Place::Header, "mex-osname", true, TEXT_VISIBLE, "Linux", "Operating system name"),
    parameter(Place::Header, "mex-osversion", true, TEXT_VISIBLE, "6.1", "Operating system version"),
    header("mex-osarchitecture", TEXT_VISIBLE, "x86_64", "Operating system architecture"),
    header("mex-javaversion", TEXT_VISIBLE, "openjdk-21", "Java version"),
];

/// How an inbox is listed.
pub const LISTING: &[Parameter] = &[
    parameter(
        Place::Query,
        "max_results",
        false,
        Schema::Whole(RESULTS_MIN as i64, RESULTS_MAX as i64),
        "100",
        "Most message ids in one page; 500 without it",
    ),
    parameter(
        Place::Query,
        "continue_from",
        false,
        Schema::Pattern("^[A-Za-z0-9_-]{24,1000}$"),
        "20220228174323123456_ACDED1",
        "Where the page before ended: version 2 takes it from links.next, version 1 takes a message id",
    ),
    parameter(
        Place::Query,
        "workflow_filter",
        false,
        Schema::Pattern("^[!-~]{2,255}$"),
        "!*_ACK*",
        "W equals, W* begins with, *W* contains; a leading ! turns it round",
    ),
];

/// The chunk range of a chunk.
pub const CHUNK_RANGE: &[Parameter] =
    &[header("mex-chunk-range", Schema::Pattern("^[0-9]{1,5}:[0-9]{1,5}$"), "1:2", "Chunk n of m, as n:m")];

/// How the content is encoded.
pub const ENCODING: &[Parameter] = &[header(
    "content-encoding",
    Schema::OneOf(&["gzip", "identity"]),
    "gzip",
    "gzip; the same for all chunks",
)];

/// What a sender says of a message.
pub const SENT: &[Parameter] = &[
    parameter(
        Place::Header,
        "mex-to",
        true,
        Schema::Pattern("^[A-Za-z0-9_-]{1,100}$"),
        "X26ABC2",
        "Recipient mailbox, or GPPROVIDER_<NHS number>_<ddMMyyyy>_<surname> for a person's practice",
    ),
    parameter(
        Place::Header,
        "mex-workflowid",
        true,
        Schema::Pattern("^[!-~]{1,300}$"),
        "TEST_WORKFLOW",
        "Type of message",
    ),
    header("mex-from", Schema::Pattern("^[A-Za-z0-9_-]{1,50}$"), "X26ABC1", "The sending mailbox itself"),
    header("mex-subject", Schema::Pattern("^[ -~]{0,500}$"), "A subject", "Subject"),
    header("mex-localid", Schema::Pattern("^[ -~]{0,300}$"), "my-reference", "The sender's own identifier"),
    header("mex-partnerid", Schema::Pattern("^[ -~]{0,500}$"), "partner", "The partner's identifier"),
    header("mex-filename", Schema::Pattern("^[ -~]{0,300}$"), "letter.txt", "File name"),
    header(
        "mex-content-checksum",
        Schema::Pattern("^[A-Za-z0-9 :/-]{0,100}$"),
        "b10a8db1",
        "Checksum of the content",
    ),
    header("mex-content-encrypted", Schema::OneOf(&["Y", "N"]), "Y", "The content is encrypted; passed on"),
    header("mex-content-compressed", Schema::OneOf(&["Y", "N"]), "Y", "The content is compressed; passed on"),
    header("mex-content-type", Schema::Pattern("^[ -~]{0,100}$"), "text/csv", "Type of the whole content"),
    header("content-type", Schema::Text, "text/csv", "Type of the content"),
];

/// Tracking by message id.
pub const TRACKED: &[Parameter] = &[parameter(
    Place::Query,
    "messageID",
    true,
    Schema::Pattern("^[A-Za-z0-9_-]{1,64}$"),
    "20210311101813838554_1B8F53",
    "Message identifier",
)];

/// Tracking by the sender's own id.
pub const LOCAL_ID: &[Parameter] = &[parameter(
    Place::Path,
    "local_id",
    true,
    Schema::Pattern("^[A-Za-z0-9_-]{1,300}$"),
    "my-reference",
    "The sender's own identifier",
)];

/// An organisation.
pub const ODS_CODE: &[Parameter] = &[parameter(
    Place::Path,
    "ods_code",
    true,
    Schema::Pattern("^[A-Za-z0-9-]{1,20}$"),
    "X26",
    "ODS code of the organisation",
)];

/// A workflow.
pub const WORKFLOW: &[Parameter] = &[parameter(
    Place::Path,
    "workflow_id",
    true,
    Schema::Pattern("^[A-Za-z0-9_-]{1,300}$"),
    "TEST_WORKFLOW",
    "Type of message",
)];

/// Content that is sent.
pub const PAYLOAD: Option<RequestBody> = Some(RequestBody {
    required: true,
    media: &["application/octet-stream", "text/plain"],
    schema: r#"{"type": "string", "minLength": 1}"#,
});

/// A report that the sandbox makes.
pub const REPORT: Option<RequestBody> = Some(RequestBody {
    required: true,
    media: PLAIN_JSON,
    schema: r#"{"type": "object", "required": ["mailbox_id", "code", "description", "workflow_id"], "properties": {
        "mailbox_id": {"type": "string", "example": "X26ABC1"},
        "code": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$"},
        "description": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$"},
        "workflow_id": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$"},
        "subject": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$"},
        "local_id": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$"},
        "file_name": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$"},
        "linked_message_id": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$"},
        "status": {"type": "string", "enum": ["undeliverable", "error"], "default": "undeliverable"}}}"#,
});

/// An event that the sandbox makes happen.
pub const EVENT: Option<RequestBody> = Some(RequestBody {
    required: true,
    media: PLAIN_JSON,
    schema: r#"{"type": "object", "required": ["status"], "properties": {
        "status": {"type": "string", "enum": ["uploading", "accepted", "acknowledged", "undeliverable", "error"]},
        "code": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$"},
        "event": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$"},
        "description": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$"},
        "linked_message_id": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$"}}}"#,
});

/// A mailbox that the sandbox makes.
pub const NEW_MAILBOX: Option<RequestBody> = Some(RequestBody {
    required: true,
    media: PLAIN_JSON,
    schema: r#"{"type": "object", "required": ["mailbox_id"], "properties": {
        "mailbox_id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,50}$"},
        "mailbox_name": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$"},
        "password": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$", "default": "password"},
        "ods_code": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$", "default": "X26"},
        "org_name": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$"},
        "billing_entity": {"type": "string", "maxLength": 500, "pattern": "^[ -~]*$", "default": "England"},
        "sends": {"type": "array", "maxItems": 100, "items": {"type": "string", "pattern": "^[!-~]{1,300}$"}},
        "receives": {"type": "array", "maxItems": 100, "items": {"type": "string", "pattern": "^[!-~]{1,300}$"}}}}"#,
});

/// An answer.
pub const fn answer(status: u16, media: &'static [&'static str], about: &'static str) -> AnswerDoc {
    AnswerDoc { status, media, resource: "", about }
}
