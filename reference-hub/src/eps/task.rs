//! eps-return and eps-withdraw: a dispenser gives a prescription back, or takes back the latest dispense notification.
//! Both are a Task, told apart by its status.
//!
//! Called by [`super::with_session`]. What was marked for cancellation while the dispenser had it is cancelled on return.

use super::cancel::cancel_items;
use super::issue::{Loaded, Repeat, load_issue, repeat};
use super::line::Line;
use super::record::{Header, is_ods, is_uuid, queue_key};
use super::refusal::{self, Refused};
use super::state::{Event, State, may_amend_dispense, next};
use super::wire::{Concept, Extension, Identifier, Many, NHS_NUMBER, ODS_CODE, Reference, Resource};
use super::{answered, body_text, check, idempotency_key, parsed, remember};
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::message::Request;
use bytes::Bytes;
use hub_store::{Put, Table, Txn};
use memchr::memmem;
use serde::Deserialize;
use std::borrow::Cow;

/// Code system of the reasons for a return.
const RETURN_REASON: &str = "https://fhir.nhs.uk/CodeSystem/EPS-task-dispense-return-status-reason";
/// Code system of the reasons for a withdrawal.
const WITHDRAW_REASON: &str = "https://fhir.nhs.uk/CodeSystem/EPS-task-dispense-withdraw-reason";
/// Published reasons for a withdrawal.
const WITHDRAW_REASONS: [&str; 6] = ["QU", "MU", "DA", "PA", "OC", "ONC"];

/// A Task resource: what the hub asks of it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Task<'a> {
    #[serde(borrow)]
    resource_type: Cow<'a, str>,
    #[serde(borrow)]
    identifier: Many<Identifier<'a>>,
    #[serde(borrow)]
    extension: Many<Extension<'a>>,
    #[serde(borrow)]
    contained: Many<Resource<'a>>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    status_reason: Many<Concept<'a>>,
    #[serde(borrow)]
    code: Many<Concept<'a>>,
    #[serde(borrow)]
    group_identifier: Many<Identifier<'a>>,
    #[serde(borrow)]
    focus: Many<Reference<'a>>,
    #[serde(borrow, rename = "for")]
    patient: Many<Reference<'a>>,
    #[serde(borrow)]
    owner: Many<Reference<'a>>,
    #[serde(borrow)]
    requester: Many<Reference<'a>>,
}

/// What a Task asks for.
pub struct Asked<'t> {
    /// Its own id.
    task_id: &'t str,
    /// The notification to withdraw; none returns the prescription.
    withdraws: Option<&'t str>,
    /// ODS code of the dispenser.
    ods: String,
    /// Short id of the prescription.
    id: String,
    patient: &'t str,
    repeat: Option<Repeat>,
}

/// True when the body looks like a withdrawal, without parsing it: routing must cost next to nothing. The handler goes by
/// the parsed status.
pub fn looks_withdrawn(body: &[u8]) -> bool {
    memmem::find(body, b"\"in-progress\"").is_some()
}

/// Reads a Task.
///
/// # Errors
/// The published refusal of what is missing or wrong.
pub fn asked<'t>(task: &'t Task<'_>) -> Result<Asked<'t>, Refused> {
    if task.resource_type != "Task" {
        return Err(refusal::value("Incorrect FHIR resource type. Expected Task."));
    }
    let task_id = task.identifier.first().map_or("", |i| &i.value);
    if !is_uuid(task_id) {
        return Err(refusal::value("Task.identifier.value must be a UUID."));
    }
    for role in task.contained.iter().filter(|c| c.resource_type == "PractitionerRole") {
        check::named_by_identifier(role, "practitionerRole")?;
    }
    let withdraws = match &*task.status {
        "rejected" => None,
        "in-progress" => Some(withdrawn(task)?),
        _ => return Err(refusal::value("Task.status must be one of: 'in-progress', 'rejected'")),
    };
    let reasons = || task.status_reason.iter().flat_map(|r| r.coding.iter());
    let known = match withdraws {
        None => reasons().any(|c| c.system == RETURN_REASON && is_return_reason(&c.code)),
        Some(_) => reasons().any(|c| c.system == WITHDRAW_REASON && WITHDRAW_REASONS.contains(&&*c.code)),
    };
    if !known {
        let system = if withdraws.is_some() { WITHDRAW_REASON } else { RETURN_REASON };
        return Err(refusal::value(&format!(
            "Task.reasonCode must have a system of '{system}' and a value from that system."
        )));
    }
    let id = task.group_identifier.first().map_or("", |i| &i.value).to_ascii_uppercase();
    let patient = task.patient.iter().flat_map(|p| p.identifier.iter()).find(|i| i.system == NHS_NUMBER);
    Ok(Asked {
        task_id,
        withdraws,
        ods: dispenser(task)?,
        id: check::checked_id(id)?,
        patient: patient.map_or("", |i| &i.value),
        repeat: repeat(&task.extension),
    })
}

/// Four digits: the codes that are published of this system.
fn is_return_reason(code: &str) -> bool {
    code.len() == 4 && code.bytes().all(|b| b.is_ascii_digit())
}

/// Message id of the notification to withdraw.
fn withdrawn<'t>(task: &'t Task<'_>) -> Result<&'t str, Refused> {
    if !task.code.iter().any(|c| c.coding.iter().any(|c| c.code == "abort")) {
        return Err(refusal::value("Task.code is required when Task.status is 'in-progress'."));
    }
    let focus = task.focus.iter().find_map(|f| f.identifier.first()).map_or("", |i| &i.value);
    if is_uuid(focus) {
        Ok(focus)
    } else {
        Err(refusal::value("Task.focus.identifier must hold the id of the notification to withdraw."))
    }
}

/// ODS code of the dispenser: the owner, else the contained organisation that the requester's role refers to.
fn dispenser(task: &Task<'_>) -> Result<String, Refused> {
    let owner = task.owner.iter().flat_map(|o| o.identifier.iter()).find(|i| i.system == ODS_CODE);
    let contained = |reference: &str, kind: &str| {
        let id = reference.strip_prefix('#')?;
        task.contained.iter().find(|c| c.resource_type == kind && c.id == id)
    };
    let role = task.requester.first().and_then(|r| contained(&r.reference, "PractitionerRole"));
    let organization =
        role.and_then(|role| role.organization.first()).and_then(|o| contained(&o.reference, "Organization"));
    let ods = match (owner, organization) {
        (Some(owner), _) => &owner.value,
        (None, Some(organization)) => organization.identifier_of(ODS_CODE),
        (None, None) => "",
    };
    if is_ods(ods) {
        return Ok(ods.to_ascii_uppercase());
    }
    Err(refusal::value(
        "Task.requester must refer to a contained PractitionerRole whose organization is contained and has an ODS code.",
    ))
}

/// Returns a prescription, or withdraws a notification, once.
///
/// # Errors
/// The published refusal.
pub fn task(ctx: &Context<'_>, session: &Session, request: &Request) -> Result<Decision, Refused> {
    let (task, _): (Task<'_>, _) = parsed(body_text(request)?)?;
    let asked = asked(&task)?;
    if !session.may_act_for(&asked.ods) {
        return Err(refusal::forbidden());
    }
    let id = asked.id.clone();
    let key = idempotency_key("task", &asked.ods, asked.task_id, &id);
    if let Some(answer) = answered(ctx, &key)? {
        return Ok(Decision::read(answer, id));
    }
    let Some(mut loaded) = load_issue(ctx, &id, asked.repeat)? else {
        return Ok(Decision::read(*refusal::prescription_not_found(), id));
    };
    let answer = refusal::done(ctx);
    let mut txn = Txn { idempotency: remember(key, &answer), ..Txn::default() };
    match apply(ctx, &mut loaded, &asked, &mut txn) {
        Ok(()) => Ok(Decision::write(answer, txn, id)),
        Err(refused) => Ok(Decision::read(*refused, id)),
    }
}

fn apply(ctx: &Context<'_>, loaded: &mut Loaded, asked: &Asked<'_>, txn: &mut Txn) -> Result<(), Refused> {
    let header = &mut loaded.header;
    if let Some(holder) = header.holder.as_deref().filter(|h| *h != asked.ods) {
        let name = header.holder_name.as_deref().unwrap_or_default();
        return Err(refusal::with_another_dispenser(&ctx.ids.uuid(), holder, name));
    }
    if header.patient != asked.patient {
        return Err(refusal::failure_to_process("Mismatch between prescription and task NHSNumber"));
    }
    match asked.withdraws {
        Some(notification) => {
            may_amend_dispense(header.state).map_err(refusal::transition)?;
            if !header.withdraw(notification) {
                return Err(refusal::amend_mismatch());
            }
        }
        None => give_back(ctx, &asked.id, header, txn)?,
    }
    txn.checks.push(loaded.unchanged());
    txn.puts.push(loaded.put());
    Ok(())
}

/// The prescription waits again, in its nominated pharmacy's queue if it has one; or is cancelled, if that was asked for.
fn give_back(ctx: &Context<'_>, id: &str, header: &mut Header, txn: &mut Txn) -> Result<(), Refused> {
    header.state = next(header.state, Event::Return).map_err(refusal::transition)?;
    header.holder = None;
    header.holder_name = None;
    header.release_id = None;
    for item in header.items.iter_mut().filter(|i| i.line == Line::WithDispenser) {
        item.line = Line::ToBeDispensed;
    }
    header.cancel_asked_by = None;
    let wished = std::mem::take(&mut header.cancel_on_return);
    if !wished.is_empty() {
        cancel_items(ctx, id, header, &wished, txn)?;
    }
    if let (State::ToBeDispensed, Some(ods)) = (header.state, &header.nominated) {
        txn.puts.push(Put { table: Table::PharmacyQueue, key: queue_key(ods, id), value: Bytes::new() });
    }
    Ok(())
}
