//! The headers of a sent message, checked as published: which must be there, how long they may be, which characters.
//!
//! Called by `outbox::send`. Pure: header values in, plain data or a refusal out.

use super::fault::{self, Fault, Field, Refused};
use super::record::Said;
use crate::message::Request;

/// What a sender says in headers besides encoding and chunk range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MexHeaders {
    /// Mex-To, upper case.
    pub to: String,
    /// Mex-WorkflowID.
    pub workflow: String,
    /// What travels unchanged.
    pub said: Said,
}

/// Headers of a sent message and how many characters each may have (published).
const LENGTHS: &[(&str, usize)] = &[
    ("mex-to", 100),
    ("mex-workflowid", 300),
    ("mex-chunk-range", 20),
    ("mex-subject", 500),
    ("mex-localid", 300),
    ("mex-partnerid", 500),
    ("mex-filename", 300),
    ("mex-content-encrypted", 20),
    ("mex-content-compressed", 20),
    ("mex-content-checksum", 100),
    ("mex-content-type", 100),
];

/// Headers that must not hold a web address (published).
const NO_ADDRESS: &[&str] = &["mex-to", "mex-workflowid", "mex-content-checksum"];

impl MexHeaders {
    /// Reads and checks the headers of `request`, sent by `mailbox`.
    ///
    /// # Errors
    /// 400 for a missing, overlong or malformed header; 417 for a foreign sender, control version or message type.
    pub fn read(request: &Request, mailbox: &str) -> Result<MexHeaders, Refused> {
        let mut too_long = Vec::new();
        for (name, chars_max) in LENGTHS {
            too_long.extend(check(request, name, *chars_max)?);
        }
        if !too_long.is_empty() {
            return Err(Fault::fields(too_long));
        }
        let text = |name| request.header(name).map(str::trim).unwrap_or("");
        let said = |name| Some(text(name)).filter(|v| !v.is_empty()).map(str::to_owned);
        if !text("mex-from").is_empty() && !text("mex-from").eq_ignore_ascii_case(mailbox) {
            return Err(Fault::new(417, fault::FROM));
        }
        if !matches!(text("mex-version"), "" | "1.0") {
            return Err(Fault::new(417, fault::CONTROL_VERSION));
        }
        if !text("mex-messagetype").is_empty() && !text("mex-messagetype").eq_ignore_ascii_case("DATA") {
            return Err(Fault::new(417, fault::MESSAGE_TYPE));
        }
        if text("mex-to").is_empty() {
            return Err(Fault::new(400, fault::NO_TO));
        }
        if text("mex-workflowid").is_empty() {
            return Err(Fault::fields(vec![Field::missing_header("mex-workflowid")]));
        }
        if !text("mex-content-checksum").bytes().all(is_checksum_byte) {
            return Err(Fault::new(400, fault::CHECKSUM));
        }
        Ok(MexHeaders {
            to: text("mex-to").to_ascii_uppercase(),
            workflow: text("mex-workflowid").to_owned(),
            said: Said {
                content_type: said("mex-content-type").or_else(|| said("content-type")),
                file_name: said("mex-filename"),
                local_id: said("mex-localid"),
                partner_id: said("mex-partnerid"),
                subject: said("mex-subject"),
                checksum: said("mex-content-checksum"),
                encrypted: is_yes(text("mex-content-encrypted")),
                compressed: is_yes(text("mex-content-compressed")),
            },
        })
    }
}

/// Refuses characters that a header must not have; gives back the field when it is too long.
fn check(request: &Request, name: &'static str, chars_max: usize) -> Result<Option<Field>, Refused> {
    let Some(raw) = request.headers.get(name) else { return Ok(None) };
    let Some(value) = raw.to_str().ok().filter(|v| !v.contains('\t')) else {
        return Err(Fault::new(400, fault::MALFORMED));
    };
    let start = value.trim().get(..8).unwrap_or(value).to_ascii_lowercase();
    if NO_ADDRESS.contains(&name) && (start.starts_with("http://") || start == "https://") {
        return Err(Fault::new(400, fault::MALFORMED));
    }
    let problem = || format!("String should have at most {chars_max} characters");
    Ok((value.len() > chars_max).then(|| Field {
        place: "header",
        name,
        kind: "string_too_long",
        problem: problem(),
    }))
}

fn is_checksum_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b' ' | b':' | b'-' | b'/')
}

fn is_yes(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "y" | "yes" | "t" | "true" | "on" | "1")
}
