//! The rules of an uploaded summary: a document bundle that begins with its Composition, about one synthetic patient, by an
//! author who is in it.
//!
//! Called by [`super::upload`]. Pure; finds all faults at once. `Composition.title` is not demanded, though the published
//! schema does: the published example has none.

use super::refusal::{self, Faults, Refused, quoted};
use super::wire::{Bundle, Resource, coded, reference};
use super::{NHS_NUMBER, RFC_4122, SUMMARY_CODE, nhs_number};
use crate::eps::is_uuid;
use population::NhsNumber;

const SNOMED: &str = "http://snomed.info/sct";
/// SNOMED CT code of the only category there is, Care Professional Documentation.
const CATEGORY_CODE: &str = "163171000000105";
/// Identifies a role profile.
const ROLE_PROFILE: &str = "http://fhir.nhs.net/Id/sds-role-profile-id";
/// Code system of job roles, the other way to say in which role the author acted.
const JOB_ROLE: &str = "https://fhir.nhs.uk/CodeSystem/HL7v3-SDSJobRoleName";
/// Identifies an organisation.
pub const ODS: &str = "https://fhir.nhs.uk/Id/ods-organization-code";

/// What the hub must know of a document.
pub struct Summary<'b> {
    /// Whose it is.
    pub patient: NhsNumber,
    /// Its id, upper case.
    pub composition_id: String,
    /// Value of the bundle's identifier.
    pub document_id: &'b str,
    /// The id of the summary that it replaces, if it says so.
    pub replaces: Option<&'b str>,
    /// ODS code of the author's organisation; "" when the document does not name it.
    pub author_ods: &'b str,
}

/// Reads and checks a document.
///
/// # Errors
/// 400 with every fault.
pub fn check<'b>(bundle: &'b Bundle<'_>) -> Result<Summary<'b>, Refused> {
    if bundle.resource_type != "Bundle" {
        let got = quoted(&bundle.resource_type);
        return Err(refusal::invalid(&format!(
            "resourceType: unexpected resource, got {got}, allowed: Bundle"
        )));
    }
    let mut faults = Faults::default();
    faults.must(bundle.kind.0 == "document", "Bundle.type: must be document");
    let document_id = bundle.identifier.first().filter(|i| i.system == RFC_4122).map_or("", |i| &i.value);
    faults.must(is_uuid(document_id), format!("Bundle.identifier: must be {RFC_4122} with a UUID"));
    let timestamp = bundle.timestamp.0.parse::<jiff::Timestamp>();
    faults.must(timestamp.is_ok(), "Bundle.timestamp: must be an instant with a time zone");
    let compositions = bundle.entry.iter().filter(|e| e.resource.resource_type == "Composition").count();
    faults.must(compositions <= 1, "Bundle.entry: must have exactly one Composition");
    let first = bundle.entry.first().map(|e| &e.resource);
    let Some(composition) = first.filter(|r| r.resource_type == "Composition") else {
        faults.must(false, "Bundle.entry[0]: must be a Composition");
        faults.into_result()?;
        return Err(refusal::internal()); // not reached: there is a fault
    };
    composition_faults(composition, &mut faults);
    let id = composition.identifier_of(RFC_4122);
    let author_ods = author(bundle, composition, &mut faults);
    let replaces = composition.relates_to.iter().find(|r| r.code == "replaces");
    let patient = patient(bundle, composition, &mut faults);
    faults.into_result()?;
    Ok(Summary {
        patient: patient.ok_or_else(refusal::internal)?, // without one there was a fault
        composition_id: id.to_ascii_uppercase(),
        document_id,
        replaces: replaces.and_then(|r| r.target_identifier.first()).map(|i| &*i.value),
        author_ods,
    })
}

fn composition_faults(composition: &Resource<'_>, faults: &mut Faults) {
    faults.must(composition.status.0 == "final", "Composition.status: must be final");
    faults.must(
        coded(&composition.kind, SNOMED, SUMMARY_CODE),
        format!("Composition.type: must be General Practice Summary, {SNOMED}|{SUMMARY_CODE}"),
    );
    faults.must(
        coded(&composition.category, SNOMED, CATEGORY_CODE),
        format!("Composition.category: must be Care Professional Documentation, {SNOMED}|{CATEGORY_CODE}"),
    );
    faults.must(!composition.date.0.is_empty(), "Composition.date: is missing");
    let last_updated = composition.meta.first().is_some_and(|m| !m.last_updated.0.is_empty());
    faults.must(last_updated, "Composition.meta.lastUpdated: is missing");
    let id = composition.identifier_of(RFC_4122);
    faults.must(is_uuid(id), format!("Composition.identifier: must be {RFC_4122} with a UUID"));
}

fn patient(bundle: &Bundle<'_>, composition: &Resource<'_>, faults: &mut Faults) -> Option<NhsNumber> {
    let Some(patient) = bundle.resolve("Patient", reference(&composition.subject)) else {
        faults.must(false, "Composition.subject: must refer to a Patient in the bundle");
        return None;
    };
    match nhs_number(patient.identifier_of(NHS_NUMBER)) {
        Ok(number) => Some(number),
        Err(why) => {
            faults.must(false, format!("Patient.identifier: {why}"));
            None
        }
    }
}

/// The ODS code of the author's organisation, or "". The author is a PractitionerRole that leads to a Practitioner, and says
/// in which role the person acted.
fn author<'b>(bundle: &'b Bundle<'_>, composition: &Resource<'_>, faults: &mut Faults) -> &'b str {
    let Some(role) = bundle.resolve("PractitionerRole", reference(&composition.author)) else {
        faults.must(false, "Composition.author: must refer to a PractitionerRole in the bundle");
        return "";
    };
    faults.must(
        bundle.resolve("Practitioner", reference(&role.practitioner)).is_some(),
        "PractitionerRole.practitioner: the author must refer to a Practitioner in the bundle",
    );
    let has_job_role = role.code.iter().flat_map(|c| c.coding.iter()).any(|c| c.system == JOB_ROLE);
    faults.must(
        !role.identifier_of(ROLE_PROFILE).is_empty() || has_job_role,
        format!("PractitionerRole: the author needs an identifier of {ROLE_PROFILE} or a code of {JOB_ROLE}"),
    );
    let organization = bundle.resolve("Organization", reference(&role.organization));
    organization.map_or("", |o| o.identifier_of(ODS))
}
