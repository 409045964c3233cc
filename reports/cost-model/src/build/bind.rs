//! What was measured takes the place of what was assumed, and where the two do not fit, that is said.

use crate::model::{Assumption, Distribution, Provenance};
use crate::{Evidence, Fault, Faults, METRICS, Measurement, Model, Unit};

/// The model with the assumptions that name this run themselves at what it measured; see [`crate::model::From::run`].
///
/// # Errors
/// The run is not valid, a metric is unknown, or its unit is another: all of these at once.
pub fn bind_run(model: Model, run: &str, measurement: &Measurement) -> Result<Model, Faults> {
    let mut faults = Vec::new();
    let model = bind(model, Some(run), measurement, &mut faults);
    if faults.is_empty() { Ok(model) } else { Err(Faults(faults)) }
}

/// The model with every assumption that is bound to the run of the command line at its measured value.
pub(super) fn bound(model: Model, measurement: Option<&Measurement>, faults: &mut Vec<Fault>) -> Model {
    match measurement {
        Some(measurement) => bind(model, None, measurement, faults),
        None => model,
    }
}

fn bind(mut model: Model, run: Option<&str>, measurement: &Measurement, faults: &mut Vec<Fault>) -> Model {
    let mut fault = |line: usize, what: String, problem: String| {
        faults.push(Fault { file: model.origin.clone(), line, what, problem });
    };
    if !measurement.valid {
        let problem = "the run is not valid, allowed: a valid run, or a limit that was confirmed".to_owned();
        fault(0, format!("run {}", measurement.origin), problem);
    }
    for assumption in &mut model.assumptions {
        let Some(from) = assumption.from.as_ref().filter(|from| from.run.as_deref() == run) else { continue };
        let what = format!("assumption.{}.from", assumption.name);
        match measurement.metrics.get(&from.metric) {
            None => {
                let known: Vec<&str> = METRICS.iter().map(|(name, ..)| *name).collect();
                if !known.contains(&from.metric.as_str()) {
                    let allowed = known.join(", ");
                    let problem = format!("unknown metric, got {:?}, allowed: {allowed}", from.metric);
                    fault(assumption.line, what, problem);
                }
                // A metric that this run could not measure leaves the stated fallback; `substituted` says so.
            }
            Some(metric) => match Unit::parse(&metric.unit) {
                Ok(unit) if unit == assumption.unit => take(assumption, metric, measurement),
                _ => fault(
                    assumption.line,
                    what,
                    format!("units differ, got {} from the run, allowed: {}", metric.unit, assumption.unit),
                ),
            },
        }
    }
    model
}

fn take(assumption: &mut Assumption, metric: &crate::Metric, measurement: &Measurement) {
    assumption.value = metric.value;
    assumption.distribution = match metric.seen.len() {
        0 | 1 => None,
        _ => Some(Distribution::Seen(metric.seen.clone())),
    };
    assumption.provenance = Provenance {
        source: format!("{}: {} ({:?})", measurement.origin, metric.how, measurement.scenario),
        url: String::new(),
        accessed: measurement.date.clone(),
        price_base: assumption.provenance.price_base.clone(),
        evidence: Evidence::Measured,
        run_sha256: Some(measurement.sha256.clone()),
    };
}

/// Sentences where what is priced is not what was measured.
pub(super) fn substituted(model: &Model, measurement: Option<&Measurement>) -> Vec<String> {
    let bound: Vec<&Assumption> = model.assumptions.iter().filter(|a| a.from.is_some()).collect();
    let Some(measurement) = measurement else {
        let all_measured = bound.iter().all(|a| a.provenance.evidence == Evidence::Measured);
        return match all_measured && model.benefits.iter().all(|b| !needs_run(b)) {
            true => Vec::new(),
            false => vec![
                "Nothing was measured for this report: no run was given, so what a run would give stands at the fallback \
                 that the model states, and staff time that needs measured waits is not counted."
                    .to_owned(),
            ],
        };
    };
    let mut sentences = Vec::new();
    if let Some(priced) = &model.configuration {
        let mut differs = |what: &str, priced: String, measured: String| {
            sentences.push(format!(
                "Substituted configuration: {what} priced is {priced}, measured was {measured}; what was measured need not hold \
                 for what is priced."
            ));
        };
        if !measurement.cpu.contains(&priced.cpu) {
            differs("the processor", priced.cpu.clone(), measurement.cpu.clone());
        }
        if measurement.cores != priced.cores {
            differs("the number of cores of a node", priced.cores.to_string(), measurement.cores.to_string());
        }
        if measurement.store != priced.store {
            let measured = if measurement.store.is_empty() { "unknown" } else { &measurement.store };
            differs("the store engine", priced.store.clone(), measured.to_owned());
        }
        if measurement.nodes != priced.nodes {
            differs("the number of nodes", priced.nodes.to_string(), measurement.nodes.to_string());
        }
    }
    for assumption in bound.iter().filter(|a| a.provenance.evidence != Evidence::Measured) {
        sentences.push(format!(
            "{:?} could not be taken from the run; it stands at {} {} ({}).",
            assumption.label, assumption.value, assumption.unit_text, assumption.provenance.evidence
        ));
    }
    sentences
}

/// Whether a benefit counts measured waits.
fn needs_run(benefit: &crate::model::Benefit) -> bool {
    matches!(&benefit.kind, crate::model::BenefitKind::StaffTime(staff) if staff.now.is_none())
}
