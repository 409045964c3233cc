//! What the workbook rests on: the log of checks, every source with what it is used for, and the manifest of files, run and
//! program. Words only; no figure is computed here.

use cost_model::model::Provenance;
use rust_xlsxwriter::Format;

use super::page::{Done, Page};
use super::{Book, said};

const HEAD_ROW: u32 = 3;

/// A table of words: headings with widths, rows.
fn table(
    page: &mut Page<'_>,
    book: &Book<'_>,
    heads: &[(&str, f64)],
    rows: &[Vec<String>],
    none: &str,
) -> Done {
    let styles = &book.styles;
    page.heads(HEAD_ROW, 0, &heads.iter().map(|(head, _)| *head).collect::<Vec<_>>(), &styles.head)?;
    page.widths(&heads.iter().map(|(_, width)| *width).collect::<Vec<_>>())?;
    if rows.is_empty() {
        page.text(HEAD_ROW + 1, 0, none, &styles.note)?;
    }
    for (row, texts) in (HEAD_ROW + 1..).zip(rows) {
        for ((column, text), (head, _)) in (0..).zip(texts).zip(heads) {
            match *head {
                "Address" => page.address(row, column, text, styles)?,
                _ => page.text(row, column, text, &styles.text)?,
            }
        }
        let sized: Vec<(&str, usize)> =
            texts.iter().map(String::as_str).zip(heads.iter().map(|(_, width)| *width as usize)).collect();
        page.fit(row, &sized)?;
    }
    page.print(book.title(), &book.made_line(), Some((HEAD_ROW, HEAD_ROW)), 0)
}

/// Writes the log of checks.
pub(super) fn qa_log(page: &mut Page<'_>, book: &Book<'_>) -> Done {
    let what = "What was checked, by whom, with what outcome, as the model file records it. An empty log means that nobody has checked this model.";
    book.title_of(page, "QA log", what)?;
    let log = &book.results.appraisal.model.qa_log;
    let rows: Vec<Vec<String>> = log
        .iter()
        .map(|entry| [&entry.date, &entry.who, &entry.what, &entry.outcome].map(String::clone).to_vec())
        .collect();
    let heads = [("Date", 12.0), ("Who", 24.0), ("What was checked", 70.0), ("Outcome", 70.0)];
    table(page, book, &heads, &rows, "No check is recorded.")
}

/// A source with what rests on it.
struct SourceRow {
    source: String,
    url: String,
    accessed: String,
    evidence: &'static str,
    used_for: Vec<String>,
}

/// All sources in the order of first use.
fn all_sources(book: &Book<'_>) -> Vec<SourceRow> {
    let model = &book.results.appraisal.model;
    let mut rows: Vec<SourceRow> = Vec::new();
    let mut add = |source: &str, url: &str, accessed: &str, evidence: &'static str, used_for: String| {
        let same = |row: &&mut SourceRow| row.source == source && row.url == url && row.accessed == accessed;
        match rows.iter_mut().find(same) {
            Some(row) => row.used_for.push(used_for),
            None => rows.push(SourceRow {
                source: source.to_owned(),
                url: url.to_owned(),
                accessed: accessed.to_owned(),
                evidence,
                used_for: vec![used_for],
            }),
        }
    };
    let mut known = |from: &Provenance, used_for: String| {
        add(&from.source, &from.url, &from.accessed, from.evidence.word(), used_for);
    };
    for assumption in &model.assumptions {
        known(&assumption.provenance, assumption.label.clone());
    }
    for (name, claim) in &model.claims {
        known(&claim.provenance, format!("Claim, for comparison only: {}", name.replace('_', " ")));
    }
    let published = cost_model::Evidence::Published.word();
    add(&model.schedule.source, "", "", published, format!("Discount rates, vintage {}", model.schedule.id));
    add(&model.deflators.source, "", "", published, format!("GDP deflators, {}", model.deflators.id));
    for (class, bias) in &model.optimism_bias.classes {
        if model.costs.iter().any(|line| line.ob_class.as_ref() == Some(class)) {
            add(&bias.source, "", "", published, format!("Optimism bias, {}", class.replace('_', " ")));
        }
    }
    for row in model.baseline_times.rows.values() {
        let used_for = format!("Time before, {}", row.interaction);
        add(&row.legacy_source, "", "", row.legacy_evidence.word(), used_for);
    }
    rows
}

/// Writes the sources.
pub(super) fn sources(page: &mut Page<'_>, book: &Book<'_>) -> Done {
    book.title_of(page, "Sources", "Every source, with the figures that rest on it.")?;
    let rows: Vec<Vec<String>> = all_sources(book)
        .into_iter()
        .map(|row| vec![row.source, row.url, row.accessed, row.evidence.to_owned(), row.used_for.join("; ")])
        .collect();
    let heads =
        [("Source", 60.0), ("Address", 46.0), ("Accessed", 12.0), ("Evidence", 12.0), ("Used for", 66.0)];
    table(page, book, &heads, &rows, "No source is stated.")
}

/// Writes the manifest.
pub(super) fn manifest(page: &mut Page<'_>, book: &Book<'_>) -> Done {
    let what = "With these files, this run and this program the same command makes this workbook again, byte for byte.";
    book.title_of(page, "Manifest", what)?;
    page.widths(&[34.0, 72.0, 72.0, 14.0])?;
    let mut row = HEAD_ROW;
    for (heading, lines) in [("Program", program(book)), ("Run", run(book))] {
        page.text(row, 0, heading, &book.styles.heading)?;
        for (key, value) in lines {
            row += 1;
            page.text(row, 0, key, &book.styles.text)?;
            page.text(row, 1, &value, &book.styles.text)?;
            page.fit(row, &[(&value, 72)])?;
        }
        row += 2;
    }
    files(page, book, row)?;
    page.print(book.title(), &book.made_line(), None, 0)
}

fn program(book: &Book<'_>) -> Vec<(&'static str, String)> {
    let (results, model) = (book.results, &book.results.appraisal.model);
    vec![
        ("Program", format!("spinebench {}", results.tool_version)),
        ("Command", results.command.clone()),
        ("Made", results.made.clone()),
        ("Model", format!("{} ({})", model.id, model.origin)),
        ("Review before use after", model.sunset.clone()),
        ("Seed of the draws", results.monte_carlo.seed.to_string()),
        ("Draws", said::number(results.monte_carlo.draws as f64)),
        ("Discount rates", model.schedule.id.clone()),
        ("Deflators", model.deflators.id.clone()),
    ]
}

fn run(book: &Book<'_>) -> Vec<(&'static str, String)> {
    let Some(measured) = &book.results.appraisal.measurement else {
        return vec![("Run", "none: nothing was measured for this workbook".to_owned())];
    };
    let store = if measured.store.is_empty() { "unknown" } else { &measured.store };
    let mut lines = vec![
        ("Run record", measured.origin.clone()),
        ("SHA-256 of the record", measured.sha256.clone()),
        ("Measured on", measured.date.clone()),
        ("Scenario", measured.scenario.clone()),
        ("Machine", format!("{}, {} cores, {} hub nodes", measured.cpu, measured.cores, measured.nodes)),
        ("Store", store.to_owned()),
    ];
    lines.extend(measured.warnings.iter().map(|warning| ("Warning", warning.clone())));
    lines
}

fn files(page: &mut Page<'_>, book: &Book<'_>, row: u32) -> Done {
    let styles = &book.styles;
    page.text(row, 0, "Files", &styles.heading)?;
    page.heads(row + 1, 0, &["", "File", "SHA-256"], &styles.head)?;
    page.heads(row + 1, 3, &["Bytes"], &styles.head_right)?;
    let bytes: Format = styles.figure("#,##0");
    for (at, (row, file)) in (row + 2..).zip(&book.results.appraisal.model.inputs).enumerate() {
        page.text(row, 0, if at == 0 { "The model" } else { "Data" }, &styles.text)?;
        page.text(row, 1, &file.name, &styles.text)?;
        page.text(row, 2, &file.sha256, &styles.text)?;
        page.number(row, 3, file.bytes as f64, &bytes)?;
    }
    Ok(())
}
