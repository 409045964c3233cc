//! Who may do what: the published access modes, and the organisation a caller says it acts for.
//!
//! Called by `super::decide` before anything is read. The mode is a property of the session: an application's session
//! is application-restricted access; a session whose role is [`PATIENT_ROLE`] is patient access, its user id being the
//! patient's NHS number; every other is healthcare worker access. The open sandbox's caller may do all.

use super::refuse::{self, Refusal};
use crate::auth::Session;
use crate::message::Request;

/// Role of a patient's own session: the identity proofing level that NHS login has to reach (published: P9).
pub const PATIENT_ROLE: &str = "P9";

/// A published access mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode<'a> {
    /// The open sandbox.
    Open,
    /// A healthcare worker.
    Worker,
    /// The patient with this NHS number.
    Patient(&'a str),
    /// An application without a user.
    Application,
}

impl<'a> Mode<'a> {
    /// The mode of a session.
    pub(super) fn of(session: &'a Session) -> Self {
        match session {
            Session { anywhere: true, .. } => Mode::Open,
            Session { application: true, .. } => Mode::Application,
            Session { role, user_id, .. } if role == PATIENT_ROLE => Mode::Patient(user_id),
            _ => Mode::Worker,
        }
    }

    /// Refuses an operation that this mode does not have, and a patient who reaches for another's record. `subject` is
    /// the NHS number in the request, empty when it has none.
    pub(super) fn check(self, operation: &str, subject: &str) -> Result<(), Refusal> {
        match (self, operation) {
            (Mode::Open, _) => Ok(()),
            (Mode::Worker | Mode::Application, "pds-coverage" | "pds-coverage-update") => {
                Err(refuse::access_denied("User", "Coverage is open to patient access only"))
            }
            (Mode::Application, "pds-update" | "pds-create") => Err(refuse::invalid_method()),
            (Mode::Worker | Mode::Application, _) => Ok(()),
            (Mode::Patient(_), "pds-trace" | "pds-create") => Err(refuse::access_denied(
                "Patient",
                "Your access token has insufficient permissions: this operation is not open to patient access",
            )),
            (Mode::Patient(own), _) if subject == own => Ok(()),
            (Mode::Patient(_), _) => Err(refuse::access_denied(
                "Patient",
                "Your access token has insufficient permissions: patient access opens the patient's own record only",
            )),
        }
    }

    /// Checks the headers that say for whom and in which role the caller acts. A patient acts for nobody, and the role
    /// is a healthcare worker's alone (published: ignored in the other modes).
    pub(super) fn check_headers(self, session: &Session, request: &Request) -> Result<(), Refusal> {
        let worker = matches!(self, Mode::Open | Mode::Worker);
        match request.header("nhsd-session-urid") {
            Some(role) if worker && (role.is_empty() || !role.bytes().all(|b| b.is_ascii_digit())) => {
                return Err(refuse::invalid_header(role, "NHSD-Session-URID"));
            }
            _ => {}
        }
        match request.header("nhsd-end-user-organisation-ods") {
            Some(ods)
                if !matches!(self, Mode::Patient(_)) && !ods.is_empty() && !session.may_act_for(ods) =>
            {
                Err(refuse::access_denied(
                    "User",
                    "NHSD-End-User-Organisation-ODS names another organisation than the access token's",
                ))
            }
            _ => Ok(()),
        }
    }
}
