//! Time and memory of the reports of a run that took an hour. Called by the list of comparisons.

use super::{median, row, sample};
use crate::bench::Bench;
use crate::pinned::Pinned;
use crate::table::{Row, Table, Target};
use harness::clock::Clock;
use run_record::{HeatMap, Measured};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A scenario that comes with the product; it touches every interaction of the mix.
const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/smoke.toml");
/// The cost model of the workbook; it comes with the product too.
const MODEL: &str = "cases/hub-today.toml";
/// Length of the stretched record, seconds.
const HOUR_S: u32 = 3_600;
/// The targets.
const S_MAX: f64 = 2.0;
/// See [`S_MAX`].
const MIB_MAX: f64 = 200.0;
const CPU_S: &str = "CPU s";
const WALL_S: &str = "s";
const PEAK: &str = "peak RSS MiB";
/// No report takes so long.
const MOST: Duration = Duration::from_secs(300);

/// Measures.
///
/// # Errors
/// One sentence: there is no record, or a report fails.
pub fn run(bench: &Bench) -> Result<Table, String> {
    let out = bench.scratch.join("report");
    let _ = std::fs::remove_dir_all(&out);
    let record = record(bench, &out)?;
    let (html, priced) = (out.join("report.html"), out.join("cost"));
    let version = crate::install::version_of(&bench.spinebench, "--version");
    let mut rows = [
        row("HTML", &version, "spinebench report HOUR --format html --out report.html".to_owned()),
        row("XLSX", &version, format!("spinebench cost {MODEL} --run HOUR --out DIR")),
    ];
    for _ in 0..bench.rounds {
        let mut report = Command::new(&bench.spinebench);
        report.arg("report").arg(&record).args(["--format", "html", "--out"]).arg(&html);
        one(bench, &mut report, &mut rows[0])?;
        let mut cost = Command::new(&bench.spinebench);
        cost.args(["cost", MODEL, "--run"]).arg(&record).arg("--out").arg(&priced);
        one(bench, &mut cost, &mut rows[1])?;
    }
    for (row, file) in rows.iter_mut().zip([html, priced.join("workbook.xlsx")]) {
        let bytes = std::fs::metadata(&file).map_err(|e| format!("{}: {e}", file.display()))?.len();
        sample(row, "KiB written", bytes as f64 / 1_024.0);
    }
    let _ = std::fs::remove_dir_all(&out);
    let targets = rows
        .iter()
        .map(|r| {
            let (s, mib) = (median(r, WALL_S), median(r, PEAK));
            Target {
                what: format!("{} of an hour in less than {S_MAX} s and {MIB_MAX} MiB", r.who),
                measured: format!("{s:.2} s, {mib:.0} MiB"),
                held: s < S_MAX && mib < MIB_MAX,
            }
        })
        .collect();
    Ok(Table {
        name: "report".to_owned(),
        title: "Reports of a run that took an hour".to_owned(),
        method: format!(
            "The record of a real run of the whole mix, stretched to an hour: the rows of its measured seconds (series, \
             resources, response times by second) come again and again until there are {HOUR_S}, and every count of its \
             histograms is multiplied as often; written and sealed by the product's own writer. Times are of the whole \
             process. XLSX: the workbook, with the report, tables and Monte Carlo draws that the same command makes."
        ),
        against: String::new(),
        rows: rows.into(),
        targets,
    })
}

fn one(bench: &Bench, command: &mut Command, row: &mut Row) -> Result<(), String> {
    let clock = Clock::start();
    let ended = Pinned::start(command, bench.client_core)?.finish(MOST)?;
    let s = clock.now_ns() as f64 / 1e9;
    if !ended.ok {
        return Err(format!("{} failed: {}", row.command, ended.stderr));
    }
    sample(row, CPU_S, ended.cpu_s());
    sample(row, WALL_S, s);
    sample(row, PEAK, ended.rss_bytes_peak() as f64 / f64::from(1 << 20));
    Ok(())
}

/// The folder of the stretched record.
fn record(bench: &Bench, out: &Path) -> Result<PathBuf, String> {
    let mut command = Command::new(&bench.spinebench);
    command.arg("run").arg(SCENARIO).args(["--quiet", "--out"]).arg(out);
    let ended = Pinned::start(&mut command, bench.client_core)?.finish(MOST)?;
    let real = run_record::read(&out.join("latest")).map_err(|e| format!("{e}; {}", ended.stderr))?;
    let hour = if bench.smoke { 60 } else { HOUR_S };
    run_record::write(out, "hour", &stretched(real, hour), &[]).map_err(|e| e.to_string())
}

/// The record as if its measured seconds had come again and again.
fn stretched(mut run: Measured, seconds: u32) -> Measured {
    let measured: Vec<_> = run.series.iter().filter(|row| row.measured).cloned().collect();
    let times = u64::from(seconds) / measured.len().max(1) as u64;
    let first = measured.first().map_or(0, |row| row.second);
    let length = u32::try_from(measured.len()).unwrap_or(1).max(1);
    let total = first + seconds;
    // The second of the real run that stands at this one.
    let source = |second: u32| if second < first { second } else { first + (second - first) % length };
    let series = std::mem::take(&mut run.series);
    let resources = std::mem::take(&mut run.resources);
    let heat = std::mem::replace(&mut run.heat_map, HeatMap::new());
    run.heat_map.bucket_edges_ns = heat.bucket_edges_ns;
    for second in 0..total {
        let from = source(second);
        run.series.extend(series.iter().filter(|r| r.second == from).cloned().map(|mut r| {
            r.second = second;
            r
        }));
        run.resources.extend(resources.iter().filter(|r| r.second == from).cloned().map(|mut r| {
            r.second = second;
            r
        }));
        if let Some(counts) = heat.seconds.iter().position(|s| *s == from).and_then(|i| heat.counts.get(i)) {
            run.heat_map.seconds.push(second);
            run.heat_map.counts.push(counts.clone());
        }
    }
    for named in &mut run.histograms {
        let once = named.histogram.clone();
        for value in once.iter_recorded() {
            let more = value.count_at_value().saturating_mul(times.saturating_sub(1));
            let _ = named.histogram.record_n(value.value_iterated_to(), more);
        }
    }
    for row in &mut run.interactions {
        row.count *= times;
        row.failed *= times;
    }
    let record = &mut run.record;
    for counts in [&mut record.counts, &mut record.counts_all] {
        for n in [
            &mut counts.planned,
            &mut counts.sent,
            &mut counts.dropped,
            &mut counts.answered,
            &mut counts.failed,
        ] {
            *n *= times;
        }
    }
    if let Some(phase) = record.phases.iter_mut().find(|p| p.measured) {
        phase.duration_s = f64::from(seconds);
    }
    record.measured_s = f64::from(seconds);
    // A busy machine makes a run invalid, and nothing is priced by an invalid one; here only the time of writing counts.
    record.validity.valid = true;
    record.validity.reasons.clear();
    run
}
