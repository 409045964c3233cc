//! scr-set-permission: a patient says whether their summary may be shared: `Yes`, `No` (opted out) or `Ask`.
//!
//! Called by [`super::decide`]. The permission is one row a patient, read back by list (as it is), retrieve and upload
//! (which `No` forbids); each change is also an event of the summary that stays.

use super::body::{self, array, text};
use super::caller::{Caller, Seen, remembered};
use super::record::{Consent, Event, Permission, consent_key, event_key};
use super::refusal::{self, Faults, Refused, quoted};
use super::{consent_check, nhs_number};
use crate::domain::{Context, Decision};
use crate::message::{Answer, Request};
use hub_store::{Put, Table, Txn};
use population::NhsNumber;
use serde_json::Value;

/// Code system of a permission.
pub const PERMISSION: &str = "https://fhir.nhs.uk/CodeSystem/SCR-ACSPermission";

/// Stores a patient's permission.
///
/// # Errors
/// The published refusal.
pub fn set(ctx: &Context<'_>, request: &Request, caller: &Caller) -> Result<Decision, Refused> {
    let parameters: Value = body::parse(request)?;
    let (patient, permission) = check(&parameters)?;
    let subject = patient.to_string();
    let remember = match caller.seen(ctx, &format!("permission|{subject}|{}", permission.code()))? {
        Seen::Before(answer) => return Ok(Decision::read(*answer, subject)),
        Seen::New(key) => key,
    };
    let known = ctx.view.get(Table::Patients, subject.as_bytes()).map_err(|_| refusal::internal())?;
    if known.is_none() {
        return Ok(Decision::read(*refusal::invalid("nhsNumber: the patient is not found"), subject));
    }
    let (before, consented) = Consent::of(ctx, patient)?;
    let consent = Consent { permission, ..before };
    let event = Event {
        kind: "permission",
        at_ms: ctx.now_ms,
        ods: &caller.session.ods,
        user_id: &caller.session.user_id,
        content: permission.code().into(),
    };
    let answer = Answer::empty(201);
    let txn = Txn {
        checks: vec![consent_check(patient, consented)],
        puts: vec![
            Put { table: Table::Permissions, key: consent_key(patient), value: consent.to_row() },
            Put { table: Table::SummaryEvents, key: event_key(ctx, patient), value: event.to_row() },
        ],
        idempotency: remembered(remember, &answer),
        ..Txn::default()
    };
    Ok(Decision::write(answer, txn, subject))
}

/// Reads and checks the Parameters resource.
fn check(parameters: &Value) -> Result<(NhsNumber, Permission), Refused> {
    let mut faults = Faults::default();
    let kind = text(parameters, "/resourceType");
    faults.must(
        kind == "Parameters",
        format!("resourceType: unexpected resource, got {}, allowed: Parameters", quoted(kind)),
    );
    let all = array(parameters, "/parameter");
    let named = all.len() == 1 && text(parameters, "/parameter/0/name") == "setPermissions";
    faults.must(named, "Parameters.parameter: must be exactly one, named setPermissions");
    let parts = array(parameters, "/parameter/0/part");
    faults.must(parts.len() == 2, "Parameters.parameter.part: must be two, nhsNumber and permissionCode");
    let part = |name: &str| parts.iter().find(|p| text(p, "/name") == name);
    let patient = match part("nhsNumber").map(|p| nhs_number(text(p, "/valueString"))) {
        Some(Ok(number)) => Some(number),
        Some(Err(why)) => {
            faults.must(false, format!("nhsNumber.valueString: {why}"));
            None
        }
        None => {
            faults.must(false, "nhsNumber: the part is missing");
            None
        }
    };
    let mut permission = None;
    match part("permissionCode") {
        None => faults.must(false, "permissionCode: the part is missing"),
        Some(part) => {
            let (system, code) = (text(part, "/valueCoding/system"), text(part, "/valueCoding/code"));
            faults.must(
                system == PERMISSION,
                format!("permissionCode.valueCoding.system: must be {PERMISSION}"),
            );
            permission = Permission::of_code(code);
            faults.must(
                permission.is_some(),
                format!(
                    "permissionCode.valueCoding.code: unknown permission, got {}, allowed: Yes, No, Ask",
                    quoted(code)
                ),
            );
        }
    }
    faults.into_result()?;
    // Without either there was a fault.
    patient.zip(permission).ok_or_else(refusal::internal)
}
