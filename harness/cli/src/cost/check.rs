//! `spinebench cost check`: the linter. Everything that must be mended in a model, all at once, and how much was looked at.

use super::{judged, load};
use crate::exit::{Exit, Failure};
use crate::out::tell;
use cost_model::appraisal::Appraisal;
use cost_model::{Evidence, Fault, Faults};
use reports::units::counted;
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `spinebench cost check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  spinebench cost check reports/cases/hub-today.toml\n  \
                        spinebench cost check my-model.toml --json | jq '.faults[].line'\n\n\
                        It refuses what cannot be read, and what could mislead: a figure without source, date or price base; hours \
                        without attended share and baseline; a measured figure without its run; a mandatory category without a line; \
                        an estimate that carries over 10 % of a result and is not in the tornado; a model past its sunset; staff time \
                        as cash without evidence.\n\nExit codes: 0 nothing to mend, 3 faults")]
pub struct Args {
    /// The model file, or a built-in one such as cases/spine-2015.toml.
    model: PathBuf,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Serialize)]
struct Found {
    model: String,
    faults: Vec<Told>,
    /// How much was looked at; `None` when the model could not be built.
    checked: Option<Checked>,
}

/// A fault as JSON tells it.
#[derive(Serialize)]
struct Told {
    file: String,
    line: usize,
    what: String,
    problem: String,
}

/// How much was looked at.
#[derive(Serialize)]
struct Checked {
    assumptions: usize,
    estimates: usize,
    derived: usize,
    options: usize,
    cost_lines: usize,
    benefits: usize,
    metrics: usize,
    scenarios: usize,
    claims: usize,
    files: usize,
    figures: usize,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let judged = load(&args.model).and_then(|model| judged(model, None));
    let (faults, checked) = match judged {
        Ok((appraisal, _)) => (Vec::new(), Some(Checked::of(&appraisal))),
        Err(faults) => (faults.0, None),
    };
    let exit = if faults.is_empty() { Exit::Ok } else { Exit::BadScenario };
    let found = Found {
        model: args.model.display().to_string(),
        faults: faults.iter().map(Told::of).collect(),
        checked,
    };
    let text = match (args.json, &found.checked) {
        (true, _) => serde_json::to_string_pretty(&found).map_err(|e| Failure::new(Exit::Bug, e))?,
        (false, Some(checked)) => format!("{}: nothing to mend\n{}", found.model, checked.text()),
        (false, None) => {
            let count = counted(faults.len() as u64, "fault", "faults");
            format!("{}\n{}: {count}", Faults(faults), found.model)
        }
    };
    tell(&format!("{text}\n"))?;
    Ok(exit)
}

impl Told {
    fn of(fault: &Fault) -> Told {
        let Fault { file, line, what, problem } = fault.clone();
        Told { file, line, what, problem }
    }
}

impl Checked {
    fn of(appraisal: &Appraisal) -> Checked {
        let model = &appraisal.model;
        let estimates = model.assumptions.iter().filter(|a| a.provenance.evidence == Evidence::Estimate);
        Checked {
            assumptions: model.assumptions.len(),
            estimates: estimates.count(),
            derived: model.derived.len(),
            options: model.options.len(),
            cost_lines: model.costs.len(),
            benefits: model.benefits.len(),
            metrics: model.metrics.len(),
            scenarios: model.scenarios.len(),
            claims: model.claims.len(),
            files: model.inputs.len(),
            figures: appraisal.graph.nodes().len(),
        }
    }

    fn text(&self) -> String {
        let of = |count: usize, one: &str, many: &str| counted(count as u64, one, many);
        format!(
            "Checked: {} ({}), {}, {}, {}, {}, {}, {}, {}; {} read, {} computed with their units.",
            of(self.assumptions, "assumption", "assumptions"),
            of(self.estimates, "an estimate", "estimates"),
            of(self.derived, "derived figure", "derived figures"),
            of(self.options, "option", "options"),
            of(self.cost_lines, "cost line", "cost lines"),
            of(self.benefits, "benefit", "benefits"),
            of(self.metrics, "metric", "metrics"),
            of(self.scenarios, "scenario", "scenarios"),
            of(self.claims, "claim", "claims"),
            of(self.files, "file", "files"),
            of(self.figures, "figure", "figures"),
        )
    }
}
