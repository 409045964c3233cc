//! What is checked of a prescription order before the store is looked at: every fault is found, and all are told at once.
//!
//! Called by eps-prescribe, eps-prepare, eps-validate and (for the parts they share) eps-cancel and the dispenser's
//! operations. Pure: no store, no clock beyond the time it is given.

use super::issue::REPEATS_MAX;
use super::line::Line;
use super::record::{Item, is_ods, is_uuid};
use super::refusal::{self, Refused};
use super::wire::{Bundle, ITEM_NUMBER, NHS_NUMBER, Resource};
use population::{NhsNumber, is_valid_short_id};

/// Items a prescription may have (published).
pub const ITEMS_MAX: usize = 4;
/// Performer site type of a prescription that is not nominated to anybody (published).
const SITE_NOT_NOMINATED: &str = "0004";
const SITE_TYPE: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-DM-PerformerSiteType";
const PRESCRIPTION_TYPE: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-DM-PrescriptionType";
/// Course of therapy whose issues EPS counts.
pub const REPEAT_DISPENSING: &str = "continuous-repeat-dispensing";
/// Last part of the name spaces of professional codes (published: exactly one of them).
const PROFESSIONAL: [&str; 5] =
    ["gmc-number", "nmc-number", "gphc-number", "hcpc-number", "professional-code"];

/// What an order says, checked.
pub struct Order<'b> {
    /// Short id, upper case.
    pub id: String,
    /// NHS number.
    pub patient: String,
    /// ODS code of the prescriber.
    pub sender: &'b str,
    /// ODS code of the nominated dispenser.
    pub nominated: Option<String>,
    /// The items, all to be dispensed.
    pub items: Vec<Item>,
    /// Course of therapy.
    pub therapy: String,
    /// Issues in all.
    pub issues: u32,
    /// Days an issue lasts.
    pub supply_days: Option<u32>,
    /// Midnight UTC of the day from which it may be dispensed, in milliseconds since the Unix epoch, when that is to come.
    pub due_ms: Option<u64>,
}

/// Keeps the good value and puts the fault aside.
fn keep<T: Default>(result: Result<T, Refused>, faults: &mut Vec<Refused>) -> T {
    result.unwrap_or_else(|fault| {
        faults.push(fault);
        T::default()
    })
}

/// Checks an order, its signature aside.
///
/// # Errors
/// All faults, in the order of this list.
pub fn order<'b>(bundle: &'b Bundle<'_>, now_ms: u64) -> Result<Order<'b>, Vec<Refused>> {
    let items: Vec<&Resource<'_>> = bundle.all("MedicationRequest").collect();
    let mut faults = Vec::new();
    let id = keep(prescription_id(&items), &mut faults);
    if items.is_empty() || items.len() > ITEMS_MAX {
        return Err(faults); // nothing that follows makes sense
    }
    let patient = keep(patient_number(bundle), &mut faults);
    let lines = keep(order_lines(&items), &mut faults);
    let nominated = keep(nominated(bundle, &items), &mut faults);
    let sender = keep(sender(bundle), &mut faults);
    let mixed = therapies(&items).is_err();
    for check in [intents, statuses, therapies, medicines, doses] {
        keep(check(&items), &mut faults);
    }
    people(bundle, primary_care(&items), &mut faults);
    // Of courses that do not go together nobody can say how many issues they have.
    let issues = if mixed { 1 } else { keep(issues(&items), &mut faults) };
    let due_ms = keep(due_ms(items[0], now_ms), &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Order {
        id,
        patient,
        sender,
        nominated,
        items: lines,
        therapy: items[0].therapy().to_owned(),
        issues,
        supply_days: supply_days(items[0]),
        due_ms,
    })
}

/// The short id that all items share, upper case, its check character verified.
///
/// # Errors
/// The published refusal of a wrong number of items, different ids, or a wrong check character.
pub fn prescription_id(items: &[&Resource<'_>]) -> Result<String, Refused> {
    if items.is_empty() || items.len() > ITEMS_MAX {
        return Err(refusal::item_count());
    }
    let id = |r: &Resource<'_>| {
        r.group_identifier.as_ref().map_or(String::new(), |g| g.value.to_ascii_uppercase())
    };
    let first = id(items[0]);
    if items.iter().any(|r| id(r) != first) {
        return Err(all_the_same("groupIdentifier", &items.iter().map(|r| id(r)).collect::<Vec<_>>()));
    }
    checked_id(first)
}

/// The id, when its form and check character are right.
///
/// # Errors
/// FAILURE_TO_PROCESS_MESSAGE.
pub fn checked_id(id: String) -> Result<String, Refused> {
    if id.is_empty() {
        return Err(refusal::failure_to_process("prescriptionID is missing"));
    }
    if !is_valid_short_id(&id) {
        return Err(refusal::failure_to_process("prescriptionID has invalid checksum"));
    }
    Ok(id)
}

/// The one patient's NHS number.
///
/// # Errors
/// FAILURE_TO_PROCESS_MESSAGE when it is missing, wrong, or could be a living person's: this hub takes synthetic ones only.
pub fn patient_number(bundle: &Bundle<'_>) -> Result<String, Refused> {
    let Some(patient) = bundle.all("Patient").next() else {
        return Err(refusal::failure_to_process("Patient is missing"));
    };
    let number = patient.identifier_of(NHS_NUMBER);
    match number.parse::<NhsNumber>() {
        Ok(n) if n.is_synthetic() => Ok(number.to_owned()),
        Ok(_) => Err(refusal::failure_to_process(
            "NHS number is outside the synthetic range 9000000000 to 9999999999",
        )),
        Err(_) => Err(refusal::failure_to_process("NHS number is invalid")),
    }
}

/// ODS code of the organisation that sent the message.
///
/// # Errors
/// `value` when it is missing or cannot be an ODS code.
pub fn sender<'b>(bundle: &'b Bundle<'_>) -> Result<&'b str, Refused> {
    let header = bundle.entry.first().and_then(|e| e.resource.sender.as_ref());
    let ods = header.and_then(|s| s.identifier.first()).map_or("", |i| &i.value);
    if is_ods(ods) {
        Ok(ods)
    } else {
        Err(refusal::value("MessageHeader.sender.identifier must hold an ODS code."))
    }
}

fn all_the_same(field: &str, got: &[String]) -> Refused {
    let got: Vec<String> = got.iter().map(|g| format!("\"{g}\"")).collect();
    refusal::value(&format!(
        "Expected all MedicationRequests to have the same value for {field}. Received [{}].",
        got.join(", ")
    ))
}

fn order_lines(items: &[&Resource<'_>]) -> Result<Vec<Item>, Refused> {
    let mut lines: Vec<Item> = Vec::with_capacity(items.len());
    for item in items {
        let id = item.identifier_of(ITEM_NUMBER);
        if !is_uuid(id) {
            return Err(refusal::value(
                "MedicationRequest.identifier must hold a prescription-order-item-number, a UUID.",
            ));
        }
        if lines.iter().any(|l| l.id.eq_ignore_ascii_case(id)) {
            return Err(refusal::value(
                "Expected all MedicationRequests to have a different value for identifier.",
            ));
        }
        lines.push(Item { id: id.to_owned(), line: Line::ToBeDispensed });
    }
    Ok(lines)
}

fn intents(items: &[&Resource<'_>]) -> Result<(), Refused> {
    let known = |i: &&Resource<'_>| matches!(&*i.intent, "order" | "original-order" | "instance-order");
    if items.iter().all(known) {
        return Ok(());
    }
    Err(refusal::intent())
}

fn statuses(items: &[&Resource<'_>]) -> Result<(), Refused> {
    if items.iter().all(|i| i.status == "active") {
        return Ok(());
    }
    Err(refusal::value("MedicationRequest.status must be active in a prescription order."))
}

fn therapies(items: &[&Resource<'_>]) -> Result<(), Refused> {
    let first = items[0].therapy();
    let mixable = |t: &str| matches!(t, "acute" | "continuous");
    if items.iter().all(|i| i.therapy() == first || (mixable(i.therapy()) && mixable(first))) {
        return Ok(());
    }
    Err(refusal::therapy_mixed())
}

fn medicines(items: &[&Resource<'_>]) -> Result<(), Refused> {
    for item in items {
        match (item.medication_codeable_concept.is_empty(), item.medication_reference.is_empty()) {
            (false, false) => {
                return Err(refusal::structure(
                    "MedicationRequest cannot contain both medicationReference and medicationCodeableConcept fields.",
                ));
            }
            (true, true) => return Err(refusal::too_few_values("MedicationRequest.medication")),
            _ => {}
        }
    }
    Ok(())
}

fn doses(items: &[&Resource<'_>]) -> Result<(), Refused> {
    let unordered = |i: &&Resource<'_>| {
        i.dosage_instruction.len() > 1 && i.dosage_instruction.iter().any(|d| d.sequence.is_none())
    };
    if items.iter().any(unordered) { Err(refusal::dosage_sequence()) } else { Ok(()) }
}

/// True for the prescription types of primary care, which begin with 01.
fn primary_care(items: &[&Resource<'_>]) -> bool {
    let kind = items.iter().find_map(|i| i.extension_of(PRESCRIPTION_TYPE));
    kind.and_then(|k| k.value_coding.as_ref()).is_some_and(|c| c.code.starts_with("01"))
}

/// The prescriber's role, person and organisation.
fn people(bundle: &Bundle<'_>, primary_care: bool, faults: &mut Vec<Refused>) {
    for role in bundle.all("PractitionerRole") {
        let reference = role.practitioner.first().map_or("", |p| &p.reference);
        if reference.is_empty() || !bundle.entry.iter().any(|e| e.full_url == reference) {
            faults.push(refusal::invalid(
                "practitionerRole.practitioner populated incorrectly. Please populate with Reference to resource within Bundle.",
            ));
        }
        if primary_care && !role.healthcare_service.is_empty() {
            faults.push(refusal::invalid("Unexpected field of practitionerRole.healthcareService."));
        }
    }
    for person in bundle.all("Practitioner") {
        let professional = |system: &str| PROFESSIONAL.iter().any(|p| system.rsplit('/').next() == Some(p));
        if person.identifier.iter().filter(|i| professional(&i.system)).count() != 1 {
            faults.push(refusal::value(
                "Bundle resource Practitioner.identifier expected exactly one professional code from GMC/NMC/GPhC/HCPC/professional-code.",
            ));
        }
    }
    // What an organisation is part of comes along in the message, and need not be part of anything itself.
    let parents: Vec<&str> = bundle
        .all("Organization")
        .flat_map(|o| o.part_of.iter())
        .map(|p| &*p.reference)
        .filter(|r| !r.is_empty())
        .collect();
    let is_parent = |url: &str| parents.contains(&url);
    let organisations = bundle.entry.iter().filter(|e| e.resource.resource_type == "Organization");
    if primary_care && organisations.clone().any(|e| e.resource.part_of.is_empty() && !is_parent(&e.full_url))
    {
        faults.push(refusal::invalid("Required field organization.partOf is missing."));
    }
}

/// What the dispenser's messages share with each other: their people are named by identifier, not by reference.
///
/// # Errors
/// `invalid`, naming the resource as `whose`.
pub fn named_by_identifier(role: &Resource<'_>, whose: &str) -> Result<(), Refused> {
    if role.practitioner.iter().any(|p| !p.reference.is_empty()) {
        return Err(refusal::invalid(&format!(
            "{whose}.practitioner populated incorrectly. Please populate with Identifier and Display."
        )));
    }
    Ok(())
}

/// ODS code of the nominated dispenser: the items' performer, else the message's destination; none for site type 0004.
fn nominated(bundle: &Bundle<'_>, items: &[&Resource<'_>]) -> Result<Option<String>, Refused> {
    let performer = |r: &Resource<'_>| {
        let performer = r.dispense_request.as_ref().and_then(|d| d.performer.as_ref());
        performer.and_then(|p| p.identifier.first()).map_or(String::new(), |i| i.value.to_ascii_uppercase())
    };
    let first = performer(items[0]);
    if items.iter().any(|r| performer(r) != first) {
        let got: Vec<String> = items.iter().map(|r| performer(r)).collect();
        return Err(all_the_same("dispenseRequest.performer", &got));
    }
    let site =
        items[0].dispense_request.as_ref().and_then(|d| d.extension.iter().find(|e| e.url == SITE_TYPE));
    if site.and_then(|s| s.value_coding.as_ref()).is_some_and(|c| c.code == SITE_NOT_NOMINATED) {
        return Ok(None);
    }
    let ods = if first.is_empty() { destination(bundle) } else { first };
    match &*ods {
        "" => Ok(None),
        ods if is_ods(ods) => Ok(Some(ods.to_owned())),
        _ => Err(refusal::value("The nominated dispenser's identifier must be an ODS code.")),
    }
}

fn destination(bundle: &Bundle<'_>) -> String {
    let header = bundle.entry.first().map(|e| &e.resource);
    let receiver = header.and_then(|h| h.destination.first()).and_then(|d| d.receiver.as_ref());
    receiver.and_then(|r| r.identifier.first()).map_or(String::new(), |i| i.value.to_ascii_uppercase())
}

/// Issues in all: one more than the repeats that a repeat dispensing order allows, else one.
fn issues(items: &[&Resource<'_>]) -> Result<u32, Refused> {
    let mut most = 0;
    for item in items.iter().filter(|i| i.therapy() == REPEAT_DISPENSING) {
        match item.dispense_request.as_ref().and_then(|d| d.number_of_repeats_allowed) {
            None => {
                return Err(refusal::too_few_values(
                    "MedicationRequest.dispenseRequest.numberOfRepeatsAllowed",
                ));
            }
            Some(n) if (0..=REPEATS_MAX).contains(&n) => most = most.max(n),
            Some(_) => {
                return Err(refusal::value(&format!(
                    "MedicationRequest.dispenseRequest.numberOfRepeatsAllowed must be from 0 to {REPEATS_MAX}."
                )));
            }
        }
    }
    Ok(u32::try_from(most + 1).unwrap_or(1)) // bounded above
}

fn supply_days(item: &Resource<'_>) -> Option<u32> {
    let days = item.dispense_request.as_ref()?.expected_supply_duration?.value?;
    // A year at most: longer than any prescription is valid.
    (1.0..=366.0).contains(&days).then_some(days as u32)
}

fn due_ms(item: &Resource<'_>, now_ms: u64) -> Result<Option<u64>, Refused> {
    let period = item.dispense_request.as_ref().and_then(|d| d.validity_period.as_ref());
    let Some(start) = period.map(|p| &*p.start).filter(|s| !s.is_empty()) else { return Ok(None) };
    let midnight = start
        .get(..10)
        .and_then(|day| day.parse::<jiff::civil::Date>().ok())
        .and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .and_then(|zoned| u64::try_from(zoned.timestamp().as_millisecond()).ok());
    match midnight {
        Some(due) => Ok(Some(due).filter(|due| *due > now_ms)),
        None => Err(refusal::value(
            "MedicationRequest.dispenseRequest.validityPeriod.start must be a date, yyyy-mm-dd.",
        )),
    }
}
