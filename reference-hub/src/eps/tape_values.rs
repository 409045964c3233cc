//! The values of a tape as serde's: shapes of requests are made from it as from serde_json, and refuse what they refuse there.
//!
//! Called by [`super::parsed`]. Errors say nothing of where: who wants to know asks serde_json with the same shape.

use super::tape::{Inside, Kind, Node};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Error;

impl<'t> Deserializer<'t> for Node<'_, 't> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        let too_deep = || Error::custom("too deep");
        match self.kind() {
            Kind::Text => visitor.visit_borrowed_str(self.plain().unwrap_or_default()),
            Kind::Object => {
                self.inner_depth().ok_or_else(too_deep)?;
                let mut inside = self.inside();
                let value = visitor.visit_map(Within(&mut inside))?;
                ended(inside, value)
            }
            Kind::Array => {
                self.inner_depth().ok_or_else(too_deep)?;
                let mut inside = self.inside();
                let value = visitor.visit_seq(Within(&mut inside))?;
                ended(inside, value)
            }
            Kind::Escaped | Kind::Other => {
                serde_json::Deserializer::from_str(self.raw()).deserialize_any(visitor)
            }
        }
    }

    fn deserialize_option<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.raw() == "null" { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_ignored_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        <V: Visitor<'t>>
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier
    }
}

/// A shape that is made of an array must have asked for all of it.
fn ended<T>(mut inside: Inside<'_, '_>, value: T) -> Result<T, Error> {
    if inside.next().is_some() { Err(Error::custom("more than was asked for")) } else { Ok(value) }
}

/// What is left inside a container.
struct Within<'i, 'p, 't>(&'i mut Inside<'p, 't>);

impl<'t> SeqAccess<'t> for Within<'_, '_, 't> {
    type Error = Error;

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.clone().count())
    }

    fn next_element_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.0.next().map(|node| seed.deserialize(node)).transpose()
    }
}

impl<'t> MapAccess<'t> for Within<'_, '_, 't> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.0.next().map(|node| seed.deserialize(node)).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.0.next().ok_or_else(|| Error::custom("a name without a value"))?)
    }
}
