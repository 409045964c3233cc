//! The product as a generator: its own command with a scenario written for the occasion, everything recorded and checked as
//! always. Called by the comparisons.

use super::{Ask, CONNECTIONS, Found, Load, Outcome, Reported, run, write};
use crate::bench::Bench;
use crate::install;
use run_record::{ALL, Kind, find_histogram};

/// How many connections there may be when all wait: what arrives in a freeze of a second must find one.
const CONNECTIONS_MAX: u32 = 10_000;

/// A numbered GET, so that the server's log tells which request of the plan it saw.
const NUMBERED: &str = "method = \"GET\"\npath = \"/n/{{seq}}\"\n[expect]\nstatus = 200\n";
/// The small GET that all generators send at saturation.
const PLAIN: &str = "method = \"GET\"\npath = \"/\"\n[expect]\nstatus = 200\n";

/// The product's program.
///
/// # Errors
/// A sentence: its scenario's folder cannot be made.
pub fn find(bench: &Bench) -> Result<Found, String> {
    let version = install::version_of(&bench.spinebench, "--version");
    let folder = bench.scratch.join("interactions");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    write(folder.join("numbered.toml"), NUMBERED)?;
    write(folder.join("plain.toml"), PLAIN)?;
    Ok(Found { program: bench.spinebench.clone(), version, file: Some(bench.scratch.join("generator.toml")) })
}

/// The scenario for what is asked.
pub fn scenario(ask: &Ask) -> String {
    let Ask { target, seconds, load } = ask;
    let (interaction, model, rate) = match load {
        // As fast as it goes, so it may fill its core.
        Load::Saturate => {
            ("plain", "model = \"closed\"\n[validity]\nharness-cpu = \"100%\"".to_owned(), String::new())
        }
        Load::Rate(rate) | Load::Corrected(rate) => {
            ("numbered", format!("connections-max = {CONNECTIONS_MAX}"), format!("rate = \"{rate}/s\"\n"))
        }
    };
    format!(
        "title = \"Side by side\"\nmix = {{ {interaction} = 1 }}\n[target]\nurl = \"http://{target}\"\n[load]\n\
         connections = {CONNECTIONS}\n{model}\n[[phase]]\nname = \"load\"\nduration = \"{seconds}s\"\n{rate}"
    )
}

/// The words for it.
pub fn words(found: &Found, bench: &Bench) -> Vec<String> {
    let file = found.file.as_ref().map(|f| f.display().to_string()).unwrap_or_default();
    let out = bench.scratch.join("runs").display().to_string();
    ["run".to_owned(), file, "--quiet".to_owned(), "--out".to_owned(), out].to_vec()
}

/// Measures once.
///
/// # Errors
/// A sentence: it fails, or leaves no record.
pub fn measure(bench: &Bench, found: &Found, ask: &Ask) -> Result<Outcome, String> {
    let file = write(found.file.clone().unwrap_or_default(), &scenario(ask))?;
    let ended = run(bench, &found.program, &words(found, bench), ask.seconds)?;
    let runs = bench.scratch.join("runs");
    let read = run_record::read(&runs.join("latest"));
    let measured = read.map_err(|e| format!("no record was left: {e}; {}", ended.stderr))?;
    let _ = std::fs::remove_dir_all(&runs);
    let planned_ns = match (ask.load, measured.record.harness.plan_start_monotonic_ns) {
        (Load::Saturate, _) | (_, None) => None,
        (_, Some(start_ns)) => {
            let scenario = scenarios::load(&file).map_err(|e| e.to_string())?;
            Some(harness::run::plan_of(&scenario).map(|a| start_ns + a.planned_ns).collect())
        }
    };
    let response = find_histogram(&measured.histograms, ALL, Kind::Response);
    let at = |q: f64| response.as_ref().map(|h| h.value_at_quantile(q) as f64 / 1e6);
    Ok(Outcome { ended, reported: Reported { p50_ms: at(0.5), p99_ms: at(0.99) }, planned_ns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_products_scenarios_for_every_load_are_scenarios() {
        let folder = tempfile::tempdir().expect("a folder");
        let interactions = folder.path().join("interactions");
        std::fs::create_dir(&interactions).expect("made");
        std::fs::write(interactions.join("numbered.toml"), NUMBERED).expect("written");
        std::fs::write(interactions.join("plain.toml"), PLAIN).expect("written");
        let target = "127.0.0.1:1".parse().expect("an address");
        for load in [Load::Saturate, Load::Rate(1_800)] {
            let file = folder.path().join("generator.toml");
            std::fs::write(&file, scenario(&Ask { target, seconds: 2, load })).expect("written");
            assert!(scenarios::load(&file).is_ok_and(|s| s.load.connections == CONNECTIONS));
        }
    }
}
