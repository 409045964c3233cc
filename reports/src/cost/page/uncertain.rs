//! How sure the answer is: the draws, what moves it, where it would change, named scenarios.

use super::CostResults;
use super::cells::{percent, small, whole};
use crate::cost::charts;
use crate::cost::view::with_unit;
use crate::html::escape;
use crate::html::parts::Column::{self, Figures, Words};
use crate::html::parts::{figure, none, table_raw, tag};
use crate::units;

/// The two cases side by side, and the fan of each option.
pub(super) fn draws(results: &CostResults) -> String {
    let mc = &results.monte_carlo;
    let mut html = tag(
        "p",
        &format!(
            "Two answers to the same doubt, and they must not be added. The deterministic case takes every assumption at its \
             central value and raises costs by optimism bias. The Monte Carlo case draws every uncertain assumption from its \
             range, {} times with seed {}, and raises nothing. The same draws serve all options.",
            units::whole(mc.draws as u64),
            mc.seed
        ),
    );
    let rows: Vec<Vec<String>> = mc
        .options
        .iter()
        .filter_map(|drawn| {
            let option = results.options().get(drawn.option)?;
            let cash = &drawn.npsv_cash;
            Some(vec![
                escape(&option.label),
                whole(results.one(option.npsv_cash)),
                whole(cash.mean),
                whole(cash.p10),
                whole(cash.p50),
                whole(cash.p90),
                percent(cash.above_zero),
            ])
        })
        .collect();
    let columns = [
        Words("option"),
        Figures("deterministic, with optimism bias"),
        Figures("draws: mean"),
        Figures("draws: 10th percentile"),
        Figures("draws: median"),
        Figures("draws: 90th percentile"),
        Figures("draws above 0"),
    ];
    let caption = format!("NPSV on cash alone in {}, {}", results.model().currency, results.prices());
    html += &table_raw(&caption, &columns, &rows, none);
    for (at, option) in results.others() {
        if let Some(svg) = charts::fan(results, at) {
            let note = "Running sum of discounted net cash at the end of each year. Where a line crosses 0, the option has paid back.";
            html += &figure(&format!("fan-{at}"), &option.label, note, &svg);
        }
    }
    html + &whole_life(results)
}

fn whole_life(results: &CostResults) -> String {
    let mut rows = Vec::new();
    for drawn in &results.monte_carlo.options {
        let label = escape(results.option_label(drawn.option));
        let spreads = [
            (Some(&drawn.whole_life_cost), "whole-life cost"),
            (Some(&drawn.npsv_all), "NPSV with all classes, never a headline"),
            (drawn.hours_per_day.as_ref(), "staff hours a day, every second alike"),
        ];
        for (spread, what) in spreads {
            let Some(spread) = spread else { continue };
            let figures = [spread.mean, spread.p10, spread.p50, spread.p90].map(whole);
            rows.push([vec![label.clone(), what.to_owned()], figures.to_vec()].concat());
        }
    }
    let columns = [
        Words("option"),
        Words("result"),
        Figures("mean"),
        Figures("10th percentile"),
        Figures("median"),
        Figures("90th percentile"),
    ];
    table_raw("Other results of the draws, without optimism bias", &columns, &rows, none)
}

/// Each option's tornado with its table, rank correlations beside.
pub(super) fn tornado(results: &CostResults) -> String {
    let mut html = tag(
        "p",
        "Each assumption alone goes to its 10th and to its 90th percentile while all others stay central, with optimism bias. The \
         rank correlation beside comes from the draws, where all vary at once: near 1 or −1 the assumption decides the result.",
    );
    for tornado in &results.tornados {
        let (at, label) = (tornado.option, results.option_label(tornado.option));
        if let Some(svg) = charts::tornado(results, at) {
            let shown = tornado.bars.len().min(charts::BARS_MAX);
            let note = format!(
                "NPSV on cash alone. The widest {} of {}; all of them stand in the workbook and in the JSON.",
                units::whole(shown as u64),
                units::counted(
                    tornado.bars.len() as u64,
                    "assumption that moves it",
                    "assumptions that move it"
                )
            );
            html += &figure(&format!("tornado-{at}"), label, &note, &svg);
        }
        let drawn = results.monte_carlo.options.iter().find(|drawn| drawn.option == at);
        let rank = |assumption: usize| {
            let found = drawn?.rank_correlation.iter().find(|(at, _)| *at == assumption)?;
            Some(units::number(found.1, 2).replace('-', "\u{2212}"))
        };
        let rows: Vec<Vec<String>> = tornado
            .bars
            .iter()
            .take(charts::BARS_MAX)
            .filter_map(|bar| {
                let assumption = results.model().assumptions.get(bar.assumption)?;
                let (low, high) = bar.inputs;
                let range =
                    format!("{} to {}", units::significant(low), with_unit(high, &assumption.unit_text));
                Some(vec![
                    format!("{}{}", escape(&assumption.label), small(&range)),
                    whole(bar.npsv_cash.0),
                    whole(bar.npsv_cash.1),
                    whole(bar.npsv_all.0),
                    whole(bar.npsv_all.1),
                    rank(bar.assumption).unwrap_or_else(|| "-".to_owned()),
                ])
            })
            .collect();
        let columns = [
            Words("assumption, 10th to 90th percentile"),
            Figures("cash NPSV at the 10th"),
            Figures("cash NPSV at the 90th"),
            Figures("all classes at the 10th"),
            Figures("all classes at the 90th"),
            Figures("rank correlation"),
        ];
        let caption = format!("{label}: NPSV in {} by assumption", results.model().currency);
        html += &table_raw(&caption, &columns, &rows, none);
    }
    html
}

/// Switching values of each option.
pub(super) fn switching(results: &CostResults) -> String {
    let mut html = tag(
        "p",
        "The value of one assumption at which the NPSV on cash alone is 0, all others central, with optimism bias. Beyond it the \
         answer changes its sign. Sought from a hundredth to a hundred times the central value.",
    );
    for (at, option) in results.others() {
        let rows: Vec<Vec<String>> = results
            .switching
            .iter()
            .filter(|switching| switching.option == at)
            .filter_map(|switching| {
                let assumption = results.model().assumptions.get(switching.assumption)?;
                let change = switching.value.filter(|_| switching.central != 0.0).map(|value| {
                    let times = value / switching.central;
                    format!("{} times", units::significant(times))
                });
                Some(vec![
                    escape(&assumption.label),
                    escape(&with_unit(switching.central, &assumption.unit_text)),
                    switching.value.map_or("none in this range".to_owned(), |value| {
                        escape(&with_unit(value, &assumption.unit_text))
                    }),
                    change.unwrap_or_else(|| "-".to_owned()),
                ])
            })
            .collect();
        if !rows.is_empty() {
            let columns = [
                Words("assumption"),
                Figures("central value"),
                Figures("switching value"),
                Figures("of the central value"),
            ];
            html += &table_raw(&option.label, &columns, &rows, none);
        }
    }
    html
}

/// Results of each scenario, an option a group of columns, and what each scenario changes.
pub(super) fn scenarios(results: &CostResults) -> String {
    let model = results.model();
    let changes = |name: &str| {
        let Some(scenario) = model.scenarios.iter().find(|s| s.name == name) else { return String::new() };
        let label = |name: &str| {
            let found = model.assumptions.iter().find(|a| a.name == name);
            found.map_or(name.to_owned(), |a| a.label.clone())
        };
        let set = scenario.set.iter().map(|(n, v)| format!("{}: {}", label(n), units::significant(*v)));
        let scale =
            scenario.scale.iter().map(|(n, f)| format!("{}: times {}", label(n), units::significant(*f)));
        let bias = scenario.ob_upper.then(|| "optimism bias at its upper bound, unmitigated".to_owned());
        set.chain(scale).chain(bias).collect::<Vec<_>>().join("; ")
    };
    let mut html = String::new();
    for (at, option) in results.others() {
        let rows: Vec<Vec<String>> = results
            .scenarios
            .iter()
            .filter_map(|scenario| {
                let (npsc, cash, all) = scenario.options.get(at)?;
                let name = format!("{}{}", escape(&scenario.label), small(&changes(&scenario.name)));
                Some(vec![name, whole(*npsc), whole(*cash), whole(*all)])
            })
            .collect();
        let columns: [Column<'_>; 4] = [
            Words("scenario"),
            Figures("present value of costs"),
            Figures("NPSV on cash alone"),
            Figures("with all classes, never a headline"),
        ];
        let caption = format!("{}: scenarios in {}, {}", option.label, model.currency, results.prices());
        html += &table_raw(&caption, &columns, &rows, none);
    }
    html
}
