//! A JSON tree whose texts are slices of the bytes it was read from: a tenth of the allocations of `serde_json::Value`,
//! and otherwise its equal in what it takes, what it holds equal and what it writes (the tests hold the two together).
//!
//! Called by update and trace, which read a part of a record and drop it again. Members ascend from the reading on.

use super::tree::Tree;
use crate::slices;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Number;
use std::borrow::Cow;
use std::fmt;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Json<'a> {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Json<'a>>),
    /// An object, its members ascending by name, each name once.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Reads JSON.
    ///
    /// # Errors
    /// As `serde_json` has them.
    pub(super) fn read(json: &'a [u8]) -> serde_json::Result<Json<'a>> {
        serde_json::from_slice(json)
    }

    /// Reads JSON that this hub wrote, in a third of the time that [`Json::read`] takes for the same tree.
    pub(super) fn of_stored(json: &'a [u8]) -> Option<Json<'a>> {
        let (text, mut at) = (std::str::from_utf8(json).ok()?, 0);
        let quick = stored(text, &mut at).filter(|_| at == text.len());
        quick.or_else(|| Json::read(json).ok())
    }

    /// Appends the value as compact JSON.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let _ = serde_json::to_writer(out, self); // a tree of texts and numbers serialises, a Vec takes all
    }

    /// The members of an object; none of everything else.
    pub(super) fn members(&self) -> &[(Cow<'a, str>, Json<'a>)] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    /// The member or item of that name or place.
    pub(super) fn step_mut(&mut self, token: &str) -> Option<&mut Json<'a>> {
        match self {
            Json::Object(members) => {
                let at = position(members, token).ok()?;
                Some(&mut members[at].1)
            }
            Json::List(list) => list.get_mut(place(token)?),
            _ => None,
        }
    }

    /// Sets a member of an object.
    pub(super) fn insert(members: &mut Vec<(Cow<'a, str>, Json<'a>)>, key: Cow<'a, str>, value: Json<'a>) {
        match position(members, &key) {
            Ok(at) => members[at].1 = value,
            Err(at) => members.insert(at, (key, value)),
        }
    }
}

/// The value at `at` in compact JSON; `at` moves behind it.
fn stored<'a>(json: &'a str, at: &mut usize) -> Option<Json<'a>> {
    /// Room for most objects of a record, and for most lists.
    const ROOM: (usize, usize) = (8, 4);
    let bytes = json.as_bytes();
    let open = *bytes.get(*at)?;
    match open {
        b'"' => stored_text(json, at).map(Json::Text),
        b'{' => {
            let mut members = Vec::with_capacity(ROOM.0);
            let mut more = enter(bytes, at, b'}');
            while more {
                let name = stored_text(json, at)?;
                if *bytes.get(*at)? != b':' {
                    return None;
                }
                *at += 1;
                Json::insert(&mut members, name, stored(json, at)?);
                more = next(bytes, at, b'}')?;
            }
            Some(Json::Object(members))
        }
        b'[' => {
            let mut list = Vec::with_capacity(ROOM.1);
            let mut more = enter(bytes, at, b']');
            while more {
                list.push(stored(json, at)?);
                more = next(bytes, at, b']')?;
            }
            Some(Json::List(list))
        }
        _ => {
            let start = std::mem::replace(at, slices::value_end(bytes, *at)?);
            Json::read(&bytes[start..*at]).ok()
        }
    }
}

/// Steps over an opening bracket; false when `close` comes at once, and over that too.
fn enter(bytes: &[u8], at: &mut usize, close: u8) -> bool {
    let empty = bytes.get(*at + 1) == Some(&close);
    *at += if empty { 2 } else { 1 };
    !empty
}

/// Steps over what stands behind a part: true for a comma, false for `close`.
fn next(bytes: &[u8], at: &mut usize, close: u8) -> Option<bool> {
    let byte = *bytes.get(*at)?;
    *at += 1;
    if byte == b',' { Some(true) } else { (byte == close).then_some(false) }
}

/// The string at `at`; `at` moves behind it.
fn stored_text<'a>(json: &'a str, at: &mut usize) -> Option<Cow<'a, str>> {
    let bytes = json.as_bytes();
    let (start, end) = (*at, slices::string_end(bytes, *at)?);
    *at = end;
    let text = json.get(start + 1..end - 1)?;
    match memchr::memchr(b'\\', text.as_bytes()) {
        None => Some(text.into()),
        Some(_) => serde_json::from_slice::<String>(&bytes[start..end]).ok().map(Cow::Owned),
    }
}

/// Where the member of that name is, or would be.
pub(super) fn position(members: &[(Cow<'_, str>, Json<'_>)], key: &str) -> Result<usize, usize> {
    match members.last() {
        Some((last, _)) if **last < *key => Err(members.len()), // as when a tree is read
        _ => members.binary_search_by(|(name, _)| (**name).cmp(key)),
    }
}

/// The place in a list that a token of a JSON pointer names: digits without a leading zero.
pub(super) fn place(token: &str) -> Option<usize> {
    let digits = token.bytes().all(|b| b.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    if digits { token.parse().ok() } else { None }
}

impl Tree for Json<'_> {
    fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    fn keys(&self) -> Option<Vec<&str>> {
        match self {
            Json::Object(members) => Some(members.iter().map(|(name, _)| name.as_ref()).collect()),
            _ => None,
        }
    }

    fn as_list(&self) -> Option<&[Self]> {
        match self {
            Json::List(list) => Some(list),
            _ => None,
        }
    }

    fn as_str(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    fn as_u64(&self) -> Option<u64> {
        match self {
            Json::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    fn list_mut(&mut self, key: &str) -> Option<&mut Vec<Self>> {
        match self.step_mut(key) {
            Some(Json::List(list)) => Some(list),
            _ => None,
        }
    }

    fn set(&mut self, key: &'static str, value: Self) {
        if let Json::Object(members) = self {
            Json::insert(members, key.into(), value);
        }
    }

    fn string(text: String) -> Self {
        Json::Text(text.into())
    }

    fn object(key: &'static str, value: Self) -> Self {
        Json::Object(vec![(key.into(), value)])
    }
}

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(bool) => serializer.serialize_bool(*bool),
            Json::Number(number) => number.serialize(serializer),
            Json::Text(text) => serializer.serialize_str(text),
            Json::List(list) => serializer.collect_seq(list),
            Json::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(value.to_owned().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(Name(name)) = entries.next_key()? {
            Json::insert(&mut members, name, entries.next_value()?);
        }
        Ok(Json::Object(members))
    }
}

/// The name of a member.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfName;
        impl<'de> Visitor<'de> for OfName {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(name.into()))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(name.to_owned().into()))
            }
        }
        deserializer.deserialize_str(OfName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn it_takes_refuses_and_writes_what_a_value_does() {
        for text in [
            "null",
            " [true, false, null, -1, 18446744073709551615, 1e3, -0.0, 1.5, 1e999] ",
            r#"{"b":1,"a":{"x":[]},"b":"last wins","":{}}"#,
            r#"{"\u0062":1,"a\"":"\n\u00e9\ud83d\ude00 é","b":2}"#,
            "[1.0,1]",
            "{",
            "[1,]",
            "\"\\x\"",
            "{\"a\":01}",
            "1 2",
            "",
        ] {
            let (json, value) = (Json::read(text.as_bytes()), serde_json::from_str::<Value>(text));
            assert_eq!(
                json.map(|j| j.to_string()).map_err(|e| e.to_string()),
                value.map(|v| v.to_string()).map_err(|e| e.to_string()),
                "{text}"
            );
        }
        for text in [
            r#"{"a":[],"b":{},"c":[1,-2.5,true,null,"é\n\"\\",""],"d":{"e":[{"f":"g"},{}]}}"#,
            r#"{"b":1,"a":2,"b":3}"#,
            "\"text\"",
            "7",
            " { \"spaced\" : [ ] } ",
            "[1 ,2]",
        ] {
            assert_eq!(Json::of_stored(text.as_bytes()), Json::read(text.as_bytes()).ok(), "{text}");
        }
        for text in [
            "",
            "{",
            "[1",
            "[,]",
            "[1,]",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "[1}",
            "{\"a\":1{\"b\":2}",
            "{]",
            "[]]",
            "[\"\\",
        ] {
            assert_eq!(Json::of_stored(text.as_bytes()), None, "{text}");
        }
        let deep = "[".repeat(200);
        assert!(Json::read(deep.as_bytes()).is_err() && serde_json::from_str::<Value>(&deep).is_err());
    }

    #[test]
    fn equal_is_what_a_value_holds_equal() {
        let texts = [
            "1",
            "1.0",
            "-0.0",
            "0.0",
            "0",
            "\"1\"",
            "{\"a\":1,\"b\":2}",
            "{\"b\":2,\"a\":1}",
            "\"\\u0031\"",
        ];
        for a in texts {
            for b in texts {
                let values: [Value; 2] = [a, b].map(|t| serde_json::from_str(t).unwrap());
                let trees = [a, b].map(|t| Json::read(t.as_bytes()).unwrap());
                assert_eq!(trees[0] == trees[1], values[0] == values[1], "{a} {b}");
            }
        }
    }
}
