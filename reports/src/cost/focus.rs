//! The costs as a ledger in the shape of FOCUS 1.2 (FinOps Open Cost and Usage Specification): a forecast of charges as they
//! will be paid, one row a cost line a year, and one more for value-added tax, which FOCUS keeps in charges of its own.
//!
//! Amounts are decimals rounded to pence, so that they add up exactly. Unit prices hold inflation and optimism bias, so that
//! quantity × unit price is the cost, as FOCUS demands; what optimism bias adds stands in `x_OptimismBias`. Nobody has been
//! billed: supplier columns say so. Financial years run from 1 April.

use cost_model::appraisal::{CostNodes, OptionNodes};
use cost_model::model::{CostLine, Spending, Timing};
use rust_decimal::prelude::{Decimal, FromPrimitive, RoundingStrategy};
use serde::Serialize;

use super::CostResults;
use super::tables::{Table, inert};

/// Who sells it, where nobody does yet.
const NO_SUPPLIER: &str = "Forecast, no supplier chosen";

/// A row, its columns named as FOCUS names them; own columns begin with `x_`. Empty is null.
#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Charge {
    billed_cost: String,
    billing_account_id: String,
    billing_account_name: String,
    billing_account_type: &'static str,
    billing_currency: String,
    billing_period_end: String,
    billing_period_start: String,
    charge_category: &'static str,
    charge_class: &'static str,
    charge_description: String,
    charge_frequency: &'static str,
    charge_period_end: String,
    charge_period_start: String,
    consumed_quantity: String,
    consumed_unit: String,
    contracted_cost: String,
    contracted_unit_price: String,
    effective_cost: String,
    invoice_issuer_name: &'static str,
    list_cost: String,
    list_unit_price: String,
    pricing_category: &'static str,
    pricing_quantity: String,
    pricing_unit: String,
    provider_name: &'static str,
    publisher_name: &'static str,
    resource_id: String,
    resource_name: String,
    resource_type: &'static str,
    service_category: &'static str,
    service_name: String,
    sub_account_id: String,
    sub_account_name: String,
    sub_account_type: &'static str,
    tags: String,
    #[serde(rename = "x_Bearer")]
    x_bearer: String,
    #[serde(rename = "x_Category")]
    x_category: String,
    #[serde(rename = "x_Class")]
    x_class: &'static str,
    #[serde(rename = "x_OptimismBias")]
    x_optimism_bias: String,
    #[serde(rename = "x_Option")]
    x_option: String,
    #[serde(rename = "x_Real")]
    x_real: String,
    #[serde(rename = "x_Vat")]
    x_vat: String,
}

/// The ledger of all options.
pub fn focus_csv(results: &CostResults) -> String {
    let mut table = Table::new();
    for option in results.options() {
        for nodes in &option.costs {
            for year in 0..results.model().horizon {
                charges(results, option, nodes, year).into_iter().for_each(|charge| table.row(charge));
            }
        }
    }
    table.end()
}

/// The charges of a line in a year: the cost and its tax; none where nothing is paid.
fn charges(results: &CostResults, option: &OptionNodes, nodes: &CostNodes, year: usize) -> Vec<Charge> {
    let line = results.cost_line(nodes);
    let at = |id| results.yearly(id).get(year).copied().unwrap_or(0.0);
    let (real, paid) = (at(nodes.cost), at(nodes.nominal));
    if real == 0.0 && paid == 0.0 {
        return Vec::new();
    }
    let bias = 1.0 + at(nodes.uplift) * results.one(results.appraisal.switches.optimism_bias);
    let price = at(nodes.unit_price) * bias * at(results.appraisal.inflation);
    let tax = paid - paid / (1.0 + line.vat);
    // Tax is rounded by itself and the cost is what is left, so that the two add up to what is paid.
    let (paid, tax) = (pence(paid), pence(tax));
    let net = match (paid, tax) {
        (Some(paid), Some(tax)) => (paid - tax).to_string(),
        _ => String::new(),
    };
    let text = |amount: Option<Decimal>| amount.map_or(String::new(), |amount| amount.to_string());
    let unit = results.appraisal.graph.node(nodes.quantity).unit.to_string();
    let quantity = number(at(nodes.quantity));
    let used = line.spending == Spending::Opex;
    let cost = Charge {
        charge_category: if used { "Usage" } else { "Purchase" },
        charge_frequency: if repeats(line) { "Recurring" } else { "One-Time" },
        billed_cost: net.clone(),
        contracted_cost: net.clone(),
        effective_cost: net.clone(),
        list_cost: net,
        contracted_unit_price: number(price),
        list_unit_price: number(price),
        pricing_category: "Standard",
        consumed_quantity: if used { quantity.clone() } else { String::new() },
        consumed_unit: if used { inert(&unit) } else { String::new() },
        pricing_quantity: quantity,
        pricing_unit: inert(&unit),
        x_real: text(pence(real)),
        x_optimism_bias: text(pence(real - real / bias)),
        ..shared(results, option, line, year)
    };
    let tax = tax.filter(|tax| !tax.is_zero()).map(|tax| Charge {
        charge_category: "Tax",
        charge_frequency: cost.charge_frequency,
        charge_description: inert(&format!("Value-added tax on: {}", line.label)),
        billed_cost: tax.to_string(),
        contracted_cost: tax.to_string(),
        effective_cost: tax.to_string(),
        list_cost: tax.to_string(),
        x_real: "0.00".to_owned(),
        x_optimism_bias: "0.00".to_owned(),
        ..shared(results, option, line, year)
    });
    [Some(cost), tax].into_iter().flatten().collect()
}

/// What every charge of a line in a year has.
fn shared(results: &CostResults, option: &OptionNodes, line: &CostLine, year: usize) -> Charge {
    let model = results.model();
    let first = model.start as usize + year;
    let (start, end) = (format!("{first}-04-01T00:00:00Z"), format!("{}-04-01T00:00:00Z", first + 1));
    let tags = serde_json::json!({
        "model": model.id, "option": option.name, "line": line.id, "category": line.category, "bearer": line.bearer,
    });
    Charge {
        billing_account_id: inert(&model.id),
        billing_account_name: inert(&model.title),
        billing_account_type: "Cost model",
        billing_currency: inert(&model.currency),
        billing_period_start: start.clone(),
        billing_period_end: end.clone(),
        charge_period_start: start,
        charge_period_end: end,
        charge_description: inert(&line.label),
        invoice_issuer_name: NO_SUPPLIER,
        provider_name: NO_SUPPLIER,
        publisher_name: NO_SUPPLIER,
        resource_id: inert(&format!("{}.{}", option.name, line.id)),
        resource_name: inert(&line.label),
        resource_type: "Cost line",
        service_category: service(&line.category),
        service_name: inert(&line.category),
        sub_account_id: inert(&option.name),
        sub_account_name: inert(&option.label),
        sub_account_type: "Option",
        tags: tags.to_string(),
        x_option: inert(&option.name),
        x_category: inert(&line.category),
        x_class: super::view::spending(line.spending),
        x_bearer: inert(&line.bearer),
        x_vat: number(line.vat),
        ..Charge::default()
    }
}

fn repeats(line: &CostLine) -> bool {
    match &line.timing {
        Timing::Every(_) => true,
        Timing::Span(from, to) => to > from,
        Timing::Years(years) => years.len() > 1,
    }
}

/// The category of FOCUS that is nearest to ours.
fn service(category: &str) -> &'static str {
    match category {
        "hardware" | "hosting" | "energy" => "Compute",
        "network" => "Networking",
        "assurance" => "Security",
        "migration" | "dual-running" | "exit" => "Migration",
        "support" | "service-desk" => "Management and Governance",
        _ => "Other",
    }
}

/// An amount in pence, half a penny away from 0; `None` for what no ledger can hold.
fn pence(amount: f64) -> Option<Decimal> {
    let amount = Decimal::from_f64(amount)?;
    let mut amount = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    amount.rescale(2);
    Some(amount)
}

/// A bare number; empty for what is none.
fn number(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}
