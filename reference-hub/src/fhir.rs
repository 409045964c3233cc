//! FHIR answers that every interface shares: OperationOutcome bodies with the published code systems.
//!
//! Called by the interfaces, `auth` and the listener. Builds data only: no clock, no store, no sockets.

use crate::message::Answer;
use serde_json::{Value, json};

/// Content type of every FHIR answer.
pub const FHIR_JSON: &str = "application/fhir+json";

/// Code system of the error codes that PDS and the shared gateway publish.
pub const SPINE_ERROR_OR_WARNING: &str = "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode";

/// The same codes under the address that EPS and SCR use for them.
pub const SPINE_ERROR_OR_WARNING_UNVERSIONED: &str =
    "https://fhir.nhs.uk/CodeSystem/Spine-ErrorOrWarningCode";

/// Code system of the issue codes that EPS publishes.
pub const EPS_ISSUE_CODE: &str = "https://fhir.nhs.uk/CodeSystem/EPS-IssueCode";

/// `OperationOutcome.issue.severity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The request was not done, and the fault may lie with the hub.
    Fatal,
    /// The request was not done.
    Error,
    /// The request was done, with a remark.
    Warning,
    /// For information only.
    Information,
}

impl Severity {
    /// The code as FHIR writes it.
    pub fn code(self) -> &'static str {
        match self {
            Severity::Fatal => "fatal",
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "information",
        }
    }
}

/// One issue of an OperationOutcome, as plain data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue<'a> {
    /// How bad it is.
    pub severity: Severity,
    /// FHIR `IssueType`, e.g. `invalid`, `value`, `not-found`, `structure`, `login`, `informational`.
    pub kind: &'a str,
    /// Code system of `code`, e.g. [`SPINE_ERROR_OR_WARNING`] or [`EPS_ISSUE_CODE`].
    pub system: &'a str,
    /// The published code, e.g. `RESOURCE_NOT_FOUND`; empty leaves `details` out.
    pub code: &'a str,
    /// The code's published display text.
    pub display: &'a str,
    /// One sentence for a person; empty leaves `diagnostics` out.
    pub diagnostics: &'a str,
    /// FHIRPath of the faulty element; empty leaves `expression` out.
    pub expression: &'a str,
}

impl Issue<'_> {
    /// The issue as FHIR JSON.
    pub fn to_json(&self) -> Value {
        let mut issue = json!({"severity": self.severity.code(), "code": self.kind});
        if !self.code.is_empty() {
            let mut coding = json!({"system": self.system, "code": self.code});
            if self.system == SPINE_ERROR_OR_WARNING {
                coding["version"] = "1".into(); // published with this system only
            }
            if !self.display.is_empty() {
                coding["display"] = self.display.into();
            }
            issue["details"] = json!({"coding": [coding]});
        }
        if !self.diagnostics.is_empty() {
            issue["diagnostics"] = self.diagnostics.into();
        }
        if !self.expression.is_empty() {
            issue["expression"] = json!([self.expression]);
        }
        issue
    }
}

/// A FHIR answer of any resource: `application/fhir+json`, compact.
pub fn resource(status: u16, body: &Value) -> Answer {
    Answer::new(status, FHIR_JSON, body.to_string())
}

/// An OperationOutcome answer with these issues.
pub fn outcome(status: u16, issues: &[Issue<'_>]) -> Answer {
    let issues: Vec<Value> = issues.iter().map(Issue::to_json).collect();
    resource(status, &json!({"resourceType": "OperationOutcome", "issue": issues}))
}

/// A refusal with one Spine-ErrorOrWarningCode coding, severity error: the shape of every PDS and gateway refusal.
pub fn spine_error(status: u16, kind: &str, code: &str, display: &str, diagnostics: &str) -> Answer {
    outcome(
        status,
        &[Issue {
            severity: Severity::Error,
            kind,
            system: SPINE_ERROR_OR_WARNING,
            code,
            display,
            diagnostics,
            expression: "",
        }],
    )
}

/// An EPS-IssueCode outcome of one issue.
pub fn eps_issue(status: u16, severity: Severity, kind: &str, code: &str, display: &str) -> Answer {
    outcome(
        status,
        &[Issue { severity, kind, system: EPS_ISSUE_CODE, code, display, diagnostics: "", expression: "" }],
    )
}

/// EPS's plain success: an informational OperationOutcome without details.
pub fn informational(status: u16) -> Answer {
    outcome(
        status,
        &[Issue {
            severity: Severity::Information,
            kind: "informational",
            system: "",
            code: "",
            display: "",
            diagnostics: "",
            expression: "",
        }],
    )
}

/// 503 with Retry-After: a bounded queue is full, or a record is too contended.
pub fn overloaded() -> Answer {
    spine_error(
        503,
        "timeout",
        "SERVICE_UNAVAILABLE",
        "Service unavailable",
        "The service is busy; try again after the time in Retry-After",
    )
    .with("retry-after", crate::limits::RETRY_AFTER_S.to_string())
}

/// 500: the hub's own fault. Says nothing of its inside.
pub fn internal_error() -> Answer {
    spine_error(
        500,
        "exception",
        "INTERNAL_SERVER_ERROR",
        "Internal server error",
        "The request could not be completed",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_its_code_system_and_display() {
        let answer = spine_error(404, "not-found", "RESOURCE_NOT_FOUND", "Resource not found", "");
        let crate::message::Body::Inline(body) = &answer.body else { panic!("inline") };
        let body: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(body["resourceType"], "OperationOutcome");
        let issue = &body["issue"][0];
        assert_eq!(issue["severity"], "error");
        assert_eq!(issue["details"]["coding"][0]["system"], SPINE_ERROR_OR_WARNING);
        assert_eq!(issue["details"]["coding"][0]["display"], "Resource not found");
        assert!(issue.get("diagnostics").is_none(), "an empty diagnostics is left out");
    }

    #[test]
    fn an_overloaded_hub_names_a_time_to_wait() {
        let answer = overloaded();
        assert_eq!(answer.status, 503);
        assert!(answer.headers.contains(&("retry-after", "1".into())));
    }
}
