//! JSON documents of one shape: laid out once as indented text with holes, and filled for each answer. Building a tree of
//! 9 KB for each, and writing it, costs twenty times as much.
//!
//! Called by the interfaces that answer in such documents. Knows nothing of their contents.

use serde_json::Value;

/// A document with holes.
pub(crate) struct Template {
    parts: Vec<Part>,
    end: String,
}

struct Part {
    before: String,
    hole: String,
    /// The hole is a whole value, not text within a string.
    is_value: bool,
}

/// Bytes that the holes of a document usually take, above the template's own.
const HOLES_BYTES_GUESS: usize = 4 * 1024;

impl Template {
    /// A template of a tree. In its strings `{{name}}` is a hole for text; a string `{{=name}}` is a hole for a value,
    /// and when nothing is written there its member goes too, which must not be the first of its object.
    pub(crate) fn new(tree: &Value) -> Self {
        let text = serde_json::to_string_pretty(tree).unwrap_or_default(); // a tree of texts serialises
        let (mut parts, mut rest) = (Vec::new(), text.as_str());
        while let Some((before, hole, after)) = split(rest) {
            let (hole, is_value) = hole.strip_prefix('=').map_or((hole, false), |name| (name, true));
            let quotes = usize::from(is_value);
            let before = before[..before.len() - quotes].to_owned();
            parts.push(Part { before, hole: hole.to_owned(), is_value });
            rest = &after[quotes..];
        }
        Template { parts, end: rest.to_owned() }
    }

    /// The document with what `fill` appends at each hole, by name: JSON, in a string through [`text`].
    pub(crate) fn filled(&self, fill: impl Fn(&str, &mut Vec<u8>)) -> Vec<u8> {
        let own: usize = self.parts.iter().map(|part| part.before.len()).sum();
        let mut out = Vec::with_capacity(own + self.end.len() + HOLES_BYTES_GUESS);
        for part in &self.parts {
            out.extend_from_slice(part.before.as_bytes());
            let at = out.len();
            fill(&part.hole, &mut out);
            if part.is_value && out.len() == at {
                let comma = part.before.rfind(',').unwrap_or(0);
                out.truncate(at - (part.before.len() - comma));
            }
        }
        out.extend_from_slice(self.end.as_bytes());
        out
    }
}

/// What stands before the next hole, its name, and what stands after it.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (hole, after) = rest.split_once("}}")?;
    Some((before, hole, after))
}

/// Appends text as it stands within a JSON string.
pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    if text.bytes().any(|b| b < b' ' || matches!(b, b'"' | b'\\')) {
        let quoted = Value::from(text).to_string();
        out.extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(tree: &Value, values: &[(&str, &str)]) -> String {
        let fill = |name: &str, out: &mut Vec<u8>| {
            let (_, value) = values.iter().find(|(n, _)| *n == name).unwrap();
            if let Some(value) = value.strip_prefix('=') {
                out.extend_from_slice(value.as_bytes());
            } else {
                text(out, value);
            }
        };
        String::from_utf8(Template::new(tree).filled(fill)).unwrap()
    }

    #[test]
    fn a_filled_template_is_the_document_with_these_values() {
        let tree = json!({"a": "{{x}}-{{y}}", "b": {"c": ["{{=n}}", "{{x}}"]}, "d": "{{=n}}"});
        let got = filled(&tree, &[("x", "a\"b\n\\é"), ("y", "{{x}}"), ("n", "=7")]);
        let want = json!({"a": "a\"b\n\\é-{{x}}", "b": {"c": [7, "a\"b\n\\é"]}, "d": 7});
        assert_eq!(got, serde_json::to_string_pretty(&want).unwrap());
    }

    #[test]
    fn a_value_that_is_not_there_takes_its_member_with_it() {
        let tree = json!({"a": 1, "b": "{{=none}}", "c": "{{=none}}", "d": {"e": "{{x}}"}, "f": "{{=none}}"});
        let want = json!({"a": 1, "d": {"e": "z"}});
        assert_eq!(filled(&tree, &[("none", "="), ("x", "z")]), serde_json::to_string_pretty(&want).unwrap());
    }
}
