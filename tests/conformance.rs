//! Keeps `reference-hub/CONFORMANCE.md` true: every row names a test that exists and speaks of what the row says, and
//! every status that the hub documents has a row. A row that is not true is named with its line.

use reference_hub::interfaces::INTERFACES;
use reference_hub::operation::{OPERATIONS, routes};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a row may be about.
const KINDS: [&str; 8] =
    ["operation", "parameter", "header", "body", "status", "error code", "rule", "media type"];

/// Beginnings of the operations of the interfaces in which nothing may be missing.
const WHOLE: [&str; 5] = ["pds-", "eps-", "mesh-", "sds-", "scr-"];
/// An operation that begins so and is of another interface: the event service's.
const OF_EVENTS: &str = "pds-change-notification";

/// Rows of these that are missing all the same, with the reason in the table: what cannot be had here.
const KNOWN_MISSING: &[(&str, &str)] = &[
    ("eps-prepare", "$convert"), // published as a dummy, without a request or an answer
    ("eps-cancel", "R-0009"),    // says that Spine's cancellation is switched off
    // The same document gives the same cause two codes; the hub answers with the other.
    ("eps-cancel", "PRESCRIPTION_NOT_FOUND"),
    ("eps-release", "PRESCRIPTION_NOT_FOUND"),
    // Published for a release, whose request names neither items nor an issue.
    ("eps-release", "PRESCRIPTION_INVALID_LINE_STATE_TRANSITION"),
    ("eps-release", "ITEM_NOT_FOUND"),
    ("eps-release", "MISMATCH_AUTHORISED_REPEAT_COUNTS"),
];

/// A row of the table.
struct Row {
    line: usize,
    operation: String,
    kind: String,
    item: String,
    state: String,
    test: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lies in the workspace").to_owned()
}

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("reference-hub/CONFORMANCE.md")).expect("CONFORMANCE.md");
    let mut rows = Vec::new();
    for (i, line) in text.lines().enumerate() {
        // A bar inside a cell is written `\|`.
        let masked = line.replace("\\|", "\u{1}");
        let Some(cells) = masked.trim().strip_prefix('|').and_then(|l| l.strip_suffix('|')) else { continue };
        let cells: Vec<String> = cells.split('|').map(|c| c.trim().replace('\u{1}', "|")).collect();
        let heading = cells[0] == "operation" || cells[0].chars().all(|c| c == '-' || c == ':');
        if heading {
            continue;
        }
        let [operation, kind, item, state, test] = &cells[..] else {
            panic!("CONFORMANCE.md:{}: wanted 5 cells, got {}: {line}", i + 1, cells.len());
        };
        rows.push(Row {
            line: i + 1,
            operation: operation.trim_matches('`').to_owned(),
            kind: kind.clone(),
            item: item.trim_matches('`').to_owned(),
            state: state.clone(),
            test: test.trim_matches('`').to_owned(),
        });
    }
    rows
}

/// Names of all test functions of the workspace, with the text of the folder's files that they stand in: a test may keep
/// its cases in a neighbouring file.
fn tests() -> BTreeMap<String, String> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    for folder in ["reference-hub", "tests", "harness/cli"] {
        walk(&root().join(folder), &mut files);
    }
    let texts: BTreeMap<PathBuf, String> =
        files.into_iter().map(|f| (f.clone(), std::fs::read_to_string(f).expect("utf-8"))).collect();
    let mut found = BTreeMap::new();
    for (file, text) in &texts {
        for (at, _) in text.match_indices("#[test]") {
            let Some(name) = text[at..].split("fn ").nth(1).and_then(|t| t.split('(').next()) else {
                continue;
            };
            let mut spoken = text.clone();
            if file.extension().is_some() && name.contains("client") {
                // A trip of a real client keeps its steps in a script.
                for script in ["py", "js"] {
                    let folder = root().join("tests").join(script);
                    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                        spoken += &std::fs::read_to_string(entry.path()).unwrap_or_default();
                    }
                }
            }
            found.insert(name.to_owned(), spoken);
        }
    }
    found
}

#[test]
fn every_row_names_a_test_that_speaks_of_it() {
    let tests = tests();
    let mut faults = Vec::new();
    for row in rows() {
        let at = format!("CONFORMANCE.md:{}", row.line);
        if !KINDS.contains(&row.kind.as_str()) {
            faults.push(format!("{at}: kind, got {:?}, allowed: {}", row.kind, KINDS.join(", ")));
        }
        if OPERATIONS.iter().all(|o| o.name != row.operation) && row.operation != "any" {
            faults.push(format!("{at}: no such operation, got {:?}", row.operation));
        }
        if let Some(why) = row.state.strip_prefix("missing:") {
            if why.trim().len() < 10 {
                faults.push(format!("{at}: missing without a reason"));
            }
            continue;
        }
        if row.state != "done" {
            faults.push(format!("{at}: state, got {:?}, allowed: done, missing: WHY", row.state));
        }
        match tests.get(&row.test) {
            None => faults.push(format!("{at}: no such test, got {:?}", row.test)),
            Some(text) if row.kind != "rule" && !text.contains(&row.item) => {
                faults.push(format!("{at}: the file of {} never says {:?}", row.test, row.item));
            }
            Some(_) => {}
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_documented_status_has_a_row() {
    let rows = rows();
    let told: BTreeSet<(&str, &str)> =
        rows.iter().filter(|r| r.kind == "status").map(|r| (r.operation.as_str(), r.item.as_str())).collect();
    let mut faults = BTreeSet::new();
    for route in routes(INTERFACES) {
        for answer in route.answers {
            let status = answer.status.to_string();
            let told_of =
                route.operations.iter().chain(&["any"]).any(|name| told.contains(&(*name, status.as_str())));
            if !told_of {
                faults.insert(format!("{} {}: no row for status {status}", route.method, route.path));
            }
        }
        for name in route.operations {
            if rows.iter().all(|r| r.operation != *name) {
                faults.insert(format!("operation {name}: no row at all"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn nothing_is_missing_of_the_five_published_interfaces() {
    let known: BTreeSet<(&str, &str)> = KNOWN_MISSING.iter().copied().collect();
    let rows = rows();
    for wanted in WHOLE {
        assert!(rows.iter().any(|r| r.operation.starts_with(wanted)), "no row of any operation {wanted}…");
    }
    let missing: BTreeSet<(&str, &str)> = rows
        .iter()
        .filter(|r| {
            r.state != "done" && r.operation != OF_EVENTS && WHOLE.iter().any(|w| r.operation.starts_with(w))
        })
        .map(|r| (r.operation.as_str(), r.item.as_str()))
        .collect();
    assert_eq!(missing, known, "what is missing must be exactly what is known to be");
}
