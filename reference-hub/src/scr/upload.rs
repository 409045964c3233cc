//! scr-upload: a practice sends a patient's summary, a document bundle that begins with its Composition.
//!
//! Called by [`super::decide`]. The document is stored as received; it becomes the patient's latest in one transaction,
//! checked by version, so that of two uploads at once neither is lost unseen, nor one that meets an opt-out.

use super::body;
use super::caller::{Caller, Seen, remembered};
use super::record::{Consent, Latest, document_key, latest, latest_key};
use super::refusal::{self, Refused};
use super::seed::SANDBOX_PATIENT;
use super::summary::{self, Summary};
use super::wire::Bundle;
use super::{NHS_NUMBER, consent_check};
use crate::domain::{Context, Decision};
use crate::eps::compact;
use crate::message::{Answer, Body, Request};
use bytes::Bytes;
use hub_store::{Check, Expect, Put, Table, Txn};

/// Stores a summary and makes it the patient's latest.
///
/// # Errors
/// The published refusal.
pub fn upload(ctx: &Context<'_>, request: &Request, caller: &Caller) -> Result<Decision, Refused> {
    let bundle: Bundle<'_> = body::parse(request)?;
    let summary = summary::check(&bundle)?;
    let subject = summary.patient.to_string();
    let refused = |refused: Refused| Ok(Decision::read(*refused, subject.clone()));
    if !summary.author_ods.is_empty() && !caller.session.may_act_for(summary.author_ods) {
        return refused(refusal::organisation("The author's organisation"));
    }
    let (consent, consented) = Consent::of(ctx, summary.patient)?;
    if !consent.may_store() {
        return refused(refusal::no_consent());
    }
    let id = &summary.composition_id;
    let remember = match caller.seen(ctx, &format!("upload|{id}"))? {
        Seen::Before(answer) => return Ok(Decision::read(*answer, subject)),
        Seen::New(key) => key,
    };
    let key = document_key(summary.patient, id);
    if ctx.view.get(Table::Summaries, &key).map_err(|_| refusal::internal())?.is_some() {
        return refused(refusal::duplicate(id, &subject));
    }
    let before = latest(ctx, summary.patient)?;
    // The published example replaces another summary than the one that the published sandbox lists, and is accepted there.
    let example = ctx.sandbox && summary.patient.value() == SANDBOX_PATIENT;
    if let Some(replaced) = summary.replaces.filter(|_| !example) {
        let current = before.as_ref().map_or("", |(l, _)| &l.id);
        if !replaced.eq_ignore_ascii_case(current) {
            let text = "Composition.relatesTo: does not name the patient's latest Summary Care Record";
            return refused(refusal::invalid(text));
        }
    }
    let (now, document) = stored(request, &bundle, &summary)?;
    let location = format!(
        "/summary-care-record/FHIR/R4/Bundle?composition.identifier={id}&composition.subject:Patient.identifier={NHS_NUMBER}%7C{subject}"
    );
    let answer = Answer::empty(201).with("location", location);
    let expect = before.map_or(Expect::Absent, |(_, version)| Expect::Version(version));
    let txn = Txn {
        checks: vec![
            Check { table: Table::Summaries, key: latest_key(summary.patient), expect },
            Check { table: Table::Summaries, key: key.clone(), expect: Expect::Absent },
            consent_check(summary.patient, consented),
        ],
        puts: vec![
            Put { table: Table::Summaries, key: latest_key(summary.patient), value: now.to_row() },
            Put { table: Table::Summaries, key, value: document },
        ],
        idempotency: remembered(remember, &answer),
        ..Txn::default()
    };
    Ok(Decision::write(answer, txn, subject))
}

/// The rows' values: what is known of the latest, and the document itself.
fn stored(request: &Request, bundle: &Bundle<'_>, summary: &Summary<'_>) -> Result<(Latest, Bytes), Refused> {
    let document = match &request.body {
        Body::Inline(bytes) => compact(bytes),
        Body::Blob { .. } => Bytes::new(), // SCR operations do not stream, so the listener never makes one
    };
    let (id, timestamp, entries) = (&summary.composition_id, &bundle.timestamp.0, bundle.entry.len());
    let latest = Latest::of(&document, id, summary.document_id, timestamp, entries);
    Ok((latest.ok_or_else(|| refusal::invalid("Bundle.entry is missing"))?, document))
}
