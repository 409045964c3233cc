//! The sheet of checks: every figure that must be 0, with what it proves and whether it is; one cell for all of them.

use cost_model::appraisal::Sheet;
use rust_xlsxwriter::utility::column_number_to_name;

use super::Book;
use super::figures;
use super::layout::{
    CHECKS, FIRST_ROW, SCENARIOS, SWITCH_ROW, Spot, TOLERANCE as TOLERANCE_NAME, VALUE, absolute,
};
use super::page::{Done, Page};

/// Column of what each check reads.
const READS: u16 = VALUE + 1;
/// Where all checks are read at once: beside the title, so that it is seen first.
pub(super) const ALL: Spot = Spot { sheet: CHECKS, row: 0, column: READS };
/// Where the tolerance stands.
pub(super) const TOLERANCE: Spot = Spot { sheet: CHECKS, row: 1, column: READS };
/// A penny: sums of many figures differ by rounding, and nothing that matters is smaller.
const TOLERANCE_GBP: f64 = 0.01;
const OK: &str = "OK";
const NOT_OK: &str = "CHECK";

/// Writes the sheet.
pub(super) fn write(page: &mut Page<'_>, book: &Book<'_>) -> Done {
    figures::write(page, book, Sheet::Checks)?;
    let styles = &book.styles;
    let column = column_number_to_name(READS);
    page.heads(super::layout::HEAD_ROW, READS, &["Reads"], &styles.head)?;
    page.heads(super::layout::YEAR_ROW, READS, &[""], &styles.head)?;
    page.text(TOLERANCE.row, VALUE, "A check may differ by", &styles.note)?;
    page.number(TOLERANCE.row, READS, TOLERANCE_GBP, &styles.input("0.00"))?;
    let mut last = FIRST_ROW;
    for id in book.layout.blocks(Sheet::Checks).iter().flat_map(|block| &block.figures) {
        let spot = book.layout.spot(*id);
        let values = book.results.appraisal.values.years(*id);
        let worst = values.iter().fold(0.0, |worst: f64, value| worst.max(value.abs()));
        let farthest = match book.results.appraisal.graph.node(*id).yearly {
            false => format!("ABS({})", column_number_to_name(VALUE) + &(spot.row + 1).to_string()),
            true => {
                let first = column_number_to_name(spot.column);
                let end = column_number_to_name(spot.column + values.len() as u16 - 1);
                let range = format!("{first}{0}:{end}{0}", spot.row + 1);
                format!("MAX(MAX({range}),-MIN({range}))")
            }
        };
        let reads = verdict(worst < TOLERANCE_GBP);
        page.formula_text(spot.row, READS, &reading(&farthest), reads, &styles.status)?;
        last = last.max(spot.row);
    }
    last = switches(page, book, last + 2)?;
    page.text(ALL.row, VALUE, "All checks", &styles.title)?;
    let range = format!("${column}${}:${column}${}", FIRST_ROW + 1, last + 1);
    let all = format!("IF(COUNTIF({range},\"{OK}\")=COUNTA({range}),\"{OK}\",\"{NOT_OK}\")");
    page.formula_text(ALL.row, READS, &all, all_read(book), &styles.status)?;
    page.status_colours((ALL.row, READS), (ALL.row, READS))?;
    page.status_colours((FIRST_ROW, READS), (last, READS))
}

/// What all checks read together when the workbook is written.
pub(super) fn all_read(book: &Book<'_>) -> &'static str {
    let values = &book.results.appraisal.values;
    let blocks = book.layout.blocks(Sheet::Checks);
    let zero = |id: &cost_model::NodeId| values.years(*id).iter().all(|v| v.abs() < TOLERANCE_GBP);
    verdict(blocks.iter().flat_map(|block| &block.figures).all(zero))
}

fn verdict(holds: bool) -> &'static str {
    if holds { OK } else { NOT_OK }
}

/// What is no number fails the check rather than hiding it.
fn reading(figure: &str) -> String {
    format!("IF(ISNUMBER({figure}),IF({figure}<{TOLERANCE_NAME},\"{OK}\",\"{NOT_OK}\"),\"{NOT_OK}\")")
}

/// The switches must be at values that mean something; returns the last row.
fn switches(page: &mut Page<'_>, book: &Book<'_>, row: u32) -> Result<u32, String> {
    let appraisal = &book.results.appraisal;
    let most = appraisal.model.scenarios.len();
    let scenario = absolute(Spot { sheet: SCENARIOS, row: SWITCH_ROW, column: VALUE });
    let bias = absolute(Spot { sheet: SCENARIOS, row: SWITCH_ROW + 1, column: VALUE });
    page.band(row, VALUE, "Switches", &book.styles.heading)?;
    let known = format!("AND({scenario}>=0,{scenario}<={most},{scenario}=INT({scenario}))");
    let rows = [
        ("The scenario is one of the list", known),
        ("Optimism bias is 1 or 0", format!("OR({bias}=0,{bias}=1)")),
    ];
    for (row, (what, holds)) in (row + 1..).zip(rows) {
        page.text(row, 0, what, &book.styles.text)?;
        let formula = format!("IF({holds},\"{OK}\",\"{NOT_OK}\")");
        page.formula_text(row, READS, &formula, OK, &book.styles.status)?;
    }
    Ok(row + 2)
}
