//! The form that both addresses take: each field at most once (RFC 6749, section 3.1).

use super::{Refused, refused};
use crate::message::Request;
use crate::server::target;

/// The fields of a form.
#[derive(Debug)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The request's body as a form.
    ///
    /// # Errors
    /// 415 when the body is said to be something else, 400 when it is malformed or a field is repeated.
    pub fn of(request: &Request) -> Result<Form, Refused> {
        let media = request.header("content-type").and_then(|v| v.split(';').next()).unwrap_or("").trim();
        if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let description = "Content-Type header must be application/x-www-urlencoded"; // as published
            return Err(refused(415, "invalid_request", description));
        }
        let text = std::str::from_utf8(request.bytes()).ok();
        let Some(fields) = text.and_then(target::query) else {
            return Err(refused(400, "invalid_request", "the form has a malformed percent escape"));
        };
        Form::new(fields)
    }

    /// The request's query as a form.
    ///
    /// # Errors
    /// 400 when a field is repeated.
    pub fn of_query(request: &Request) -> Result<Form, Refused> {
        Form::new(request.query.clone())
    }

    fn new(fields: Vec<(String, String)>) -> Result<Form, Refused> {
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|w| w[0] == w[1]) {
            return Err(refused(400, "invalid_request", "a field of the form is repeated"));
        }
        Ok(Form(fields))
    }

    /// The field's value, if it has one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    /// The field's value.
    ///
    /// # Errors
    /// The published refusal with this status when it is missing or empty.
    pub fn need(&self, name: &str, status: u16) -> Result<&str, Refused> {
        self.get(name).ok_or_else(|| missing(name, status))
    }
}

/// The published refusal of a form without a field.
pub fn missing(name: &str, status: u16) -> Refused {
    refused(status, "invalid_request", &format!("{name} is missing"))
}
