//! JSON pointers into an answer, all of an interaction's in one walk. The text is read once by serde_json; what no pointer
//! names is skipped, nothing is built, and what is found stays a slice of the answer. Called by `check`.
//!
//! Beside RFC 6901: the step `*` means every element of an array (the first that has the rest is taken), and the step
//! `[a.b=VALUE]` or `[a.b=VALUE]N` the first or N-th element of an array whose member a.b is the string VALUE.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Pointers of one interaction: far above what any answer needs, small enough to keep what was found on the stack.
pub(crate) const POINTERS_MAX: usize = 32;

/// Where the pointers' values were found: raw JSON text, by slot.
pub(crate) type Found<'a> = [Option<&'a str>; POINTERS_MAX];

/// Several pointers, merged into a tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pointers {
    root: Node,
    texts: Vec<String>,
}

#[derive(Debug, Clone, Default)]
struct Node {
    slot: Option<usize>,
    children: Vec<(Step, Node)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member { key: String, index: Option<usize> },
    Every,
    Where { path: Vec<String>, value: String, nth: usize },
}

impl Pointers {
    /// Adds a pointer and gives the slot where its value will be found; the same pointer gets the same slot.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn add(&mut self, pointer: &str) -> Result<usize, &'static str> {
        if let Some(slot) = self.texts.iter().position(|t| t == pointer) {
            return Ok(slot);
        }
        if self.texts.len() == POINTERS_MAX {
            return Err("more than 32 JSON pointers in one interaction");
        }
        let mut node = &mut self.root;
        for step in steps(pointer)? {
            let at = match node.children.iter().position(|(s, _)| *s == step) {
                Some(at) => at,
                None => {
                    node.children.push((step, Node::default()));
                    node.children.len() - 1
                }
            };
            node = &mut node.children[at].1;
        }
        let slot = self.texts.len();
        node.slot = Some(slot);
        self.texts.push(pointer.to_owned());
        Ok(slot)
    }

    /// True when there is nothing to look for.
    pub(crate) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Finds the values in a JSON text.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub(crate) fn find<'a>(&self, json: &'a str) -> Result<Found<'a>, serde_json::Error> {
        let mut found = [None; POINTERS_MAX];
        walk(&self.root, false, json, &mut found)?;
        Ok(found)
    }
}

fn steps(pointer: &str) -> Result<Vec<Step>, &'static str> {
    if pointer.is_empty() {
        return Ok(Vec::new());
    }
    let Some(path) = pointer.strip_prefix('/') else { return Err("a JSON pointer starts with /") };
    path.split('/')
        .map(|part| {
            if part == "*" {
                return Ok(Step::Every);
            }
            if let Some(rest) = part.strip_prefix('[') {
                let (test, nth) = rest.rsplit_once(']').ok_or("a [name=value] step has no ]")?;
                let (path, value) = test.split_once('=').ok_or("a [name=value] step has no =")?;
                let nth = if nth.is_empty() { 1 } else { nth.parse().map_err(|_| "no number after ]")? };
                let path = path.split('.').map(str::to_owned).collect();
                return Ok(Step::Where { path, value: value.to_owned(), nth });
            }
            let key = part.replace("~1", "/").replace("~0", "~");
            // RFC 6901: an index has no leading zero.
            let is_index =
                part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
            let index = if is_index { part.parse().ok() } else { None };
            Ok(Step::Member { key, index })
        })
        .collect()
}

fn walk<'a>(node: &Node, below: bool, json: &'a str, found: &mut Found<'a>) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(json);
    Walk { node, below, found }.deserialize(&mut reader)?;
    reader.end()
}

/// The elements of a JSON array as texts; `None` when it is not an array.
pub(crate) fn elements(json: &str) -> Option<Vec<&str>> {
    let elements: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

/// The text of a JSON scalar: strings without quotes and escapes, numbers, `true` and `false` as they are.
pub(crate) fn scalar(json: &str) -> Option<std::borrow::Cow<'_, str>> {
    match json.as_bytes().first()? {
        b'"' => match json.get(1..json.len() - 1).filter(|inside| !inside.contains('\\')) {
            Some(inside) => Some(inside.into()),
            None => serde_json::from_str::<String>(json).ok().map(Into::into),
        },
        b'{' | b'[' | b'n' => None,
        _ => Some(json.into()),
    }
}

/// One step of the walk: what `node` names, below the value that is read next.
struct Walk<'n, 'f, 'a> {
    node: &'n Node,
    /// True when the value at the node itself is already taken and only what is below it is wanted.
    below: bool,
    found: &'f mut Found<'a>,
}

impl<'a> DeserializeSeed<'a> for Walk<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<(), D::Error> {
        let Some(slot) = self.node.slot.filter(|_| !self.below) else { return reader.deserialize_any(self) };
        let raw = <&RawValue as serde::Deserialize>::deserialize(reader)?.get();
        if self.found[slot].is_none() {
            self.found[slot] = Some(raw);
        }
        if !self.node.children.is_empty() {
            walk(self.node, true, raw, self.found).map_err(serde::de::Error::custom)?;
        }
        Ok(())
    }
}

impl<'a> Visitor<'a> for Walk<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(child) = map.next_key_seed(Key(self.node))? {
            match child {
                Some(node) => map.next_value_seed(Walk { node, below: false, found: self.found })?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut seq: S) -> Result<(), S::Error> {
        let only_indices = self.node.children.iter().all(|(s, _)| matches!(s, Step::Member { .. }));
        if only_indices {
            for at in 0.. {
                let child = self.node.children.iter().find(|(s, _)| s.is_index(at));
                let more = match child {
                    Some((_, node)) => {
                        seq.next_element_seed(Walk { node, below: false, found: self.found })?.is_some()
                    }
                    None => seq.next_element::<IgnoredAny>()?.is_some(),
                };
                if !more {
                    return Ok(());
                }
            }
        }
        let mut met = vec![0; self.node.children.len()];
        let mut at = 0;
        while let Some(element) = seq.next_element::<&RawValue>()? {
            for (i, (step, node)) in self.node.children.iter().enumerate() {
                let wanted = match step {
                    Step::Member { index, .. } => *index == Some(at),
                    Step::Every => true,
                    Step::Where { path, value, nth } => {
                        let fits = member_is(element.get(), path, value);
                        met[i] += usize::from(fits);
                        fits && met[i] == *nth
                    }
                };
                if wanted {
                    walk(node, false, element.get(), self.found).map_err(serde::de::Error::custom)?;
                }
            }
            at += 1;
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

impl Step {
    fn is_index(&self, at: usize) -> bool {
        matches!(self, Step::Member { index: Some(index), .. } if *index == at)
    }
}

/// True when the member at `path` of a JSON object is the string `value`.
fn member_is(json: &str, path: &[String], value: &str) -> bool {
    let mut node = Node { slot: Some(0), children: Vec::new() };
    for key in path.iter().rev() {
        let step = Step::Member { key: key.clone(), index: None };
        node = Node { slot: None, children: vec![(step, node)] };
    }
    let mut found = [None; POINTERS_MAX];
    walk(&node, false, json, &mut found).is_ok()
        && found[0].and_then(scalar).is_some_and(|text| text == value)
}

/// Reads an object's key and says which child it leads to.
struct Key<'n>(&'n Node);

impl<'a, 'n> DeserializeSeed<'a> for Key<'n> {
    type Value = Option<&'n Node>;

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'a, 'n> Visitor<'a> for Key<'n> {
    type Value = Option<&'n Node>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        let leads = |step: &Step| matches!(step, Step::Member { key: k, .. } if k == key);
        Ok(self.0.children.iter().find(|(step, _)| leads(step)).map(|(_, node)| node))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn one<'a>(pointer: &str, json: &'a str) -> Option<&'a str> {
        let mut pointers = Pointers::default();
        let slot = pointers.add(pointer).unwrap();
        pointers.find(json).unwrap()[slot]
    }

    /// All pointers into a value, and some beside it.
    fn pointers_of(value: &Value, at: &str, all: &mut Vec<String>) {
        all.push(at.to_owned());
        all.push(format!("{at}/nobody"));
        all.push(format!("{at}/7"));
        match value {
            Value::Object(map) => {
                for (k, v) in map {
                    pointers_of(v, &format!("{at}/{}", k.replace('~', "~0").replace('/', "~1")), all);
                }
            }
            Value::Array(list) => {
                for (i, v) in list.iter().enumerate() {
                    pointers_of(v, &format!("{at}/{i}"), all);
                }
            }
            _ => {}
        }
    }

    const DOCUMENTS: [&str; 4] = [
        r#"{"a":{"b":[1,{"c":"x\n\"y"},[true,null,-1.5e3]],"b/c":2,"~":"t"},"":{"":0},"0":"zero","é":"ü"}"#,
        r#"[[],{},[[["deep"]]],"s",12345678901234567890,false]"#,
        r#" {"resourceType" : "Patient" , "name":[{"given":["A","B"]},{"given":[]}]} "#,
        r#""only a string""#,
    ];

    #[test]
    fn every_pointer_finds_what_serde_jsons_own_pointer_finds() {
        let mut compared = 0;
        for text in DOCUMENTS {
            let value: Value = serde_json::from_str(text).unwrap();
            let mut all = Vec::new();
            pointers_of(&value, "", &mut all);
            for pointer in &all {
                let ours = one(pointer, text).map(|raw| serde_json::from_str::<Value>(raw).unwrap());
                assert_eq!(ours.as_ref(), value.pointer(pointer), "{pointer} in {text}");
                compared += 1;
            }
            for group in all.chunks(POINTERS_MAX) {
                let mut together = Pointers::default();
                let slots: Vec<usize> = group.iter().map(|p| together.add(p).unwrap()).collect();
                let found = together.find(text).unwrap();
                for (pointer, slot) in group.iter().zip(slots) {
                    assert_eq!(found[slot], one(pointer, text), "{pointer} among others in {text}");
                }
            }
        }
        assert!(compared > 80);
    }

    #[test]
    fn star_takes_the_first_element_that_has_the_rest() {
        let json = r#"{"entry":[{"x":1},{"id":"a","y":{"z":1}},{"id":"b","y":{"z":2}}]}"#;
        assert_eq!(one("/entry/*/id", json), Some("\"a\""));
        assert_eq!(one("/entry/*/y/z", json), Some("1"));
        assert_eq!(one("/entry/*/nobody", json), None);
    }

    #[test]
    fn a_condition_picks_elements_by_a_member() {
        let json =
            r#"[{"r":{"t":"P"},"id":1},{"r":{"t":"M"},"id":2},{"r":{"t":"M"},"id":3},{"r":"M","id":4}]"#;
        assert_eq!(one("/[r.t=M]/id", json), Some("2"));
        assert_eq!(one("/[r.t=M]2/id", json), Some("3"));
        assert_eq!(one("/[r.t=M]3/id", json), None);
        assert_eq!(one("/[r=M]/id", json), Some("4"));
    }

    #[test]
    fn wrong_pointers_and_wrong_json_are_said_so() {
        for pointer in ["a", "/[x]", "/[x=1", "/[x=1]y"] {
            assert!(Pointers::default().add(pointer).is_err(), "{pointer}");
        }
        let mut pointers = Pointers::default();
        pointers.add("/a").unwrap();
        for json in ["", "{", "{\"a\":1}}", "<html>"] {
            assert!(pointers.find(json).is_err(), "{json}");
        }
        for i in 0..POINTERS_MAX - 1 {
            pointers.add(&format!("/{i}")).unwrap();
        }
        assert!(pointers.add("/one-too-many").is_err());
    }

    #[test]
    fn arrays_are_taken_apart_and_scalars_unescaped() {
        assert_eq!(elements("[1, {\"a\":2} ,[]]"), Some(vec!["1", "{\"a\":2}", "[]"]));
        assert_eq!(elements("{}"), None);
        assert_eq!(scalar("\"a\\u0041\"").as_deref(), Some("aA"));
        assert_eq!(scalar("\"\"").as_deref(), Some(""));
        assert_eq!(scalar("12").as_deref(), Some("12"));
        assert_eq!(scalar("null"), None);
    }
}
