//! The keys of a scenario as the README documents them: what is taken without standing there is a fault of one of the two.
//! Called for every damaged scenario that loads.

use std::collections::{BTreeMap, BTreeSet};
use toml::Value;

/// Keys by the table that they stand in; the file itself is the empty name.
pub struct Keys(BTreeMap<String, BTreeSet<String>>);

/// Tables whose keys are names that the user chooses.
const NAMES: [&str; 3] = ["mix", "load.users.mix", "budget"];

impl Keys {
    /// Those in the first columns of the README's tables, up to the heading about mixes: `key`, or `[table]` `key`.
    pub fn of_readme() -> Keys {
        let readme = String::from_utf8(crate::file("README.md")).expect("a text");
        let scenario = readme.split("## Scenario").nth(1).and_then(|rest| rest.split("## Mix file").next());
        let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in scenario.expect("a part about scenarios").lines().filter(|l| l.starts_with("| `")) {
            let first = line.trim_start_matches("| ").split(" | ").next().unwrap_or_default();
            let mut names = first.split('`').skip(1).step_by(2).peekable();
            let bare = |name: &&str| name.trim_matches(['[', ']']).to_owned();
            let table = names.next_if(|name| name.starts_with('[')).as_ref().map(bare).unwrap_or_default();
            // A table is a key of the one around it.
            if let Some((around, name)) =
                table.rsplit_once('.').or((!table.is_empty()).then_some(("", &table)))
            {
                keys.entry(around.to_owned()).or_default().insert(name.to_owned());
            }
            let names = names.map(|name| name.trim_matches('"').to_owned());
            keys.entry(table).or_default().extend(names);
        }
        Keys(keys)
    }

    /// Fails when a key of this text is not among them.
    pub fn check(&self, text: &str) {
        let table: toml::Table = text.parse().expect("a scenario is TOML");
        self.known("", &Value::Table(table));
    }

    fn known(&self, path: &str, value: &Value) {
        match value {
            Value::Table(table) => {
                let keys = self.0.get(path);
                let keys =
                    keys.unwrap_or_else(|| panic!("the README knows no table {path:?}, and it was taken"));
                for (key, value) in table {
                    assert!(
                        keys.contains(key),
                        "the README knows no key {key:?} of {path:?}, and it was taken"
                    );
                    let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    if !NAMES.contains(&inner.as_str()) {
                        self.known(&inner, value);
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|value| self.known(path, value)),
            _ => {}
        }
    }
}
