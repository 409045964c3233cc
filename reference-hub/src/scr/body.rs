//! A request's FHIR body: content type, text, JSON.
//!
//! Called by the SCR handlers that take one. Quotes nothing of a body that cannot be read: it may be a patient's data.

use super::refusal::{self, Refused};
use crate::message::Request;
use serde::Deserialize;
use serde_json::Value;

/// The body as whatever the handler wants to see of it, borrowed where that can be.
///
/// # Errors
/// 415 for another content type than the published; 400 for a body that is not the expected JSON.
pub fn parse<'r, T: Deserialize<'r>>(request: &'r Request) -> Result<T, Refused> {
    let content_type = request.header("content-type").unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/fhir+json") {
        return Err(refusal::content_type(content_type));
    }
    let text = std::str::from_utf8(request.bytes())
        .map_err(|e| refusal::invalid(&format!("The body is not UTF-8 at byte {}", e.valid_up_to())))?;
    // Line and column only: the parser's own words may quote the patient's data.
    serde_json::from_str(text).map_err(|e| {
        let (line, column) = (e.line(), e.column());
        refusal::invalid(&format!("The body is not the expected JSON at line {line}, column {column}"))
    })
}

/// The text at a JSON pointer; "" when there is none.
pub fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The array at a JSON pointer; empty when there is none.
pub fn array<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
