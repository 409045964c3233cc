//! The two static sheets: sensitivity and Monte Carlo. What they show was computed by the program when the workbook was
//! written and does not follow changed cells, which both say first.

use cost_model::appraisal::{Bar, DrawnOption, Spread, Tornado};

use super::layout::VALUE;
use super::page::{Done, Page};
use super::style::{Kind, MONEY, SHARE, number_format};
use super::{Book, said};

/// Percentiles that are listed: tens and the tails; the whole distribution is in the tables that go with the workbook.
const PERCENTILES: [usize; 13] = [0, 1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
/// Width of a column of figures.
const FIGURE_WIDTH: f64 = 17.0;
/// Columns of figures that are as wide as that.
const FIGURES: usize = 16;

/// What every static table says of itself.
pub(super) fn as_written(book: &Book<'_>) -> String {
    format!(
        "Static: computed when the workbook was written ({}); does not follow changed cells. Made by: {}",
        book.results.made, book.results.command
    )
}

fn begin(page: &mut Page<'_>, book: &Book<'_>, title: &str, what: &str) -> Done {
    book.title_of(page, title, what)?;
    page.wide(2, (0, VALUE + 2), &as_written(book), 170, &book.styles.warning)?;
    let mut widths = vec![46.0, 26.0, 16.0];
    widths.extend([FIGURE_WIDTH; FIGURES]);
    page.widths(&widths)?;
    page.print(book.title(), &book.made_line(), None, 0)
}

/// Writes the sheet of sensitivity.
pub(super) fn sensitivity(page: &mut Page<'_>, book: &Book<'_>) -> Done {
    let what = "Each uncertain assumption alone at its 10th and 90th percentile, all else central; then the value at which an option stops paying.";
    begin(page, book, "Sensitivity", what)?;
    let mut row = 4;
    for tornado in &book.results.tornados {
        row = bars(page, book, row, tornado)?;
    }
    switching(page, book, row)
}

/// One option's bars; returns the next free row.
fn bars(page: &mut Page<'_>, book: &Book<'_>, row: u32, tornado: &Tornado) -> Result<u32, String> {
    let styles = &book.styles;
    let heading = format!("What moves the NPSV on cash alone: {}", book.option_label(tornado.option));
    page.band(row, 9, &heading, &styles.heading)?;
    page.text(row + 1, 0, "Central NPSV on cash alone", &styles.text)?;
    page.number(row + 1, 3, tornado.central, &styles.fixed(MONEY))?;
    page.heads(row + 2, 0, &["Assumption, the widest first", "Name in formulas", "Unit"], &styles.head)?;
    let heads = [
        "P10 of it",
        "P90 of it",
        "NPSV cash at P10",
        "NPSV cash at P90",
        "Width",
        "NPSV all at P10",
        "NPSV all at P90",
    ];
    page.heads(row + 2, 3, &heads, &styles.head_right)?;
    page.height(row + 2, 2)?;
    let mut row = row + 3;
    for bar in &tornado.bars {
        bar_row(page, book, row, bar)?;
        row += 1;
    }
    if tornado.bars.is_empty() {
        page.text(row, 0, "No uncertain assumption moves it.", &styles.note)?;
        row += 1;
    }
    Ok(row + 1)
}

fn bar_row(page: &mut Page<'_>, book: &Book<'_>, row: u32, bar: &Bar) -> Done {
    named(page, book, row, bar.assumption)?;
    let inputs = [bar.inputs.0, bar.inputs.1];
    let number = assumption_format(book, bar.assumption, &inputs);
    for (column, value) in (3..).zip(inputs) {
        page.number(row, column, value, &book.styles.fixed(number))?;
    }
    let width = (bar.npsv_cash.1 - bar.npsv_cash.0).abs();
    let money = [bar.npsv_cash.0, bar.npsv_cash.1, width, bar.npsv_all.0, bar.npsv_all.1];
    for (column, value) in (5..).zip(money) {
        page.number(row, column, value, &book.styles.fixed(MONEY))?;
    }
    Ok(())
}

/// Label, name and unit of an assumption.
fn named(page: &mut Page<'_>, book: &Book<'_>, row: u32, assumption: usize) -> Done {
    let styles = &book.styles;
    let of = &book.results.appraisal.model.assumptions[assumption];
    page.text(row, 0, &of.label, &styles.text)?;
    page.text(row, 1, &of.name, &styles.quiet)?;
    page.text(row, 2, &of.unit_text, &styles.quiet)?;
    page.fit(row, &[(&of.label, 46), (&of.name, 26)])
}

fn assumption_format(book: &Book<'_>, assumption: usize, values: &[f64]) -> &'static str {
    let kind = match book.kind(book.results.appraisal.assumptions[assumption].given) {
        Kind::Given => Kind::Number,
        kind => kind,
    };
    number_format(kind, values)
}

fn switching(page: &mut Page<'_>, book: &Book<'_>, row: u32) -> Done {
    let styles = &book.styles;
    page.band(
        row,
        5,
        "Switching values: where the NPSV on cash alone is 0, all else central",
        &styles.heading,
    )?;
    page.heads(row + 1, 0, &["Assumption", "Name in formulas", "Unit"], &styles.head)?;
    page.heads(row + 1, 3, &["Central value", "Switching value"], &styles.head_right)?;
    page.heads(row + 1, 5, &["Option"], &styles.head)?;
    for (row, of) in (row + 2..).zip(&book.results.switching) {
        named(page, book, row, of.assumption)?;
        let values: Vec<f64> = std::iter::once(of.central).chain(of.value).collect();
        let number = assumption_format(book, of.assumption, &values);
        page.number(row, 3, of.central, &styles.fixed(number))?;
        match of.value {
            Some(value) => page.number(row, 4, value, &styles.fixed(number))?,
            None => page.text(row, 4, "none", &styles.absent)?,
        }
        page.text(row, 5, book.option_label(of.option), &styles.note)?;
    }
    let last = row + 2 + book.results.switching.len() as u32;
    let none = "“none”: the sign does not change between a hundredth and a hundred times the central value.";
    page.text(last, 0, none, &styles.note)
}

/// Writes the sheet of draws.
pub(super) fn draws(page: &mut Page<'_>, book: &Book<'_>) -> Done {
    let drawn = &book.results.monte_carlo;
    let what = format!(
        "{} draws of all uncertain assumptions together, Latin hypercube, seed {}, the same draws for every option. Costs without optimism bias: the draws take its place.",
        said::number(drawn.draws as f64),
        drawn.seed
    );
    begin(page, book, "Monte Carlo", &what)?;
    let mut row = 4;
    for option in &drawn.options {
        row = results(page, book, row, option)?;
        row = percentiles(page, book, row, option)?;
        row = running(page, book, row, option)?;
        row = correlations(page, book, row, option)?;
    }
    Ok(())
}

fn results(page: &mut Page<'_>, book: &Book<'_>, row: u32, of: &DrawnOption) -> Result<u32, String> {
    let styles = &book.styles;
    page.band(row, 7, book.option_label(of.option), &styles.heading)?;
    page.heads(row + 1, 0, &["Result", "", "Unit"], &styles.head)?;
    let heads = ["P10", "P50 (median)", "P90", "Mean", "Share of draws above 0"];
    page.heads(row + 1, 3, &heads, &styles.head_right)?;
    page.height(row + 1, 2)?;
    let currency = book.results.appraisal.model.currency.as_str();
    let mut lines: Vec<(&str, &str, &Spread)> = vec![
        ("NPSV on cash alone", currency, &of.npsv_cash),
        ("NPSV with what releases no cash (not a headline)", currency, &of.npsv_all),
        ("Whole-life cost", currency, &of.whole_life_cost),
    ];
    lines.extend(
        of.hours_per_day.as_ref().map(|hours| ("Staff hours a day, every second alike", "h/day", hours)),
    );
    let mut row = row + 2;
    for (label, unit, spread) in lines {
        page.text(row, 0, label, &styles.text)?;
        page.text(row, 2, unit, &styles.quiet)?;
        let values = [spread.p10, spread.p50, spread.p90, spread.mean];
        let number = number_format(if unit == currency { Kind::Money } else { Kind::Number }, &values);
        for (column, value) in (3..).zip(values) {
            page.number(row, column, value, &styles.fixed(number))?;
        }
        page.number(row, 7, spread.above_zero, &styles.fixed(SHARE))?;
        row += 1;
    }
    Ok(row + 1)
}

fn percentiles(page: &mut Page<'_>, book: &Book<'_>, row: u32, of: &DrawnOption) -> Result<u32, String> {
    let styles = &book.styles;
    page.heads(row, 0, &["Percentile of the draws", "", ""], &styles.head)?;
    page.text(row + 1, 0, "NPSV on cash alone", &styles.text)?;
    for (column, percent) in (3..).zip(PERCENTILES) {
        page.text(row, column, &format!("{percent} %"), &styles.head_right)?;
        if let Some(value) = of.npsv_cash.quantiles.get(percent) {
            page.number(row + 1, column, *value, &styles.fixed(MONEY))?;
        }
    }
    Ok(row + 3)
}

fn running(page: &mut Page<'_>, book: &Book<'_>, row: u32, of: &DrawnOption) -> Result<u32, String> {
    let styles = &book.styles;
    page.heads(row, 0, &["Discounted net cash so far, at the end of", "", ""], &styles.head)?;
    for (year, spread) in of.net_cash_running.iter().enumerate() {
        let column = 3 + year as u16;
        page.text(row, column, &book.year(year), &styles.head_right)?;
        for (row, value) in (row + 1..).zip([spread.p10, spread.p50, spread.p90]) {
            page.number(row, column, value, &styles.fixed(MONEY))?;
        }
    }
    for (row, label) in (row + 1..).zip(["P10", "P50 (median)", "P90"]) {
        page.text(row, 0, label, &styles.text)?;
    }
    Ok(row + 5)
}

fn correlations(page: &mut Page<'_>, book: &Book<'_>, row: u32, of: &DrawnOption) -> Result<u32, String> {
    let styles = &book.styles;
    let heads = ["Rank correlation with the NPSV on cash alone", "Name in formulas", "Unit"];
    page.heads(row, 0, &heads, &styles.head)?;
    page.heads(row, 3, &["Spearman"], &styles.head_right)?;
    let mut row = row + 1;
    for (assumption, correlation) in &of.rank_correlation {
        named(page, book, row, *assumption)?;
        page.number(row, 3, *correlation, &styles.fixed("0.00"))?;
        row += 1;
    }
    Ok(row + 2)
}
