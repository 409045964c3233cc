//! The forms for machines: CSV, the FOCUS-shaped ledger, JSON.

use std::collections::BTreeMap;

use cost_model::appraisal::OptionNodes;
use cost_model::{NodeId, Rule};
use reports::cost::{CostResults, assumptions_csv, costs_csv, focus_csv, json, results_csv};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::support::{measurement, model, results, results_of};
use crate::with_text;

/// A row by the names of its columns.
type Row = BTreeMap<String, String>;

#[track_caller]
fn read(text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize().collect::<Result<Vec<Row>, _>>();
    rows.expect("the CSV can be read back")
}

#[track_caller]
fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} of {row:?} is no number"))
}

#[track_caller]
fn near(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0), "{a} is not {b}");
}

fn one(results: &CostResults, id: NodeId) -> f64 {
    results.appraisal.values.one(id)
}

#[test]
fn the_long_table_adds_up_to_the_engines_totals() {
    let results = results();
    let rows = read(&costs_csv(&results));
    let sum = |option: &OptionNodes, keep: &dyn Fn(&Row) -> bool| -> f64 {
        let of = rows.iter().filter(|row| row["option"] == option.name && keep(row));
        of.map(|row| number(row, "value")).sum()
    };
    for option in &results.appraisal.options {
        let lines = sum(option, &|row| row["part"].starts_with("cost, ") && row["basis"] == "real");
        near(lines, one(&results, option.whole_life_cost));
        let paid = sum(option, &|row| row["part"].starts_with("cost, ") && row["basis"] == "nominal");
        near(paid, results.appraisal.values.years(option.cost_nominal).iter().sum());
        let total =
            sum(option, &|row| row["part"] == "total" && row["line"] == "cost" && row["basis"] == "real");
        near(total, lines);
    }
    let hours: Vec<&Row> = rows.iter().filter(|row| row["part"] == "hours before realisation").collect();
    for rule in Rule::EACH {
        assert!(hours.iter().any(|row| row["line"].ends_with(rule.words().0)), "{rule:?}");
    }
    assert!(rows.iter().any(|row| row["year"] == "2035-36"));
}

#[test]
fn results_and_assumptions_can_be_read_back_to_the_last_bit() {
    let results = results();
    let rows = read(&results_csv(&results));
    let find = |option: &str, name: &str| {
        let found = rows.iter().find(|row| row["option"] == option && row["result"] == name);
        found.map(|row| number(row, "value")).unwrap_or_else(|| panic!("no row {option} {name}"))
    };
    for option in &results.appraisal.options {
        assert_eq!(find(&option.name, "npsv_cash"), one(&results, option.npsv_cash));
        assert_eq!(find(&option.name, "metric.per_tps"), one(&results, option.metrics[0].1));
    }
    let drawn = &results.monte_carlo.options[0];
    assert_eq!(find("hub_ha", "monte_carlo.npsv_cash.p90"), drawn.npsv_cash.p90);
    assert_eq!(find("hub_ha", "scenario.traffic.npsv_cash"), results.scenarios[1].options[1].1);
    assert_eq!(find("hub_ha", "switching.peak_rate"), 6_300.0);
    let rows = read(&assumptions_csv(&results));
    assert_eq!(rows.len(), results.appraisal.model.assumptions.len() + 2, "two have a value of their own");
    for a in &results.appraisal.model.assumptions {
        let row = rows.iter().find(|row| row["name"] == a.name && row["option"].is_empty());
        let row = row.unwrap_or_else(|| panic!("no row {}", a.name));
        assert_eq!(number(row, "value"), a.value);
        assert_eq!(row["source"], a.provenance.source);
        assert_eq!(row["evidence"], a.provenance.evidence.word());
    }
    let own = rows.iter().find(|row| row["name"] == "server_price" && row["option"] == "hub_cloud");
    assert_eq!(own.map(|row| number(row, "value")), Some(26_000.0));
}

#[test]
fn no_text_becomes_a_formula_in_a_spreadsheet() {
    for text in ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\u{ff1d}1", " =1"] {
        let results = results_of(with_text(text), Some(&measurement()));
        for table in [costs_csv, results_csv, assumptions_csv, focus_csv] {
            for row in read(&table(&results)) {
                for (column, cell) in &row {
                    let number = cell.parse::<f64>().is_ok();
                    let live = cell.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}']);
                    assert!(number || !live, "{column} holds {cell:?}");
                }
            }
        }
    }
}

/// Columns of FOCUS 1.2 that hold here, in its order, then our own.
const FOCUS: [&str; 42] = [
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingAccountType",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "Tags",
    "x_Bearer",
    "x_Category",
    "x_Class",
    "x_OptimismBias",
    "x_Option",
    "x_Real",
    "x_Vat",
];
/// What must stand in every row by FOCUS 1.2.
const NEVER_NULL: [&str; 16] = [
    "BilledCost",
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
];

#[test]
fn the_ledger_has_the_columns_of_focus_and_null_only_where_it_may_be() {
    let text = focus_csv(&results());
    let header: Vec<&str> = text.lines().next().expect("a header").split(',').collect();
    assert_eq!(header, FOCUS);
    for row in read(&text) {
        for column in NEVER_NULL {
            assert!(!row[column].is_empty(), "{column} is null in {row:?}");
        }
        let tax = row["ChargeCategory"] == "Tax";
        assert!(["Usage", "Purchase", "Tax"].contains(&row["ChargeCategory"].as_str()));
        assert!(["One-Time", "Recurring"].contains(&row["ChargeFrequency"].as_str()));
        for column in ["PricingQuantity", "PricingUnit", "ListUnitPrice", "ContractedUnitPrice"] {
            assert_eq!(row[column].is_empty(), tax, "{column} in {row:?}");
        }
        assert_eq!(row["ConsumedQuantity"].is_empty(), row["ChargeCategory"] != "Usage");
        let tags: Value = serde_json::from_str(&row["Tags"]).expect("tags are JSON");
        assert_eq!(tags["option"], row["x_Option"].as_str());
        assert!(row["BillingPeriodStart"].ends_with("-04-01T00:00:00Z"));
    }
}

#[test]
fn the_ledger_is_in_whole_pence_and_equals_the_engine_to_a_penny_a_row() {
    let results = results();
    let rows = read(&focus_csv(&results));
    let decimal = |row: &Row, column: &str| row[column].parse::<Decimal>().expect("a decimal");
    for option in &results.appraisal.options {
        for nodes in &option.costs {
            let line = &results.appraisal.model.costs[nodes.line];
            let paid = results.appraisal.values.years(nodes.nominal);
            let real = results.appraisal.values.years(nodes.cost);
            for year in 0..results.appraisal.model.horizon {
                let start = format!("{}-04-01T00:00:00Z", 2026 + year);
                let of = rows.iter().filter(|row| {
                    row["x_Option"] == option.name
                        && row["ResourceId"] == format!("{}.{}", option.name, line.id)
                        && row["BillingPeriodStart"] == start
                });
                let (mut billed, mut in_real) = (Decimal::ZERO, Decimal::ZERO);
                for row in of {
                    billed += decimal(row, "BilledCost");
                    in_real += decimal(row, "x_Real");
                }
                let at = |values: &[f64]| values.get(year).or(values.last()).copied().unwrap_or(0.0);
                let apart = |ledger: Decimal, engine: f64| {
                    (ledger.to_string().parse::<f64>().expect("a number") - engine).abs()
                };
                assert!(apart(billed, at(&paid)) <= 0.005_001, "{} {} {start}", option.name, line.id);
                assert!(apart(in_real, at(&real)) <= 0.005_001, "{} {} {start}", option.name, line.id);
            }
        }
    }
    for row in rows.iter().filter(|row| row["ChargeCategory"] != "Tax") {
        assert_eq!(decimal(row, "BilledCost").scale(), 2);
        let product = number(row, "PricingQuantity") * number(row, "ListUnitPrice");
        assert!((product - number(row, "ListCost")).abs() <= 0.011, "{row:?}");
    }
    let servers = rows.iter().find(|row| row["ResourceId"] == "hub_ha.servers" && row["x_Real"] != "0.00");
    let servers = servers.expect("servers are bought");
    // Six nodes at 9,000 raised by 153.6 %.
    assert_eq!(servers["x_OptimismBias"], "82944.00");
}

#[test]
fn a_ledger_of_what_no_ledger_can_hold_leaves_it_out() {
    let mut model = model();
    let price = model.assumptions.iter_mut().find(|a| a.name == "legacy_run").expect("there");
    (price.value, price.distribution) = (1e200, None);
    let rows = read(&focus_csv(&results_of(model, Some(&measurement()))));
    assert!(rows.iter().any(|row| row["BilledCost"].is_empty()));
}

#[test]
fn the_json_holds_everything_under_a_version() {
    let results = results();
    let json: Value = serde_json::from_str(&json(&results)).expect("it is JSON");
    assert_eq!(json["format_version"], 1);
    let model = &results.appraisal.model;
    assert_eq!(json["model"]["limits"].as_array().map(Vec::len), Some(model.limits.len()));
    for (at, option) in results.appraisal.options.iter().enumerate() {
        let of = &json["options"][at];
        assert_eq!(of["results"]["npsv_cash"]["value"].as_f64(), Some(one(&results, option.npsv_cash)));
        assert_eq!(of["costs"].as_array().map(Vec::len), Some(option.costs.len()));
        assert_eq!(of["yearly"]["cost"].as_array().map(Vec::len), Some(model.horizon));
    }
    for (at, a) in model.assumptions.iter().enumerate() {
        assert_eq!(json["assumptions"][at]["name"], a.name.as_str());
        assert_eq!(json["assumptions"][at]["source"], a.provenance.source.as_str());
    }
    let drawn = &json["monte_carlo"]["options"][0];
    assert_eq!(drawn["npsv_cash"]["quantiles"].as_array().map(Vec::len), Some(101));
    assert_eq!(json["tornado"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["scenarios"].as_array().map(Vec::len), Some(4));
    assert_eq!(json["switching"][1]["value"], Value::Null);
    assert!(json["checks"].as_array().is_some_and(|all| all.iter().all(|check| check["ok"] == true)));
    assert_eq!(json["manifest"]["inputs"][0]["sha256"], "ab".repeat(32));
    assert_eq!(json["measurement"]["waits"][0]["now_s"]["linear"], 0.001);
}
