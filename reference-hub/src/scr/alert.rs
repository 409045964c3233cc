//! scr-audit: an electronic alert to the privacy officers of an organisation: one of its people claimed a relationship to a
//! patient, or looked at a summary without permission.
//!
//! Called by [`super::decide`]. The alert is kept as received, as an event of the patient's summary; it is never changed.

use super::body::{self, array, text};
use super::caller::{Caller, Seen, remembered};
use super::record::{Event, event_key};
use super::refusal::{self, Faults, Refused, quoted};
use super::summary::ODS;
use super::{NHS_NUMBER, nhs_number};
use crate::domain::{Context, Decision};
use crate::message::{Answer, Request};
use hub_store::{Put, Table, Txn};
use population::NhsNumber;
use serde_json::Value;
use sha2::{Digest, Sha256};

const NOTIFICATION: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-SCR-NotificationMessage";
const ALERT_TYPE: &str = "https://fhir.nhs.uk/CodeSystem/SCR-AlertType";
const ALERT_REASON: &str = "https://fhir.nhs.uk/CodeSystem/SCR-AlertReason";
const USER: &str = "https://fhir.nhs.uk/Id/sds-user-id";
const ASID: &str = "https://fhir.nhs.uk/Id/nhsSpineASID";

/// Published combinations: a type, and the reasons that it may have. 1: a self-claimed relationship; 2: an access alert.
const REASONS: [(&str, &[&str]); 2] = [("1", &["1", "2", "3", "4", "6"]), ("2", &["1", "2", "3", "5"])];

/// Most entities of one alert. 100: an alert concerns one access; this bounds what one request can make the hub check.
const ENTITIES_MAX: usize = 100;

/// Stores an alert.
///
/// # Errors
/// The published refusal.
pub fn alert(ctx: &Context<'_>, request: &Request, caller: &Caller) -> Result<Decision, Refused> {
    let event: Value = body::parse(request)?;
    let (patient, ods) = check(&event)?;
    let subject = patient.to_string();
    if !caller.session.may_act_for(&ods) {
        return Ok(Decision::read(*refusal::organisation("The agent's organisation"), subject));
    }
    // An alert has no id of its own that would be unique, so the whole of it tells whether it was sent before.
    let what = Sha256::digest(request.bytes()).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let remember = match caller.seen(ctx, &format!("alert|{what}"))? {
        Seen::Before(answer) => return Ok(Decision::read(*answer, subject)),
        Seen::New(key) => key,
    };
    let record = Event {
        kind: "alert",
        at_ms: ctx.now_ms,
        ods: &caller.session.ods,
        user_id: &caller.session.user_id,
        content: event,
    };
    let answer = Answer::empty(201);
    let txn = Txn {
        puts: vec![Put { table: Table::SummaryEvents, key: event_key(ctx, patient), value: record.to_row() }],
        idempotency: remembered(remember, &answer),
        ..Txn::default()
    };
    Ok(Decision::write(answer, txn, subject))
}

/// Reads and checks the AuditEvent: the patient and the ODS code of the organisation that it concerns.
fn check(event: &Value) -> Result<(NhsNumber, String), Refused> {
    let mut faults = Faults::default();
    let kind = text(event, "/resourceType");
    faults.must(
        kind == "AuditEvent",
        format!("resourceType: unexpected resource, got {}, allowed: AuditEvent", quoted(kind)),
    );
    faults.must(!text(event, "/id").is_empty(), "AuditEvent.id: is missing");
    let notified = |e: &Value| text(e, "/url") == NOTIFICATION && !text(e, "/valueString").is_empty();
    faults.must(
        array(event, "/extension").iter().any(notified),
        format!("AuditEvent.extension: needs {NOTIFICATION} with a valueString"),
    );
    reason(event, &mut faults);
    faults.must(
        text(event, "/recorded").parse::<jiff::Timestamp>().is_ok(),
        "AuditEvent.recorded: must be an instant with a time zone",
    );
    let agents = array(event, "/agent");
    faults.must(agents.len() == 3, "AuditEvent.agent: must be three: patient, organisation, user");
    let says = |a: &Value| a.pointer("/requestor").is_some_and(Value::is_boolean);
    faults.must(agents.iter().all(says), "AuditEvent.agent.requestor: is missing");
    let spoken = |a: &Value| array(a, "/role").iter().all(|r| !text(r, "/text").is_empty());
    faults.must(agents.iter().all(spoken), "AuditEvent.agent.role.text: is missing");
    let patient = agent(agents, NHS_NUMBER, &mut faults);
    let ods = agent(agents, ODS, &mut faults).to_owned();
    agent(agents, USER, &mut faults);
    let patient = nhs_number(patient);
    if let Err(why) = &patient {
        faults.must(false, format!("AuditEvent.agent: patient: {why}"));
    }
    let source = event.pointer("/source/observer/identifier").unwrap_or(&Value::Null);
    faults.must(
        text(source, "/system") == ASID && !text(source, "/value").is_empty(),
        format!("AuditEvent.source.observer.identifier: must be {ASID} with a value"),
    );
    let entities = array(event, "/entity");
    faults.must(
        (1..=ENTITIES_MAX).contains(&entities.len())
            && entities.iter().all(|e| !text(e, "/what/identifier/value").is_empty()),
        format!("AuditEvent.entity: must be 1 to {ENTITIES_MAX}, each with what.identifier.value"),
    );
    faults.into_result()?;
    Ok((patient.map_err(|_| refusal::internal())?, ods)) // without one there was a fault
}

/// Type and subtype, and that they go together.
fn reason(event: &Value, faults: &mut Faults) {
    let (kind, reasons) = (text(event, "/type/code"), array(event, "/subtype"));
    let reason = text(event, "/subtype/0/code");
    faults.must(
        text(event, "/type/system") == ALERT_TYPE,
        format!("AuditEvent.type.system: must be {ALERT_TYPE}"),
    );
    faults.must(!text(event, "/type/display").is_empty(), "AuditEvent.type.display: is missing");
    faults.must(reasons.len() == 1, "AuditEvent.subtype: must be exactly one");
    faults.must(
        text(event, "/subtype/0/system") == ALERT_REASON,
        format!("AuditEvent.subtype.system: must be {ALERT_REASON}"),
    );
    faults.must(!text(event, "/subtype/0/display").is_empty(), "AuditEvent.subtype.display: is missing");
    match REASONS.iter().find(|(known, _)| *known == kind) {
        None => faults
            .must(false, format!("AuditEvent.type.code: unknown alert, got {}, allowed: 1, 2", quoted(kind))),
        Some((_, allowed)) => faults.must(
            allowed.contains(&reason),
            format!(
                "AuditEvent.subtype.code: not permitted with type {kind}, got {}, allowed: {}",
                quoted(reason),
                allowed.join(", ")
            ),
        ),
    }
}

/// The one agent identified by that system; its value, or "".
fn agent<'v>(agents: &'v [Value], system: &str, faults: &mut Faults) -> &'v str {
    let mut of_system = agents.iter().filter(|a| text(a, "/who/identifier/system") == system);
    let value = of_system.next().map_or("", |a| text(a, "/who/identifier/value"));
    faults.must(
        !value.is_empty() && of_system.next().is_none(),
        format!("AuditEvent.agent.who.identifier: must be exactly one of {system}, with a value"),
    );
    value
}
