//! Two runs side by side, for people: what moved, by how much, and what one run can know of it. Pure; refuses before it computes.
//! Called by `spinebench compare`. It decides nothing: two runs of one build differ as well, and only `spinebench ab` tells.

mod intervals;
mod markdown;
mod rows;
mod text;

use std::fmt;

use run_record::{Host, Measured, RunRecord};

use crate::units;

pub use markdown::compare_markdown;
pub use rows::{CompareRow, Difference};
pub use text::compare_text;
pub(crate) use text::{change_text, figure, within_text};

/// What goes with every comparison.
pub(crate) const CAVEAT: &str = "The intervals are 95 %, take the requests of a run as independent, and know only what happened within each run. They do not hold run-to-run variance: two runs of \
                                 one build often differ by more. For a decision use `spinebench ab`, which repeats both builds in random order.";

/// Two runs of the same thing, and what became of each figure.
#[derive(Debug, Clone)]
pub struct Comparison<'a> {
    /// The first run: what the changes are relative to.
    pub a: &'a Measured,
    /// The second.
    pub b: &'a Measured,
    /// What the first is called.
    pub name_a: String,
    /// What the second is called.
    pub name_b: String,
    /// One row for each interaction and metric that both have, `all` first.
    pub rows: Vec<CompareRow>,
    /// What a reader must know before the figures, in sentences.
    pub warnings: Vec<String>,
}

/// Why two runs are not comparable: every difference, with both values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotComparable {
    /// What the first is called.
    pub name_a: String,
    /// What the second is called.
    pub name_b: String,
    /// What differs, its value in the first, its value in the second.
    pub differences: Vec<(&'static str, String, String)>,
}

impl fmt::Display for NotComparable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and {} are not comparable:", self.name_a, self.name_b)?;
        for (what, a, b) in &self.differences {
            write!(f, "\n  {what}: got {a:?} and {b:?}, allowed the same in both")?;
        }
        Ok(())
    }
}

impl std::error::Error for NotComparable {}

/// Sets two runs side by side.
///
/// # Errors
/// They are not of the same scenario, target, machine class, model or format; all differences at once.
pub fn compare<'a>(
    (name_a, a): (&str, &'a Measured),
    (name_b, b): (&str, &'a Measured),
) -> Result<Comparison<'a>, NotComparable> {
    let differences = differences(&a.record, &b.record);
    let (name_a, name_b) = (name_a.to_owned(), name_b.to_owned());
    if !differences.is_empty() {
        return Err(NotComparable { name_a, name_b, differences });
    }
    let warnings = warnings((&name_a, &a.record), (&name_b, &b.record));
    Ok(Comparison { a, b, rows: rows::rows(a, b), warnings, name_a, name_b })
}

/// What two runs differ in though they must not, with both values; empty when their figures may stand beside each other.
pub fn differences(a: &RunRecord, b: &RunRecord) -> Vec<(&'static str, String, String)> {
    let pairs = what_must_agree(a).into_iter().zip(what_must_agree(b));
    pairs.filter(|((_, a), (_, b))| a != b).map(|((what, a), (_, b))| (what, a, b)).collect()
}

/// What all that depends on the machine is called among the differences.
pub(crate) const MACHINE: &str = "machine class";

/// Beginnings of changes that do not alter what is asked: which build of the hub answers, and the seed, are what runs of one
/// scenario may differ in.
const SAME_QUESTION: [&str; 2] = ["the hub is ", "with seed "];

/// What two runs must have in common before their figures may stand beside each other.
pub(crate) fn what_must_agree(record: &RunRecord) -> Vec<(&'static str, String)> {
    let changes = record.scenario.changes.iter().map(String::as_str);
    let changes: Vec<&str> =
        changes.filter(|change| !SAME_QUESTION.iter().any(|s| change.starts_with(s))).collect();
    let changes = if changes.is_empty() { "none".to_owned() } else { changes.join("; ") };
    vec![
        ("format version", record.format_version.to_string()),
        ("scenario", record.scenario.sha256.clone()),
        ("changes to the scenario", changes),
        ("model", record.model.clone()),
        ("kind of target", record.target.kind.clone()),
        (
            "store",
            record.hub.as_ref().and_then(|hub| hub.store.clone()).unwrap_or_else(|| "not known".to_owned()),
        ),
        (MACHINE, machine_class(&record.host)),
    ]
}

/// The class of a machine: what a response time depends on before anything else does. Memory counts in whole GiB and a kernel by its
/// first two numbers, because smaller differences come with every reboot.
pub(crate) fn machine_class(host: &Host) -> String {
    let kernel: Vec<&str> = host.kernel.split(['.', '-']).take(2).collect();
    let gib = (host.memory_bytes as f64 / f64::from(1u32 << 30)).round();
    let cores = units::counted(u64::from(host.cores), "core", "cores");
    format!("{}, {cores}, {gib:.0} GiB, kernel {}", host.cpu, kernel.join("."))
}

fn warnings((name_a, a): (&str, &RunRecord), (name_b, b): (&str, &RunRecord)) -> Vec<String> {
    let mut warnings = Vec::new();
    for (name, record) in [(name_a, a), (name_b, b)] {
        if !record.validity.valid {
            let why = record.validity.reasons.join(" ");
            warnings.push(format!("{name} is an invalid run, so its figures must not be used: {why}"));
        }
        if record.interrupted {
            warnings.push(format!("{name} was stopped before its plan ended."));
        }
    }
    let pairs = [
        ("seed", a.seed.to_string(), b.seed.to_string()),
        ("version of spinebench", a.tool.version.clone(), b.tool.version.clone()),
        ("build profile", a.tool.profile.clone(), b.tool.profile.clone()),
        ("operating system", a.host.os.clone(), b.host.os.clone()),
        ("connections", a.connections.to_string(), b.connections.to_string()),
    ];
    for (what, of_a, of_b) in pairs.into_iter().filter(|(_, a, b)| a != b) {
        warnings.push(format!("The two differ in {what}: {of_a} and {of_b}."));
    }
    warnings
}
