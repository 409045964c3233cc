//! The answer, an option at a time. Cash and what releases none stand in boxes of their own and are never added up here.

use cost_model::appraisal::{DrawnOption, OptionNodes};
use cost_model::model::BenefitKind;

use super::CostResults;
use super::cells::{few, percent};
use crate::cost::view::DAYS_PER_YEAR;
use crate::html::escape;
use crate::html::parts::tag;
use crate::units;

/// One box of figures: its name, figure, note.
type Tile = (&'static str, String, String);

/// Every option that is compared, with its boxes.
pub(super) fn headline(results: &CostResults) -> String {
    let baseline = results.baseline();
    let mut html = tag(
        "p",
        &format!(
            "Against {:?}, which would cost {} over {} ({}). Money that is really released and time that is only freed are \
             shown apart, because they must not be added: freed time pays no bill.",
            baseline.label,
            results.money(results.one(baseline.whole_life_cost)),
            results.horizon(),
            results.prices()
        ),
    );
    for (at, option) in results.others() {
        let what = results.model().options.get(at).map_or("", |of| &of.what);
        html += &format!(
            "<div class=\"option\">\n<h3>{}</h3>\n<p>{}</p>\n{}{}</div>\n",
            escape(&option.label),
            escape(what),
            boxes("Cash", "cash", &cash(results, at, option)),
            boxes("Not cash, counted apart", "apart", &apart(results, option)),
        );
    }
    html
}

fn boxes(name: &str, class: &str, tiles: &[Tile]) -> String {
    let tiles: String = tiles
        .iter()
        .map(|(name, figure, note)| {
            format!(
                "<div class=\"{class}\"><dt>{}</dt><dd><strong>{}</strong><small>{}</small></dd></div>\n",
                escape(name),
                escape(figure),
                escape(note)
            )
        })
        .collect();
    format!("<h4>{name}</h4>\n<dl class=\"tiles\">\n{tiles}</dl>\n")
}

fn cash(results: &CostResults, at: usize, option: &OptionNodes) -> Vec<Tile> {
    let money = |id| results.money(results.one(id));
    let drawn = results.monte_carlo.options.iter().find(|drawn| drawn.option == at);
    let mut tiles = vec![(
        "Net present value on cash alone",
        money(option.npsv_cash),
        format!(
            "costs saved and cash released, with optimism bias, discounted at {}; at 3.0 %: {}",
            rate(results),
            money(option.npsv_cash_low_rate)
        ),
    )];
    tiles.extend(drawn.map(|drawn| range(results, drawn)));
    let baseline = money(results.baseline().whole_life_cost);
    let note = format!("undiscounted, {}, with optimism bias; the baseline: {baseline}", results.prices());
    tiles.push(("Whole-life cost", money(option.whole_life_cost), note));
    tiles.push(("Pays back", results.payback(option), "discounted, by the central case".to_owned()));
    tiles
}

fn apart(results: &CostResults, option: &OptionNodes) -> Vec<Tile> {
    let money = |id| results.money(results.one(id));
    let name = &option.name;
    let staff_time =
        results.model().benefits.iter().any(|benefit| {
            benefit.options.contains(name) && matches!(benefit.kind, BenefitKind::StaffTime(_))
        });
    let note = match staff_time && option.hours.is_none() {
        true => "staff time is not counted: it needs the waits of a run",
        false => "has a price, but releases no cash (nCRB)",
    };
    let mut tiles = vec![("Time and the like, present value", money(option.pv_by_class[1]), note.to_owned())];
    if let Some(hours) = results.hours_per_year(option) {
        let a_day: Vec<String> = hours.iter().map(|(_, hours)| few(hours / DAYS_PER_YEAR)).collect();
        let rules: Vec<&str> = hours.iter().map(|(rule, _)| rule.words().1).collect();
        tiles.push((
            "Staff hours a day, by three rules",
            a_day.join(" / "),
            format!("{}; before what share is put to use, over 365 days", rules.join(" / ")),
        ));
    }
    if results.one(option.pv_by_class[2]) != 0.0 {
        let note = "falls to patients and the public, not to the payer (SB)".to_owned();
        tiles.push(("To society, present value", money(option.pv_by_class[2]), note));
    }
    tiles
}

fn range(results: &CostResults, drawn: &DrawnOption) -> Tile {
    let spread = &drawn.npsv_cash;
    (
        "Range of the draws",
        format!("{} to {}", results.money(spread.p10), results.money(spread.p90)),
        format!(
            "10th to 90th percentile, without optimism bias; above 0 in {} of {} draws",
            percent(spread.above_zero),
            units::whole(results.monte_carlo.draws as u64)
        ),
    )
}

/// The discount rate of the first years.
fn rate(results: &CostResults) -> String {
    results.model().schedule.bands.first().map_or("no rate".to_owned(), |(_, rate)| units::percent(*rate, 1))
}
