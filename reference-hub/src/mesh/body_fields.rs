//! The fields of a JSON body: read one by one, with all faults told at once in the published HTTPValidationError.
//!
//! Called by `admin`. Bounded: a text that is to become a header may not be longer than a header.

use super::fault::{Fault, Field, Refused};
use crate::message::Request;
use serde_json::{Map, Value};

/// Longest text of one field, in characters: that of the longest published header.
pub const TEXT_CHARS_MAX: usize = 500;

/// Most items of a list.
const ITEMS_MAX: usize = 100;

/// A JSON object being read.
pub struct Fields {
    object: Map<String, Value>,
    faults: Vec<Field>,
}

impl Fields {
    /// The object in the request's body.
    ///
    /// # Errors
    /// 400 when the body is no JSON object.
    pub fn of(request: &Request) -> Result<Fields, Refused> {
        match serde_json::from_slice(request.bytes()) {
            Ok(Value::Object(object)) => Ok(Fields { object, faults: Vec::new() }),
            _ => Err(Fault::fields(vec![Field {
                place: "body",
                name: "",
                kind: "model_attributes_type",
                problem: "Input should be a JSON object".to_owned(),
            }])),
        }
    }

    /// A text that must be there.
    pub fn required(&mut self, name: &'static str) -> String {
        if !self.object.contains_key(name) {
            self.fault(name, "missing", "Field required");
        }
        self.optional(name).unwrap_or_default()
    }

    /// A text that may be there; null and nothing are the same.
    pub fn optional(&mut self, name: &'static str) -> Option<String> {
        match self.object.get(name).cloned() {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.chars().count() > TEXT_CHARS_MAX => {
                let problem = format!("String should have at most {TEXT_CHARS_MAX} characters");
                self.fault(name, "string_too_long", problem);
                None
            }
            Some(Value::String(text)) if !text.bytes().all(|b| (0x20..0x7f).contains(&b)) => {
                self.fault(name, "string_pattern_mismatch", "String should be visible ASCII");
                None
            }
            Some(Value::String(text)) => Some(text),
            Some(_) => {
                self.fault(name, "string_type", "Input should be a valid string");
                None
            }
        }
    }

    /// A list of texts; empty when there is none.
    pub fn list(&mut self, name: &'static str) -> Vec<String> {
        let items = match self.object.get(name) {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(items)) if items.len() <= ITEMS_MAX => items.clone(),
            Some(_) => {
                self.fault(
                    name,
                    "list_type",
                    format!("Input should be a list of at most {ITEMS_MAX} strings"),
                );
                return Vec::new();
            }
        };
        let text = |v: &Value| v.as_str().map(str::trim).filter(|t| is_workflow(t)).map(str::to_owned);
        let texts: Option<Vec<String>> = items.iter().map(text).collect();
        texts.unwrap_or_else(|| {
            self.fault(name, "string_type", "Items should be strings of 1 to 300 visible ASCII characters");
            Vec::new()
        })
    }

    /// Remembers a fault.
    pub fn fault(&mut self, name: &'static str, kind: &'static str, problem: impl Into<String>) {
        self.faults.push(Field { place: "body", name, kind, problem: problem.into() });
    }

    /// Ends reading.
    ///
    /// # Errors
    /// 400 with all faults.
    pub fn end(self) -> Result<(), Refused> {
        if self.faults.is_empty() { Ok(()) } else { Err(Fault::fields(self.faults)) }
    }
}

fn is_workflow(text: &str) -> bool {
    (1..=300).contains(&text.len()) && text.bytes().all(|b| (0x21..0x7f).contains(&b))
}
