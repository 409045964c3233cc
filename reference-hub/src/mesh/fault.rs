//! Refusals as MESH publishes them: event, code and description, in the error shape of the version asked for.
//!
//! Called by every file of this interface. Builds data only.

use super::version::Version;
use crate::limits::RETRY_AFTER_S;
use crate::message::Answer;
use hub_store::StoreError;
use serde_json::json;

/// A refusal on its way to the client; boxed to keep `Result`s small.
pub type Refused = Box<Fault>;

/// A published error: where in a message's life it happens, its code, its description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Phase: SEND, COLLECT, TRANSFER, RECEIVE; empty when none is published.
    pub event: &'static str,
    /// The published code; empty when none is.
    pub code: &'static str,
    /// One sentence for a person.
    pub text: &'static str,
}

const fn code(event: &'static str, code: &'static str, text: &'static str) -> Code {
    Code { event, code, text }
}

/// 02: no content was sent.
pub const NO_DATA: Code = code("COLLECT", "02", "Data file is missing or inaccessible");
/// 06: a Mex header has characters that it must not have.
pub const MALFORMED: Code = code("TRANSFER", "06", "Malformed headers");
/// 07: Mex-From is not the mailbox that sends.
pub const FROM: Code =
    code("SEND", "07", "Invalid From Address, the mailbox does not match the authorization header");
/// 08: nobody to send to.
pub const NO_TO: Code = code("SEND", "08", "Missing Mex-To header");
/// 09: another control version than 1.0.
pub const CONTROL_VERSION: Code = code("SEND", "09", "Invalid version of the headers");
/// 11: clients send DATA only.
pub const MESSAGE_TYPE: Code = code("SEND", "11", "Invalid Message Type for the transfer, should be DATA");
/// 12: no such recipient.
pub const UNREGISTERED: Code = code("SEND", "12", "Unregistered to address");
/// 14: the recipient did not collect it. Stands in reports and in tracking.
pub const UNDELIVERED: Code = code("SEND", "14", "Message not collected by recipient after 5 days");
/// An upload that was begun and not finished: its content is missing, so it is 02 too.
pub const UPLOAD_EXPIRED: Code = code("COLLECT", "02", "Not all chunks were uploaded within 5 days");
/// 16: a restricted workflow and a sender that is not registered to send it.
pub const SENDER_NOT_ALLOWED: Code =
    code("SEND", "16", "Sender is not allowed to send messages of this type");
/// 17: a restricted workflow and a recipient that is not registered to receive it.
pub const WORKFLOW: Code = code("SEND", "17", "Workflow ID not registered for mailbox");
/// EPL-150: the practice of the person addressed has several mailboxes for this workflow.
pub const MANY_MAILBOXES: Code = code("SEND", "EPL-150", "Multiple mailboxes matches");
/// EPL-151: it has none.
pub const NO_MAILBOX: Code = code("SEND", "EPL-151", "No mailbox matched");
/// EPL-152: the address by person has no valid NHS number.
pub const INVALID_NHS_NUMBER: Code = code("SEND", "EPL-152", "Invalid NHS Number");
/// EPL-153: nobody has that number.
pub const NHS_NUMBER_NOT_FOUND: Code = code("SEND", "EPL-153", "NHS Number not found");
/// EPL-154: somebody else has it.
pub const NO_DEMOGRAPHICS_MATCH: Code =
    code("SEND", "EPL-154", "NHS Number supplied does not match the demographics");
/// 20: no such message.
pub const NO_MESSAGE: Code = code("RECEIVE", "20", "Message does not exist");
/// Acknowledged, or not complete yet.
pub const GONE: Code = code("SEND", "Message already accepted", "Message no longer available for download");
/// Mex-Chunk-Range cannot be.
pub const CHUNK_RANGE: Code =
    code("SEND", "InvalidHeaderChunks", "Invalid chunk values sent in mex-Chunk-Range header");
/// Only gzip is known.
pub const ENCODING: Code = code("SEND", "UnsupportedContentEncoding", "Unsupported content encoding");
/// Mex-Content-Checksum has characters that no checksum has.
pub const CHECKSUM: Code = code("SEND", "Invalid checksum", "Invalid checksum");
/// A later chunk came with another encoding than the first.
pub const ENCODING_CHANGED: Code = code("", "", "cannot change content encoding");
/// All chunks are stored already.
pub const LOCKED: Code = code("SEND", "", "Message is complete, no more chunks can be uploaded");
/// More chunks than the first one announced.
pub const TOO_MANY_CHUNKS: Code = code("SEND", "", "Chunk number is above the number of chunks announced");
/// The message belongs to another mailbox.
pub const FOREIGN: Code = code("", "", "Message belongs to another mailbox");

/// A refusal: status and published error, or the fields that failed validation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    status: u16,
    code: Code,
    message_id: Option<String>,
    fields: Vec<Field>,
}

/// A field that is missing or out of bounds: an item of the published HTTPValidationError.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Where it belongs: header, query or path.
    pub place: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Kind of problem, in the validation library's word, e.g. `missing`.
    pub kind: &'static str,
    /// One sentence for a person.
    pub problem: String,
}

impl Field {
    /// A header that must be there is not.
    pub fn missing_header(name: &'static str) -> Field {
        Field { place: "header", name, kind: "missing", problem: "Field required".to_owned() }
    }
}

impl Fault {
    /// A published error.
    pub fn new(status: u16, code: Code) -> Refused {
        Box::new(Fault { status, code, message_id: None, fields: Vec::new() })
    }

    /// A published error about one message.
    pub fn about(status: u16, code: Code, message_id: &str) -> Refused {
        Box::new(Fault { status, code, message_id: Some(message_id.to_owned()), fields: Vec::new() })
    }

    /// A refusal without a published code.
    pub fn plain(status: u16, text: &'static str) -> Refused {
        Fault::new(status, code("", "", text))
    }

    /// 400: the field `name` in `place` (header, query or path) has a `problem`.
    pub fn field(
        place: &'static str,
        name: &'static str,
        kind: &'static str,
        problem: impl Into<String>,
    ) -> Refused {
        Fault::fields(vec![Field { place, name, kind, problem: problem.into() }])
    }

    /// 400: these fields, all of them at once.
    pub fn fields(fields: Vec<Field>) -> Refused {
        Box::new(Fault { status: 400, code: code("", "", ""), message_id: None, fields })
    }

    /// 500: the store or a row in it cannot be read.
    pub fn internal() -> Refused {
        Fault::plain(500, "An internal error occurred")
    }

    /// The answer in the error shape of `version`. `internal_id` helps to find the event; v1 does not show it.
    pub fn answer(&self, version: Version, internal_id: &str) -> Answer {
        let Code { event, code, text } = self.code;
        if !self.fields.is_empty() {
            let item = |f: &Field| json!({"type": f.kind, "loc": [f.place, f.name], "msg": f.problem});
            let body = json!({"detail": self.fields.iter().map(item).collect::<Vec<_>>()});
            return Answer::new(self.status, Version::V1.media_type(), body.to_string());
        }
        let (mut body, id_name) = match version {
            Version::V1 => {
                (json!({"errorEvent": event, "errorCode": code, "errorDescription": text}), "messageID")
            }
            Version::V2 => {
                let detail = json!([{"event": event, "code": code, "msg": text}]);
                (json!({"internal_id": internal_id, "detail": detail}), "message_id")
            }
        };
        if let Some(id) = &self.message_id {
            body[id_name] = json!(id);
        }
        let answer = version.json(self.status, &body);
        if self.status == 503 { answer.with("retry-after", RETRY_AFTER_S.to_string()) } else { answer }
    }
}

impl From<StoreError> for Refused {
    fn from(_: StoreError) -> Self {
        Fault::internal()
    }
}
