//! What the data files promise: the shipped ones are complete, a user's own win, and a bad one tells all its faults.

use std::fs;
use std::path::Path;

use cost_model::*;

const CASE: &str = "../reports/cases/spine-2015.toml";

fn faults_of(case: &str, files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("case.toml"), case).unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let faults = load_case(Some(folder.path()), Path::new("case.toml")).expect_err("this case has faults");
    faults.0.iter().map(Fault::to_string).collect()
}

#[track_caller]
fn one_says(faults: &[String], wanted: &[&str]) {
    let found = faults.iter().any(|fault| wanted.iter().all(|part| fault.contains(part)));
    assert!(found, "no fault says {wanted:?} in {faults:#?}");
}

#[test]
fn the_shipped_case_loads_from_anywhere_with_provenance_on_every_figure() {
    let case = load_case(Some(Path::new("/nowhere/at/all")), Path::new(CASE)).unwrap();
    assert_eq!(case.origin, "built-in cases/spine-2015.toml");
    assert!(case.baseline.rows.len() >= 20 && case.prices[0].rows.len() >= 80);
    for row in case.baseline.rows.values() {
        assert_eq!(row.legacy_evidence, Evidence::Estimate, "no absolute legacy time is published");
        let cut = 1.0 - row.spine2_ms / row.legacy_ms;
        assert!((cut - 0.89).abs() < 0.002, "{}: cut of {cut}", row.interaction);
    }
    let basis = case.basis().join("\n");
    for words in
        ["under assumptions", "estimate", "tuned", "Assumed messages-per-month: 400,000,000 ", "HSCIC"]
    {
        assert!(basis.contains(words), "{words}");
    }
}

#[test]
fn the_baseline_knows_every_kind_of_interaction() {
    let case = load_case(Some(Path::new("")), Path::new(CASE)).unwrap();
    let named = [
        "pds-retrieve",
        "pds-trace",
        "pds-trace-advanced",
        "pds-update",
        "sds-lookup",
        "eps-prescribe",
        "eps-release",
        "eps-dispense",
        "eps-claim",
        "eps-cancel",
        "scr-upload",
        "scr-list",
        "scr-retrieve",
        "mesh-handshake",
        "mesh-send",
        "mesh-inbox",
        "mesh-download",
        "mesh-acknowledge",
        "cis-validate",
    ];
    for interaction in named {
        assert!(case.baseline.rows.contains_key(interaction), "{interaction}");
    }
}

#[test]
fn a_file_beside_the_scenario_wins_over_the_built_in_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("cases")).unwrap();
    let text = find(None, Path::new("cases/spine-2015.toml"))
        .unwrap()
        .text
        .replace("value = 400e6", "value = 500e6");
    fs::write(folder.path().join("cases/spine-2015.toml"), text).unwrap();
    let own = load_case(Some(folder.path()), Path::new("cases/spine-2015.toml")).unwrap();
    assert!(
        own.origin.ends_with("cases/spine-2015.toml") && !own.origin.starts_with("built-in"),
        "{}",
        own.origin
    );
    assert!((own.messages_per_day() - 16_438_356.2).abs() < 1.0);
    assert_eq!(
        own.baseline.origin, "built-in baselines/legacy-2015.csv",
        "what it does not bring is built in"
    );
}

#[test]
fn a_case_with_many_faults_tells_them_all_with_their_lines() {
    let case = r#"title = 7
limit = ["misspelt"]
baseline = "baseline.csv"
[assumption.messages-per-month]
value = -1
unit = "messages/month"
price_base = "n/a"
evidence = "hearsay"
source = "somebody"
[assumption.blocking-share]
value = 1.5
unit = "fraction"
price_base = "n/a"
evidence = "estimate"
[claim.money]
value = 5
low = 6
unit = "GBP/year"
price_base = "n/a"
evidence = "published"
source = "somebody"
"#;
    let baseline = "interaction,published_interaction,legacy_ms,legacy_evidence,legacy_source,spine2_ms,spine2_evidence,spine2_source\n\
        a,A,0,estimate,x,5,estimate,x\n\
        a,A,10,estimate,,5,guess,x\n";
    let faults = faults_of(case, &[("baseline.csv", baseline)]);
    one_says(&faults, &["case.toml:1: title: got a integer"]);
    one_says(&faults, &["case.toml:2: limit: unknown key, allowed: title, "]);
    one_says(&faults, &["what: missing"]);
    one_says(&faults, &["assumption.messages-per-month.value: out of range, got -1"]);
    one_says(
        &faults,
        &["case.toml:5: assumption.messages-per-month.evidence", "got \"hearsay\"", "measured, published"],
    );
    one_says(&faults, &["assumption.blocking-share.value: out of range, got 1.5, allowed 0 to 1"]);
    one_says(&faults, &["assumption.blocking-share.source: a figure without a source"]);
    one_says(&faults, &["assumption.days-per-year: missing"]);
    one_says(&faults, &["claim.money.value: outside its own range, got 5"]);
    one_says(&faults, &["claim.money.price_base: money without a price base"]);
    one_says(&faults, &["baseline.csv:2: legacy_ms: got 0, allowed"]);
    one_says(&faults, &["baseline.csv:3: legacy_source: a figure without a source"]);
    one_says(&faults, &["baseline.csv:3: spine2_evidence: unknown grade of evidence, got \"guess\""]);
    one_says(&faults, &["baseline.csv:3: interaction: \"a\" stands here twice"]);
}

#[test]
fn prices_without_provenance_are_refused_by_line() {
    let file = |text: &str| Found { name: "prices.csv".into(), text: text.into(), folder: None };
    let header = "name,value,unit,low,high,price_base,evidence,source\n";
    let rows = "server,9000,GBP each,6000,16000,,estimate,somebody\n\
        pue,1.5,ratio,,,n/a,rumour,somebody\n\
        power,0.2,GBP/kWh,,,2025,published,\n\
        rate,abc,ratio,,,n/a,published,somebody\n";
    let faults = Prices::parse(&file(&format!("{header}{rows}"))).unwrap_err();
    let faults: Vec<String> = faults.0.iter().map(Fault::to_string).collect();
    one_says(&faults, &["prices.csv:2: server.price_base: a figure without a price base"]);
    one_says(&faults, &["prices.csv:3: pue.evidence: unknown grade of evidence, got \"rumour\""]);
    one_says(&faults, &["prices.csv:4: power.source: a figure without a source"]);
    one_says(&faults, &["prices.csv:5: row: column value: "]);
    assert_eq!(faults.len(), 4, "{faults:#?}");
    let renamed = Prices::parse(&file("name,worth\n")).unwrap_err().to_string();
    assert!(renamed.contains("prices.csv:1: worth: unknown column"), "{renamed}");
    assert!(renamed.contains("prices.csv:1: value: missing column"), "{renamed}");
}

#[test]
fn hostile_files_end_in_faults_and_never_in_a_panic() {
    for text in [
        "",
        "\u{0}",
        "= = =",
        "title = 1e999",
        "[assumption]\nx = 1\n",
        "assumption = 5",
        "[assumption.a]\nvalue = nan",
    ] {
        assert!(!faults_of(text, &[]).is_empty(), "{text:?}");
    }
    one_says(&faults_of("title = \n", &[]), &["case.toml:1: toml: "]);
}

#[test]
fn an_unknown_file_is_told_with_what_is_allowed() {
    let sentence =
        load_case(Some(Path::new("/nowhere")), Path::new("cases/none.toml")).unwrap_err().to_string();
    assert!(sentence.contains("cases/none.toml: file: not found in /nowhere and not built in"), "{sentence}");
    assert!(sentence.contains("cases/spine-2015.toml"), "{sentence}");
}
