//! The result for GitHub Actions: annotations at the line of the rule, and the lines of `$GITHUB_OUTPUT`. Pure. The step summary is
//! the markdown, cut to what a step may upload.

use super::result::{BudgetOutcome, GateResult, GateVerdict, Location, MetricVerdict};
use super::words;

/// Annotations of one type that a step may show; GitHub drops what comes after.
const ANNOTATIONS_MAX: usize = 10;
/// Characters of one annotation: GitHub cuts far later, but nobody reads on.
const CHARACTERS_MAX: usize = 2_000;

struct Annotation {
    level: Level,
    title: String,
    message: String,
    at: Option<Location>,
}

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Error,
    Warning,
    Notice,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Notice => "notice",
        }
    }
}

/// The annotations, one command a line: errors, then warnings, then notices, at most ten of each; what would be more is told in
/// the tenth.
pub fn gate_github(result: &GateResult) -> String {
    let result = &result.finite();
    let all = annotations(result);
    let mut lines = String::new();
    for level in [Level::Error, Level::Warning, Level::Notice] {
        let of_level: Vec<&Annotation> = all.iter().filter(|a| a.level == level).collect();
        let shown = if of_level.len() > ANNOTATIONS_MAX { ANNOTATIONS_MAX - 1 } else { of_level.len() };
        of_level[..shown].iter().for_each(|annotation| lines += &command(annotation));
        let rest: Vec<&str> = of_level[shown..].iter().map(|a| a.title.as_str()).collect();
        if !rest.is_empty() {
            let title = format!("{} more", rest.len());
            let message = format!("Also: {}.", rest.join(", "));
            lines += &command(&Annotation { level, title, message, at: None });
        }
    }
    lines
}

/// Lines for `$GITHUB_OUTPUT`: to be appended to that file.
pub fn gate_github_output(result: &GateResult) -> String {
    let metrics = |of: fn(MetricVerdict) -> bool| result.metrics.iter().filter(|m| of(m.verdict)).count();
    let broken = result.budgets.iter().filter(|b| b.verdict == BudgetOutcome::Broken).count();
    format!(
        "verdict={}\nregressed={}\nimproved={}\nopen={}\nover_budget={broken}\nblocks={}\n",
        result.verdict.word(),
        metrics(|v| v == MetricVerdict::Regressed),
        metrics(|v| v == MetricVerdict::Improved),
        metrics(MetricVerdict::is_open),
        result.blocks_used
    )
}

fn annotations(result: &GateResult) -> Vec<Annotation> {
    let mut all = Vec::new();
    let of_gate = |level, message: &String| Annotation {
        level,
        title: format!("Gate: {}", words::headline(result.verdict).to_lowercase()),
        message: message.clone(),
        at: None,
    };
    match result.verdict {
        GateVerdict::Invalid | GateVerdict::Infrastructure => {
            all.extend(result.reasons.iter().map(|reason| of_gate(Level::Error, reason)));
        }
        GateVerdict::Inconclusive => all.extend(result.reasons.iter().map(|r| of_gate(Level::Warning, r))),
        // The metrics and budgets below say it, each at its line.
        GateVerdict::Pass | GateVerdict::Regressed | GateVerdict::OverBudget => {}
    }
    for m in words::by_gravity(result) {
        let level = match m.verdict {
            MetricVerdict::Regressed => Level::Error,
            MetricVerdict::Missing if result.verdict == GateVerdict::Regressed => Level::Error,
            MetricVerdict::Missing => Level::Warning,
            MetricVerdict::InconclusiveNoise
            | MetricVerdict::InconclusiveFewSamples
            | MetricVerdict::InconclusiveBudget
            | MetricVerdict::InconclusiveAdvisory => Level::Warning,
            MetricVerdict::Improved | MetricVerdict::New => Level::Notice,
            MetricVerdict::Unchanged => continue,
        };
        let title = format!("{} {} {}", m.interaction, m.metric, m.verdict.words());
        all.push(Annotation { level, title, message: words::metric_line(m), at: m.rule.clone() });
    }
    for budget in words::budgets_by_gravity(result) {
        let level = match budget.verdict {
            BudgetOutcome::Broken => Level::Error,
            BudgetOutcome::Borderline => Level::Warning,
            BudgetOutcome::Met => continue,
        };
        let title = format!("{} {} {}", budget.interaction, budget.metric, budget.verdict.word());
        all.push(Annotation { level, title, message: words::budget_line(budget), at: budget.rule.clone() });
    }
    all.extend(result.warnings.iter().map(|warning| Annotation {
        level: Level::Warning,
        title: "Gate".to_owned(),
        message: warning.clone(),
        at: None,
    }));
    all
}

/// One workflow command with its line feed; properties in the order in which GitHub's own toolkit writes them.
fn command(annotation: &Annotation) -> String {
    let at = annotation
        .at
        .as_ref()
        .map_or(String::new(), |at| format!(",file={},line={}", property(&at.file), at.line));
    let (word, title) = (annotation.level.word(), property(&cut(&annotation.title)));
    format!("::{word} title={title}{at}::{}\n", data(&cut(&annotation.message)))
}

fn cut(text: &str) -> String {
    match text.chars().count() > CHARACTERS_MAX {
        true => text.chars().take(CHARACTERS_MAX).chain(" …".chars()).collect(),
        false => text.to_owned(),
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
