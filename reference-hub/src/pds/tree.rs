//! What the rules of a record ask of a JSON tree, so that they hold for both of ours: `serde_json::Value`, which is easy to
//! build, and [`super::json::Json`], which is quick to read.
//!
//! Called by rules, patch and index. Knows nothing of Patients.

use serde_json::{Value, json};

/// A JSON value.
pub(super) trait Tree: Clone + PartialEq + std::fmt::Display {
    /// The member of an object; `None` of everything else.
    fn get(&self, key: &str) -> Option<&Self>;
    /// The names of an object's members, ascending; `None` of everything else.
    fn keys(&self) -> Option<Vec<&str>>;
    /// The items of an array.
    fn as_list(&self) -> Option<&[Self]>;
    /// The text of a string.
    fn as_str(&self) -> Option<&str>;
    /// A whole number that is not negative.
    fn as_u64(&self) -> Option<u64>;
    /// The items of the array under `key`.
    fn list_mut(&mut self, key: &str) -> Option<&mut Vec<Self>>;
    /// Sets a member of an object; nothing of everything else.
    fn set(&mut self, key: &'static str, value: Self);
    /// A string.
    fn string(text: String) -> Self;
    /// An object of one member.
    fn object(key: &'static str, value: Self) -> Self;

    /// The value under a JSON pointer without escapes.
    fn at(&self, pointer: &str) -> Option<&Self> {
        let mut found = self;
        for token in pointer.split('/').skip(1) {
            found = match found.as_list() {
                Some(list) => list.get(token.parse::<usize>().ok()?)?,
                None => found.get(token)?,
            };
        }
        Some(found)
    }
}

/// The text under a JSON pointer; empty when there is none.
pub(super) fn text<'a, T: Tree>(value: &'a T, pointer: &str) -> &'a str {
    value.at(pointer).and_then(T::as_str).unwrap_or("")
}

/// The items of a list element; none when it is absent.
pub(super) fn items<'a, T: Tree>(value: &'a T, element: &str) -> &'a [T] {
    value.get(element).and_then(T::as_list).unwrap_or(&[])
}

impl Tree for Value {
    fn get(&self, key: &str) -> Option<&Self> {
        self.as_object()?.get(key)
    }

    fn keys(&self) -> Option<Vec<&str>> {
        Some(self.as_object()?.keys().map(String::as_str).collect())
    }

    fn as_list(&self) -> Option<&[Self]> {
        self.as_array().map(Vec::as_slice)
    }

    fn as_str(&self) -> Option<&str> {
        Value::as_str(self)
    }

    fn as_u64(&self) -> Option<u64> {
        Value::as_u64(self)
    }

    fn list_mut(&mut self, key: &str) -> Option<&mut Vec<Self>> {
        self.get_mut(key)?.as_array_mut()
    }

    fn set(&mut self, key: &'static str, value: Self) {
        if let Some(members) = self.as_object_mut() {
            members.insert(key.to_owned(), value);
        }
    }

    fn string(text: String) -> Self {
        text.into()
    }

    fn object(key: &'static str, value: Self) -> Self {
        json!({ key: value })
    }
}
