//! REPORT messages: what the hub puts into an inbox to say that a message failed. They have headers and no content.
//!
//! Called by `lifecycle` (a message was not collected) and by `admin` (the sandbox asks for one). Builds records only.

use super::record::{Failure, Message, Said, Status};

/// A report of `failure` about nothing in particular, to be put into the inbox of `to`.
pub fn new(id: String, to: String, workflow: String, said: Said, failure: Failure, now_ms: u64) -> Message {
    Message {
        id,
        from: String::new(), // the central system, which has no mailbox
        to,
        workflow,
        status: Status::Accepted,
        chunks: 0,
        chunks_stored: 0,
        size_bytes: 0,
        created_ms: now_ms,
        changed_ms: now_ms,
        accepted_ms: Some(now_ms),
        gzip: false,
        report: true,
        failure: Some(Box::new(failure)),
        said,
    }
}

/// The report to the sender of `message`, which its recipient did not collect.
pub fn of_undelivered(message: &Message, why: &Failure, id: String, now_ms: u64) -> Message {
    let said = Said {
        local_id: message.said.local_id.clone(),
        subject: message.said.subject.clone(),
        ..Said::default()
    };
    let failure =
        Failure { linked: Some(message.id.clone()), intended: Some(message.to.clone()), ..why.clone() };
    new(id, message.from.clone(), message.workflow.clone(), said, failure, now_ms)
}
