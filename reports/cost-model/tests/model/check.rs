//! What the linter refuses, one test each, and that it has nothing to say against a model that is right.

use super::small::*;
use cost_model::*;

const TODAY: &str = "2026-11-26";

fn check(text: &str) -> Vec<String> {
    let model = load(text)
        .unwrap_or_else(|faults| panic!("the model must load, as policy is not the reader's: {faults}"));
    check_model(&model, TODAY).iter().map(Fault::to_string).collect()
}

/// The one fault of an edited model: it says this, at the line of that text.
#[track_caller]
fn refuses(from: &str, to: &str, at: &str, says: &str) {
    let text = with(from, to);
    let faults = check(&text);
    assert_eq!(faults.len(), 1, "{faults:#?}");
    let line = line_of(&text, at);
    assert!(
        faults[0].contains(&format!("model.toml:{line}: {says}")),
        "line {line} must say {says:?}, got {faults:#?}"
    );
}

#[test]
fn a_model_that_is_right_has_no_faults() {
    assert_eq!(check(&whole()), [""; 0]);
}

#[test]
fn a_value_without_a_source_is_refused() {
    refuses(
        "source = \"a contract\"\n",
        "",
        "[assumption.contract]",
        "assumption.contract.source: a figure without a source",
    );
    refuses(
        "source = \"a contract\"",
        "source = \" \"",
        "source = \" \"",
        "assumption.contract.source: a figure without",
    );
}

#[test]
fn a_value_without_its_day_is_refused() {
    let (from, to) = ("accessed = \"2026-09-01\"\nprice_base = \"2014-15\"", "price_base = \"2014-15\"");
    refuses(from, to, "[assumption.contract]", "assumption.contract.accessed: a figure without the day");
}

#[test]
fn a_value_without_a_price_base_is_refused() {
    refuses(
        "price_base = \"2014-15\"\n",
        "",
        "[assumption.contract]",
        "assumption.contract.price_base: a figure without",
    );
    let to = "price_base = \"n/a\" # here";
    refuses(
        "price_base = \"2014-15\"",
        to,
        "# here",
        "assumption.contract.price_base: money without a price base",
    );
    let (from, to) =
        ("price_base = \"n/a\"\nevidence = \"derived\"", "price_base = \"2015\"\nevidence = \"derived\"");
    refuses(from, to, "\"2015\"", "assumption.spare.price_base: not money");
}

#[test]
fn a_price_base_without_a_deflator_is_refused() {
    let says = "assumption.contract.price_base: no deflator for this price base, got \"1985\", allowed: years of hmt-2025-12";
    refuses("price_base = \"2014-15\"", "price_base = \"1985\"", "1985", says);
    let says = "model.price_base: no deflator for this price base, got \"2190\"";
    let model = load(&with("price_base = \"2024\"\ncurrency", "price_base = \"2190\"\ncurrency")).unwrap();
    one_says(&check_model(&model, TODAY).iter().map(Fault::to_string).collect::<Vec<_>>(), &[says]);
}

#[test]
fn a_claim_without_provenance_is_refused() {
    refuses(
        "price_base = \"nominal 2015\"\n",
        "",
        "[claim.saved]",
        "claim.saved.price_base: a figure without a price base",
    );
}

#[test]
fn measured_without_its_run_is_refused() {
    let from = "run_sha256 = \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\n";
    refuses(from, "", "[assumption.node_tps]", "assumption.node_tps.run_sha256: measured without its run");
}

#[test]
fn a_binding_whose_fallback_is_graded_otherwise_is_fine() {
    let from = "evidence = \"measured\"\nrun_sha256 = \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\n";
    assert_eq!(check(&with(from, "evidence = \"estimate\"\n")), [""; 0]);
}

#[test]
fn a_model_past_its_sunset_is_refused_though_it_loads() {
    let at = "sunset = \"2026-11-25\"";
    refuses("sunset = \"2027-03-31\"", at, at, "model.sunset: past since 2026-11-26, got \"2026-11-25\"");
    assert_eq!(
        check(&with("sunset = \"2027-03-31\"", "sunset = \"2026-11-26\"")),
        [""; 0],
        "the day itself is in time"
    );
    refuses("sunset = \"2027-01-01\"", at, at, "assumption.peak_tps.sunset: past since 2026-11-26");
}

#[test]
fn an_empty_mandatory_category_is_refused() {
    let faults = check(MODEL);
    assert_eq!(faults.len(), 1, "{faults:#?}");
    let line = line_of(MODEL, "[option.hub]");
    let says = format!(
        "model.toml:{line}: option.hub: no cost line in hosting, energy, licence, support, network, people, "
    );
    one_says(&faults, &[&says]);
}

#[test]
fn zero_without_a_reason_is_refused_and_a_reason_without_zero() {
    let text = with("zero_reason = \"the contract ends by itself\"\n", "");
    let says = "cost.leaving.zero_reason: costs nothing in any year and does not say why";
    one_says(&check(&text), &[&format!("model.toml:{}: {says}", line_of(&text, "id = \"leaving\"") - 1)]);
    let says = "cost.leaving.zero_reason: a reason for zero beside a quantity that is not 0";
    let from = "quantity = 0\nunit_price = \"contract\"\nzero_reason = \"the contract";
    one_says(&check(&with(from, &from.replace('0', "1"))), &[says]);
}

#[test]
fn staff_time_that_releases_cash_needs_evidence() {
    let text = replaced(&with("cash_evidence = \"none\"\n", ""), "class = \"nCRB\"", "class = \"CRB\"");
    let faults = check(&text);
    one_says(&faults, &["benefit.waits.cash_evidence: staff time as cash-releasing without evidence"]);
    assert_eq!(faults.len(), 1, "{faults:#?}");
}

#[test]
fn hours_need_an_attended_share_with_a_source() {
    let says = "benefit.waits.attended: a figure without a source, allowed: the name of an assumption";
    refuses("attended = \"attended_share\"", "attended = \"0.5\"", "attended = \"0.5\"", says);
    one_says(&faults_of(&with("attended = \"attended_share\"\n", "")), &["benefit.waits.attended: missing"]);
}

#[test]
fn hours_need_a_baseline() {
    let without = with("before = \"wait_before\"\n", "");
    assert_eq!(check(&without), [""; 0], "the baseline file has rows");
    let unknown = replaced(&without, "interaction = \"attended\"", "interaction = \"fax\"");
    one_says(&check(&unknown), &["benefit.waits.before: hours without a baseline, got no row for \"fax\""]);
    let none = replaced(&without, "baseline_times = \"../baselines/legacy-2015.csv\"\n", "");
    one_says(&check(&none), &["benefit.waits.before: hours without a baseline"]);
}

#[test]
fn all_refusals_come_at_once_in_the_order_of_the_file() {
    let text = replaced(
        &with("source = \"a contract\"\n", ""),
        "sunset = \"2027-03-31\"",
        "sunset = \"2020-01-01\"",
    );
    let faults = check_model(&load(&replaced(&text, "cash_evidence = \"none\"\n", "")).unwrap(), TODAY);
    let what: Vec<&str> = faults.iter().map(|fault| fault.what.as_str()).collect();
    assert_eq!(what, ["model.sunset", "assumption.contract.source"]);
}

fn results(text: &str) -> Vec<String> {
    let appraisal = build(load(text).unwrap(), None).unwrap();
    check_results(&appraisal, &[]).iter().map(Fault::to_string).collect()
}

#[test]
fn an_estimate_that_carries_the_result_must_be_in_the_tornado() {
    assert_eq!(results(&whole()), [""; 0]);
    let text = with("dist = { triangular = [25e6, 30e6, 35e6] }\n", "");
    assert_eq!(results(&text), [""; 0], "what is published needs no distribution");
    let from = "price_base = \"2014-15\"\nevidence = \"published\"";
    let text = replaced(&text, from, "price_base = \"2014-15\"\nevidence = \"estimate\"");
    let faults = results(&text);
    assert_eq!(faults.len(), 1, "{faults:#?}");
    let line = line_of(&text, "[assumption.contract]");
    let says =
        format!("model.toml:{line}: assumption.contract.dist: an estimate that carries over 10 % of an NPSV");
    one_says(&faults, &[&says]);
}

#[test]
fn an_estimate_that_carries_little_needs_no_distribution() {
    let text = with("evidence = \"derived\"", "evidence = \"estimate\"");
    assert_eq!(results(&text), [""; 0], "a spare node is nothing beside the contract");
}

#[test]
fn a_cost_line_that_comes_to_nothing_needs_a_reason() {
    let says = "cost.servers.zero_reason: costs nothing in any year and does not say why";
    let text = with("quantity = \"nodes\"", "quantity = \"nodes*0\"");
    one_says(&results(&replaced(&text, "nodes/whole_life_cost", "nodes/1[GBP]")), &[says]);
}
