//! `spinebench report`: a pure function of a run record, printed or rendered again.

use crate::exit::{Exit, Failure};
use crate::runs;
use std::path::{Path, PathBuf};

/// Arguments of `spinebench report`.
#[derive(Debug, clap::Args)]
#[command(after_help = formats())]
pub struct Args {
    /// The run record: its folder, or its name inside --runs as `spinebench runs` lists it; `latest` is the newest.
    #[arg(default_value = "latest")]
    run: PathBuf,
    /// How to render it.
    #[arg(long, value_name = "NAME", default_value = "summary", value_parser = renderer_names())]
    format: String,
    /// Write to this file instead of stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The folder that names are looked up in.
    #[arg(long, value_name = "DIR", default_value = runs::RUNS)]
    runs: PathBuf,
}

fn renderer_names() -> clap::builder::PossibleValuesParser {
    let value = |r: &reports::Renderer| clap::builder::PossibleValue::new(r.name).help(r.help);
    clap::builder::PossibleValuesParser::new(reports::RENDERERS.iter().map(value))
}

fn formats() -> String {
    let rows = reports::RENDERERS.iter().map(|r| format!("  {:<8}  {}\n", r.name, r.help));
    format!(
        "Formats:\n{}\nExamples:\n  spinebench report                            the newest run, as text\n  \
         spinebench report latest --format html --out report.html",
        rows.collect::<String>()
    )
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let folder = find(&args.run, &args.runs)?;
    let measured = run_record::read(&folder).map_err(|e| Failure::new(Exit::BadScenario, e))?;
    let Some(renderer) = reports::RENDERERS.iter().find(|r| r.name == args.format) else {
        return Err(Failure::new(Exit::Usage, format!("no renderer named {:?}", args.format)));
    };
    let mut text = (renderer.render)(&measured);
    let page = folder.join("report.html");
    if renderer.name == "summary" && args.out.is_none() {
        text = reports::summary_at(&measured, &folder);
        text += &match page.is_file() {
            true => format!("Report: {}\n", page.display()),
            false => format!(
                "Report: none beside it; spinebench report {} --format html --out report.html\n",
                args.run.display()
            ),
        };
    }
    crate::out::put(&text, args.out.as_deref())?;
    Ok(Exit::Ok)
}

/// The folder that is meant: as given, or by its name inside `runs`.
pub(crate) fn find(run: &Path, runs: &Path) -> Result<PathBuf, Failure> {
    if run.exists() {
        return Ok(run.to_owned());
    }
    let named = runs.join(run);
    if named.exists() {
        return Ok(named);
    }
    let mut there = crate::runs::names(runs).unwrap_or_default();
    there.sort();
    let newest = there.iter().rev().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
    let allowed = match newest.is_empty() {
        true => format!("a folder that `spinebench run` wrote ({} holds none yet)", runs.display()),
        false => format!("a record's folder, or a name in {}, such as {newest}", runs.display()),
    };
    Err(Failure::new(Exit::BadScenario, format!("{}: no such run record, allowed: {allowed}", run.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_found_by_folder_and_by_name_and_a_wrong_name_tells_the_right_ones() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("20260102T000000Z-smoke")).unwrap();
        let by_name = find(Path::new("20260102T000000Z-smoke"), folder.path()).unwrap();
        assert_eq!(by_name, folder.path().join("20260102T000000Z-smoke"));
        assert_eq!(find(&by_name, Path::new("nowhere")).unwrap(), by_name);
        let failure = find(Path::new("20260102"), folder.path()).expect_err("no such name");
        assert_eq!(failure.exit, Exit::BadScenario);
        assert!(failure.message.contains("such as 20260102T000000Z-smoke"), "{}", failure.message);
        let failure = find(Path::new("x"), &folder.path().join("none")).expect_err("no such folder");
        assert!(failure.message.contains("holds none yet"), "{}", failure.message);
    }
}
