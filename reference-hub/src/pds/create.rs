//! `pds-create`: POST /Patient, a record and an NHS number for a person who has none.
//!
//! Called by `super::decide`. Whoever already has a record is named instead (SINGLE_MATCH), or not, when it may be
//! several (MULTIPLE_MATCHES). Two creations of the same person cannot both find nobody: every creation writes the row
//! `index::creation_key` and checks that nobody else did since it looked. Never gives out a number that may belong to a
//! living person: only 9000000000-9999999999.

use super::json::Json;
use super::record::Security;
use super::refuse::{self, Refusal};
use super::tree::{Tree, items, text};
use super::{history, index, patch, resolve, retry, rules, terms};
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::{Answer, Body, Request};
use bytes::Bytes;
use hub_store::{Check, Expect, Put, Table, Txn};
use population::NhsNumber;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Media types of the body: the published one, and FHIR clients'.
const MEDIA: [&str; 2] = ["application/json", "application/fhir+json"];
/// People of one family name and birth date who are looked at. 400: as many as a search reads.
const CANDIDATES_MAX: usize = 400;
/// Numbers tried before giving up. 64: with 100 million numbers, even when nine of ten were taken, one creation
/// in 450 fails, and a retry tries others.
const NUMBERS_TRIED_MAX: usize = 64;
/// First eight digits of the published sandbox numbers, which nobody gets.
const STEMS_RESERVED: [u64; 2] = [90_000_000, 91_112_311];
/// Version of a new record.
const VERSION: u64 = 1;

/// The new record, or who it may be already, or the published refusal.
pub(super) fn decide(ctx: &Context<'_>, request: &Request, session: &Session) -> Result<Decision, Refusal> {
    super::require_media(request, &MEDIA)?;
    let retry_key = retry::key(request, session, "create");
    if let Some(answer) = retry::answered(ctx, &retry_key)? {
        let record: Value = match &answer.body {
            Body::Inline(body) => serde_json::from_slice(body).unwrap_or_default(),
            Body::Blob { .. } => Value::Null,
        };
        return Ok(Decision::read(answer, text(&record, "/id")));
    }
    let body = serde_json::from_slice(request.bytes());
    let body: Value = body.map_err(|_| refuse::validation_error("the body is not valid JSON"))?;
    let today = super::today(ctx);
    let mut record = begun(&body);
    patch::complete(&json!({}), &mut record, today, ctx.ids);
    rules::creation::check(&body, &record, today)?;

    let family = text(&record, "/name/0/family");
    let contended = index::creation_key(family, text(&record, "/birthDate"), text(&record, "/gender"));
    // First the row that is contended for, then the look at who is there: in this order no creation is missed.
    let row = ctx.view.get(Table::PatientIndex, &contended).map_err(|_| broken())?;
    let matches = matches(ctx, &record)?;
    let mut found = matches.iter();
    match (found.next(), found.next()) {
        (Some(one), None) => return Ok(Decision::read(*refuse::single_match(one), one)),
        (Some(_), Some(_)) => {
            let subject: Vec<&str> = matches.iter().map(String::as_str).collect();
            return Ok(Decision::read(*refuse::multiple_matches(), subject.join(" ")));
        }
        (None, _) => {}
    }
    let nhs_number = fresh_number(ctx)?;
    number(&mut record, &nhs_number);
    let document = Bytes::from(record.to_string());
    let answer = Answer::new(201, fhir::FHIR_JSON, document.clone());
    let (key, contended) = (Bytes::from(nhs_number.clone()), Bytes::from(contended));
    let expect = row.map_or(Expect::Absent, |row| Expect::Version(row.version));
    let rows = index::keys_of(&record).into_iter().map(|key| (key, Bytes::new()));
    let rows = rows.chain([(contended.to_vec(), key.clone())]);
    let mut puts: Vec<Put> =
        rows.map(|(key, value)| Put { table: Table::PatientIndex, key: key.into(), value }).collect();
    puts.push(Put { table: Table::Patients, key: key.clone(), value: document });
    let txn = Txn {
        checks: vec![
            Check { table: Table::PatientIndex, key: contended, expect },
            Check { table: Table::Patients, key, expect: Expect::Absent },
        ],
        puts,
        idempotency: retry::remember(retry_key, &answer),
        ..Txn::default()
    };
    Ok(Decision::write(answer, txn, nhs_number))
}

/// The record that a body describes, without what is not kept and without a number.
fn begun(body: &Value) -> Value {
    let mut record = json!({"resourceType": "Patient"});
    for element in ["address", "birthDate", "gender", "name", "telecom"] {
        match body.get(element) {
            Some(Value::Array(list)) if list.is_empty() => {} // FHIR has no empty lists
            Some(value) => record[element] = value.clone(),
            None => {}
        }
    }
    let kept: Vec<Value> =
        items(body, "extension").iter().filter(|e| rules::creation::is_kept(e)).cloned().collect();
    if !kept.is_empty() {
        record["extension"] = kept.into();
    }
    record
}

/// Gives the record its number, version and security.
fn number(record: &mut Value, nhs_number: &str) {
    let status = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus";
    let system = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus";
    let coding = json!({
        "code": "01", "display": "Number present and verified", "system": system, "version": "1.0.0",
    });
    record["id"] = nhs_number.into();
    record["identifier"] = json!([{
        "extension": [{"url": status, "valueCodeableConcept": {"coding": [coding]}}],
        "system": terms::NHS_NUMBER,
        "value": nhs_number,
    }]);
    record["meta"] = json!({
        "security": [{
            "code": "U",
            "display": "unrestricted",
            "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
        }],
        "versionId": VERSION.to_string(),
    });
}

/// NHS numbers of all who may be this person: same family name, first given name, birth date and gender, and the same
/// postcode, now or before. Of a restricted record the postcode is not compared, as no location may be confirmed.
fn matches(ctx: &Context<'_>, record: &Value) -> Result<BTreeSet<String>, Refusal> {
    let born = text(record, "/birthDate");
    let range = index::family_range(&index::normal(text(record, "/name/0/family")), born, born);
    let mut found = BTreeSet::new();
    for (from, to) in [index::of_history(&range), range] {
        let rows = ctx.view.scan(Table::PatientIndex, &from, &to, CANDIDATES_MAX).map_err(|_| broken())?;
        for entry in rows.iter().filter_map(|row| index::entry(&row.key)) {
            if entry.gender == index::gender_letter(text(record, "/gender"))
                && let Some(known) = known_as(ctx, record, entry.nhs_number)?
            {
                found.insert(known);
            }
        }
    }
    Ok(found)
}

/// The number of the record under (or superseding) a candidate's number, when it is this person's.
fn known_as(ctx: &Context<'_>, record: &Value, candidate: &str) -> Result<Option<String>, Refusal> {
    let row = ctx.view.get(Table::Patients, candidate.as_bytes()).map_err(|_| broken())?;
    let Some(row) = row else { return Ok(None) };
    let Ok(found) = resolve::find(ctx, candidate) else { return Ok(None) };
    let known = match resolve::superseded(&row.value) {
        Some((_, was)) => was,
        None => Json::read(&row.value).map_err(|_| broken())?,
    };
    let past = history::row(ctx, candidate)?;
    let past = history::read(&past);
    let same_name = |name: &Json<'_>| {
        let same = |at: &str| {
            index::normal(text(name, at)) == index::normal(text(record, &["/name/0", at].concat()))
        };
        same("/family") && same("/given/0")
    };
    let lives: BTreeSet<String> = items(record, "address").iter().map(postcode).collect();
    let mut homes = items(&known, "address").iter().chain(items(&past, "address")).map(postcode).peekable();
    let same_place = found.head.security == Security::Restricted
        || homes.peek().is_none() // a record without address tells nothing against it
        || homes.any(|p| lives.contains(&p));
    let mut names = items(&known, "name").iter().chain(items(&past, "name"));
    Ok((same_place && names.any(same_name)).then_some(found.nhs_number))
}

fn postcode<T: Tree>(address: &T) -> String {
    text(address, "/postalCode").chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase()
}

/// A synthetic number that nobody has. A function of the context alone: the same request makes the same choice.
fn fresh_number(ctx: &Context<'_>) -> Result<String, Refusal> {
    for _ in 0..NUMBERS_TRIED_MAX {
        let nine = 900_000_000 + (ctx.ids.bits() % 100_000_000) as u64;
        if STEMS_RESERVED.contains(&(nine / 10)) {
            continue;
        }
        // One stem in eleven has no check digit.
        let Some(number) = (0..10).find_map(|check| NhsNumber::new_synthetic(nine * 10 + check).ok()) else {
            continue;
        };
        let number = number.to_string();
        if ctx.view.get(Table::Patients, number.as_bytes()).map_err(|_| broken())?.is_none() {
            return Ok(number);
        }
    }
    Err(Box::new(fhir::overloaded()))
}

fn broken() -> Refusal {
    Box::new(fhir::internal_error())
}
