//! `pds-related`: GET /Patient/{NHS number}/RelatedPerson.
//!
//! Called by `super::decide`. Hands the stored bytes on. Of a restricted patient nobody is told (published): the bundle
//! is empty. A patient without related people has an empty bundle too; 404 is for a number without a record.

use super::record::{self, Security};
use super::refuse::Refusal;
use super::{resolve, terms};
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::Answer;
use hub_store::{Row, Table};

/// Related people of one patient that are answered. 100: the published contact ranks end at 99.
const RELATED_MAX: usize = 100;

/// Where a related person stands.
pub(super) fn key(nhs_number: &str, id: &str) -> Vec<u8> {
    [nhs_number, "|", id].concat().into_bytes()
}

/// The bundle, or the published refusal.
pub(super) fn decide(ctx: &Context<'_>, id: &str) -> Result<Decision, Refusal> {
    let found = resolve::find(ctx, id)?;
    let rows = match found.head.security {
        Security::Restricted => Vec::new(),
        _ => {
            let (from, to) = (key(&found.nhs_number, ""), [found.nhs_number.as_bytes(), b"}"].concat());
            let rows = ctx.view.scan(Table::RelatedPersons, &from, &to, RELATED_MAX);
            rows.map_err(|_| Box::new(fhir::internal_error()))?
        }
    };
    let answer = Answer::new(200, fhir::FHIR_JSON, bundle(ctx, &found.nhs_number, &rows));
    Ok(Decision::read(answer.with("etag", record::etag(found.head.version)), found.nhs_number))
}

fn bundle(ctx: &Context<'_>, nhs_number: &str, rows: &[Row]) -> Vec<u8> {
    let mut out = br#"{"entry":["#.to_vec();
    for (i, row) in rows.iter().enumerate() {
        let id = String::from_utf8_lossy(row.key.get(nhs_number.len() + 1..).unwrap_or_default());
        let comma = if i == 0 { "" } else { "," };
        let head = format!(
            r#"{comma}{{"fullUrl":"{}{nhs_number}/RelatedPerson/{id}","resource":"#,
            terms::PATIENT_URL
        );
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(&row.value.value);
        out.push(b'}');
    }
    let (timestamp, total) = (super::timestamp(ctx), rows.len());
    let tail = format!(
        r#"],"resourceType":"Bundle","timestamp":"{timestamp}","total":{total},"type":"searchset"}}"#
    );
    out.extend_from_slice(tail.as_bytes());
    out
}
