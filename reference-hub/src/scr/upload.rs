//! scr-upload: a practice sends a patient's summary, a document bundle that begins with its Composition.
//!
//! Called by [`super::decide`]. The document is stored as received; it becomes the patient's latest in one transaction,
//! checked by version, so that of two uploads at once neither is lost unseen.

use super::record::{Latest, document_key, latest, latest_key, permission};
use super::refusal::{self, Refused};
use super::{NHS_NUMBER, RFC_4122, SUMMARY_CODE, nhs_number};
use crate::answer_codec;
use crate::domain::{Context, Decision};
use crate::eps::wire::{Bundle, Resource};
use crate::eps::{compact, is_uuid};
use crate::message::{Answer, Body, Request};
use bytes::Bytes;
use hub_store::{Check, Expect, Idempotency, Put, Table, Txn};
use population::NhsNumber;

/// Stores a summary and makes it the patient's latest.
///
/// # Errors
/// The published refusal.
pub fn upload(ctx: &Context<'_>, request: &Request) -> Result<Decision, Refused> {
    let content_type = request.header("content-type").unwrap_or_default();
    if content_type.split(';').next().is_none_or(|t| t.trim() != "application/fhir+json") {
        return Err(refusal::content_type(content_type));
    }
    let text = std::str::from_utf8(request.bytes())
        .map_err(|e| refusal::invalid(&format!("The body is not UTF-8 at byte {}", e.valid_up_to())))?;
    // Line and column only: the parser's own words may quote the patient's data.
    let bundle: Bundle<'_> = serde_json::from_str(text).map_err(|e| {
        refusal::invalid(&format!(
            "The body is not the expected JSON at line {}, column {}",
            e.line(),
            e.column()
        ))
    })?;
    let summary = summary(&bundle)?;
    let patient = summary.patient;
    let id = &summary.composition_id;
    if permission(ctx, patient)? == "No" {
        return Ok(Decision::read(*refusal::no_consent(), patient.to_string()));
    }
    let remembered = request_id(request)?.map(|r| format!("scr|upload|{}|{id}", r.to_ascii_lowercase()));
    if let Some(key) = &remembered {
        let row = ctx.view.get(Table::Idempotency, key.as_bytes()).map_err(|_| refusal::internal())?;
        if let Some(answer) = row.and_then(|row| answer_codec::decode(&row.value)) {
            return Ok(Decision::read(answer, patient.to_string()));
        }
    }
    let key = document_key(patient, id);
    if ctx.view.get(Table::Summaries, &key).map_err(|_| refusal::internal())?.is_some() {
        return Ok(Decision::read(*refusal::duplicate(id, &patient.to_string()), patient.to_string()));
    }
    let before = latest(ctx, patient)?;
    if let Some(replaced) = summary.replaces {
        let current = before.as_ref().map_or("", |(l, _)| &l.id);
        if !replaced.eq_ignore_ascii_case(current) {
            let text = "Composition.relatesTo does not name the patient's latest Summary Care Record";
            return Ok(Decision::read(*refusal::invalid(text), patient.to_string()));
        }
    }
    let document = match &request.body {
        Body::Inline(bytes) => compact(bytes),
        Body::Blob { .. } => Bytes::new(), // SCR operations do not stream, so the listener never makes one
    };
    let entries = bundle.entry.len();
    let now = Latest::of(&document, id, bundle.message_id(), &bundle.timestamp.0, entries);
    let now = now.ok_or_else(|| refusal::invalid("Bundle.entry is missing"))?;
    let location = format!(
        "/summary-care-record/FHIR/R4/Bundle?composition.identifier={id}&composition.subject:Patient.identifier={NHS_NUMBER}%7C{patient}"
    );
    let answer = Answer::empty(201).with("location", location);
    let expect = before.map_or(Expect::Absent, |(_, version)| Expect::Version(version));
    let txn = Txn {
        checks: vec![
            Check { table: Table::Summaries, key: latest_key(patient), expect },
            Check { table: Table::Summaries, key: key.clone(), expect: Expect::Absent },
        ],
        puts: vec![
            Put { table: Table::Summaries, key: latest_key(patient), value: now.to_row() },
            Put { table: Table::Summaries, key, value: document },
        ],
        idempotency: remembered
            .map(|key| Idempotency { key: Bytes::from(key), answer: answer_codec::encode(&answer) }),
        ..Txn::default()
    };
    Ok(Decision::write(answer, txn, patient.to_string()))
}

/// The optional X-Request-ID, which must be a UUID if sent.
fn request_id(request: &Request) -> Result<Option<&str>, Refused> {
    match request.header("x-request-id") {
        Some(id) if !is_uuid(id) => Err(refusal::invalid("The header X-Request-ID must be a UUID")),
        id => Ok(id),
    }
}

/// What the hub must know of a document.
struct Summary<'b> {
    patient: NhsNumber,
    composition_id: String,
    replaces: Option<&'b str>,
}

fn summary<'b>(bundle: &'b Bundle<'_>) -> Result<Summary<'b>, Refused> {
    let must = |holds: bool, text: &str| if holds { Ok(()) } else { Err(refusal::invalid(text)) };
    must(bundle.resource_type == "Bundle", "Unable to find Bundle")?;
    must(bundle.kind.0 == "document", "Bundle.type must be document")?;
    must(is_uuid(bundle.message_id()), "Bundle.identifier.value must be a UUID")?;
    must(!bundle.timestamp.0.is_empty(), "Bundle.timestamp is missing")?;
    let composition = bundle.entry.first().map(|e| &e.resource).filter(|r| r.resource_type == "Composition");
    let composition = composition.ok_or_else(|| refusal::invalid("The first entry must be a Composition"))?;
    must(bundle.all("Composition").count() == 1, "There must be exactly one Composition")?;
    must(composition.status == "final", "Composition.status must be final")?;
    let coding = composition.kind.first().and_then(|t| t.coding.first());
    must(
        coding.is_some_and(|c| c.system == "http://snomed.info/sct" && c.code == SUMMARY_CODE),
        "Composition.type must be General Practice Summary, http://snomed.info/sct|196981000000101",
    )?;
    must(!composition.date.0.is_empty(), "Composition.date is missing")?;
    let id = composition.identifier.iter().find(|i| i.system == RFC_4122).map_or("", |i| &i.value);
    must(is_uuid(id), "Composition.identifier.value must be a UUID")?;
    let number = subject(bundle, composition)?.identifier_of(NHS_NUMBER);
    let patient =
        nhs_number(number).map_err(|why| refusal::invalid(&format!("Patient.identifier: {why}")))?;
    let replaces = composition.relates_to.iter().find(|r| r.code == "replaces");
    Ok(Summary {
        patient,
        composition_id: id.to_ascii_uppercase(),
        replaces: replaces.and_then(|r| r.target_identifier.as_ref()).map(|i| &*i.value),
    })
}

/// The Patient that `Composition.subject` refers to: by id or by full URL.
fn subject<'b, 'a>(bundle: &'b Bundle<'a>, composition: &Resource<'_>) -> Result<&'b Resource<'a>, Refused> {
    let reference = composition.subject.first().map_or("", |s| &s.reference);
    let id = reference.strip_prefix("Patient/").unwrap_or(reference);
    let found = bundle.entry.iter().filter(|e| e.resource.resource_type == "Patient").find(|e| {
        !id.is_empty()
            && (e.resource.id == id || e.full_url == reference || e.full_url.rsplit('/').next() == Some(id))
    });
    let found = found.map(|e| &e.resource);
    found.ok_or_else(|| refusal::invalid("Composition.subject must refer to a Patient in the bundle"))
}
