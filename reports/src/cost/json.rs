//! The whole report as JSON for programs: versioned, every figure with its unit or under a name that tells it. What is no
//! number is null. Pure.

use cost_model::Rule;
use cost_model::appraisal::{OptionNodes, Spread};
use serde_json::{Value, json};

use super::CostResults;
use super::facts::facts;
use super::view::{class, distribution, spending};

/// Version of the format; it rises when a field changes its meaning or goes.
pub const FORMAT_VERSION: u32 = 1;

/// The JSON, indented.
pub fn json(results: &CostResults) -> String {
    let model = results.model();
    let all = json!({
        "format_version": FORMAT_VERSION,
        "model": {
            "id": model.id, "title": model.title, "what": model.what, "limits": model.limits,
            "price_base": model.price_base, "currency": model.currency, "start": model.start,
            "years": results.years(), "baseline": model.baseline, "sunset": model.sunset,
            "discount_rates": model.schedule.id, "price_index": model.deflators.id,
            "discount_factors": results.yearly(results.appraisal.discount.0),
            "discount_factors_low_rate": results.yearly(results.appraisal.discount.1),
            "price_level": results.yearly(results.appraisal.inflation),
        },
        "substituted": results.appraisal.substituted,
        "measurement": measurement(results),
        "options": results.options().iter().map(|of| option(results, of)).collect::<Vec<_>>(),
        "assumptions": assumptions(results),
        "monte_carlo": monte_carlo(results),
        "tornado": tornado(results),
        "switching": switching(results),
        "scenarios": scenarios(results),
        "claims": claims(results),
        "checks": checks(results),
        "qa_log": model.qa_log.iter().map(|row| json!({
            "date": row.date, "who": row.who, "what": row.what, "outcome": row.outcome,
        })).collect::<Vec<_>>(),
        "manifest": {
            "tool": "spinebench", "tool_version": results.tool_version, "command": results.command,
            "made": results.made, "seed": model.seed, "draws": model.draws,
            "inputs": model.inputs.iter().map(|file| json!({
                "name": file.name, "bytes": file.bytes, "sha256": file.sha256,
            })).collect::<Vec<_>>(),
        },
    });
    // These are texts, numbers, lists and maps with texts as keys: none of them fails.
    serde_json::to_string_pretty(&all).unwrap_or_default()
}

fn measurement(results: &CostResults) -> Value {
    results.appraisal.measurement.as_ref().map_or(Value::Null, |m| {
        let metrics = m.metrics.iter().map(|(name, metric)| {
            let of = json!({
                "value": metric.value, "unit": metric.unit, "seen": metric.seen, "how": metric.how,
            });
            (name.clone(), of)
        });
        json!({
            "origin": m.origin, "sha256": m.sha256, "date": m.date, "scenario": m.scenario, "valid": m.valid,
            "cpu": m.cpu, "cores": m.cores, "store": m.store, "nodes": m.nodes, "warnings": m.warnings,
            "metrics": metrics.collect::<serde_json::Map<String, Value>>(),
            "waits": m.waits.iter().map(|wait| json!({
                "interaction": wait.interaction, "share": wait.share, "now_s": by_rule(wait.now_s),
                "before_s": wait.before_s.map(by_rule),
            })).collect::<Vec<_>>(),
        })
    })
}

/// Figures under the names of the three rules, always together.
fn by_rule<T: Into<Value>>(figures: [T; 3]) -> Value {
    let named = Rule::EACH.into_iter().zip(figures).map(|(rule, f)| (rule.words().0.to_owned(), f.into()));
    Value::Object(named.collect())
}

fn option(results: &CostResults, option: &OptionNodes) -> Value {
    let of = results.model().options.iter().find(|of| of.name == option.name);
    let figures: serde_json::Map<String, Value> = facts(results, option)
        .into_iter()
        .map(|fact| (fact.name, json!({ "label": fact.label, "unit": fact.unit, "value": fact.value })))
        .collect();
    let costs = option.costs.iter().map(|nodes| {
        let line = results.cost_line(nodes);
        json!({
            "id": line.id, "label": line.label, "category": line.category, "class": spending(line.spending),
            "bearer": line.bearer, "vat": line.vat, "zero_reason": line.zero_reason, "comment": line.comment,
            "quantity": results.yearly(nodes.quantity), "quantity_in_words": results.words(nodes.quantity),
            "quantity_unit": results.appraisal.graph.node(nodes.quantity).unit.to_string(),
            "unit_price": results.yearly(nodes.unit_price),
            "unit_price_in_words": results.words(nodes.unit_price),
            "unit_price_unit": results.appraisal.graph.node(nodes.unit_price).unit.to_string(),
            "optimism_bias": results.one(nodes.uplift), "real": results.yearly(nodes.cost),
            "nominal_with_vat": results.yearly(nodes.nominal), "present_value": results.one(nodes.present),
        })
    });
    let benefits = option.benefits.iter().map(|nodes| {
        let (id, label) = results.benefit_name(nodes);
        json!({
            "id": id, "label": label, "class": class(nodes.class), "interaction": nodes.interaction,
            "real": results.yearly(nodes.value), "present_value": results.one(nodes.present),
            "real_at_full_unit_cost": nodes.value_full.map(|id| results.yearly(id)),
            "hours_before_realisation": nodes.hours.map(|ids| by_rule(ids.map(|id| results.yearly(id)))),
        })
    });
    json!({
        "name": option.name, "label": option.label, "baseline": option.name == results.baseline().name,
        "kind": of.map(|of| &of.kind), "what": of.map(|of| &of.what), "results": figures,
        "costs": costs.collect::<Vec<_>>(), "benefits": benefits.collect::<Vec<_>>(),
        "yearly": {
            "cost": results.yearly(option.cost), "cost_nominal": results.yearly(option.cost_nominal),
            "vat_nominal": results.yearly(option.vat_nominal), "saving": results.yearly(option.saving),
            "saving_nominal": results.yearly(option.saving_nominal),
            "cash_releasing": results.yearly(option.by_class[0]),
            "not_cash_releasing": results.yearly(option.by_class[1]),
            "society": results.yearly(option.by_class[2]), "net_cash": results.yearly(option.net_cash),
            "net_cash_running": results.yearly(option.net_cash_running),
        },
    })
}

fn assumptions(results: &CostResults) -> Value {
    let all = results.assumptions().map(|(a, nodes)| {
        let from = &a.provenance;
        let by_option = nodes.by_option.iter().filter_map(|(option, given, live)| {
            let name = results.options().get(*option)?.name.clone();
            Some((name, json!({ "value": results.one(*given), "live": results.one(*live) })))
        });
        json!({
            "name": a.name, "label": a.label, "value": a.value, "live": results.one(nodes.live),
            "unit": a.unit_text, "spread": distribution(a.distribution.as_ref()),
            "by_option": by_option.collect::<serde_json::Map<String, Value>>(),
            "evidence": from.evidence.word(), "source": from.source, "url": from.url,
            "accessed": from.accessed, "price_base": from.price_base, "run_sha256": from.run_sha256,
            "owner": a.owner, "signed_off": a.signed_off, "rag": a.rag, "comment": a.comment,
            "sunset": a.sunset,
        })
    });
    Value::Array(all.collect())
}

fn spread(of: &Spread) -> Value {
    json!({
        "mean": of.mean, "p10": of.p10, "p50": of.p50, "p90": of.p90, "above_zero": of.above_zero,
        "quantiles": of.quantiles,
    })
}

fn name(results: &CostResults, option: usize) -> Option<&str> {
    results.options().get(option).map(|option| option.name.as_str())
}

fn assumption(results: &CostResults, at: usize) -> Option<&str> {
    results.model().assumptions.get(at).map(|assumption| assumption.name.as_str())
}

fn monte_carlo(results: &CostResults) -> Value {
    let drawn = results.monte_carlo.options.iter().map(|drawn| {
        let ranks = drawn
            .rank_correlation
            .iter()
            .filter_map(|(at, correlation)| Some((assumption(results, *at)?.to_owned(), json!(correlation))));
        json!({
            "option": name(results, drawn.option), "npsv_cash": spread(&drawn.npsv_cash),
            "npsv_all": spread(&drawn.npsv_all), "whole_life_cost": spread(&drawn.whole_life_cost),
            "hours_per_day_linear": drawn.hours_per_day.as_ref().map(spread),
            "net_cash_running": drawn.net_cash_running.iter().map(spread).collect::<Vec<_>>(),
            "rank_correlation": ranks.collect::<serde_json::Map<String, Value>>(),
        })
    });
    json!({
        "seed": results.monte_carlo.seed, "draws": results.monte_carlo.draws, "optimism_bias": false,
        "options": drawn.collect::<Vec<_>>(),
    })
}

fn tornado(results: &CostResults) -> Value {
    let all = results.tornados.iter().map(|tornado| {
        let bars = tornado.bars.iter().map(|bar| {
            json!({
                "assumption": assumption(results, bar.assumption),
                "input_p10": bar.inputs.0, "input_p90": bar.inputs.1,
                "npsv_cash_at_p10": bar.npsv_cash.0, "npsv_cash_at_p90": bar.npsv_cash.1,
                "npsv_all_at_p10": bar.npsv_all.0, "npsv_all_at_p90": bar.npsv_all.1,
            })
        });
        json!({
            "option": name(results, tornado.option), "central": tornado.central,
            "bars": bars.collect::<Vec<_>>(),
        })
    });
    Value::Array(all.collect())
}

fn switching(results: &CostResults) -> Value {
    let all = results.switching.iter().map(|s| {
        json!({
            "option": name(results, s.option), "assumption": assumption(results, s.assumption),
            "central": s.central, "value": s.value,
        })
    });
    Value::Array(all.collect())
}

fn scenarios(results: &CostResults) -> Value {
    let all = results.scenarios.iter().map(|scenario| {
        let options = scenario.options.iter().enumerate().map(|(at, (npsc, cash, all))| {
            json!({ "option": name(results, at), "npsc": npsc, "npsv_cash": cash, "npsv_all": all })
        });
        json!({
            "name": scenario.name, "label": scenario.label, "options": options.collect::<Vec<_>>(),
        })
    });
    Value::Array(all.collect())
}

fn claims(results: &CostResults) -> Value {
    let all = results.model().claims.iter().map(|(name, claim)| {
        let of = json!({
            "value": claim.value, "low": claim.low, "high": claim.high, "unit": claim.unit,
            "source": claim.provenance.source, "url": claim.provenance.url,
            "accessed": claim.provenance.accessed, "price_base": claim.provenance.price_base,
            "evidence": claim.provenance.evidence.word(),
        });
        (name.clone(), of)
    });
    Value::Object(all.collect())
}

fn checks(results: &CostResults) -> Value {
    let all = results.appraisal.checks.iter().map(|(id, proves)| {
        json!({
            "name": results.appraisal.graph.node(*id).name, "proves": proves,
            "largest": results.farthest(*id), "ok": results.holds(*id),
        })
    });
    Value::Array(all.collect())
}
