//! Which runs a model stands on: the one of the command line, and those that its assumptions name themselves. Reads records
//! and binds; what is taken from them `reports::cost` decides.

use super::slow::slow;
use super::{Run, bad};
use crate::exit::{Exit, Failure};
use crate::report::find;
use cost_model::{Measurement, Model, bind_run};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The model with the assumptions that name runs of their own bound to these, and what the run of the command line gives.
pub fn bound(mut model: Model, run: &Run) -> Result<(Model, Option<Measurement>), Failure> {
    let own: BTreeSet<String> =
        model.assumptions.iter().filter_map(|a| a.from.as_ref()?.run.clone()).collect();
    for named in own {
        let beside = Path::new(&model.origin).parent().unwrap_or(Path::new("")).join(&named);
        let path = if beside.exists() { beside } else { PathBuf::from(&named) };
        let measurement = measurement(&path, &run.runs)?;
        model = bind_run(model, &named, &measurement).map_err(bad)?;
    }
    let measurement = run.record.as_deref().map(|record| measurement(record, &run.runs)).transpose()?;
    Ok((model, measurement))
}

/// What a run record, or the folder of a search for the limit, gives.
fn measurement(run: &Path, runs: &Path) -> Result<Measurement, Failure> {
    let folder = resolved(find(run, runs)?);
    slow("reading the run record", || read(&folder))
}

/// The folder that a link such as `latest` leads to: what is written down must still be the same run next week.
fn resolved(folder: PathBuf) -> PathBuf {
    match std::fs::read_link(&folder) {
        Ok(target) => folder.parent().unwrap_or(Path::new("")).join(target),
        Err(_) => folder,
    }
}

fn read(folder: &Path) -> Result<Measurement, Failure> {
    let broken = |e: run_record::RecordError| Failure::new(Exit::BadScenario, e);
    let invalid = |sentence: String| Failure::new(Exit::Invalid, sentence);
    let origin = folder.display().to_string();
    if !folder.join(run_record::LIMIT_FILE).exists() {
        let run = run_record::read(folder).map_err(broken)?;
        return reports::cost::measurement(&origin, &run).map_err(invalid);
    }
    let limit = run_record::read_limit(folder).map_err(broken)?;
    let sha256 = run_record::limit_sha256(folder).map_err(broken)?;
    let there =
        reports::cost::confirming(&limit).map(|probe| folder.join(&probe.folder)).filter(|p| p.exists());
    let confirmations: Result<Vec<_>, _> = there.map(|path| run_record::read(&path)).collect();
    reports::cost::limit_measurement(&origin, &sha256, &limit, &confirmations.map_err(broken)?)
        .map_err(invalid)
}
