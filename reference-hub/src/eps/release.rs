//! eps-release: a dispenser downloads what waits for it (at most 25 at a time), or one prescription by its id.
//!
//! Called by [`super::decide`]. Each prescription's header is checked by version in the transaction that hands it over:
//! of two dispensers who ask at once, one is told the other has it. What a request was given is remembered under its
//! X-Request-ID, so a repeated request gets the same prescriptions again and never different ones.

use super::line::Line;
use super::record::{Header, header_key, is_ods, message_key, queue_key, queue_range, release_key};
use super::refusal::{self, Refused};
use super::state::{Event, Refusal, next};
use super::wire::{ODS_CODE, Parameters};
use super::{body_text, check, fhir_time, issue, load, parsed, request_id, store_failed, unchanged};
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::{Answer, Request};
use bytes::Bytes;
use hub_store::{Check, Delete, Expect, Put, Table, Txn};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Prescriptions in one nominated release (published).
pub const RELEASE_MAX: usize = 25;
/// Queue rows read at a time: twice a full release, so that a few that have just gone or expired cost no second scan.
const PAGE: usize = 2 * RELEASE_MAX;

/// What a release gave out, remembered under its request.
#[derive(Serialize, Deserialize)]
struct Given {
    /// Id of the answer's Parameters and Bundle.
    id: String,
    /// Its time.
    at: String,
    /// The prescriptions.
    gifts: Vec<Gift>,
}

/// One prescription given out.
#[derive(Serialize, Deserialize)]
struct Gift {
    /// Short id.
    id: String,
    /// Id of the order's bundle.
    bundle_id: String,
    /// Which issue of how many, of a repeat dispensing prescription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issue: Option<(u32, u32)>,
}

/// What a release request asks for.
pub struct Asked<'p> {
    /// ODS code of the dispenser.
    ods: String,
    /// Its name; empty when not given.
    name: &'p str,
    /// Short id of the one prescription asked for; none asks for the dispenser's queue.
    single: Option<String>,
}

/// Reads a release request.
///
/// # Errors
/// The published refusal of what is missing or wrong.
pub fn asked<'p>(parameters: &'p Parameters<'_>) -> Result<Asked<'p>, Refused> {
    if parameters.resource_type != "Parameters" {
        return Err(refusal::value("Incorrect FHIR resource type. Expected Parameters."));
    }
    let Some(owner) = parameters.get("owner").and_then(|p| p.resource.as_ref()) else {
        return Err(refusal::invalid("Required parameter owner is missing."));
    };
    if parameters.get("status").is_none_or(|s| s.value_code != "accepted") {
        return Err(refusal::value("Required parameter status must have valueCode 'accepted'."));
    }
    if let Some(agent) = parameters.get("agent").and_then(|p| p.resource.as_ref()) {
        check::named_by_identifier(agent, "Parameters.parameter(\"agent\").resource")?;
    }
    let ods = owner.identifier_of(ODS_CODE).to_ascii_uppercase();
    if !is_ods(&ods) {
        return Err(refusal::value(
            "Parameters.parameter(\"owner\").resource.identifier must hold an ODS code.",
        ));
    }
    let single = parameters.get("group-identifier").and_then(|p| p.value_identifier.as_ref());
    let single = single.map(|id| check::checked_id(id.value.to_ascii_uppercase())).transpose()?;
    Ok(Asked { ods, name: &owner.name.0, single })
}

/// Releases one prescription by id or the next ones of the asking dispenser's queue.
///
/// # Errors
/// The published refusal.
pub fn release(ctx: &Context<'_>, session: &Session, request: &Request) -> Result<Decision, Refused> {
    let request_id = request_id(ctx, request)?;
    let parameters: Parameters<'_> = parsed(body_text(request)?)?;
    let Asked { ods, name, single } = asked(&parameters)?;
    if !session.may_act_for(&ods) {
        return Err(refusal::forbidden());
    }
    let remembered = request_id.map(|id| release_key(&ods, id));
    if let Some(key) = &remembered
        && let Some(row) = ctx.view.get(Table::Prescriptions, key).map_err(store_failed)?
    {
        let given: Given =
            serde_json::from_slice(&row.value).map_err(|_| Box::new(fhir::internal_error()))?;
        return Ok(Decision::read(answer(ctx, &given)?, ods));
    }
    let answer_id = ctx.ids.uuid();
    let mut taking =
        Taking { ods: &ods, name, answer_id: &answer_id, txn: Txn::default(), gifts: Vec::new() };
    match single {
        Some(id) => taking.one(ctx, id)?,
        None => taking.queue(ctx)?,
    }
    let Taking { mut txn, gifts, .. } = taking;
    if gifts.is_empty() {
        let none = refusal::no_more_prescriptions();
        // Expired ones that stood in the queue are put away even when nothing else is found.
        let tidied = !txn.puts.is_empty();
        return Ok(if tidied { Decision::write(none, txn, ods) } else { Decision::read(none, ods) });
    }
    let given = Given { id: answer_id, at: fhir_time(ctx), gifts };
    let answer = answer(ctx, &given)?;
    if let Some(key) = remembered {
        txn.checks.push(Check { table: Table::Prescriptions, key: key.clone(), expect: Expect::Absent });
        let value = Bytes::from(serde_json::to_vec(&given).unwrap_or_default());
        txn.puts.push(Put { table: Table::Prescriptions, key, value });
    }
    Ok(Decision::write(answer, txn, ods))
}

/// A release in the making.
struct Taking<'a> {
    ods: &'a str,
    name: &'a str,
    answer_id: &'a str,
    txn: Txn,
    gifts: Vec<Gift>,
}

impl Taking<'_> {
    /// One prescription by id, whoever is nominated for it: the patient may take it anywhere.
    fn one(&mut self, ctx: &Context<'_>, id: String) -> Result<(), Refused> {
        let Some((header, version)) = load(ctx, &id)? else {
            return Err(refusal::release_not_found());
        };
        match next(header.state, Event::Release) {
            Ok(_) => self.take(id, header, version),
            Err(Refusal::WithDispenser) if header.holder.as_deref() != Some(self.ods) => {
                let holder = header.holder.as_deref().unwrap_or_default();
                let name = header.holder_name.as_deref().unwrap_or_default();
                return Err(refusal::with_another_dispenser(&ctx.ids.uuid(), holder, name));
            }
            Err(other) => return Err(refusal::transition(other)),
        }
        Ok(())
    }

    /// The next ones of the dispenser's own queue.
    fn queue(&mut self, ctx: &Context<'_>) -> Result<(), Refused> {
        let (mut from, to) = queue_range(self.ods);
        loop {
            let rows = ctx.view.scan(Table::PharmacyQueue, &from, &to, PAGE).map_err(store_failed)?;
            for row in &rows {
                if self.gifts.len() == RELEASE_MAX {
                    return Ok(());
                }
                let id = String::from_utf8_lossy(&row.key[self.ods.len() + 1..]).into_owned();
                let Some((header, version)) = load(ctx, &id)? else { continue };
                match next(header.state, Event::Release) {
                    Ok(_) => self.take(id, header, version),
                    Err(Refusal::Expired) => self.write(&id, &header, version),
                    // Taken between the scan and this look: its queue row is gone by now.
                    Err(_) => {}
                }
            }
            match rows.last() {
                Some(last) if rows.len() == PAGE => {
                    from = last.key.to_vec();
                    from.push(0);
                }
                _ => return Ok(()),
            }
        }
    }

    fn take(&mut self, id: String, mut header: Header, version: u64) {
        if let Ok(state) = next(header.state, Event::Release) {
            header.state = state;
        }
        header.release_id = Some(self.answer_id.to_owned());
        header.holder = Some(self.ods.to_owned());
        header.holder_name = (!self.name.is_empty()).then(|| self.name.to_owned());
        for item in header.items.iter_mut().filter(|i| i.line == Line::ToBeDispensed) {
            item.line = Line::WithDispenser;
        }
        self.write(&id, &header, version);
        let issue = (header.issues > 1).then_some((header.issue, header.issues));
        self.gifts.push(Gift { id, bundle_id: header.bundle_id, issue });
    }

    /// Writes the header and takes the prescription out of its queue.
    fn write(&mut self, id: &str, header: &Header, version: u64) {
        self.txn.checks.push(unchanged(id, version));
        self.txn.puts.push(Put { table: Table::Prescriptions, key: header_key(id), value: header.to_row() });
        if let Some(nominated) = &header.nominated {
            self.txn.dels.push(Delete { table: Table::PharmacyQueue, key: queue_key(nominated, id) });
        }
    }
}

/// The published answer: the order messages as prescribed, in a searchset inside Parameters. Stored bytes are copied in
/// whole, never parsed, except that an issue of a repeat dispensing prescription says which one it is.
fn answer(ctx: &Context<'_>, given: &Given) -> Result<Answer, Refused> {
    let mut messages = Vec::with_capacity(given.gifts.len());
    for Gift { id, bundle_id, issue } in &given.gifts {
        let Some(row) = ctx.view.get(Table::Prescriptions, &message_key(id)).map_err(store_failed)? else {
            return Err(Box::new(fhir::internal_error()));
        };
        let message = match issue {
            None => row.value,
            Some(which) => of_issue(&row.value, *which).ok_or_else(|| Box::new(fhir::internal_error()))?,
        };
        messages.push((bundle_id, message));
    }
    let Given { id, at, .. } = given;
    let room: usize = messages.iter().map(|(_, m)| m.len() + 160).sum();
    let mut out = Vec::with_capacity(room + 1_024);
    let head = format!(
        r#"{{"resourceType":"Parameters","id":"{id}","parameter":[{{"name":"passedPrescriptions","resource":{{"resourceType":"Bundle","id":"{id}","meta":{{"lastUpdated":"{at}"}},"identifier":{{"system":"https://tools.ietf.org/html/rfc4122","value":"{id}"}},"type":"searchset","link":[{{"relation":"self","url":"Task/$release"}}],"total":{},"entry":["#,
        messages.len()
    );
    out.extend_from_slice(head.as_bytes());
    for (i, (bundle_id, message)) in messages.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        // A bundle id is a UUID that prescribe checked, so it needs no escapes.
        let entry = format!(r#"{{"fullUrl":"urn:uuid:{bundle_id}","search":{{"mode":"match"}},"resource":"#);
        out.extend_from_slice(entry.as_bytes());
        out.extend_from_slice(message);
        out.push(b'}');
    }
    // Nothing fails here: whom the hub cannot give a prescription is refused as a whole.
    let tail = format!(
        r#"]}}}},{{"name":"failedPrescriptions","resource":{{"resourceType":"Bundle","meta":{{"lastUpdated":"{at}"}},"type":"searchset","total":0}}}}]}}"#
    );
    out.extend_from_slice(tail.as_bytes());
    Ok(Answer::new(200, fhir::FHIR_JSON, out))
}

/// The order message as one of its issues: each item is a reflex order based on the one that was prescribed.
fn of_issue(stored: &[u8], (issue, issues): (u32, u32)) -> Option<Bytes> {
    let mut message: Value = serde_json::from_slice(stored).ok()?;
    for entry in message["entry"].as_array_mut()? {
        let item = &mut entry["resource"];
        if item["resourceType"] != "MedicationRequest" {
            continue;
        }
        item["intent"] = "reflex-order".into();
        item["basedOn"] = json!([{
            "extension": [{
                "url": issue::REPEAT,
                "extension": [
                    {"url": "numberOfRepeatsAllowed", "valueInteger": issues - 1},
                    {"url": "numberOfRepeatsIssued", "valueInteger": issue - 1},
                ],
            }],
            "identifier": item["identifier"][0],
        }]);
    }
    Some(Bytes::from(message.to_string()))
}
