//! Staff hours of a run: hands the run's histograms and the model's baseline to the cost model and keeps the sentences
//! that must go with the result. Pure; never invents a baseline.

use cost_model::{HoursRow, Model};
use run_record::{Hours, HoursLine, Kind, Measured, MixRef, find_histogram};

use crate::units;

/// Hours a day against the model's baseline. A row of the mix is counted when it is attended, was measured, and has a
/// legacy time, from the baseline file or else from the mix itself. `None` when nothing can be counted,
/// or the model lacks what hours need.
pub fn hours_per_day(model: &Model, run: &Measured) -> Option<Hours> {
    let of = model.staff_hours().ok()?;
    let baselines: Vec<(&MixRef, f64, String)> =
        run.record.mix.iter().filter(|row| row.attended).filter_map(|row| baseline_of(model, row)).collect();
    let rows: Vec<HoursRow<'_>> = baselines
        .iter()
        .filter_map(|(row, baseline_ms, source)| {
            Some(HoursRow {
                interaction: &row.interaction,
                share: row.share_stated,
                attended: 1.0,
                baseline_ms: *baseline_ms,
                baseline_source: source,
                measured: find_histogram(&run.histograms, &row.interaction, Kind::Response)?,
            })
        })
        .collect();
    let hours = cost_model::hours_per_day(&of, &rows);
    if hours.lines.is_empty() {
        return None;
    }
    let mut basis = vec![covered(run, hours.share_covered, hours.messages_per_day)];
    basis.extend(model.basis());
    Some(Hours {
        linear: hours.linear,
        above_1s: hours.above_1s,
        tapered: hours.tapered,
        case: model.title.clone(),
        messages_per_day: hours.messages_per_day,
        share_covered: hours.share_covered,
        lines: hours.lines.into_iter().map(line).collect(),
        basis,
    })
}

fn baseline_of<'a>(model: &Model, row: &'a MixRef) -> Option<(&'a MixRef, f64, String)> {
    match model.baseline_times.row(&row.interaction) {
        Some(base) => {
            Some((row, base.legacy_ms, format!("{}: {}", base.legacy_evidence, base.legacy_source)))
        }
        None => row.legacy_ms.map(|ms| (row, ms, format!("as the mix states it: {}", row.source))),
    }
}

fn covered(run: &Measured, share: f64, messages_per_day: f64) -> String {
    let left_out: f64 = run.record.not_replayed.iter().map(|row| row.share).sum();
    format!(
        "The hours cover the attended interactions that were replayed, {} of {} messages a day at their stated shares; \
         the {} of the mix that is not yet replayed contributes nothing.",
        units::percent(share, 1),
        units::number(messages_per_day, 0),
        units::percent(left_out, 1),
    )
}

fn line(line: cost_model::HoursLine) -> HoursLine {
    let cost_model::HoursLine {
        interaction,
        messages_per_day,
        baseline_ms,
        measured_mean_ms,
        linear,
        above_1s,
        tapered,
        source,
    } = line;
    HoursLine {
        interaction,
        messages_per_day,
        baseline_ms,
        measured_mean_ms,
        linear,
        above_1s,
        tapered,
        source,
    }
}
