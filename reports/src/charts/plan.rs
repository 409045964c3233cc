//! The plan before anything runs: planned rate (or users) over time, with phases and events. For `spinebench explain --svg`.

use super::axis::Axis;
use super::canvas::{self, BLUE};
use crate::units;

const HEIGHT: i32 = 620;
/// Gaps between the ticks along the bottom that people count in, of any unit of time.
const STEPS: [f64; 12] = [0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0];
/// Ticks along the bottom at most.
const TICKS_MAX: f64 = 13.0;
/// Rows that the names of events take turns in, so that neighbours do not lie on each other.
const ROWS: usize = 4;
/// Opens a picture that stands alone: the page's colours, light and dark, which an SVG inside a page takes from it.
const ALONE: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1200\"";
const STYLE: &str = "<style>svg{color:#1b1f24;background:#fff}\
                     @media(prefers-color-scheme:dark){svg{color:#e7eaee;background:#14181d}}</style>";

/// What is drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlanDrawing {
    /// What the upright axis counts, e.g. `requests a second`.
    pub unit: String,
    /// Seconds since the start, value; in the order of time, with two points at one moment where it jumps.
    pub points: Vec<(f64, f64)>,
    /// Stretches to be shaded as not measured: from, to, name.
    pub unmeasured: Vec<(f64, f64, String)>,
    /// Moments to be marked, with their names.
    pub events: Vec<(f64, String)>,
}

/// The plan as an SVG file of its own; `None` when there is nothing to draw.
pub fn plan_svg(plan: &PlanDrawing) -> Option<String> {
    let end_s = plan.points.last()?.0;
    let most = plan.points.iter().map(|(_, value)| *value).reduce(f64::max)?;
    let (unit, seconds) = match end_s {
        s if s > 4.0 * 3_600.0 => ("hours", 3_600.0),
        s if s > 600.0 => ("minutes", 60.0),
        _ => ("seconds", 1.0),
    };
    let end = end_s / seconds;
    let step = STEPS.into_iter().find(|step| end / step < TICKS_MAX).unwrap_or(end / TICKS_MAX);
    let label = |v: f64| units::number(v, if step < 1.0 { 1 } else { 0 });
    let ticks = (0..=(end / step) as usize).map(|i| (i as f64 * step, label(i as f64 * step))).collect();
    let x = Axis::fixed(&format!("{unit} since the start of the run"), 0.0, end, ticks);
    let rate = |rate: f64| units::number(rate, if rate.fract() == 0.0 || rate >= 10.0 { 0 } else { 1 });
    let y = Axis::even(&plan.unit, 0.0, most, rate);
    let alt = format!("Planned {} over {}: at most {}.", plan.unit, units::seconds(end_s), rate(most));
    let points: Vec<(f64, f64)> = plan.points.iter().map(|(s, value)| (s / seconds, *value)).collect();
    let svg = canvas::draw(&alt, HEIGHT, x, y, |canvas| {
        for (from, to, name) in &plan.unmeasured {
            canvas.span(from / seconds, to / seconds, name)?;
        }
        canvas.under(&points, BLUE)?;
        canvas.line(points.iter().copied(), BLUE, 6)?;
        for (i, (at, name)) in plan.events.iter().enumerate() {
            canvas.moment(at / seconds, name, 1 + i % ROWS)?;
        }
        canvas.legend(&[(&format!("planned {}", plan.unit), BLUE)])
    })?;
    let (head, body) = svg.split_once('>')?;
    Some(format!("{}>{STYLE}{body}", head.replacen("<svg", ALONE, 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> PlanDrawing {
        PlanDrawing {
            unit: "requests a second".into(),
            points: vec![(0.0, 0.0), (10.0, 1_800.0), (70.0, 1_800.0)],
            unmeasured: vec![(0.0, 10.0, "warm-up <1>".into())],
            events: vec![(30.0, "hub-stop 1s".into())],
        }
    }

    #[test]
    fn the_picture_stands_alone_with_labelled_axes_units_phases_and_events() {
        let svg = plan_svg(&plan()).expect("there is something to draw");
        assert!(
            svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1200\" viewBox="),
            "{svg}"
        );
        for word in
            ["requests a second", "seconds since the start", "1,500", "warm-up &lt;1&gt;", "hub-stop 1s"]
        {
            assert!(svg.contains(word), "{word}: {svg}");
        }
        assert!(svg.trim_end().ends_with("</svg>") && svg.contains("prefers-color-scheme:dark"));
    }

    #[test]
    fn long_plans_are_drawn_in_minutes_and_hours() {
        let long = |end_s: f64| plan_svg(&PlanDrawing { points: vec![(0.0, 5.0), (end_s, 5.0)], ..plan() });
        assert!(long(1_200.0).expect("drawn").contains("minutes since"));
        assert!(long(86_400.0).expect("drawn").contains("hours since"));
    }

    #[test]
    fn a_plan_without_points_is_not_drawn() {
        assert_eq!(plan_svg(&PlanDrawing::default()), None);
    }
}
