//! A search for the limit as people read it: the verdict in words, one line a probe, the summary for the terminal. Pure; the
//! page is `html::limit`, the chart `charts::knee`.

use run_record::{LimitRecord, LimitedBy, Measured, ProbeRow, ProbeVerdict};

use crate::units;

/// What broke in a probe: budgets first, then the reasons why it is invalid; empty when nothing did.
pub fn trouble(run: &Measured) -> String {
    let over = run.record.budgets.iter().filter(|b| !b.met).map(|b| {
        let measured = b.measured.map_or("nothing".to_owned(), |m| units::budget_figure(&b.metric, m));
        format!("{} {} {measured}, allowed {}", b.interaction, b.metric, b.limit_text)
    });
    let invalid = run.record.validity.reasons.iter().map(|r| r.trim_end_matches('.').to_owned());
    over.chain(invalid).collect::<Vec<_>>().join("; ")
}

/// The verdict in two words.
pub(crate) fn verdict_word(verdict: ProbeVerdict) -> &'static str {
    match verdict {
        ProbeVerdict::Met => "within budget",
        ProbeVerdict::OverBudget => "over budget",
        ProbeVerdict::GeneratorLate => "generator late",
        ProbeVerdict::Failed => "failed",
    }
}

/// One line for a probe.
pub fn probe_line(row: &ProbeRow) -> String {
    // The first thing is enough here; the table of the page and limit.json have them all.
    let trouble = row.trouble.split("; ").next().filter(|t| !t.is_empty());
    let trouble = trouble.map_or(String::new(), |t| format!("  {t}"));
    format!(
        "{:>3}  {:<8} {:>11}  {:<14}  response p50 {:>7} ms  p99 {:>7} ms{trouble}",
        row.number,
        row.why,
        units::per_s(row.rate_per_s),
        verdict_word(row.verdict),
        units::ms(row.response_p50_ns),
        units::ms(row.response_p99_ns),
    )
}

/// The answer in a few words, and in a sentence.
pub fn limit_verdict(record: &LimitRecord) -> (String, String) {
    let lowest = || units::per_s(record.from_per_s);
    let Some(rate) = record.capacity_per_s else {
        let (word, sentence) = match record.limited_by {
            LimitedBy::BelowRange => (
                format!("Below {}", lowest()),
                format!("Even the lowest rate tried, {}, broke the budgets twice.", lowest()),
            ),
            LimitedBy::NothingValid => (
                "Nothing found".to_owned(),
                "No probe was valid, so nothing is known of the hub; the probes below say why.".to_owned(),
            ),
            _ => (
                "Not settled".to_owned(),
                "The search ended before a rate was confirmed, so there is no capacity to use.".to_owned(),
            ),
        };
        return (word, sentence);
    };
    let carried = format!(
        "{} kept every budget in {} of {} confirmation runs",
        units::per_s(rate),
        record.confirmed,
        record.confirmations
    );
    let above = record
        .probes
        .iter()
        .filter(|p| p.rate_per_s > rate && p.verdict != ProbeVerdict::Met)
        .min_by(|a, b| a.rate_per_s.total_cmp(&b.rate_per_s));
    let next = above.map_or(String::new(), |p| format!(" at {}", units::per_s(p.rate_per_s)));
    let why = match record.limited_by {
        LimitedBy::Generator => format!("{next} the generator was the limit, not the hub"),
        LimitedBy::Failure => format!("{next} runs failed, so the hub's own limit is not known"),
        LimitedBy::Range => " nothing faster was allowed to be tried".to_owned(),
        _ => format!("{next} the budgets broke"),
    };
    let least = if record.at_least { "At least " } else { "" };
    (format!("{least}{}", units::per_s(rate)), format!("{carried};{why}."))
}

/// The summary for the terminal.
pub fn limit_summary(record: &LimitRecord) -> String {
    let (word, sentence) = limit_verdict(record);
    let mut text = format!("{}\n\n{word}: {sentence}\n\n", record.scenario.title);
    if let Some(at) = &record.at_capacity {
        text += &format!(
            "there      achieved {}, response p50 {} ms, p99 {} ms, p99.9 {} ms\n",
            units::per_s(at.achieved_per_s),
            units::ms(at.response_p50_ns),
            units::ms(at.response_p99_ns),
            units::ms(at.response_p99_9_ns)
        );
        if let Some(cores) = cores(at.hub_cores, at.harness_cores) {
            text += &format!("processor  {cores}\n");
        }
    }
    let budgets: Vec<String> =
        record.budgets.iter().map(|b| format!("{} {} {}", b.interaction, b.metric, b.limit_text)).collect();
    text += &format!("budgets    {}\n", budgets.join(", "));
    text += &format!(
        "probes     {}, {} measured each after {} of warm-up\n\n",
        record.probes.len(),
        units::seconds(record.step_s),
        units::seconds(record.warm_up_s)
    );
    for sentence in &record.basis {
        text += &format!("- {sentence}\n");
    }
    text
}

/// Processor of both sides in words; `None` when neither is known.
fn cores(hub: Option<f64>, harness: Option<f64>) -> Option<String> {
    let of = |who: &str, cores: Option<f64>| cores.map(|c| format!("{who} {} cores", units::number(c, 2)));
    let told: Vec<String> = [of("hub", hub), of("harness", harness)].into_iter().flatten().collect();
    (!told.is_empty()).then(|| told.join(", "))
}
