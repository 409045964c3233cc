//! What the hub reads of an uploaded summary, borrowed from the body. Elements that it only keeps are not here.
//!
//! Called by [`super::summary`]. Types and look-ups only; the rules stand there.

use crate::eps::wire::{Concept, Identifier, Many, Reference, Text};
use serde::Deserialize;
use std::borrow::Cow;

/// `Resource.meta`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Meta<'a> {
    /// When it last changed; empty when absent.
    #[serde(borrow)]
    pub last_updated: Text<'a>,
}

/// `Composition.relatesTo`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RelatesTo<'a> {
    /// `replaces` for a new version.
    #[serde(borrow)]
    pub code: Cow<'a, str>,
    /// What it relates to.
    #[serde(borrow)]
    pub target_identifier: Many<Identifier<'a>>,
}

/// Any resource: the union of the elements that the rules ask of the resources they know.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Resource<'a> {
    /// Resource type.
    #[serde(borrow)]
    pub resource_type: Cow<'a, str>,
    /// Logical id.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// Meta, an array in some published resources.
    #[serde(borrow)]
    pub meta: Many<Meta<'a>>,
    /// Business identifiers.
    #[serde(borrow)]
    pub identifier: Many<Identifier<'a>>,
    /// Status.
    #[serde(borrow)]
    pub status: Text<'a>,
    /// Kinds.
    #[serde(borrow, rename = "type")]
    pub kind: Many<Concept<'a>>,
    /// Categories.
    #[serde(borrow)]
    pub category: Many<Concept<'a>>,
    /// What it is, or a PractitionerRole's job role.
    #[serde(borrow)]
    pub code: Many<Concept<'a>>,
    /// Whom a Composition is about.
    #[serde(borrow)]
    pub subject: Many<Reference<'a>>,
    /// When a Composition was made.
    #[serde(borrow)]
    pub date: Text<'a>,
    /// Who made a Composition.
    #[serde(borrow)]
    pub author: Many<Reference<'a>>,
    /// What a Composition replaces.
    #[serde(borrow)]
    pub relates_to: Many<RelatesTo<'a>>,
    /// A PractitionerRole's person.
    #[serde(borrow)]
    pub practitioner: Many<Reference<'a>>,
    /// A PractitionerRole's organisation.
    #[serde(borrow)]
    pub organization: Many<Reference<'a>>,
}

impl Resource<'_> {
    /// The first identifier value of that name space, or "".
    pub fn identifier_of(&self, system: &str) -> &str {
        self.identifier.iter().find(|i| i.system == system).map_or("", |i| &i.value)
    }
}

/// The first literal reference of an element, or "".
pub fn reference<'b>(of: &'b [Reference<'_>]) -> &'b str {
    of.first().map_or("", |r| &r.reference)
}

/// True when one of the concepts is coded so.
pub fn coded(concepts: &[Concept<'_>], system: &str, code: &str) -> bool {
    concepts.iter().flat_map(|c| c.coding.iter()).any(|c| c.system == system && c.code == code)
}

/// One entry of the bundle.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Entry<'a> {
    /// Address of the resource inside the bundle.
    #[serde(borrow)]
    pub full_url: Cow<'a, str>,
    /// The resource.
    #[serde(borrow)]
    pub resource: Resource<'a>,
}

/// The bundle (or whatever was sent in its place).
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Bundle<'a> {
    /// Resource type.
    #[serde(borrow)]
    pub resource_type: Cow<'a, str>,
    /// Document id.
    #[serde(borrow)]
    pub identifier: Many<Identifier<'a>>,
    /// `document`.
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
    /// The resource of that type that `reference` names: by id or by full URL.
    pub fn resolve<'b>(&'b self, resource_type: &str, reference: &str) -> Option<&'b Resource<'a>> {
        let id = reference.strip_prefix(resource_type).and_then(|r| r.strip_prefix('/')).unwrap_or(reference);
        let named = |e: &&Entry<'_>| {
            e.resource.resource_type == resource_type
                && !id.is_empty()
                && (e.resource.id == id
                    || e.full_url == reference
                    || e.full_url.rsplit('/').next() == Some(id))
        };
        self.entry.iter().find(named).map(|e| &e.resource)
    }
}
