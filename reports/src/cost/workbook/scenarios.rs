//! The sheet of scenarios: the selector, the live results of what is chosen, and a static table of all scenarios.

use rust_xlsxwriter::{DataValidation, DataValidationRule};

use super::layout::{FIRST_ROW, SCENARIOS, SWITCH_ROW, Spot, VALUE, absolute};
use super::page::{Done, Page, told};
use super::style::MONEY;
use super::{Book, said};

/// Row of the heading of the list of scenarios: under the two switches.
const LIST_ROW: u32 = SWITCH_ROW + 4;
/// Widths of the columns: two of names, a gap where the other sheets have a unit, words, three results.
const WIDTHS: [f64; 7] = [40.0, 36.0, 2.0, 50.0, 22.0, 22.0, 22.0];
/// The three results by which scenarios are compared.
const RESULTS: [&str; 3] = [
    "Present value of costs (NPSC)",
    "NPSV on cash alone",
    "NPSV with what releases no cash (not a headline)",
];

/// Writes the sheet.
pub(super) fn write(page: &mut Page<'_>, book: &Book<'_>) -> Done {
    let styles = &book.styles;
    let what = "Type the number of a scenario into the yellow cell; every live sheet follows. 0 is the central case.";
    book.title_of(page, SCENARIOS, what)?;
    page.widths(&WIDTHS)?;
    page.heads(FIRST_ROW - 1, 0, &["Switch", "Name in formulas", "", "What it means"], &styles.head)?;
    page.heads(FIRST_ROW - 1, VALUE, &["Value"], &styles.head_right)?;
    switches(page, book)?;
    list(page, book)?;
    let row = live(page, book, LIST_ROW + 3 + names(book).len() as u32)?;
    written(page, book, row)?;
    page.print(book.title(), &book.made_line(), None, 0)
}

/// Number and name of every scenario, the central case first.
pub(super) fn names<'a>(book: &Book<'a>) -> Vec<&'a str> {
    let scenarios = book.results.appraisal.model.scenarios.iter().map(|scenario| scenario.label.as_str());
    std::iter::once("Central case").chain(scenarios).collect()
}

/// The formula for the name of the chosen scenario, from any sheet.
pub(super) fn chosen(book: &Book<'_>) -> String {
    let cell = |row: usize| absolute(Spot { sheet: SCENARIOS, row: LIST_ROW + 1 + row as u32, column: 1 });
    let last = cell(names(book).len() - 1);
    let last = last.split_once('!').map_or("", |(_, cell)| cell);
    let scenario = book.layout.name(book.results.appraisal.switches.scenario);
    format!("INDEX({}:{last},{scenario}+1)", cell(0))
}

/// The name of the scenario that the workbook was written for.
pub(super) fn chosen_now<'a>(book: &Book<'a>) -> &'a str {
    let at = book.one(book.results.appraisal.switches.scenario);
    names(book).get(at as usize).copied().unwrap_or("unknown")
}

fn switches(page: &mut Page<'_>, book: &Book<'_>) -> Done {
    let (switches, styles) = (book.results.appraisal.switches, &book.styles);
    let most = book.results.appraisal.model.scenarios.len();
    let means = [
        (switches.scenario, "Scenario", format!("A number of the list below, 0 to {most}"), most),
        (
            switches.optimism_bias,
            "Optimism bias",
            "1: costs are raised by it (the deterministic case); 0: they are not (what the Monte Carlo draws use)".to_owned(),
            1,
        ),
    ];
    for (row, (id, label, means, most)) in (SWITCH_ROW..).zip(means) {
        page.text(row, 0, label, &styles.strong)?;
        page.text(row, 1, book.layout.name(id), &styles.quiet)?;
        page.text(row, 2, "", &styles.text)?;
        page.text(row, 3, &means, &styles.text)?;
        page.fit(row, &[(&means, 50)])?;
        page.number(row, VALUE, book.one(id), &styles.input("0"))?;
        let rule = DataValidation::new()
            .allow_whole_number(DataValidationRule::Between(0, most as i32))
            .set_error_title("Not in the list")
            .map_err(told)?
            .set_error_message(format!("A whole number from 0 to {most}."))
            .map_err(told)?;
        page.sheet.add_data_validation(row, VALUE, row, VALUE, &rule).map_err(told)?;
    }
    page.text(SWITCH_ROW + 2, 0, "Chosen", &styles.strong)?;
    page.formula_text(SWITCH_ROW + 2, VALUE, &chosen(book), chosen_now(book), &styles.status)
}

fn list(page: &mut Page<'_>, book: &Book<'_>) -> Done {
    let styles = &book.styles;
    page.heads(LIST_ROW, 0, &["Number", "Scenario", "", "What it changes"], &styles.head)?;
    let names = names(book);
    for (number, name) in names.iter().enumerate() {
        let row = LIST_ROW + 1 + number as u32;
        let changes = changes(book, number);
        page.number(row, 0, number as f64, &styles.count)?;
        page.text(row, 2, "", &styles.text)?;
        page.text(row, 1, name, &styles.text)?;
        page.text(row, 3, &changes, &styles.quiet)?;
        page.fit(row, &[(name, 36), (&changes, 50)])?;
    }
    Ok(())
}

/// What a scenario changes, in words.
fn changes(book: &Book<'_>, number: usize) -> String {
    let model = &book.results.appraisal.model;
    let Some(scenario) = number.checked_sub(1).and_then(|at| model.scenarios.get(at)) else {
        return "nothing: every assumption as given".to_owned();
    };
    let label = |name: &String| {
        model.assumptions.iter().find(|a| a.name == *name).map_or(name.clone(), |a| a.label.clone())
    };
    let set = scenario.set.iter().map(|(name, value)| format!("{}: {}", label(name), said::number(*value)));
    let scale =
        scenario.scale.iter().map(|(name, factor)| format!("{}: × {}", label(name), said::number(*factor)));
    let bias = scenario.ob_upper.then(|| "optimism bias at its published upper bound".to_owned());
    set.chain(scale).chain(bias).collect::<Vec<_>>().join("; ")
}

/// The live results of the chosen scenario; returns the next free row.
fn live(page: &mut Page<'_>, book: &Book<'_>, row: u32) -> Result<u32, String> {
    let styles = &book.styles;
    page.band(row, VALUE + 2, "Live: the chosen scenario", &styles.heading)?;
    page.heads(row + 1, 0, &["Option", "", "", ""], &styles.head)?;
    page.heads(row + 1, VALUE, &RESULTS, &styles.head_right)?;
    page.height(row + 1, 3)?;
    let mut row = row + 2;
    for option in book.options() {
        page.text(row, 0, &option.label, &styles.strong)?;
        page.heads(row, 1, &["", "", ""], &styles.text)?;
        for (column, id) in (VALUE..).zip([option.npsc, option.npsv_cash, option.npsv_all]) {
            book.show(page, row, column, id, false)?;
        }
        row += 1;
    }
    Ok(row + 1)
}

/// All scenarios as they were when the workbook was written.
fn written(page: &mut Page<'_>, book: &Book<'_>, row: u32) -> Done {
    let styles = &book.styles;
    page.band(row, VALUE + 2, "All scenarios, as they were when the workbook was written", &styles.heading)?;
    page.text(row + 1, 0, &super::uncertainty::as_written(book), &styles.note)?;
    page.heads(row + 2, 0, &["Scenario", "Option", "", ""], &styles.head)?;
    page.heads(row + 2, VALUE, &RESULTS, &styles.head_right)?;
    page.height(row + 2, 3)?;
    let mut row = row + 3;
    for scenario in &book.results.scenarios {
        for (at, (npsc, cash, all)) in scenario.options.iter().enumerate() {
            page.text(row, 0, &scenario.label, &styles.text)?;
            page.heads(row, 1, &[book.option_label(at), "", ""], &styles.text)?;
            page.fit(row, &[(&scenario.label, 40), (book.option_label(at), 36)])?;
            for (column, value) in (VALUE..).zip([npsc, cash, all]) {
                page.number(row, column, *value, &styles.fixed(MONEY))?;
            }
            row += 1;
        }
    }
    Ok(())
}
