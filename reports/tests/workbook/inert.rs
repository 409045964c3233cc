//! What is written: formulas wherever something is computed, numbers only where something is given, text that stays text.

use cost_model::Source;
use ironcalc::base::cell::CellValue;
use reports::cost::workbook;

use crate::made::{self, EVERY_FEATURE};
use crate::opened::{Opened, load};

#[test]
fn nothing_that_is_computed_is_typed_in() {
    let results = made::results(EVERY_FEATURE, Some(&made::measured()));
    let opened = Opened::of(&workbook(&results).unwrap(), &results.appraisal);
    for id in results.appraisal.graph.ids() {
        let node = results.appraisal.graph.node(id);
        for cell in &opened.cells[id.index()] {
            let formula = opened.formula(*cell);
            match &node.source {
                Source::Input(_) => assert_eq!(formula, None, "{} is given", node.name),
                Source::Formula(_) => assert!(formula.is_some(), "{} at {cell:?} has no formula", node.name),
            }
        }
    }
}

#[test]
fn no_two_figures_share_a_cell() {
    let results = made::results(EVERY_FEATURE, Some(&made::measured()));
    let opened = Opened::of(&workbook(&results).unwrap(), &results.appraisal);
    let mut all: Vec<_> = opened.cells.iter().flatten().collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn text_that_looks_like_a_formula_stays_text() {
    let results = made::results(EVERY_FEATURE, Some(&made::measured()));
    let opened = Opened::of(&workbook(&results).unwrap(), &results.appraisal);
    let mut inert = 0;
    for cell in opened.model.get_all_cells() {
        let cell = (cell.index, cell.row, cell.column);
        match opened.formula(cell) {
            Some(formula) => {
                for hostile in ["cmd", "HYPERLINK", "SUM(A1", "nobody", "letter"] {
                    assert!(!formula.contains(hostile), "{cell:?} computes {formula}");
                }
            }
            None => {
                if let CellValue::String(text) = opened.value(cell) {
                    inert += usize::from(text.starts_with(['=', '+', '-', '@']));
                }
            }
        }
    }
    assert!(inert >= 15, "only {inert} texts that look like formulas");
    assert_eq!(opened.text("Cover!A1"), "=HYPERLINK(\"http://example.org\") R&D hub");
}

#[test]
fn the_sheets_are_there_and_the_cover_reads_ok() {
    let results = made::results(EVERY_FEATURE, None);
    let model = load(&workbook(&results).unwrap());
    let names: Vec<String> = model.get_worksheets_properties().into_iter().map(|sheet| sheet.name).collect();
    let wanted = [
        "Cover",
        "Summary",
        "Assumptions",
        "Capacity",
        "Costs",
        "Benefits",
        "CashFlow real",
        "CashFlow nominal",
        "NPSV",
        "Scenarios",
        "Sensitivity",
        "Monte Carlo",
        "Checks",
        "CIA mapping",
        "QA log",
        "Sources",
        "Manifest",
    ];
    assert_eq!(names, wanted);
    assert_eq!(model.get_cell_value_by_ref("Cover!B5").unwrap(), CellValue::String("OK".to_owned()));
}

#[test]
fn a_broken_sum_turns_the_cover_to_check() {
    let results = made::results(EVERY_FEATURE, None);
    let mut opened = Opened::of(&workbook(&results).unwrap(), &results.appraisal);
    // Somebody types a result over a formula.
    let npsc = results.appraisal.options[1].npsc;
    opened.set(npsc, 1.0);
    opened.model.evaluate();
    assert_eq!(opened.text("Cover!B5"), "CHECK");
}

#[test]
fn the_same_results_give_the_same_bytes() {
    let results = made::results(EVERY_FEATURE, Some(&made::measured()));
    let (first, second) = (workbook(&results).unwrap(), workbook(&results).unwrap());
    assert!(first == second, "two workbooks of the same results differ");
}

#[test]
fn a_date_that_is_none_is_an_error_in_words() {
    let mut results = made::results(EVERY_FEATURE, None);
    results.made = "yesterday".to_owned();
    let error = workbook(&results).unwrap_err();
    assert!(error.contains("made: not a date, got \"yesterday\""), "{error}");
}
