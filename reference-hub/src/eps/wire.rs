//! The shapes of EPS and SCR requests: borrowed views of the JSON that keep what the handlers ask for and skip the rest.
//!
//! Called by the handlers of EPS (and SCR, whose bundles hold the same shapes). Builds no tree of the document: a
//! 14 KB order costs one pass and a few small vectors. Liberal in extra elements, strict in the type of a known one.

pub use super::many::{Many, Text};
use serde::Deserialize;
use std::borrow::Cow;

/// Name space of NHS numbers.
pub const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";
/// Name space of ODS codes.
pub const ODS_CODE: &str = "https://fhir.nhs.uk/Id/ods-organization-code";
/// Name space of the ids of prescription items.
pub const ITEM_NUMBER: &str = "https://fhir.nhs.uk/Id/prescription-order-item-number";
/// Name space of UUIDs.
pub const RFC_4122: &str = "https://tools.ietf.org/html/rfc4122";
/// Extension by which a message says that it takes the place of an earlier one.
pub const REPLACEMENT: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-replacementOf";

/// FHIR `Identifier`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Identifier<'a> {
    /// Name space of the value.
    #[serde(borrow)]
    pub system: Cow<'a, str>,
    /// The value; empty when absent.
    #[serde(borrow)]
    pub value: Cow<'a, str>,
}

/// FHIR `Coding`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Coding<'a> {
    /// Code system.
    #[serde(borrow)]
    pub system: Cow<'a, str>,
    /// The code; empty when absent.
    #[serde(borrow)]
    pub code: Cow<'a, str>,
}

/// FHIR `CodeableConcept`, its codings only.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Concept<'a> {
    /// The codings.
    #[serde(borrow)]
    pub coding: Many<Coding<'a>>,
}

/// FHIR `Reference`, or an element that holds one identifier.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Reference<'a> {
    /// Literal reference; empty when absent.
    #[serde(borrow)]
    pub reference: Cow<'a, str>,
    /// Logical reference.
    #[serde(borrow)]
    pub identifier: Many<Identifier<'a>>,
}

/// FHIR `Extension` with the kinds of value that EPS uses.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Extension<'a> {
    /// Which extension it is.
    #[serde(borrow)]
    pub url: Cow<'a, str>,
    /// A coded value.
    #[serde(borrow)]
    pub value_coding: Option<Coding<'a>>,
    /// An identifier.
    #[serde(borrow)]
    pub value_identifier: Option<Identifier<'a>>,
    /// A reference.
    #[serde(borrow)]
    pub value_reference: Option<Reference<'a>>,
    /// A whole number.
    pub value_integer: Option<i64>,
    /// A whole number, as other messages write it.
    pub value_unsigned_int: Option<i64>,
    /// Parts of a complex extension.
    #[serde(borrow)]
    pub extension: Many<Extension<'a>>,
}

/// `MessageHeader.destination`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Destination<'a> {
    /// Who is to receive the message.
    #[serde(borrow)]
    pub receiver: Option<Reference<'a>>,
}

/// FHIR `Period`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Period<'a> {
    /// First day or moment; empty when absent.
    #[serde(borrow)]
    pub start: Cow<'a, str>,
}

/// FHIR `Duration`, in the days that EPS writes.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Days {
    /// How many.
    pub value: Option<f64>,
}

/// FHIR `Dosage`, its place in the order of several.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Dosage {
    /// Its place; mandatory when there is more than one.
    pub sequence: Option<i64>,
}

/// `MedicationRequest.dispenseRequest`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DispenseRequest<'a> {
    /// The nominated dispenser.
    #[serde(borrow)]
    pub performer: Option<Reference<'a>>,
    /// Holds the performer's site type.
    #[serde(borrow)]
    pub extension: Many<Extension<'a>>,
    /// Issues of a repeat dispensing prescription after the first.
    pub number_of_repeats_allowed: Option<i64>,
    /// From when it may be dispensed.
    #[serde(borrow)]
    pub validity_period: Option<Period<'a>>,
    /// How long one issue lasts.
    pub expected_supply_duration: Option<Days>,
}

/// FHIR `Signature`, its data only.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Signature<'a> {
    /// Base64 of the signature; empty when absent.
    #[serde(borrow)]
    pub data: Cow<'a, str>,
}

/// `Composition.relatesTo`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RelatesTo<'a> {
    /// `replaces` for a new version.
    #[serde(borrow)]
    pub code: Cow<'a, str>,
    /// What it relates to.
    #[serde(borrow)]
    pub target_identifier: Option<Identifier<'a>>,
}

/// Any resource: the union of the elements that the handlers ask of the resources they know.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Resource<'a> {
    /// Resource type.
    #[serde(borrow)]
    pub resource_type: Cow<'a, str>,
    /// Logical id.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// Name, where it is plain text.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Business identifiers.
    #[serde(borrow)]
    pub identifier: Many<Identifier<'a>>,
    /// Extensions.
    #[serde(borrow)]
    pub extension: Many<Extension<'a>>,
    /// Contained resources.
    #[serde(borrow)]
    pub contained: Many<Resource<'a>>,
    /// Kinds.
    #[serde(borrow, rename = "type")]
    pub kind: Many<Concept<'a>>,
    /// Status.
    #[serde(borrow)]
    pub status: Cow<'a, str>,
    /// MedicationRequest intent.
    #[serde(borrow)]
    pub intent: Cow<'a, str>,
    /// MedicationRequest reason of a status.
    #[serde(borrow)]
    pub status_reason: Many<Concept<'a>>,
    /// MessageHeader event.
    #[serde(borrow)]
    pub event_coding: Option<Coding<'a>>,
    /// MessageHeader sender.
    #[serde(borrow)]
    pub sender: Option<Reference<'a>>,
    /// MessageHeader destinations.
    #[serde(borrow)]
    pub destination: Many<Destination<'a>>,
    /// MedicationRequest prescription id.
    #[serde(borrow)]
    pub group_identifier: Option<Identifier<'a>>,
    /// MedicationRequest nomination.
    #[serde(borrow)]
    pub dispense_request: Option<DispenseRequest<'a>>,
    /// MedicationRequest kind of therapy.
    #[serde(borrow)]
    pub course_of_therapy_type: Option<Concept<'a>>,
    /// MedicationDispense prescription.
    #[serde(borrow)]
    pub authorizing_prescription: Many<Reference<'a>>,
    /// MedicationRequest medicine as a code.
    #[serde(borrow)]
    pub medication_codeable_concept: Many<Concept<'a>>,
    /// MedicationRequest medicine as a reference.
    #[serde(borrow)]
    pub medication_reference: Many<Reference<'a>>,
    /// MedicationRequest doses.
    pub dosage_instruction: Many<Dosage>,
    /// PractitionerRole person.
    #[serde(borrow)]
    pub practitioner: Many<Reference<'a>>,
    /// PractitionerRole organisation.
    #[serde(borrow)]
    pub organization: Many<Reference<'a>>,
    /// PractitionerRole service.
    #[serde(borrow)]
    pub healthcare_service: Many<Reference<'a>>,
    /// Organization above.
    #[serde(borrow)]
    pub part_of: Many<Reference<'a>>,
    /// Provenance signatures.
    #[serde(borrow)]
    pub signature: Many<Signature<'a>>,
    /// Whom a Composition is about.
    #[serde(borrow)]
    pub subject: Many<Reference<'a>>,
    /// When a Composition was made.
    #[serde(borrow)]
    pub date: Text<'a>,
    /// What a Composition replaces.
    #[serde(borrow)]
    pub relates_to: Many<RelatesTo<'a>>,
}

impl<'a> Resource<'a> {
    /// The first identifier value of that name space, or "".
    pub fn identifier_of(&self, system: &str) -> &str {
        self.identifier.iter().find(|i| i.system == system).map_or("", |i| &i.value)
    }

    /// The first extension of that URL.
    pub fn extension_of(&self, url: &str) -> Option<&Extension<'a>> {
        self.extension.iter().find(|e| e.url == url)
    }

    /// Code of the first coding of the course of therapy, or "".
    pub fn therapy(&self) -> &str {
        let coding = self.course_of_therapy_type.as_ref().and_then(|c| c.coding.first());
        coding.map_or("", |c| &c.code)
    }
}

impl Extension<'_> {
    /// The whole number it holds, however it is written.
    pub fn whole(&self) -> Option<i64> {
        self.value_integer.or(self.value_unsigned_int)
    }
}

/// One entry of a Bundle.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Entry<'a> {
    /// Address of the resource inside the bundle.
    #[serde(borrow)]
    pub full_url: Cow<'a, str>,
    /// The resource.
    #[serde(borrow)]
    pub resource: Resource<'a>,
}

/// A Bundle (or whatever was sent in its place).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Bundle<'a> {
    /// Resource type.
    #[serde(borrow)]
    pub resource_type: Cow<'a, str>,
    /// Logical id.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// Message or document id.
    #[serde(borrow)]
    pub identifier: Many<Identifier<'a>>,
    /// `message`, `document`, …
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    /// When it was put together.
    #[serde(borrow)]
    pub timestamp: Text<'a>,
    /// The entries.
    #[serde(borrow)]
    pub entry: Many<Entry<'a>>,
}

impl<'a> Bundle<'a> {
    /// The value of the bundle's identifier, or "".
    pub fn message_id(&self) -> &str {
        self.identifier.first().map_or("", |i| &i.value)
    }

    /// Every resource of that type, in order.
    pub fn all<'b>(&'b self, resource_type: &'b str) -> impl Iterator<Item = &'b Resource<'a>> {
        self.entry.iter().map(|e| &e.resource).filter(move |r| r.resource_type == resource_type)
    }
}

/// One parameter of a Parameters resource.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Parameter<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// An identifier value.
    #[serde(borrow)]
    pub value_identifier: Option<Identifier<'a>>,
    /// A code value.
    #[serde(borrow)]
    pub value_code: Cow<'a, str>,
    /// A resource value.
    #[serde(borrow)]
    pub resource: Option<Resource<'a>>,
}

/// A Parameters resource (or whatever was sent in its place).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Parameters<'a> {
    /// Resource type.
    #[serde(borrow)]
    pub resource_type: Cow<'a, str>,
    /// The parameters.
    #[serde(borrow)]
    pub parameter: Many<Parameter<'a>>,
}

impl<'a> Parameters<'a> {
    /// The parameter of that name.
    pub fn get(&self, name: &str) -> Option<&Parameter<'a>> {
        self.parameter.iter().find(|p| p.name == name)
    }
}
