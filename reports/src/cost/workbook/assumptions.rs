//! The sheet of assumptions: a row for each with its input, its live figure, its value in each scenario, and all that is
//! known of where it comes from. Rates and price indices stand under the table.

use std::collections::HashSet;

use cost_model::NodeId;
use cost_model::appraisal::{Appraisal, Sheet};
use cost_model::model::Assumption;

use super::figures::{self, WIDTHS};
use super::layout::{FIRST_ROW, HEAD_ROW, LIVE, SCENARIO, VALUE, YEAR_ROW};
use super::page::{Done, Page, told};
use super::style::number_format;
use super::{Book, said};

/// What is known of an assumption: heading, width in characters.
const KNOWN: [(&str, f64); 10] = [
    ("Price base", 11.0),
    ("Evidence", 11.0),
    ("RAG", 8.0),
    ("Owner", 16.0),
    ("Signed off", 16.0),
    ("Source", 48.0),
    ("Address", 36.0),
    ("Accessed", 12.0),
    ("Look again after", 12.0),
    ("Comment", 52.0),
];
const SOURCE: usize = 5;
const ADDRESS: usize = 6;
const COMMENT: usize = 9;
/// Width of the columns of figures.
const FIGURE_WIDTH: f64 = 15.0;

/// One row of the table.
struct Row<'a> {
    assumption: &'a Assumption,
    /// Label of the option whose value it is; empty for all options.
    option: &'a str,
    given: NodeId,
    live: NodeId,
    by_scenario: &'a [(usize, NodeId)],
}

/// Writes the sheet.
pub(super) fn write(page: &mut Page<'_>, book: &Book<'_>) -> Done {
    let (appraisal, styles) = (&book.results.appraisal, &book.styles);
    let scenarios = &appraisal.model.scenarios;
    heads(page, book)?;
    let mut row = FIRST_ROW;
    for (assumption, nodes) in appraisal.model.assumptions.iter().zip(&appraisal.assumptions) {
        let own = Row {
            assumption,
            option: "",
            given: nodes.given,
            live: nodes.live,
            by_scenario: &nodes.by_scenario,
        };
        write_row(page, book, row, &own)?;
        row += 1;
        for (option, given, live) in &nodes.by_option {
            let option = &appraisal.options[*option].label;
            write_row(
                page,
                book,
                row,
                &Row { assumption, option, given: *given, live: *live, by_scenario: &[] },
            )?;
            row += 1;
        }
    }
    let wanted = figures::wanted(book);
    for block in book.layout.blocks(Sheet::Assumptions) {
        if block.figures.iter().any(|id| appraisal.graph.node(*id).yearly) {
            for year in 0..book.years() {
                page.text(block.row, LIVE + year as u16, &book.year(year), &styles.heading)?;
            }
        }
        figures::write_block(page, book, block, &wanted)?;
    }
    let mut widths = WIDTHS.to_vec();
    widths.extend(std::iter::repeat_n(FIGURE_WIDTH, 1 + scenarios.len()));
    widths.extend(KNOWN.iter().map(|(_, width)| *width));
    page.widths(&widths)?;
    page.print(book.title(), &book.made_line(), Some((HEAD_ROW, YEAR_ROW)), 1)?;
    // Two pages beside each other: what it is, and where it comes from.
    page.sheet.set_print_fit_to_pages(2, 0).set_repeat_columns(0, 0).map_err(told).map(drop)
}

fn heads(page: &mut Page<'_>, book: &Book<'_>) -> Done {
    let styles = &book.styles;
    let scenarios = &book.results.appraisal.model.scenarios;
    page.heads(HEAD_ROW, 0, &["Assumption", "Name in formulas", "Unit", "How it may vary"], &styles.head)?;
    let base = format!("Live, in prices of {}", book.results.appraisal.model.price_base);
    page.heads(HEAD_ROW, VALUE, &["Value as given", &base], &styles.head_right)?;
    page.heads(YEAR_ROW, 0, &["", "", "", "", "change here", "follows"], &styles.head_right)?;
    let mut labels = 1;
    for (column, scenario) in (SCENARIO..).zip(scenarios) {
        let number = column - SCENARIO + 1;
        page.text(
            HEAD_ROW,
            column,
            &format!("In scenario {number}: {}", scenario.label),
            &styles.head_right,
        )?;
        page.text(YEAR_ROW, column, "× is a factor", &styles.head_right)?;
        labels = labels.max(2 + scenario.label.chars().count() / FIGURE_WIDTH as usize);
    }
    page.height(HEAD_ROW, labels.max(2))?;
    let first = SCENARIO + scenarios.len() as u16;
    for (column, (head, _)) in (first..).zip(KNOWN) {
        page.text(HEAD_ROW, column, head, &styles.head)?;
        page.text(YEAR_ROW, column, "", &styles.head)?;
    }
    Ok(())
}

fn write_row(page: &mut Page<'_>, book: &Book<'_>, row: u32, of: &Row<'_>) -> Done {
    let (appraisal, styles) = (&book.results.appraisal, &book.styles);
    let assumption = of.assumption;
    let label = match of.option {
        "" => assumption.label.clone(),
        option => format!("{} – in {option}", assumption.label),
    };
    let how = match of.option {
        "" => said::distribution(assumption.distribution.as_ref()),
        _ => "stated for this option".to_owned(),
    };
    page.text(row, 0, &label, &styles.text)?;
    page.text(row, 1, book.layout.name(of.live), &styles.quiet)?;
    page.text(row, 2, &assumption.unit_text, &styles.quiet)?;
    page.text(row, 3, &how, &styles.quiet)?;
    figures::write_values(page, book, of.given, false)?;
    match of.live == of.given {
        false => figures::write_values(page, book, of.live, false)?,
        true => {
            let value = appraisal.values.one(of.given);
            let format = styles.figure(number_format(book.kind(of.given), &[value]));
            page.formula(row, LIVE, book.layout.name(of.given), value, &format)?;
        }
    }
    for (_, input) in of.by_scenario {
        write_scenario(page, book, *input)?;
    }
    write_known(page, book, row, assumption, &label, &how)
}

/// The cell of an assumption in a scenario: its value, or a factor that shows as such.
fn write_scenario(page: &mut Page<'_>, book: &Book<'_>, input: NodeId) -> Done {
    let appraisal = &book.results.appraisal;
    if !book.factors.contains(&input) {
        return figures::write_values(page, book, input, false);
    }
    let spot = book.layout.spot(input);
    page.number(spot.row, spot.column, appraisal.values.one(input), &book.styles.input(r#""× "General"#))
}

fn write_known(
    page: &mut Page<'_>,
    book: &Book<'_>,
    row: u32,
    of: &Assumption,
    label: &str,
    how: &str,
) -> Done {
    let styles = &book.styles;
    let first = SCENARIO + book.results.appraisal.model.scenarios.len() as u16;
    let from = &of.provenance;
    let source = match &from.run_sha256 {
        Some(hash) => format!("{}; run record {hash}", from.source),
        None => from.source.clone(),
    };
    let known = [
        from.price_base.as_str(),
        from.evidence.word(),
        &of.rag,
        &of.owner,
        &of.signed_off,
        &source,
        &from.url,
        &from.accessed,
        &of.sunset,
        &of.comment,
    ];
    for (at, (column, text)) in (first..).zip(known).enumerate() {
        match at {
            ADDRESS => page.address(row, column, text, styles)?,
            _ => page.text(row, column, text, &styles.text)?,
        }
    }
    let width = |at: usize| KNOWN[at].1 as usize;
    let long = [(source.as_str(), width(SOURCE)), (&from.url, width(ADDRESS)), (&of.comment, width(COMMENT))];
    let short = [(label, WIDTHS[0] as usize), (how, WIDTHS[3] as usize)];
    page.fit(row, &[&long[..], &short[..]].concat())
}

/// Figures that are shares by the unit that the model gives them, and inputs that are factors of a scenario.
pub(super) fn shares_and_factors(appraisal: &Appraisal) -> [HashSet<NodeId>; 2] {
    let mut shares = HashSet::new();
    let mut factors = HashSet::new();
    for (assumption, nodes) in appraisal.model.assumptions.iter().zip(&appraisal.assumptions) {
        let scaled = |number: &usize| {
            let scenario = &appraisal.model.scenarios[number - 1];
            !scenario.set.iter().any(|(name, _)| *name == assumption.name)
        };
        factors.extend(nodes.by_scenario.iter().filter(|(number, _)| scaled(number)).map(|(_, id)| *id));
        // Weights that are stated as 50 of 100 are no per cent.
        if SHARES.contains(&assumption.unit_text.as_str()) && assumption.value.abs() <= 1.0 {
            shares.extend([nodes.given, nodes.live]);
            shares.extend(nodes.by_option.iter().flat_map(|(_, given, live)| [*given, *live]));
            let values = nodes.by_scenario.iter().map(|(_, id)| *id);
            shares.extend(values.filter(|id| !factors.contains(id)));
        }
    }
    for (at, id) in appraisal.options.iter().flat_map(|option| &option.metrics) {
        if SHARES.contains(&appraisal.model.metrics[*at].unit_text.as_str()) {
            shares.insert(*id);
        }
    }
    [shares, factors]
}

/// Units, as written in a model, whose figures are read as per cent.
const SHARES: [&str; 3] = ["fraction", "share", "uplift"];
