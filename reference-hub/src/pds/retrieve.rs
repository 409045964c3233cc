//! `pds-retrieve`: GET /Patient/{NHS number}.
//!
//! Called by `super::decide`. The common case hands the stored bytes on without parsing them: this is a third of the
//! nation's traffic.

use super::record::{self, Security};
use super::refuse::{self, Refusal};
use crate::domain::Context;
use crate::fhir;
use crate::message::Answer;
use hub_store::Table;

/// The patient's record, or the published refusal.
pub(super) fn decide(ctx: &Context<'_>, id: &str) -> Result<Answer, Refusal> {
    let key = super::patient_key(id)?;
    let row = ctx.view.get(Table::Patients, key).map_err(|_| Box::new(fhir::internal_error()))?;
    let document = row.ok_or_else(refuse::not_found)?.value;
    let head = record::head(&document).ok_or_else(|| Box::new(fhir::internal_error()))?;
    let etag = record::etag(head.version);
    let answer = match head.security {
        Security::Unrestricted => Answer::new(200, fhir::FHIR_JSON, document),
        Security::Restricted => {
            let mut patient = record::parse(&document)?;
            record::hide_location(&mut patient);
            fhir::resource(200, &patient)
        }
        Security::Redacted => return Err(refuse::invalidated()),
    };
    Ok(answer.with("etag", etag))
}
