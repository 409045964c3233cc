//! Recorded traffic, `arrivals = "trace"`: reads `[load.trace]`, has the whole file checked, and makes of it what a scenario
//! needs: the interactions, their shares, and how long it lasts. Called by `read_scenario` and `read_load`. The rows
//! themselves go to nobody from here: `TraceReader` reads them again while they are replayed.

mod check;
mod input;
mod reader;
mod row;

pub(crate) use input::Progress;
pub use reader::{TraceReader, TraceRow};

use crate::credentials::Credentials;
use crate::document::{Item, Log, Section, Source};
use crate::fault::{Fault, list};
use crate::interaction::Interaction;
use crate::library::Library;
use crate::mix::{self, Mix, MixRow};
use crate::read_interaction;
use crate::scenario::{Arrivals, Model, Phase, Piece, Rate, TraceRef};
use crate::units::duration_text;
use check::Checked;
use population::Population;
use std::cell::OnceCell;
use std::ops::RangeInclusive;
use std::time::Duration;

/// How many times faster or slower than recorded: beyond these a slip of the pen is likelier than a wish.
const SPEEDS: RangeInclusive<f64> = 0.001..=100_000.0;
/// Longest replay: a year, as long as any duration in a scenario.
const REPLAY_MAX: Duration = Duration::from_secs(366 * 86_400);
/// Name of the phase of a trace without phases.
const PHASE_DEFAULT: &str = "trace";

/// Reports a trace where none belongs, and its absence where one does.
pub(crate) fn check_load(load: &Section<'_>, model: Model, arrivals: Arrivals, log: &Log) {
    let form = "trace = { file = \"traces/monday.csv\" }";
    match (arrivals == Arrivals::Trace, load.get("trace")) {
        (true, None) => log.push(load.fault("trace", "is missing").allowed(form)),
        (false, Some(item)) => {
            log.push(item.fault("a trace is one way of arriving").allowed("arrivals = \"trace\" beside it"));
        }
        _ => {}
    }
    let pace = match model {
        Model::Open => return,
        Model::Users => "users set their own pace: a trace is for the open model",
        Model::Closed => "the answers set the pace: a trace is for the open model",
    };
    if let (Arrivals::Trace, Some(item)) = (arrivals, load.get("arrivals")) {
        item.refuse(pace, "model = \"open\"");
    }
}

/// An interaction of the scenario by name; `None` when it has faults, which the log then says.
pub(crate) type Named = (String, Option<Interaction>);

/// What a trace is checked with.
pub(crate) struct Around<'a> {
    pub library: &'a Library,
    /// Credentials that interactions may name.
    pub credentials: &'a Credentials,
    pub population: Option<Population>,
    pub progress: Option<Progress<'a>>,
    pub log: &'a Log,
}

/// Reads `[load.trace]` and its file. `mix` and `interactions` are those of the mix, if the scenario has one; they become
/// those of the trace.
pub(crate) fn read(
    item: &Item<'_>,
    mix: &mut Mix,
    interactions: &mut Vec<Named>,
    around: &Around<'_>,
) -> Option<TraceRef> {
    let section = item.section()?;
    let file = section.need("file", "a path from the scenario").and_then(|i| Some((i.text()?, i)));
    let speed = section.get("speed").map_or(Some(1.0), |i| speed(&i));
    section.finish();
    let ((path, file), log) = (file?, around.log);
    let Some((opened, bytes, on_disk)) = around.library.open(path) else {
        file.refuse("file not found", "a path from the scenario to a CSV file");
        return None;
    };
    let shown = on_disk.display().to_string();
    let opened =
        opened.map_err(|e| log.push(Fault::new(&shown, 1, "", format!("cannot be opened: {e}")))).ok()?;
    let operations = OnceCell::new();
    let mut resolve = |name: &str| resolve(name, interactions, around, &operations);
    let population = around.population?;
    let input = (opened, bytes);
    let checked = check::check(&shown, input, &population, &mut resolve, around.progress, log)?;
    around.library.add_used(path, checked.digest);
    let speed = speed?;
    if checked.last_ns as f64 / speed > REPLAY_MAX.as_nanos() as f64 {
        let recorded = duration_text(Duration::from_nanos(checked.last_ns));
        log.push(file.fault("a replay of more than a year").got(recorded).allowed("a higher speed"));
    }
    Some(assemble(checked, on_disk, speed, mix, interactions))
}

fn speed(item: &Item<'_>) -> Option<f64> {
    let written = match item.value().as_str() {
        Some(text) => text.trim().strip_suffix('x').and_then(crate::units::decimal),
        None => item.number(),
    };
    let found = written.filter(|speed| SPEEDS.contains(speed));
    if found.is_none() {
        let (least, most) = (SPEEDS.start(), SPEEDS.end());
        item.refuse("not a speed", format!("e.g. \"2x\" or 2.0, {least} to {most}"));
    }
    found
}

/// Operation and interaction of all that there are and that name an operation; by interaction.
type Operations = Vec<(String, String)>;

/// The interaction that a name of a trace means: the one of that name, or one that the hub counts under it.
fn resolve(
    name: &str,
    interactions: &mut Vec<Named>,
    around: &Around<'_>,
    operations: &OnceCell<Operations>,
) -> Result<usize, Box<Fault>> {
    let at = |interactions: &[Named], name: &str| interactions.iter().position(|(n, _)| n == name);
    if let Some(id) = at(interactions, name) {
        return Ok(id);
    }
    let library = around.library;
    let file_of = |name: &str| crate::variable::word(name).map(|n| format!("interactions/{n}.toml"));
    let mut chosen = name.to_owned();
    if file_of(name).and_then(|path| library.peek(&path)).is_none() {
        let counted = |named: &&Named| named.1.as_ref().is_some_and(|i| i.operation == name);
        if let Some((first, _)) = interactions.iter().filter(counted).min_by(|a, b| a.0.cmp(&b.0)) {
            return at(interactions, first).ok_or_else(|| unknown(name, library));
        }
        let mut of_all = operations.get_or_init(|| operations_of(library)).iter();
        let counted = of_all.find(|(operation, _)| operation == name);
        chosen = counted.map(|(_, n)| n.clone()).ok_or_else(|| unknown(name, library))?;
        // Another name for one that is there already.
        if let Some(id) = at(interactions, &chosen) {
            return Ok(id);
        }
    }
    let path = file_of(&chosen).ok_or_else(|| unknown(name, library))?;
    let found = library.find(&path, around.log).ok_or_else(|| unknown(name, library))?;
    let read = read_interaction::read(&chosen, &found, library, around.credentials, around.log);
    interactions.push((chosen, read));
    Ok(interactions.len() - 1)
}

fn unknown(name: &str, library: &Library) -> Box<Fault> {
    let fault = Fault::new("", 1, "interaction", "neither an interaction nor an operation of one")
        .got(row::shown(name.as_bytes()))
        .allowed(list(library.interactions()));
    fault.into()
}

/// What the files of all interactions say of their operations.
fn operations_of(library: &Library) -> Operations {
    let quiet = Log::default();
    let of = |name: String| {
        let found = library.peek(&format!("interactions/{name}.toml"))?;
        let source = Source { file: &found.file, text: &found.text, log: &quiet };
        let table = source.parse()?;
        let operation = Section::root(source, &table).get("operation");
        Some((operation?.value().as_str()?.to_owned(), name))
    };
    library.interactions().into_iter().filter_map(of).collect()
}

/// Makes mix and interactions those that the trace asks for.
fn assemble(
    checked: Checked,
    path: std::path::PathBuf,
    speed: f64,
    mix: &mut Mix,
    interactions: &mut Vec<Named>,
) -> TraceRef {
    let mut rows_of = vec![0_u64; interactions.len()];
    for (_, id, rows) in &checked.names {
        rows_of[*id] += rows;
    }
    // What the mix names and the trace never asks leaves; the others close up.
    let mut new_ids = Vec::with_capacity(rows_of.len());
    let mut counts = Vec::new();
    for rows in &rows_of {
        new_ids.push(counts.len());
        if *rows > 0 {
            counts.push(*rows);
        }
    }
    let mut rows = Vec::new();
    for (old, count) in rows_of.iter().enumerate().filter(|(_, count)| **count > 0) {
        let share = *count as f64 / checked.rows as f64;
        let lent = mix.rows.iter().find(|row| row.interaction == old).cloned();
        let lent = lent.unwrap_or_else(|| MixRow { source: "the trace".into(), ..mix::blank() });
        rows.push(MixRow { interaction: new_ids[old], share, share_stated: share, ..lent });
    }
    *mix = Mix { rows, not_replayed: Vec::new() };
    let mut used = rows_of.iter();
    interactions.retain(|_| used.next().is_some_and(|rows| *rows > 0));
    TraceRef {
        path,
        speed,
        rows: checked.rows,
        last_ns: checked.last_ns,
        counts,
        names: checked.names.into_iter().map(|(name, id, _)| (name, new_ids[id])).collect(),
    }
}

/// Fits the phases to the trace: without any there is one that is measured and as long as the trace; a last one without a
/// length takes the rest. Gives back the first that begins when the trace has ended.
pub(crate) fn fit_phases(phases: &mut Vec<Phase>, trace: &TraceRef) -> Option<String> {
    // A phase ends before its last instant: the last row needs one more nanosecond, in whole milliseconds to be read well.
    let last_ms = (trace.last_ns as f64 / trace.speed / 1e6).floor() as u64;
    let whole = Duration::from_millis(last_ms + 1);
    if phases.is_empty() {
        phases.push(Phase {
            name: PHASE_DEFAULT.into(),
            duration: Duration::ZERO,
            pieces: Vec::new(),
            lapse: 1.0,
            shape: String::new(),
            measured: true,
        });
    }
    let before: Duration = phases.iter().rev().skip(1).map(|p| p.duration).sum();
    if let Some(last) = phases.last_mut().filter(|p| p.duration.is_zero()) {
        last.duration = whole.saturating_sub(before);
        let rate = Rate { from_per_s: 0.0, to_per_s: 0.0 };
        last.pieces = vec![Piece { duration: last.duration, rate }];
    }
    for phase in &mut *phases {
        if phase.shape.is_empty() {
            phase.shape = format!("{}, {}x", trace.path.display(), trace.speed);
        }
    }
    let mut begins = Duration::ZERO;
    let late = phases.iter().find(|phase| {
        let is_late = begins >= whole;
        begins += phase.duration;
        is_late
    });
    late.map(|phase| phase.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(name: &str, seconds: u64) -> Phase {
        let (duration, shape) = (Duration::from_secs(seconds), String::new());
        Phase { name: name.into(), duration, pieces: Vec::new(), lapse: 1.0, shape, measured: true }
    }

    #[test]
    fn a_last_phase_without_a_length_takes_the_rest_of_the_trace() {
        let trace = TraceRef {
            path: "t.csv".into(),
            speed: 2.0,
            rows: 2,
            last_ns: 20_000_000_000,
            counts: vec![2],
            names: Vec::new(),
        };
        let mut phases = vec![phase("warm-up", 4), phase("rest", 0)];
        assert_eq!(fit_phases(&mut phases, &trace), None);
        assert_eq!(phases[1].duration, Duration::from_millis(6_001), "20 s at 2x, 4 of which are gone");
        assert_eq!(phases[1].pieces[0].duration, phases[1].duration);
        let mut late = vec![phase("warm-up", 11), phase("rest", 0)];
        assert_eq!(fit_phases(&mut late, &trace).as_deref(), Some("rest"));
        let mut none = Vec::new();
        assert_eq!(fit_phases(&mut none, &trace), None);
        assert_eq!((none.len(), none[0].duration), (1, Duration::from_millis(10_001)));
    }
}
