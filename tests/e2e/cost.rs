//! Claim: a procurement officer gets from a run to the files that belong to it in one command; a model that could mislead is
//! refused with file and line before anything is written; what differs between two models is explained; and no published
//! figure is claimed that was only assumed.

use crate::support::{assert_exit, root, said, spinebench};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A shipped model as a file of its own, good for longer than its sunset, with these texts replaced.
fn model(name: &str, changes: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let shipped = root().join("reports/cases").join(name);
    let mut text = std::fs::read_to_string(shipped).expect("a shipped model");
    for (old, new) in changes.iter().chain(&[("sunset = \"2027-03-31\"", "sunset = \"2999-12-31\"")]) {
        assert!(text.contains(old), "{name} has no {old:?}");
        text = text.replacen(old, new, 1);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("model.toml");
    std::fs::write(&file, text).expect("written");
    (folder, file)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("utf-8")
}

/// A formula of the calibration case that the tests spoil.
const FORMULA: &str = "formula = \"seconds_saved/response_time_cut\"";
/// Draws that are enough for a test.
const FEW: [&str; 2] = ["--draws", "500"];

#[test]
fn a_hostile_model_is_refused_with_file_and_line_and_nothing_is_written() {
    let _alone = crate::support::alone();
    let value = "value = 11_000_000";
    for (old, new, told) in [
        (FORMULA, "formula = \"seconds_now\"", "rests on itself"),
        (FORMULA, "formula = \"seconds_saved/(response_time_cut-response_time_cut)\"", "finite"),
        (FORMULA, "formula = \"seconds_savd/response_time_cut\"", "unknown name"),
        (FORMULA, "formula = \"seconds_saved+daily_users\"", "allowed"),
        (FORMULA, "formula = \"((((((\"", "allowed"),
        (value, "value = 1e308", "allowed"),
        (value, "value = nan", "allowed"),
        (value, "value = 11_000_000\nvalu = 1", "valu"),
    ] {
        let (folder, file) = model("spine-2015.toml", &[(old, new)]);
        let out = folder.path().join("out");
        let output = spinebench(&["cost", text(&file), "--out", text(&out)]);
        assert_exit(&output, 3);
        let said = said(&output);
        assert!(said.contains("model.toml:") && said.contains(told), "{new}:\n{said}");
        assert!(!out.exists(), "{new}: something was written");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("model.toml");
    std::fs::write(&file, "#".repeat(10 << 20)).expect("written");
    let output = spinebench(&["cost", text(&file)]);
    assert_exit(&output, 3);
    assert!(said(&output).contains("too large"), "{}", said(&output));
    assert_exit(&spinebench(&["cost", "no-such-model.toml"]), 3);
    assert_exit(&spinebench(&["cost"]), 2);
}

#[test]
fn the_linter_tells_all_faults_at_once_with_their_lines_and_how_much_it_checked() {
    let _alone = crate::support::alone();
    let (_folder, file) = model("spine-2015.toml", &[]);
    let good = spinebench(&["cost", "check", text(&file)]);
    assert_exit(&good, 0);
    assert!(said(&good).contains("nothing to mend") && said(&good).contains("2 options"), "{}", said(&good));
    let built_in = spinebench(&["cost", "check", "--json", "cases/spine-2015.toml"]);
    let told: Value = serde_json::from_slice(&built_in.stdout).expect("JSON alone");
    assert!(told["faults"].is_array(), "{told}");

    let spoilt = [
        (
            "value = 10\nunit = \"message/user/day\"",
            "value = 10\nunit = \"message/user/day\"\nsunset = \"2020-01-01\"",
        ),
        ("attended = \"attended_share\"", "attended = \"1\""),
        ("class = \"nCRB\"", "class = \"CRB\""),
    ];
    let (_folder, file) = model("spine-2015.toml", &spoilt);
    let output = spinebench(&["cost", "check", text(&file)]);
    assert_exit(&output, 3);
    for part in ["interactions_per_user.sunset", "waiting.attended", "waiting.cash_evidence", "3 faults"] {
        assert!(said(&output).contains(part), "{part}:\n{}", said(&output));
    }
    let json = spinebench(&["cost", "check", text(&file), "--json"]);
    assert_exit(&json, 3);
    let told: Value = serde_json::from_slice(&json.stdout).expect("JSON alone");
    let faults = told["faults"].as_array().expect("a list");
    assert_eq!(faults.len(), 3, "{told}");
    assert!(faults.iter().all(|fault| fault["line"].as_u64().is_some_and(|line| line > 0)), "{told}");
    assert!(told["checked"].is_null());
    // The same stops a report.
    assert_exit(&spinebench(&["cost", text(&file)]), 3);
}

/// The parts of the workbook's folder of sheets.
fn sheets(workbook: &Path) -> String {
    let file = std::fs::File::open(workbook).expect("a workbook");
    let mut archive = zip::ZipArchive::new(file).expect("an archive");
    let mut part = archive.by_name("xl/workbook.xml").expect("the list of sheets");
    let mut xml = String::new();
    std::io::Read::read_to_string(&mut part, &mut xml).expect("text");
    xml
}

#[test]
fn a_real_run_becomes_a_workbook_a_page_and_tables_that_name_it() {
    let _alone = crate::support::alone();
    let runs = tempfile::tempdir().expect("a folder");
    let smoke = root().join("scenarios/smoke.toml");
    let run = spinebench(&["run", text(&smoke), "--quiet", "--out", text(runs.path())]);
    assert_exit(&run, 0);
    let record = run_record::read(&runs.path().join("latest")).expect("a record");
    let hub = record.record.hub.expect("a hub of ours");
    assert!(hub.data_bytes > hub.data_bytes_before, "what was written takes up room: {hub:?}");

    let (folder, file) = model("hub-today.toml", &[]);
    let out = folder.path().join("out");
    let args = ["cost", text(&file), "--run", "latest", "--runs", text(runs.path()), "--out", text(&out)];
    let output = spinebench(&[&args[..], &FEW].concat());
    assert_exit(&output, 0);
    for part in
        ["net present value (NPSV) on cash alone", "every second alike", "P10 / P50 / P90", "workbook.xlsx"]
    {
        assert!(said(&output).contains(part), "{part}:\n{}", said(&output));
    }
    let mut names: Vec<String> = std::fs::read_dir(&out)
        .expect("listed")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let files = ["assumptions.csv", "cost.json", "costs.csv", "focus.csv", "report.html", "results.csv"];
    assert_eq!(names, [&files[..], &["workbook.xlsx"]].concat(), "these and nothing half written");

    let told: Value =
        serde_json::from_slice(&std::fs::read(out.join("cost.json")).expect("read")).expect("JSON");
    let measured = &told["measurement"];
    assert_eq!(measured["sha256"], record.record.seal.as_str());
    assert!(
        measured["origin"].as_str().is_some_and(|name| name.ends_with("-smoke")),
        "not the link: {measured}"
    );
    let carried = measured["metrics"]["capacity_per_s"]["value"].as_f64().expect("a capacity");
    assert_eq!(carried, record.record.rate_per_s.achieved);
    for metric in ["hub_cpu_s_per_message", "hub_memory_bytes", "disk_bytes_per_message", "response_mean_s"] {
        assert!(
            measured["metrics"][metric]["value"].as_f64().is_some_and(|v| v > 0.0),
            "{metric}: {measured}"
        );
    }
    assert!(told["checks"].as_array().is_some_and(|all| all.iter().all(|check| check["ok"] == true)));
    let names_run = |file: &str| {
        std::fs::read_to_string(out.join(file)).expect("read").contains(record.record.seal.as_str())
    };
    assert!(names_run("report.html") && names_run("assumptions.csv"));
    let sheets = sheets(&out.join("workbook.xlsx"));
    for sheet in ["Cover", "Summary", "Assumptions", "Monte Carlo", "Checks", "Manifest"] {
        assert!(sheets.contains(&format!("name=\"{sheet}\"")), "{sheet}: {sheets}");
    }
    // The same again replaces the files, and tells programs the same.
    let again = spinebench(&[&args[..], &FEW, &["--format", "json"]].concat());
    assert_exit(&again, 0);
    let printed: Value = serde_json::from_slice(&again.stdout).expect("JSON alone");
    assert_eq!(printed["monte_carlo"], told["monte_carlo"], "one seed, the same draws");
    assert_eq!(printed["options"], told["options"]);
}

#[test]
fn a_search_for_the_limit_gives_its_capacity_and_what_must_not_be_believed_gives_nothing() {
    let _alone = crate::support::alone();
    let (folder, file) = model("hub-today.toml", &[]);
    let out = folder.path().join("out");
    let limit = root().join("reports/run-record/tests/golden");
    let json = ["--format", "json"];
    let args = ["cost", text(&file), "--out", text(&out), "--run", text(&limit)];
    let output = spinebench(&[&args[..], &FEW, &json].concat());
    assert_exit(&output, 0);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON alone");
    assert_eq!(told["measurement"]["metrics"]["capacity_per_s"]["value"], 1414.25);

    let published = root().join("reports/published/2026-11-26-national-peak");
    let mut invalid = run_record::read(&published).expect("the published record");
    invalid.record.validity.valid = false;
    invalid.record.validity.reasons = vec!["The generator was late.".into()];
    let written = run_record::write(folder.path(), "invalid", &invalid, &[]).expect("written");
    let refused = spinebench(&["cost", text(&file), "--run", text(&written)]);
    assert_exit(&refused, 4);
    assert!(said(&refused).contains("The generator was late."), "{}", said(&refused));
    let record = written.join("record.json");
    let edited = std::fs::read_to_string(&record).expect("read").replace("\"seed\": 42", "\"seed\": 43");
    std::fs::write(&record, edited).expect("written");
    assert_exit(&spinebench(&["cost", text(&file), "--run", text(&written)]), 3);
    assert_exit(&spinebench(&["cost", text(&file), "--run", "no-such-run"]), 3);
}

#[test]
fn a_text_that_looks_like_a_formula_stays_a_text_in_every_file() {
    let _alone = crate::support::alone();
    let harm = "=cmd|' /C calc'!A0";
    let label = format!("label = \"{harm}\"");
    let (folder, file) = model("spine-2015.toml", &[("label = \"Legacy Spine, kept\"", &label)]);
    let out = folder.path().join("out");
    assert_exit(&spinebench(&[&["cost", text(&file), "--out", text(&out)][..], &FEW].concat()), 0);
    for name in ["costs.csv", "results.csv", "assumptions.csv", "focus.csv"] {
        let table = std::fs::read_to_string(out.join(name)).expect("read");
        for cell in table.lines().flat_map(|line| line.split(',')) {
            assert!(!cell.trim_matches('"').starts_with(['=', '+', '@']), "{name}: {cell}");
        }
    }
    let archive = std::fs::File::open(out.join("workbook.xlsx")).expect("a workbook");
    let mut archive = zip::ZipArchive::new(archive).expect("an archive");
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).expect("a part");
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut part, &mut bytes).expect("read");
        let xml = String::from_utf8_lossy(&bytes);
        assert!(!xml.contains("<f>cmd") && !xml.contains("<f>=cmd"), "a live cell in part {at}");
    }
}

#[test]
fn what_differs_between_two_models_is_explained_line_by_line() {
    let _alone = crate::support::alone();
    let (_before, before) = model("spine-2015.toml", &[]);
    let (_after, after) = model(
        "spine-2015.toml",
        &[("value = 30_000_000", "value = 60_000_000"), ("rag = \"amber\"", "rag = \"green\"")],
    );
    let output = spinebench(&["cost", "diff", text(&before), text(&after)]);
    assert_exit(&output, 0);
    for part in
        ["2 lines differ", "build_cost", "30,000,000 GBP -> 60,000,000 GBP", "it alone moves", "In all"]
    {
        assert!(said(&output).contains(part), "{part}:\n{}", said(&output));
    }
    let json = spinebench(&["cost", "diff", text(&before), text(&after), "--json"]);
    assert_exit(&json, 0);
    let told: Value = serde_json::from_slice(&json.stdout).expect("JSON alone");
    let build = told["changes"].as_array().expect("a list").iter().find(|c| c["name"] == "build_cost");
    let moved = build.expect("the change")["alone"]["moves"][0]["cash"].as_f64().expect("a figure");
    // The build is paid in year 0, which is not discounted, in the prices of the model.
    assert!((moved + 30_000_000.0).abs() < 1.0, "{moved}");
    assert_exit(&spinebench(&["cost", "diff", text(&before)]), 2);
    assert_exit(&spinebench(&["cost", "diff", text(&before), "no-such-model.toml"]), 3);
}

#[test]
fn the_seed_table_says_of_each_figure_whether_it_was_measured() {
    let _alone = crate::support::alone();
    let runs = tempfile::tempdir().expect("a folder");
    let published = root().join("reports/published/2026-11-26-national-peak");
    let run = run_record::read(&published).expect("the published record");
    run_record::write(runs.path(), "peak", &run, &[]).expect("written");
    let output = spinebench(&["seed-table", "--runs", text(runs.path()), "--format", "json"]);
    assert_exit(&output, 0);
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON alone");
    assert_eq!(rows.len(), 8);
    let standing = |words: &str| {
        let row = rows.iter().find(|row| row["figure"].as_str().is_some_and(|f| f.contains(words)));
        row.unwrap_or_else(|| panic!("no row on {words}"))["standing"].clone()
    };
    assert_eq!(standing("1,800"), "measured");
    assert_eq!(standing("750"), "derived-under-assumptions");
    assert_eq!(standing("21 million"), "published-input");
    let none = spinebench(&["seed-table", "--runs", text(&runs.path().join("none")), "--format", "markdown"]);
    assert_exit(&none, 0);
    assert!(said(&none).starts_with("| figure | here | standing | rests on |"), "{}", said(&none));
}
