//! The page `reports/cases/README.md` and the small model against the format: every key that is read stands in both, and
//! neither has a key that nobody reads.

use std::collections::BTreeSet;
use std::path::Path;

use cost_model::model::KEYS;

/// A table's kind and a key of it.
type Key = (String, String);

fn known() -> BTreeSet<Key> {
    let each =
        KEYS.iter().flat_map(|(table, keys)| keys.iter().map(|key| (table.to_string(), key.to_string())));
    each.collect()
}

fn shown<'a>(keys: impl Iterator<Item = &'a Key>) -> Vec<String> {
    keys.map(|(table, key)| format!("[{table}] {key}")).collect()
}

#[test]
fn every_key_that_is_read_stands_on_the_page_and_no_other() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases/README.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (mut table, mut documented) = (String::new(), BTreeSet::new());
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            let name = heading.split('`').nth(1).map(|name| name.trim_matches(['[', ']']).to_owned());
            table = name.unwrap_or_default();
        }
        let Some(cell) = line.strip_prefix("| `").and_then(|rest| rest.split(" | ").next()) else { continue };
        for word in cell.split('`').step_by(2) {
            // `dist.normal.mean` is a key of the table below.
            let (below, key) =
                word.rsplit_once('.').map_or((String::new(), word), |(b, k)| (format!(".{b}"), k));
            documented.insert((format!("{table}{below}"), key.to_owned()));
        }
    }
    let known: BTreeSet<Key> = known().into_iter().filter(|(table, _)| !table.is_empty()).collect();
    assert_eq!(shown(known.difference(&documented)), [""; 0], "are read, but not on the page");
    assert_eq!(shown(documented.difference(&known)), [""; 0], "are on the page, but nobody reads them");
    for (_, key) in KEYS
        .iter()
        .filter(|(table, _)| table.is_empty())
        .flat_map(|(t, keys)| keys.iter().map(move |k| (t, k)))
    {
        assert!(page.contains(&format!("[{key}")), "{key} has no heading");
    }
}

/// Tables in which the file chooses the names.
fn is_free(path: &str) -> bool {
    ["assumption", "derived", "option", "scenario", "claim", "cost.ob_mitigation"].contains(&path)
}

fn keys_in(table: &toml::Table, path: &str, found: &mut BTreeSet<Key>) {
    for (key, value) in table {
        let key = if is_free(path) { "NAME" } else { key.as_str() };
        found.insert((path.to_owned(), key.to_owned()));
        let below = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        // Below these stand names of assumptions.
        if ["set", "scale"].contains(&key) {
            continue;
        }
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        values.iter().filter_map(|v| v.as_table()).for_each(|table| keys_in(table, &below, found));
    }
}

#[test]
fn every_key_that_is_read_stands_in_the_small_model_and_no_other() {
    let mut used = BTreeSet::new();
    keys_in(&include_str!("small.toml").parse().unwrap(), "", &mut used);
    used.retain(|(_, key)| key != "NAME");
    let known = known();
    assert_eq!(shown(known.difference(&used)), [""; 0], "are read, but not in the small model");
    assert_eq!(shown(used.difference(&known)), [""; 0], "are in the small model, but nobody reads them");
}
