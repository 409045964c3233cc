//! The shapes of EPS and SCR requests: borrowed views of the JSON that keep what the handlers ask for and skip the rest.
//!
//! Called by the handlers of EPS (and SCR, whose bundles hold the same shapes). Builds no tree of the document: a
//! 14 KB order costs one pass and a few small vectors. Liberal in extra elements, strict in the type of a known one.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

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

/// One or many: FHIR writes `identifier`, `type` and others as an object in some resources and as an array in others.
/// A scalar counts as none.
#[derive(Debug, Clone)]
pub struct Many<T>(pub Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Many(Vec::new())
    }
}

impl<T> std::ops::Deref for Many<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

struct ManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ManyVisitor<T> {
    type Value = Many<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Many<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|one| Many(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Many<T>, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = seq.next_element()? {
            all.push(one);
        }
        Ok(Many(all))
    }

    fn visit_str<E>(self, _: &str) -> Result<Many<T>, E> {
        Ok(Many::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Many<T>, E> {
        Ok(Many::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Many<T>, E> {
        Ok(Many::default())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ManyVisitor(PhantomData))
    }
}

/// Text where FHIR has a string in one resource and a structure in another (`name`); a structure counts as empty.
#[derive(Debug, Clone, Default)]
pub struct Text<'a>(pub Cow<'a, str>);

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a structure")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Text<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text::default())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

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

/// `MedicationRequest.dispenseRequest`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct DispenseRequest<'a> {
    /// The nominated dispenser.
    #[serde(borrow)]
    pub performer: Option<Reference<'a>>,
    /// Holds the performer's site type.
    #[serde(borrow)]
    pub extension: Many<Extension<'a>>,
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
