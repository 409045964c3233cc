//! `spinebench explain`: what a scenario would send and what that needs, before anything runs. Draws the planned rate, in the
//! terminal and as SVG.

use crate::exit::{Exit, Failure};
use crate::out::tell;
use reports::PlanDrawing;
use rustix::process::{Resource, getrlimit};
use scenarios::Explanation;
use std::path::PathBuf;

/// Arguments of `spinebench explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  spinebench explain scenarios/national-peak.toml\n  \
                        spinebench explain scenarios/national-peak.toml --svg plan.svg\n  \
                        spinebench explain scenarios/national-peak.toml --json")]
pub struct Args {
    /// The scenario file.
    scenario: PathBuf,
    /// Also draw the planned rate over time into this SVG file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print the explanation as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let scenario = scenarios::load(&args.scenario).map_err(|f| Failure::new(Exit::BadScenario, f))?;
    let mut explanation = scenarios::explain(&scenario);
    let limit = getrlimit(Resource::Nofile);
    explanation.needs.push(scenarios::open_files(&explanation.machine, limit.current, limit.maximum));
    if let Some(file) = &args.svg {
        let svg = reports::plan_svg(&drawing(&explanation)).ok_or_else(|| {
            Failure::new(
                Exit::BadScenario,
                format!("{}: nothing is planned, so there is nothing to draw", args.scenario.display()),
            )
        })?;
        std::fs::write(file, svg).map_err(|e| {
            Failure::new(Exit::Unreachable, format!("{}: cannot be written: {e}", file.display()))
        })?;
    }
    let text = match args.json {
        true => serde_json::to_string_pretty(&explanation).map_err(|e| Failure::new(Exit::Bug, e))? + "\n",
        false => explanation.to_string(),
    };
    tell(&text)?;
    Ok(Exit::Ok)
}

fn drawing(explanation: &Explanation) -> PlanDrawing {
    let mut unmeasured = Vec::new();
    let mut at_s = 0.0;
    for p in &explanation.phases {
        if !p.measured {
            unmeasured.push((at_s, at_s + p.duration_s, format!("{}, not measured", p.name)));
        }
        at_s += p.duration_s;
    }
    PlanDrawing {
        unit: explanation.curve.unit.clone(),
        points: explanation.curve.points.clone(),
        unmeasured,
        events: explanation.events.iter().map(|e| (e.at_s, e.text.clone())).collect(),
    }
}
