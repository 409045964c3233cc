//! The parts of an order that a signature may cover, as a tree of borrowed JSON; all else is passed over.
//!
//! Called by [`super::canonical`]. Keeps what was sent, also what no handler knows: a signature covers it all the same.

use super::canonical::SIGNED;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::fmt;

/// A bundle, its entries only.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Bundle<'a> {
    /// The entries.
    #[serde(borrow)]
    pub entry: Vec<Entry<'a>>,
}

/// An entry, its resource only.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Entry<'a> {
    /// The resource.
    #[serde(borrow)]
    pub resource: Option<Resource<'a>>,
}

/// A resource: those of its elements that are signed in some type.
pub struct Resource<'a> {
    /// Its type; empty when it names none.
    pub kind: Cow<'a, str>,
    /// The elements in the order in which they came.
    pub elements: Vec<(Cow<'a, str>, Node<'a>)>,
}

/// A JSON value.
pub enum Node<'a> {
    /// A string, without its escapes.
    Text(Cow<'a, str>),
    /// An array.
    Array(Vec<Node<'a>>),
    /// An object, its members in the order in which they came.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
    /// A number, `true`, `false` or `null`.
    Other(Value),
}

/// A string, borrowed where it has no escapes.
struct Borrowed<'a>(Cow<'a, str>);

struct BorrowedVisitor;

impl<'de> Visitor<'de> for BorrowedVisitor {
    type Value = Borrowed<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Borrowed<'de>, E> {
        Ok(Borrowed(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Borrowed<'de>, E> {
        Ok(Borrowed(Cow::Owned(text.to_owned())))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Borrowed<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(BorrowedVisitor)
    }
}

struct ResourceVisitor;

impl<'de> Visitor<'de> for ResourceVisitor {
    type Value = Resource<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Resource<'de>, A::Error> {
        let mut resource = Resource { kind: Cow::Borrowed(""), elements: Vec::new() };
        while let Some(Borrowed(name)) = map.next_key()? {
            if name == "resourceType" {
                resource.kind = map.next_value::<Borrowed<'_>>()?.0;
            } else if SIGNED.iter().any(|(_, elements)| elements.contains(&&*name)) {
                resource.elements.push((name, map.next_value()?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(resource)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Resource<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ResourceVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node<'de>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Node::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((Borrowed(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Node::Object(members))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Other(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Other(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Other(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Node::Other(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Other(Value::Null))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Node<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}
