//! eps-track: where a prescription is, as a searchset of Tasks, one for each issue up to the current one.
//!
//! Called by [`super::with_session`]. Reads only; shows a prescription to its prescriber, to the dispenser it is nominated
//! to, and to the one who holds it. Written as text, its members in the order of their names as in every answer.

use super::order::quoted;
use super::record::{Header, past_key};
use super::refusal::{self, Refused};
use super::state::State;
use super::wire::{ITEM_NUMBER, NHS_NUMBER, ODS_CODE, RFC_4122};
use super::{check, fhir_time, issue, load, status as item_status, store_failed};
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::{Answer, Request};
use hub_store::Table;

/// Name space of short prescription ids.
const ORDER_NUMBER: &str = "https://fhir.nhs.uk/Id/prescription-order-number";
/// Code systems and extensions of the published answer.
const MESSAGE_EVENT: &str = "https://fhir.nhs.uk/CodeSystem/message-event";
const SNOMED: &str = "http://snomed.info/sct";
const THERAPY: &str = "https://fhir.nhs.uk/CodeSystem/medicationrequest-course-of-therapy";
const PRESCRIPTION: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-EPS-Prescription";
const BUSINESS_STATUS: &str = "https://fhir.nhs.uk/CodeSystem/EPS-task-business-status";

/// Answers with the prescription's Tasks.
///
/// # Errors
/// 400 without the parameter or with a malformed id, 403 to a stranger, 404 when there is no such prescription.
pub fn track(ctx: &Context<'_>, session: &Session, request: &Request) -> Result<Decision, Refused> {
    let Some(asked) = request.query("focus:identifier").or_else(|| request.query("identifier")) else {
        return Err(refusal::invalid("Query parameter must be one of: identifier, focus:identifier."));
    };
    // `system|value`, as FHIR writes a token, or the value alone.
    let id = asked.rsplit('|').next().unwrap_or_default().to_ascii_uppercase();
    let id = check::checked_id(id)?;
    let Some((current, _)) = load(ctx, &id)? else {
        return Ok(Decision::read(*refusal::not_tracked(), id));
    };
    let may_see = [Some(&current.prescriber), current.nominated.as_ref(), current.holder.as_ref()];
    if !may_see.into_iter().flatten().any(|ods| session.may_act_for(ods)) {
        return Ok(Decision::read(*refusal::forbidden(), id));
    }
    let mut tasks = Vec::new();
    for n in 1..current.issue {
        let row = ctx.view.get(Table::Prescriptions, &past_key(&id, n)).map_err(store_failed)?;
        if let Some(mut past) = row.and_then(|row| Header::from_row(&row.value)) {
            past.age(ctx.now_ms);
            tasks.push(entry(ctx, &id, &past));
        }
    }
    tasks.push(entry(ctx, &id, &current));
    let (bundle_id, at, total) = (ctx.ids.uuid(), fhir_time(ctx), tasks.len());
    let body = format!(
        r#"{{"entry":[{entries}],"id":"{bundle_id}",{identifier},"meta":{{"lastUpdated":"{at}"}},"resourceType":"Bundle","total":{total},"type":"searchset"}}"#,
        entries = tasks.join(","),
        identifier = identifier(RFC_4122, &bundle_id),
    );
    Ok(Decision::read(Answer::new(200, fhir::FHIR_JSON, body), id))
}

fn entry(ctx: &Context<'_>, id: &str, header: &Header) -> String {
    let task_id = ctx.ids.uuid();
    let task = task(&task_id, id, header);
    format!(r#"{{"fullUrl":"urn:uuid:{task_id}","resource":{task},"search":{{"mode":"match"}}}}"#)
}

/// One issue as a Task.
fn task(task_id: &str, id: &str, header: &Header) -> String {
    let order = identifier(ORDER_NUMBER, id);
    format!(
        r#"{{"authoredOn":"{authored}","businessStatus":{{"coding":[{state}]}},"code":{{"coding":[{event}]}},"extension":[{extensions}],"focus":{{{order}}},"for":{{{patient}}},"groupIdentifier":{{{group}}},"id":"{task_id}","identifier":[{{{message}}}],"input":[{items}],"intent":"order",{outputs}{owner}"requester":{{{requester}}},"resourceType":"Task","status":"{status}"}}"#,
        authored = time(header.ordered_ms),
        state = coding(BUSINESS_STATUS, header.state.code(), header.state.display()),
        event = coding(MESSAGE_EVENT, "prescription-order", "Prescription Order"),
        extensions = extensions(header),
        patient = identifier(NHS_NUMBER, &header.patient),
        group = system_and_value(ORDER_NUMBER, id),
        message = system_and_value(RFC_4122, &header.message_id),
        items = items(header),
        outputs = outputs(header),
        owner = owner(header),
        requester = identifier(ODS_CODE, &header.prescriber),
        status = status(header.state),
    )
}

/// The course of therapy, and of several issues which one it is.
fn extensions(header: &Header) -> String {
    let therapy = if header.therapy.is_empty() { "acute" } else { &header.therapy };
    let mut extensions = format!(
        r#"{{"extension":[{{"url":"courseOfTherapyType","valueCoding":{{"code":{therapy},"system":"{THERAPY}"}}}}],"url":"{PRESCRIPTION}"}}"#,
        therapy = quoted(therapy),
    );
    if header.issues > 1 {
        let (url, allowed, issued) = (issue::REPEAT, header.issues - 1, header.issue - 1);
        extensions += &format!(
            r#",{{"extension":[{{"url":"numberOfRepeatsAllowed","valueUnsignedInt":{allowed}}},{{"url":"numberOfRepeatsIssued","valueUnsignedInt":{issued}}}],"url":"{url}"}}"#
        );
    }
    extensions
}

/// The dispenser who has the prescription, or is to have it.
fn owner(header: &Header) -> String {
    let Some(ods) = header.holder.as_ref().or(header.nominated.as_ref()) else { return String::new() };
    let name = header.holder_name.as_ref();
    let display = name.map_or_else(String::new, |name| format!(r#""display":{},"#, quoted(name)));
    format!(r#""owner":{{{display}{}}},"#, identifier(ODS_CODE, ods))
}

/// Each item with its own status.
fn items(header: &Header) -> String {
    let dispensed = header.dispensed_ms.map_or_else(String::new, |at| {
        format!(r#",{{"url":"dateLastDispensed","valueDateTime":"{}"}}"#, time(at))
    });
    let item = |item: &super::Item| {
        format!(
            r#"{{"extension":[{{"extension":[{{"url":"dispenseStatus","valueCoding":{line}}}{dispensed}],"url":"{information}"}}],"type":{{"coding":[{what}]}},"valueReference":{{{id}}}}}"#,
            line = coding(item_status::DISPENSE_TYPE, item.line.code(), item.line.display()),
            information = item_status::INFORMATION,
            what = coding(SNOMED, "16076005", "Prescription"),
            id = identifier(ITEM_NUMBER, &item.id),
        )
    };
    header.items.iter().map(item).collect::<Vec<_>>().join(",")
}

/// The messages that concern the prescription after its order; nothing when there is none.
fn outputs(header: &Header) -> String {
    let released = header.release_id.iter().map(|id| output(id, "Release of the prescription"));
    let told = header.before.iter().map(|b| output(&b.message_id, "Dispensing medication"));
    let outputs: Vec<String> = released.chain(told).collect();
    if outputs.is_empty() { String::new() } else { format!(r#""output":[{}],"#, outputs.join(",")) }
}

fn output(message_id: &str, what: &str) -> String {
    format!(
        r#"{{"type":{{"coding":[{coding}],"text":"{what}"}},"valueReference":{{{id}}}}}"#,
        coding = coding(SNOMED, "373784005", "Dispensing medication"),
        id = identifier(RFC_4122, message_id),
    )
}

fn coding(system: &str, code: &str, display: &str) -> String {
    format!(r#"{{"code":"{code}","display":"{display}","system":"{system}"}}"#)
}

fn identifier(system: &str, value: &str) -> String {
    format!(r#""identifier":{{{}}}"#, system_and_value(system, value))
}

fn system_and_value(system: &str, value: &str) -> String {
    format!(r#""system":"{system}","value":{}"#, quoted(value))
}

/// Milliseconds since the Unix epoch as FHIR writes a time.
fn time(ms: u64) -> String {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(ms).unwrap_or(i64::MAX));
    at.unwrap_or(jiff::Timestamp::MAX).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// FHIR's own word for a status.
fn status(state: State) -> &'static str {
    match state {
        State::AwaitingReleaseReady | State::ToBeDispensed => "requested",
        State::RepeatFuture | State::Future => "on-hold",
        State::WithDispenser | State::WithDispenserActive => "in-progress",
        State::Cancelled | State::CancelledFuture => "cancelled",
        State::Expired | State::NotDispensed => "failed",
        State::Dispensed | State::Claimed | State::NoClaimed => "completed",
    }
}
