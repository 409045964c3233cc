//! The published refusals of SCR: OperationOutcomes that carry their sentence in `details.text`.
//!
//! Called by the SCR handlers. Builds data only.

use crate::fhir::{self, SPINE_ERROR_OR_WARNING_UNVERSIONED};
use crate::message::Answer;
use serde_json::{Value, json};

/// A refusal on its way out of a handler.
pub type Refused = Box<Answer>;

/// Most issues of one OperationOutcome. 20: who has more to mend reads the first twenty first.
const ISSUES_MAX: usize = 20;

/// Longest value that is quoted back, in characters. 80: a line of a terminal.
const QUOTED_CHARS_MAX: usize = 80;

fn issue(code: &str, text: &str) -> Value {
    json!({"severity": "error", "code": code, "details": {"text": text}})
}

fn outcome(status: u16, code: &str, text: &str) -> Refused {
    outcomes(status, vec![issue(code, text)])
}

fn outcomes(status: u16, issues: Vec<Value>) -> Refused {
    Box::new(fhir::resource(status, &json!({"resourceType": "OperationOutcome", "issue": issues})))
}

/// Faults found so far, so that a client learns of all at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<String>);

impl Faults {
    /// Notes `text` unless `holds`.
    pub fn must(&mut self, holds: bool, text: impl Into<String>) {
        if !holds && self.0.len() < ISSUES_MAX {
            self.0.push(text.into());
        }
    }

    /// Nothing when there is no fault.
    ///
    /// # Errors
    /// 400 `invalid`, an issue each.
    pub fn into_result(self) -> Result<(), Refused> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(outcomes(400, self.0.iter().map(|text| issue("invalid", text)).collect()))
    }
}

/// A client's value as it may be quoted back: not longer than a line.
pub fn quoted(value: &str) -> String {
    let short: String = value.chars().take(QUOTED_CHARS_MAX).collect();
    format!("{short:?}")
}

/// 400 `invalid`: the request contradicts the specification or the record.
pub fn invalid(text: &str) -> Refused {
    outcome(400, "invalid", text)
}

/// 400 `invalid`, PSIS-30134: the summary has been uploaded before.
pub fn duplicate(composition_id: &str, nhs_number: &str) -> Refused {
    invalid(&format!(
        "[PSIS-30134] - Duplicate event with eventId {composition_id} and nhsNumber {nhs_number}."
    ))
}

/// 401 `forbidden`: the access token is missing, unknown or has ended.
pub fn token() -> Refused {
    outcome(401, "forbidden", "The access token is missing, invalid or has expired")
}

/// 401 `forbidden`: an application called what only a logged-in user may.
pub fn no_user() -> Refused {
    outcome(401, "forbidden", "The access token is an application's; this needs one of a logged-in user")
}

/// 403 `forbidden`: the patient does not consent.
pub fn no_consent() -> Refused {
    outcome(403, "forbidden", "The patient does not consent to storing a Summary Care Record")
}

/// 403 `forbidden`: the caller acts for another organisation than the one in its message.
pub fn organisation(place: &str) -> Refused {
    outcome(403, "forbidden", &format!("{place} is not the organisation for which the session was opened"))
}

/// 420 `forbidden`, PSIS-30418: access control does not let the summary be viewed.
pub fn access_control() -> Refused {
    outcome(
        420,
        "forbidden",
        "Code: 420, Display: Refused by access control;Code: 30418, Display: [PSIS-30418] - ACF does not permit access to resource",
    )
}

/// 415 `not-supported`.
pub fn content_type(got: &str) -> Refused {
    let got: String = got.chars().take(QUOTED_CHARS_MAX).collect();
    outcome(415, "not-supported", &format!("Content type '{got}' not supported"))
}

/// 404: no such path.
pub fn no_route() -> Refused {
    outcome(404, "not-found", "Route not found")
}

/// 405, with the methods that are allowed.
pub fn method_not_allowed(allow: &str) -> Refused {
    let answer = outcome(405, "not-supported", "Method not allowed");
    Box::new(answer.with("allow", allow.to_owned()))
}

/// 500 or 502 `unknown`, 503 or 504 `transient`, as SCR publishes them: a fault, the service is not to be had, or took too
/// long. For whoever answers in SCR's place (injected faults); the handlers themselves wait for nobody.
pub fn failed(status: u16) -> Answer {
    let text = match status {
        500 | 502 => return Answer { status, ..*internal() },
        504 => "Request processing timed out".to_owned(),
        _ => format!("Code: {status}, Display: Service Not Available"),
    };
    *outcome(status, "transient", &text)
}

/// 500 `unknown`: the store cannot read, or a row is damaged. Says nothing of the hub's inside.
pub fn internal() -> Refused {
    let coding = json!({
        "system": SPINE_ERROR_OR_WARNING_UNVERSIONED, "version": "1",
        "code": "UNKNOWN_ERROR", "display": "Unknown Error",
    });
    outcomes(
        500,
        vec![json!({
            "severity": "error", "code": "unknown", "details": {"coding": [coding]},
            "diagnostics": "The hub could not complete the request",
        })],
    )
}
