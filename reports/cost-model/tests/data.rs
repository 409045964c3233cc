//! What the data files promise: the shipped ones are complete, a user's own win, and a bad one tells all its faults.

use std::fs;
use std::path::Path;

use cost_model::*;

const CASE: &str = "../reports/cases/spine-2015.toml";

fn file(name: &str, text: &str) -> Found {
    Found { name: name.into(), text: text.into(), folder: None }
}

fn faults<T: std::fmt::Debug>(read: Result<T, Faults>) -> Vec<String> {
    read.expect_err("this file has faults").0.iter().map(Fault::to_string).collect()
}

#[track_caller]
fn one_says(faults: &[String], wanted: &[&str]) {
    let found = faults.iter().any(|fault| wanted.iter().all(|part| fault.contains(part)));
    assert!(found, "no fault says {wanted:?} in {faults:#?}");
}

#[test]
fn the_shipped_case_loads_from_anywhere_with_provenance_on_every_figure() {
    let case = load_model(Some(Path::new("/nowhere/at/all")), Path::new(CASE)).unwrap();
    assert_eq!(case.origin, "built-in cases/spine-2015.toml");
    assert!(case.baseline_times.rows.len() >= 20 && !case.prices.is_empty());
    for row in case.baseline_times.rows.values() {
        assert_eq!(row.legacy_evidence, Evidence::Estimate, "no absolute legacy time is published");
        let cut = 1.0 - row.spine2_ms / row.legacy_ms;
        assert!((cut - 0.89).abs() < 0.002, "{}: cut of {cut}", row.interaction);
    }
    let basis = case.basis().join("\n");
    for words in
        ["under assumptions", "estimate", "tuned", "Assumed messages_per_month: 400,000,000 ", "HSCIC"]
    {
        assert!(basis.contains(words), "{words}");
    }
}

#[test]
fn the_baseline_knows_every_kind_of_interaction() {
    let case = load_model(Some(Path::new("")), Path::new(CASE)).unwrap();
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
        assert!(case.baseline_times.rows.contains_key(interaction), "{interaction}");
    }
}

#[test]
fn a_file_beside_the_scenario_wins_over_the_built_in_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("cases")).unwrap();
    let text = find(None, Path::new("cases/spine-2015.toml")).unwrap().text;
    let text = text.replace("value = 365\n", "value = 292\n").replace("[253, 365, 365]", "[253, 292, 365]");
    fs::write(folder.path().join("cases/spine-2015.toml"), text).unwrap();
    let own = load_model(Some(folder.path()), Path::new("cases/spine-2015.toml")).unwrap();
    assert!(
        own.origin.ends_with("cases/spine-2015.toml") && !own.origin.starts_with("built-in"),
        "{}",
        own.origin
    );
    assert!((own.staff_hours().unwrap().messages_per_day - 16_438_356.2).abs() < 1.0);
    assert_eq!(
        own.baseline_times.origin, "built-in baselines/legacy-2015.csv",
        "what it does not bring is built in"
    );
}

#[test]
fn a_baseline_with_faults_tells_them_by_line() {
    let text = "interaction,published_interaction,legacy_ms,legacy_evidence,legacy_source,spine2_ms,spine2_evidence,spine2_source\n\
        a,A,0,estimate,x,5,estimate,x\n\
        a,A,10,estimate,,5,guess,x\n";
    let faults = faults(Baseline::parse(&file("baseline.csv", text)));
    one_says(&faults, &["baseline.csv:2: legacy_ms: got 0, allowed"]);
    one_says(&faults, &["baseline.csv:3: legacy_source: a figure without a source"]);
    one_says(&faults, &["baseline.csv:3: spine2_evidence: unknown grade of evidence, got \"guess\""]);
    one_says(&faults, &["baseline.csv:3: interaction: \"a\" stands here twice"]);
}

#[test]
fn prices_without_provenance_are_refused_by_line() {
    let header = "name,value,unit,low,high,price_base,evidence,source,url,accessed\n";
    let rows = "server,9000,GBP each,6000,16000,,estimate,somebody,,2026-09-01\n\
        pue,1.5,ratio,,,n/a,rumour,somebody,,2026-09-01\n\
        power,0.2,GBP/kWh,,,2025,published,,,2026-09-01\n\
        rate,abc,ratio,,,n/a,published,somebody,,2026-09-01\n\
        rack,900,GBP/month,,,2020,published,somebody,,last week\n";
    let all = faults(Prices::parse(&file("prices.csv", &format!("{header}{rows}"))));
    one_says(&all, &["prices.csv:2: server.price_base: a figure without a price base"]);
    one_says(&all, &["prices.csv:3: pue.evidence: unknown grade of evidence, got \"rumour\""]);
    one_says(&all, &["prices.csv:4: power.source: a figure without a source"]);
    one_says(&all, &["prices.csv:5: row: column value: "]);
    one_says(
        &all,
        &["prices.csv:6: rack.accessed: a figure without the day it was taken down, got \"last week\""],
    );
    assert_eq!(all.len(), 5, "{all:#?}");
    let renamed = faults(Prices::parse(&file("prices.csv", "name,worth\n")));
    one_says(&renamed, &["prices.csv:1: worth: unknown column"]);
    one_says(&renamed, &["prices.csv:1: value: missing column"]);
}

#[test]
fn discount_rates_must_rise_by_year_from_0() {
    let header = "vintage,kind,from_year,rate,source,url,accessed\n";
    let rows = "a,standard,1,0.035,x,,2026-09-01\na,other,0,0.03,x,,2026-09-01\na,low,0,3,x,,2026-09-01\n";
    let all = faults(Schedule::parse(&file("rates.csv", &format!("{header}{rows}"))));
    one_says(&all, &["rates.csv:2: from_year: got 1, allowed: 0 first"]);
    one_says(&all, &["rates.csv:3: kind: got \"other\", allowed: standard, low"]);
    one_says(&all, &["rates.csv:4: rate: got 3, allowed"]);
}

#[test]
fn price_indices_are_positive_and_stand_once() {
    let header = "vintage,year,index,evidence,source,url,accessed\n";
    let rows = "a,2014,0,published,x,,2026-09-01\na,2014,70,published,x,,2026-09-01\n";
    let all = faults(Deflators::parse(&file("index.csv", &format!("{header}{rows}"))));
    one_says(&all, &["index.csv:2: index: got 0, allowed: a number above 0"]);
    one_says(&all, &["index.csv:3: year: 2014 stands here twice"]);
}

#[test]
fn uplifts_lie_between_their_bounds() {
    let header = "class,capex_upper,capex_lower,opex_upper,opex_lower,source,url,accessed\n";
    let rows = "a,0.1,2,0,0,x,,2026-09-01\na,nan,0,0,0,x,,2026-09-01\n";
    let all = faults(OptimismBias::parse(&file("bias.csv", &format!("{header}{rows}"))));
    one_says(&all, &["bias.csv:2: capex: got 2 to 0.1, allowed: 0 <= lower"]);
    one_says(&all, &["bias.csv:3: capex: got 0 to NaN"]);
    one_says(&all, &["bias.csv:3: class: \"a\" stands here twice"]);
}

#[test]
fn every_shipped_data_file_is_built_in_and_every_model_loads() {
    let reports = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut shipped = Vec::new();
    for folder in ["cases", "baselines", "prices"] {
        for entry in fs::read_dir(reports.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".toml") || name.ends_with(".csv") {
                shipped.push(format!("{folder}/{name}"));
            }
        }
    }
    let mut built_in: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
    shipped.sort();
    built_in.sort();
    assert_eq!(shipped, built_in, "a data file needs a row in BUILT_IN");
    for name in built_in.iter().filter(|name| name.ends_with(".toml")) {
        load_model(None, Path::new(name)).unwrap_or_else(|faults| panic!("{faults}"));
    }
}

#[test]
fn the_price_index_and_the_rates_are_the_published_ones() {
    let model = load_model(None, Path::new("cases/spine-2015.toml")).unwrap();
    let index = |base: &str| model.deflators.index(base);
    let saved = 21e6 * index("2024").unwrap() / index("2014-15").unwrap();
    assert_eq!((saved / 1e4).round(), 2804.0, "28.04 million at 2024 prices, got {saved}");
    assert_eq!((index("1985"), index("2014-16"), index("last year")), (None, None, None));
    assert_eq!(model.deflators.years[&2025].1, Evidence::Estimate);
    assert_eq!(
        model.schedule.bands,
        [(0, 0.035), (31, 0.03), (76, 0.025), (126, 0.02), (201, 0.015), (301, 0.01)]
    );
    assert_eq!(model.schedule.low[0], (0, 0.03));
    assert_eq!(model.optimism_bias.classes["equipment_development"].capex_upper, 2.0);
}

#[test]
fn a_model_for_runs_must_hold_what_hours_need() {
    let found = find(None, Path::new("cases/spine-2015.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let text = found.text.replace("blocking_share", "blocking");
    fs::write(folder.path().join("model.toml"), text).unwrap();
    let mut model = load_model(Some(folder.path()), Path::new("model.toml")).unwrap();
    let share = model.assumptions.iter_mut().find(|a| a.name == "attended_share").unwrap();
    share.value = 1.5;
    let all = faults(model.staff_hours());
    one_says(&all, &["assumption.blocking_share: missing, which a run needs for its staff hours"]);
    one_says(&all, &["assumption.attended_share: out of range, got 1.5, allowed 0 to 1"]);
}

#[test]
fn an_unknown_file_is_told_with_what_is_allowed() {
    let sentence =
        load_model(Some(Path::new("/nowhere")), Path::new("cases/none.toml")).unwrap_err().to_string();
    assert!(sentence.contains("cases/none.toml: file: not found in /nowhere and not built in"), "{sentence}");
    assert!(sentence.contains("cases/spine-2015.toml"), "{sentence}");
}
