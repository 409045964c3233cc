//! eps-release: a dispenser downloads what waits for it (at most 25 at a time), or one prescription by its id.
//!
//! Called by [`super::decide`]. Each prescription's header is checked by version in the transaction that hands it over:
//! of two dispensers who ask at once, one is told the other has it. What a request was given is remembered under its
//! X-Request-ID, so a repeated request gets the same prescriptions again and never different ones.

use super::line::Line;
use super::record::{Header, header_key, is_ods, past_key, queue_key, queue_range, release_key};
use super::refusal::{self, Refused};
use super::state::{Event, Refusal, next};
use super::wire::{ODS_CODE, Parameters};
use super::{body_text, check, fhir_time, load, parsed, released, request_id, store_failed, unchanged};
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::Request;
use bytes::Bytes;
use hub_store::{Check, Delete, Expect, Put, Table, Txn};
use serde::{Deserialize, Serialize};

/// Prescriptions in one nominated release (published).
pub const RELEASE_MAX: usize = 25;
/// Queue rows read at a time: twice a full release, so that a few that have just gone or expired cost no second scan.
const PAGE: usize = 2 * RELEASE_MAX;

/// What a release gave out, remembered under its request.
#[derive(Serialize, Deserialize)]
pub struct Given {
    /// Id of the answer's Parameters and of the Bundle of what was given.
    pub id: String,
    /// Id of the Bundle of what could not be given.
    pub failed_id: String,
    /// Its time.
    pub at: String,
    /// The prescriptions.
    pub gifts: Vec<Gift>,
    /// Those that could not be given.
    pub failed: Vec<Failed>,
}

/// One prescription given out.
#[derive(Serialize, Deserialize)]
pub struct Gift {
    /// Short id.
    pub id: String,
    /// Id of the order's bundle.
    pub bundle_id: String,
    /// Which issue, of a repeat dispensing prescription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<Issue>,
}

/// An issue of a repeat dispensing prescription.
#[derive(Serialize, Deserialize)]
pub struct Issue {
    /// Which, from 1.
    pub issue: u32,
    /// Of how many.
    pub issues: u32,
    /// When the one before was dispensed, as a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_dispensed: Option<String>,
}

/// One prescription of the queue that could not be given out, as its time had run out.
#[derive(Serialize, Deserialize)]
pub struct Failed {
    /// Short id.
    pub id: String,
    /// Id of the message that ordered it.
    pub message_id: String,
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
    let (parameters, _): (Parameters<'_>, _) = parsed(body_text(request)?)?;
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
        return Ok(Decision::read(released::answer(ctx, &given)?, ods));
    }
    let (id, failed_id, at) = (ctx.ids.uuid(), ctx.ids.uuid(), fhir_time(ctx));
    let given = Given { id, failed_id, at, gifts: Vec::new(), failed: Vec::new() };
    let mut taking = Taking { ods: &ods, name, txn: Txn::default(), given };
    match single {
        Some(id) => taking.one(ctx, id)?,
        None => taking.queue(ctx)?,
    }
    let Taking { mut txn, given, .. } = taking;
    if given.gifts.is_empty() && given.failed.is_empty() {
        return Ok(Decision::read(refusal::no_more_prescriptions(), ods));
    }
    let answer = released::answer(ctx, &given)?;
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
    txn: Txn,
    given: Given,
}

impl Taking<'_> {
    /// One prescription by id, whoever is nominated for it: the patient may take it anywhere.
    fn one(&mut self, ctx: &Context<'_>, id: String) -> Result<(), Refused> {
        let Some((header, version)) = load(ctx, &id)? else {
            return Err(refusal::release_not_found());
        };
        match next(header.state, Event::Release) {
            Ok(_) => self.take(ctx, id, header, version)?,
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
                if self.given.gifts.len() == RELEASE_MAX || self.given.failed.len() == RELEASE_MAX {
                    return Ok(());
                }
                let id = String::from_utf8_lossy(&row.key[self.ods.len() + 1..]).into_owned();
                let Some((header, version)) = load(ctx, &id)? else { continue };
                match next(header.state, Event::Release) {
                    Ok(_) => self.take(ctx, id, header, version)?,
                    Err(Refusal::Expired) => {
                        self.write(&id, &header, version);
                        self.given.failed.push(Failed { id, message_id: header.message_id });
                    }
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

    fn take(
        &mut self,
        ctx: &Context<'_>,
        id: String,
        mut header: Header,
        version: u64,
    ) -> Result<(), Refused> {
        if let Ok(state) = next(header.state, Event::Release) {
            header.state = state;
        }
        header.release_id = Some(self.given.id.clone());
        header.holder = Some(self.ods.to_owned());
        header.holder_name = (!self.name.is_empty()).then(|| self.name.to_owned());
        for item in header.items.iter_mut().filter(|i| i.line == Line::ToBeDispensed) {
            item.line = Line::WithDispenser;
        }
        self.write(&id, &header, version);
        let issue = if header.issues > 1 { Some(issue(ctx, &id, &header)?) } else { None };
        self.given.gifts.push(Gift { id, bundle_id: header.bundle_id, issue });
        Ok(())
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

/// Which issue of a repeat dispensing prescription this is.
fn issue(ctx: &Context<'_>, id: &str, header: &Header) -> Result<Issue, Refused> {
    let before = header.issue.saturating_sub(1);
    let before = ctx.view.get(Table::Prescriptions, &past_key(id, before)).map_err(store_failed)?;
    let last_ms = before.and_then(|row| Header::from_row(&row.value)?.dispensed_ms);
    let last_dispensed = last_ms.and_then(|ms| {
        let at = jiff::Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()?;
        Some(at.strftime("%Y-%m-%d").to_string())
    });
    Ok(Issue { issue: header.issue, issues: header.issues, last_dispensed })
}
