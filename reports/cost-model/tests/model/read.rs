//! What reading a model promises: every key lands where it belongs, whatever is wrong is told with its line and all at once,
//! and no file, however hostile, ends in a panic.

use super::small::*;
use cost_model::model::{Distribution, Timing};
use cost_model::*;

#[test]
fn the_small_model_is_read_key_by_key() {
    let model = load(&whole()).unwrap();
    assert_eq!(
        (model.id.as_str(), model.start, model.horizon, model.seed, model.draws),
        ("small", 2026, 10, 7, 1000)
    );
    let names: Vec<&str> = model.assumptions.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(
        names[..4],
        ["price_rise", "peak_tps", "node_tps", "server_price"],
        "in the order of the file"
    );
    let server = model.assumption("server_price").unwrap();
    assert_eq!((server.value, server.unit_text.as_str()), (9000.0, "GBP/node"));
    assert_eq!(server.distribution, Some(Distribution::Pert(6000.0, 9000.0, 16_000.0)));
    assert_eq!(
        (server.provenance.accessed.as_str(), server.provenance.evidence),
        ("2026-09-01", Evidence::Estimate)
    );
    let node = model.assumption("node_tps").unwrap();
    assert_eq!(node.from.as_ref().unwrap().metric, "capacity_per_s");
    assert_eq!(node.distribution, Some(Distribution::Normal(2000.0, 100.0)));
    assert_eq!(model.options[1].set, [("spare".to_owned(), 1.0)]);
    assert_eq!(model.costs[0].timing, Timing::Span(0, 9));
    assert_eq!(model.costs[1].timing, Timing::Every(5));
    assert_eq!(model.costs[1].ob_mitigation, [("business_case".to_owned(), 0.58, 0.4)]);
    assert_eq!(model.costs[2].timing, Timing::Years(vec![0, 1]));
    assert_eq!(model.costs[3].timing, Timing::Span(0, 9), "every year when nothing is said");
    assert_eq!(model.scenarios[0].scale, [("peak_tps".to_owned(), 3.0)]);
    assert_eq!(model.schedule.bands[1], (31, 0.03));
    assert_eq!(model.line("cost.servers.vat"), line_of(&whole(), "vat = 0.2"));
    assert_eq!(model.line("cost.servers.not_there"), model.line("cost.servers"));
    assert_eq!(model.costs[1].line, line_of(&whole(), "id = \"servers\"") - 1);
    assert_eq!(model.assumptions[0].line, line_of(&whole(), "[assumption.price_rise]"));
}

#[test]
fn every_file_that_was_read_is_named_with_its_hash() {
    let model = load(&whole()).unwrap();
    let names: Vec<&str> = model.inputs.iter().map(|input| input.name.rsplit('/').next().unwrap()).collect();
    let wanted = [
        "model.toml",
        "legacy-2015.csv",
        "prices.csv",
        "discount-rates.csv",
        "gdp-deflators.csv",
        "optimism-bias.csv",
    ];
    assert_eq!(names, wanted);
    assert_eq!(model.inputs[0].bytes, whole().len() as u64);
    assert!(model.inputs.iter().all(|input| input.sha256.len() == 64));
}

#[test]
fn the_small_model_can_be_built() {
    let appraisal = build(load(&whole()).unwrap(), None).unwrap();
    assert_eq!(appraisal.options.len(), 2);
}

#[test]
fn a_text_like_a_formula_stays_a_text() {
    let model = load(&whole()).unwrap();
    assert_eq!(model.assumption("peak_tps").unwrap().comment, "=cmd|' /C calc'!A0");
}

#[test]
fn all_faults_are_told_at_once_each_with_its_line() {
    let mut text = whole();
    for (from, to) in [
        ("horizon = 10\n", "horizon = 0\n"),
        ("unit = \"tps\"", "unit = \"t p s\""),
        ("vat = 0.2", "vat = 20"),
        ("formula = \"nodes/whole_life_cost\"", "formula = \"nodes/(whole_life_cost\""),
        ("scale = { peak_tps = 3 }", "scale = { peek_tps = 3 }"),
        ("low = 20e6", "low = \"20e6\""),
    ] {
        text = replaced(&text, from, to);
    }
    text.push_str("[surprise]\n");
    let faults = faults_of(&text);
    for (part, says) in [
        ("horizon = 0", "model.horizon: got 0, allowed: a whole number from 1 to 400"),
        ("t p s", "assumption.peak_tps.unit: got \"t p s\", allowed: symbols"),
        ("vat = 20", "cost.servers.vat: out of range, got 20, allowed 0 to 1"),
        ("(whole_life_cost", "metric.nodes_share.formula: column 23"),
        (
            "peek_tps",
            "scenario.busy.scale.peek_tps: unknown assumption, got \"peek_tps\", allowed: attended_share,",
        ),
        ("20e6\"", "claim.saved.low: got a string, allowed: a decimal number"),
        ("[surprise]", "surprise: unknown key, allowed: model, configuration"),
    ] {
        one_says(&faults, &[&format!("model.toml:{}: {says}", line_of(&text, part))]);
    }
}

#[test]
fn a_ring_of_derived_figures_is_told_by_its_names() {
    let ring = "[derived.a]\nunit = \"node\"\nformula = \"b+nodes\"\n[derived.b]\nunit = \"node\"\nformula = \"max(c,0)\"\n\
        [derived.c]\nunit = \"node\"\nformula = \"a\"\n[derived.own]\nunit = \"node\"\nformula = \"own\"\n";
    let faults = faults_of(&format!("{}{ring}", whole()));
    one_says(&faults, &["derived.a.formula: rests on itself, got a -> b -> c -> a, allowed: no ring"]);
    one_says(&faults, &["derived.own.formula: rests on itself, got own -> own"]);
    assert_eq!(faults.len(), 2, "{faults:#?}");
}

#[test]
fn a_long_chain_of_derived_figures_is_no_ring() {
    let mut text = whole();
    for n in 0..900 {
        text.push_str(&format!("[derived.d{n}]\nunit = \"node\"\nformula = \"d{}\"\n", n + 1));
    }
    text.push_str("[derived.d900]\nunit = \"node\"\nformula = \"nodes\"\n");
    load(&text).unwrap();
}

/// Edits of the small model, and what the one fault says that each brings.
const WRONG: [(&str, &str, &str); 44] = [
    (
        "value = 30e6",
        "value = 1e308",
        "assumption.contract.value: got 1e308, allowed: a finite number up to 1e18",
    ),
    ("value = 30e6", "value = nan", "assumption.contract.value: got nan, allowed: a finite number"),
    ("value = 30e6", "value = inf", "assumption.contract.value: got inf, allowed: a finite number"),
    ("value = 30e6", "value = 1e999", "assumption.contract.value: got 1e999"),
    ("value = 30e6", "value = 0xff", "assumption.contract.value: got an integer, allowed: a decimal number"),
    ("value = 30e6\n", "", "assumption.contract.value: missing"),
    ("unit = \"GBP/h\"\n", "", "assumption.hourly.unit: missing"),
    (
        "evidence = \"derived\"",
        "evidence = \"rumour\"",
        "assumption.spare.evidence: unknown grade of evidence, got \"rumour\"",
    ),
    (
        "pert = [1300, 1800, 3500]",
        "pert = [1800, 1300, 3500]",
        "dist.pert: allowed: [lowest, most likely, highest]",
    ),
    ("pert = [1300, 1800, 3500]", "pert = [1300]", "dist.pert: allowed: [lowest, most likely, highest]"),
    ("dist = { uniform = [0.5, 2] }", "dist = {}", "wait_before.dist: got 0, allowed: one of pert"),
    (
        "dist = { uniform = [0.5, 2] }",
        "dist = { uniform = [2, 0.5] }",
        "dist.uniform: allowed: [lowest, highest]",
    ),
    ("mean = 2000, sd = 100", "mean = 2000, sd = 0", "dist.normal: allowed: sd above 0"),
    ("median = 0.3, p90 = 0.6", "median = 0.6, p90 = 0.3", "dist.lognormal: allowed: 0 < median < p90"),
    (
        "price = \"server\"",
        "price = \"sever\"",
        "server_price.price: unknown price row, got \"sever\", allowed: a name in ",
    ),
    ("price = \"server\"", "price = \"server\"\nvalue = 5", "server_price.value: stands beside price"),
    (
        "metric = \"capacity_per_s\"",
        "metric = \"speed\"",
        "from.metric: unknown metric, got \"speed\", allowed: capacity_per_s",
    ),
    (
        "unit = \"message/s/node\"",
        "unit = \"message/s\"",
        "from.metric: the unit is message/s, allowed: message/s/node",
    ),
    ("run_sha256 = \"0123", "run_sha256 = \"xyz3", "run_sha256: got \"xyz3"),
    ("rag = \"amber\"", "rag = \"blue\"", "rag: got \"blue\", allowed: , red, amber, green"),
    ("sunset = \"2027-01-01\"", "sunset = \"soon\"", "peak_tps.sunset: got \"soon\", allowed: a day"),
    ("[assumption.spare]", "[assumption.Spare]", "assumption.Spare: not a name"),
    ("[derived.nodes]", "[derived.messages]", "derived.messages: an assumption has this name"),
    ("[option.hub]", "[option.cost]", "option.cost: the name is kept"),
    (
        "[scenario.busy]",
        "[scenario.hub]",
        "scenario.hub: an assumption, a derived figure or an option has this name",
    ),
    (
        "vintage = \"greenbook-2026-02\"",
        "vintage = \"old\"",
        "model.vintage: unknown, got \"old\", allowed: greenbook-2026-02",
    ),
    (
        "deflator = \"hmt-2025-12\"",
        "deflator = \"old\"",
        "model.deflator: unknown, got \"old\", allowed: hmt-2025-12",
    ),
    ("inflation = \"price_rise\"", "inflation = \"contract\"", "model.inflation: the unit is GBP/yr"),
    (
        "baseline = \"legacy\"",
        "baseline = \"legacies\"",
        "model.baseline: unknown option, got \"legacies\", allowed: hub, legacy",
    ),
    ("currency = \"GBP\"", "currency = \"pounds\"", "model.currency: got \"pounds\", allowed: three letters"),
    (
        "option = [\"legacy\"]",
        "option = [\"legacy\", \"legacy\"]",
        "cost.contract.option: \"legacy\" stands here twice",
    ),
    ("option = [\"legacy\"]", "option = [\"lgacy\"]", "cost.contract.option: unknown option, got \"lgacy\""),
    ("class = \"capex\"", "class = \"capital\"", "cost.servers.class: got \"capital\", allowed: capex, opex"),
    (
        "category = \"exit\"",
        "category = \"leave\"",
        "cost.leaving.category: got \"leave\", allowed: hardware",
    ),
    ("timing = { every = 5 }", "timing = { every = 0 }", "cost.servers.timing.every: got 0"),
    ("timing = { every = 5 }", "timing = { every = 5, to = 3 }", "cost.servers.timing: allowed: one of"),
    (
        "timing = { from = 0, to = 9 }",
        "timing = { from = 5, to = 3 }",
        "cost.contract.timing.from: got 5 to 3",
    ),
    (
        "years = [0, 1]",
        "years = [0, 10]",
        "cost.leaving.timing.years: got [0.0, 10.0], allowed: years from 0 to 9",
    ),
    (
        "ob = \"equipment_development\"",
        "ob = \"cars\"",
        "cost.servers.ob: unknown class, got \"cars\", allowed: equipment_development",
    ),
    ("contribution = 0.58", "contribution = 1.5", "contribution: out of range, got 1.5, allowed 0 to 1"),
    ("id = \"leaving\"", "id = \"contract\"", "cost.contract: stands here twice"),
    ("class = \"UB\"", "class = \"SB\"", "benefit.calm.class: UB and words go together"),
    (
        "rule = \"above_1s\"",
        "rule = \"square\"",
        "benefit.waits.rule: got \"square\", allowed: linear, above_1s, tapered",
    ),
    (
        "ramp = [0.3, 0.8, 1.0]",
        "ramp = [0.3, 1.8]",
        "benefit.waits.ramp: got [0.3, 1.8], allowed: 1 to 10 fractions",
    ),
];

#[test]
fn what_is_wrong_is_told_in_one_clear_sentence() {
    for (from, to, says) in WRONG {
        let faults = faults_of(&with(from, to));
        assert!(faults.iter().any(|fault| fault.contains(says)), "{to:?} must say {says:?}, got {faults:#?}");
    }
}

#[test]
fn unknown_names_in_formulas_are_told_where_they_stand() {
    let text = with("formula = \"nodes/whole_life_cost\"", "formula = \"nodes/whole_live_cost\"");
    let line = line_of(&text, "whole_live_cost");
    let says = format!(
        "model.toml:{line}: metric.nodes_share.formula: unknown name, got \"whole_live_cost\", allowed: "
    );
    one_says(&faults_of(&text), &[&says]);
    let text = with("unit_price = \"server_price\"", "unit_price = \"whole_life_cost\"");
    one_says(&faults_of(&text), &["cost.servers.unit_price: unknown name, got \"whole_life_cost\""]);
}

#[test]
fn a_file_of_10_mb_is_refused_in_one_sentence() {
    let faults = faults_of(&"# padding\n".repeat(1 << 20));
    assert_eq!(faults.len(), 1);
    one_says(&faults, &["too large, got 10485760 bytes, allowed up to 4194304"]);
}

#[test]
fn a_file_full_of_unknown_keys_stops_at_a_bound() {
    let text: String = (0..300_000).map(|n| format!("k{n}=1\n")).collect();
    let faults = faults_of(&text);
    assert!(faults.len() < 1_100, "{}", faults.len());
}

#[test]
fn hostile_files_end_in_faults_and_never_in_a_panic() {
    let deep = format!("a = {}{}", "[".repeat(20_000), "]".repeat(20_000));
    let tables = format!("a = {}", "{ a = ".repeat(20_000));
    let keys = format!("{}a = 1", "a.".repeat(20_000));
    let parens =
        with("quantity = \"nodes\"", &format!("quantity = \"{}nodes{}\"", "(".repeat(500), ")".repeat(500)));
    let minus = with("quantity = \"nodes\"", &format!("quantity = \"{}nodes\"", "-".repeat(1_999)));
    let long = with("quantity = \"nodes\"", &format!("quantity = \"{}\"", "nodes+".repeat(500)));
    let text = with("what = \"own nodes\"", &format!("what = \"{}\"", "x".repeat(100_000)));
    let control = with("what = \"own nodes\"", "what = \"\\u0000\"");
    let cut = &whole()[..whole().len() / 2 - 3];
    for text in [
        &deep,
        &tables,
        &keys,
        &parens,
        &minus,
        &long,
        &text,
        &control,
        "",
        "\u{0}",
        "= = =",
        "model = 5",
        cut,
    ] {
        if let Ok(model) = load(text) {
            drop(build(model, None));
        }
    }
    for (text, says) in [
        (deep.as_str(), "max recursion depth"),
        (&parens, "nested deeper than 40"),
        (&long, "allowed up to 2000"),
        (&text, "too long, got 100000 characters"),
        (&control, "control character"),
        ("", "model: missing"),
        ("title = \n", "model.toml:1: toml: "),
        ("[[model]]\n", "model: got an array, allowed: a table"),
        ("assumption = 5", "assumption: got an integer, allowed: a table"),
        ("[assumption]\nx = 1", "assumption.x: got an integer, allowed: a table"),
        ("cost = 5", "cost: got an integer, allowed: tables headed [[cost]]"),
        ("cost = [5]", "cost[0]: got an integer, allowed: a table"),
    ] {
        one_says(&faults_of(text), &[says]);
    }
}

#[test]
fn a_division_by_zero_is_told_when_the_model_is_built() {
    let text = with("formula = \"nodes/whole_life_cost\"", "formula = \"nodes/(whole_life_cost*0)\"");
    let faults = build(load(&text).unwrap(), None).unwrap_err().to_string();
    assert!(faults.contains("no finite number comes out"), "{faults}");
}

#[test]
fn a_name_cannot_move_the_cursor_of_who_reads_the_faults() {
    let faults = load("[assumption.\"a\\u001b[2J\\nb\"]\nvalue = 1\n").unwrap_err();
    assert!(!faults.to_string().replace('\n', "").contains(char::is_control));
    assert_eq!(faults.to_string().lines().count(), faults.0.len());
}
