//! Percentile charts: time over percentile, with the percentiles spread by nines so that the tail is seen.

use hdrhistogram::Histogram;
use plotters::style::RGBColor;
use run_record::{ALL, Kind, Measured, NamedHistogram, find_histogram};

use super::axis::Axis;
use super::canvas::{self, BLUE, COLOURS, GREY, ORANGE};
use crate::units;

/// Nines at the right end: 99.999 %.
const NINES_MAX: f64 = 5.0;
/// Points a nine: a line of 250 points is smooth at any size that is printed.
const POINTS_A_NINE: u32 = 50;
/// Interactions drawn at once: as many as there are colours to tell apart.
const BUSIEST: usize = COLOURS.len();
const HEIGHT: i32 = 800;

struct Line<'a> {
    name: String,
    colour: RGBColor,
    width: u32,
    histogram: &'a Histogram<u64>,
}

/// Response, service and send lag of all requests, with the budgets on all response times.
pub(super) fn of_all(run: &Measured) -> Option<String> {
    let kinds = [
        (Kind::Response, "response", BLUE, 11),
        (Kind::Service, "service", ORANGE, 5),
        (Kind::SendLag, "send lag", GREY, 4),
    ];
    let lines: Vec<Line<'_>> = kinds
        .into_iter()
        .filter_map(|(kind, name, colour, width)| {
            let histogram = find_histogram(&run.histograms, ALL, kind).filter(|h| !h.is_empty())?;
            Some(Line { name: name.to_owned(), colour, width, histogram })
        })
        .collect();
    let limits: Vec<Limit> =
        run.record.budgets.iter().filter(|b| b.interaction == ALL).filter_map(limit).collect();
    draw(&lines, &limits)
}

/// Response times of the busiest interactions.
pub(super) fn of_busiest(run: &Measured) -> Option<String> {
    let mut busiest: Vec<&NamedHistogram> = run
        .histograms
        .iter()
        .filter(|h| h.kind == Kind::Response && h.interaction != ALL && !h.histogram.is_empty())
        .collect();
    busiest.sort_by_key(|h| std::cmp::Reverse(h.histogram.len()));
    let lines: Vec<Line<'_>> = busiest
        .into_iter()
        .take(BUSIEST)
        .zip(COLOURS)
        .map(|(h, colour)| Line { name: h.interaction.clone(), colour, width: 5, histogram: &h.histogram })
        .collect();
    draw(&lines, &[])
}

/// One kind of time of two runs over each other, for one interaction or all.
pub(crate) fn overlaid(a: &Measured, b: &Measured, interaction: &str, kind: Kind) -> Option<String> {
    let lines: Vec<Line<'_>> = [(a, "A", BLUE), (b, "B", ORANGE)]
        .into_iter()
        .filter_map(|(run, name, colour)| {
            let histogram = find_histogram(&run.histograms, interaction, kind).filter(|h| !h.is_empty())?;
            Some(Line { name: format!("{name} {kind}"), colour, width: 5, histogram })
        })
        .collect();
    draw(&lines, &[])
}

struct Limit {
    nines: f64,
    ns: f64,
    text: String,
    met: bool,
}

fn limit(budget: &run_record::BudgetVerdict) -> Option<Limit> {
    let nines = match budget.metric.strip_prefix("response-p")? {
        "50" => nines_of(0.5),
        "90" => 1.0,
        "99" => 2.0,
        "99.9" => 3.0,
        "99.99" => 4.0,
        _ => return None,
    };
    let text = format!("budget {}", budget.limit_text);
    Some(Limit { nines, ns: budget.limit, text, met: budget.met })
}

fn draw(lines: &[Line<'_>], limits: &[Limit]) -> Option<String> {
    let points: Vec<Vec<(f64, u64)>> = lines.iter().map(|line| points(line.histogram)).collect();
    let times = points.iter().flatten().map(|(_, ns)| (*ns).max(1_000));
    let y = Axis::log_ms(times.chain(limits.iter().map(|limit| limit.ns as u64)))?;
    let ticks = [
        (0.0, "0 %"),
        (nines_of(0.5), "50 %"),
        (1.0, "90 %"),
        (2.0, "99 %"),
        (3.0, "99.9 %"),
        (4.0, "99.99 %"),
        (5.0, "99.999 %"),
    ];
    let ticks = ticks.into_iter().map(|(nines, label)| (nines, label.to_owned())).collect();
    let x = Axis::fixed("percentile of requests", 0.0, NINES_MAX, ticks);
    canvas::draw(&alt(lines), HEIGHT, x, y, |canvas| {
        for (line, points) in lines.iter().zip(&points) {
            canvas.line(points.iter().map(|(nines, ns)| (*nines, *ns as f64)), line.colour, line.width)?;
        }
        for limit in limits {
            canvas.limit(limit.nines, limit.ns, &limit.text, limit.met)?;
        }
        let legend: Vec<(&str, RGBColor)> =
            lines.iter().map(|line| (line.name.as_str(), line.colour)).collect();
        canvas.legend(&legend)
    })
}

fn nines_of(quantile: f64) -> f64 {
    -(1.0 - quantile).log10()
}

/// Percentile points up to where one sample is the whole tail.
fn points(histogram: &Histogram<u64>) -> Vec<(f64, u64)> {
    let last = (histogram.len() as f64).log10().min(NINES_MAX);
    let steps = 0..=(NINES_MAX as u32 * POINTS_A_NINE);
    steps
        .map(|step| f64::from(step) / f64::from(POINTS_A_NINE))
        .take_while(|nines| *nines <= last)
        .map(|nines| (nines, histogram.value_at_quantile(1.0 - 10f64.powf(-nines))))
        .collect()
}

fn alt(lines: &[Line<'_>]) -> String {
    let told = lines.iter().map(|line| {
        let at = |q: f64| units::ms(line.histogram.value_at_quantile(q));
        format!("{}: {} ms at 50 %, {} ms at 99 %, {} ms at 99.9 %", line.name, at(0.5), at(0.99), at(0.999))
    });
    format!("Line chart of time over percentile. {}.", told.collect::<Vec<_>>().join("; "))
}
