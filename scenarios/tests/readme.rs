//! The README and `example-all-keys.toml` against the format, scenarios and budget files alike: every key that the readers know stands in both, and neither
//! has a key that nobody reads. The readers say themselves what they know, so a new key is policed without a line here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Dotted path of a table (empty for the whole file) and a key in it.
type Key = (String, String);

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn example() -> String {
    std::fs::read_to_string(here("example-all-keys.toml")).unwrap()
}

/// The example as it stands, and once for each of its commented blocks with that block instead of what it excludes.
fn variants() -> Vec<String> {
    let text = example();
    let lines: Vec<&str> = text.lines().collect();
    let option = |line: &&str| line.strip_prefix("#   ").map(str::to_owned);
    let mut variants = vec![text.clone()];
    let mut at = 0;
    while at < lines.len() {
        let block: Vec<String> = lines[at..].iter().map_while(option).collect();
        if block.first().is_none_or(|line| line.starts_with(' ')) {
            at += 1;
            continue;
        }
        variants.push(instead(&lines, at, &block));
        at += block.len();
    }
    variants
}

/// The lines with a block in the place where it stands commented, without what has the same keys there.
fn instead(lines: &[&str], at: usize, block: &[String]) -> String {
    let header =
        |line: &str| line.starts_with('[').then(|| line.split('#').next().unwrap().trim().to_owned());
    let name = |line: &str| line.split_once('=').map(|(k, _)| k.trim().trim_matches('"').to_owned());
    let start = lines[..at].iter().rposition(|l| header(l).is_some()).map_or(0, |n| n + 1);
    let end = lines[at..].iter().position(|l| header(l).is_some()).map_or(lines.len(), |n| at + n);
    // Only the keys before a header of the block's own belong to the table in which it stands.
    let keys: BTreeSet<String> =
        block.iter().take_while(|l| header(l).is_none()).filter_map(|l| name(l)).collect();
    let tables: BTreeSet<String> = keys.iter().map(|k| format!("[{k}]")).collect();
    let (mut out, mut gone, mut tail) = (String::new(), false, String::new());
    for (n, line) in lines.iter().enumerate() {
        if let Some(header) = header(line) {
            gone = start == 0 && tables.contains(&header);
        }
        if n == end {
            out.push_str(&std::mem::take(&mut tail));
        }
        let same = (start..end).contains(&n) && name(line).is_some_and(|k| keys.contains(&k));
        if !gone && !same {
            out.push_str(line);
            out.push('\n');
        }
        if n == at {
            let own = block.iter().position(|l| header(l).is_some()).unwrap_or(block.len());
            block[..own].iter().for_each(|l| out.push_str(&format!("{l}\n")));
            block[own..].iter().for_each(|l| tail.push_str(&format!("{l}\n")));
        }
    }
    out + &tail
}

/// Every key in a table and in the tables below it.
fn keys_in(table: &toml::Table, path: &str, found: &mut BTreeSet<Key>) {
    for (key, value) in table {
        found.insert((path.to_owned(), key.clone()));
        let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        values.iter().filter_map(|v| v.as_table()).for_each(|table| keys_in(table, &below, found));
    }
}

/// What the readers of a scenario and of its interactions know, asked with every variant of the example.
fn known() -> (BTreeSet<Key>, BTreeSet<Key>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.toml");
    let (mut scenario, mut interaction) = (BTreeSet::new(), BTreeSet::new());
    for text in variants() {
        std::fs::write(&path, text).unwrap();
        for (file, table, key) in scenarios::keys_asked(&path) {
            let own = file == path.display().to_string();
            let set = if own { &mut scenario } else { &mut interaction };
            set.extend(canonical(&(table, key.to_owned())));
        }
    }
    (scenario, interaction)
}

/// A budget file with every metric's table, so that its readers are asked for all that they know.
const BUDGET_FILE: &str = r#"
schema = 1
[gate]
[budget]
all = { response-p99 = "1s" }
[relative]
all = { response-p99 = { margin = "5%", floor = "1%", min-effect = "1ms" } }
"#;

/// What the reader of a budget file knows, with NAME and METRIC in the place of what the user chooses.
fn known_in_a_budget_file() -> BTreeSet<Key> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.toml");
    std::fs::write(&path, BUDGET_FILE).unwrap();
    let named = |table: String| match table.strip_prefix("relative.") {
        Some(_) => "relative.NAME.METRIC".to_owned(),
        None => table,
    };
    let asked = scenarios::budget_keys_asked(&path).into_iter();
    asked.map(|(_, table, key)| (named(table), key.to_owned())).collect()
}

/// The keys in the first column of the tables below a heading of the README, but those whose names the user chooses.
fn documented(heading: &str) -> BTreeSet<Key> {
    let readme = std::fs::read_to_string(here("README.md")).unwrap();
    let (_, rest) = readme.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = rest.split("\n## ").next().unwrap();
    let mut found = BTreeSet::new();
    for cell in section.lines().filter_map(|l| l.strip_prefix("| ")?.split(" | ").next()) {
        let mut words: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        // Metrics are keys of the tables in [budget].
        if cell.starts_with("metric ") || words.is_empty() {
            continue;
        }
        let table = if words[0].starts_with('[') { words.remove(0).trim_matches(['[', ']']) } else { "" };
        if words.is_empty() {
            found.insert((table.to_owned(), String::new()));
        }
        for word in words {
            found.insert((table.to_owned(), word.trim_matches('"').to_owned()));
        }
    }
    assert!(found.len() > 10, "the table of keys below {heading} is gone");
    found
}

/// Tables whose keys are names that the user chooses; `NAME` in the README.
fn free((table, key): &Key) -> bool {
    ["mix", "budget", "headers", "load.users.mix"]
        .iter()
        .any(|t| table == t || table.starts_with(&format!("{t}.")))
        // Below this one the user's names end and keys begin.
        || table == "relative"
        || key.starts_with("NAME")
        || key.is_empty()
}

/// A key with NAME in the place of what a user calls a credential; `None` for the two ways to write where a secret comes from,
/// which are one form, `{ env = … }` or `{ file = … }`, and stand as such.
fn canonical((table, key): &Key) -> Option<Key> {
    if ["env", "file"].contains(&key.as_str()) && table.starts_with("credentials.") {
        return None;
    }
    let mut parts: Vec<&str> = table.split('.').collect();
    if parts[0] == "credentials" && parts.get(1).is_some_and(|name| *name != "mesh") {
        parts[1] = "NAME";
    }
    let own = table == "credentials";
    Some((parts.join("."), if own { "NAME".to_owned() } else { key.clone() }))
}

/// Whether a key has a row of its own, or opens a table whose keys have.
fn has(documented: &BTreeSet<Key>, (table, key): &Key) -> bool {
    let below = if table.is_empty() { key.clone() } else { format!("{table}.{key}") };
    let opens = |t: &str| t == below || t.starts_with(&format!("{below}."));
    documented.contains(&(table.clone(), key.clone())) || documented.iter().any(|(t, _)| opens(t))
}

fn shown<'a>(keys: impl IntoIterator<Item = &'a Key>) -> Vec<String> {
    keys.into_iter().map(|(table, key)| format!("[{table}] {key}")).collect()
}

#[test]
fn every_key_that_is_read_stands_in_the_readme_and_no_other() {
    let (scenario, interaction) = known();
    let budget = known_in_a_budget_file();
    for (heading, known) in [("Scenario", scenario), ("Interaction", interaction), ("Budget file", budget)] {
        let documented = documented(heading);
        let gone = known.iter().filter(|key| !has(&documented, key));
        assert_eq!(shown(gone), [""; 0], "are read, but not in README.md below {heading}");
        let unknown = documented.iter().filter(|key| !free(key) && !known.contains(*key));
        assert_eq!(shown(unknown), [""; 0], "are in README.md below {heading}, but nobody reads them");
    }
}

#[test]
fn every_key_that_is_read_stands_in_the_example_and_no_other() {
    let (known, _) = known();
    let mut used = BTreeSet::new();
    for text in variants() {
        let table: toml::Table = text.parse().unwrap_or_else(|e| panic!("{e}\nis wrong with\n{text}"));
        keys_in(&table, "", &mut used);
    }
    let used: BTreeSet<Key> = used.iter().filter_map(canonical).collect();
    let gone = known.difference(&used);
    assert_eq!(shown(gone), [""; 0], "are read, but not in example-all-keys.toml");
    let unknown = used.iter().filter(|key| !free(key) && !known.contains(*key));
    assert_eq!(shown(unknown), [""; 0], "are in example-all-keys.toml, but nobody reads them");
}

#[test]
fn the_keys_that_are_known_are_those_that_are_read() {
    let (scenario, interaction) = known();
    let has = |set: &BTreeSet<Key>, table: &str, key: &str| set.contains(&(table.into(), key.into()));
    for (table, key) in [("", "seed"), ("load", "workers"), ("load.users", "think"), ("phase.spike", "ramp")]
    {
        assert!(has(&scenario, table, key), "[{table}] {key}");
    }
    let budget = known_in_a_budget_file();
    for (table, key) in [("", "schema"), ("gate", "baseline"), ("relative.NAME.METRIC", "min-effect")] {
        assert!(has(&budget, table, key), "[{table}] {key}");
    }
    assert!(has(&interaction, "inputs", "patient") && !has(&scenario, "inputs", "patient"));
    assert!(!has(&scenario, "load", "conections"));
}
