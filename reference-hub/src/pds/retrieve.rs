//! `pds-retrieve`: GET /Patient/{NHS number}.
//!
//! Called by `super::decide`. The common case hands the stored bytes on without parsing them: this is a third of the
//! nation's traffic.

use super::record::{self, Security};
use super::refuse::Refusal;
use super::resolve;
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::Answer;

/// The patient's record (of a superseded number, the one that took its place), or the published refusal.
pub(super) fn decide(ctx: &Context<'_>, id: &str) -> Result<Decision, Refusal> {
    let found = resolve::find(ctx, id)?;
    let etag = record::etag(found.head.version);
    let answer = if found.head.security == Security::Restricted {
        let mut patient = record::parse(&found.row.value)?;
        record::hide_location(&mut patient);
        fhir::resource(200, &patient)
    } else {
        Answer::new(200, fhir::FHIR_JSON, found.row.value)
    };
    Ok(Decision::read(answer.with("etag", etag), found.nhs_number))
}
