//! The cover: what this is, what it must not be used for, the answer for each option, how to read and use the rest. It is
//! understood without the other sheets. Cash and what releases no cash stand on lines of their own.

use cost_model::NodeId;
use cost_model::appraisal::{DrawnOption, OptionNodes};

use super::layout::ALL_CHECKS;
use super::page::{Done, Page};
use super::style::{GENERAL, MONEY};
use super::{Book, PARTS, checks, said, scenarios};

/// Widths of label, value, meaning.
const WIDTHS: [f64; 3] = [58.0, 20.0, 78.0];
const LABEL: usize = WIDTHS[0] as usize;
const MEANING: usize = WIDTHS[2] as usize;
/// Width of all columns together.
const WIDE: usize = LABEL + WIDTHS[1] as usize + MEANING;

/// Writes the cover.
pub(super) fn write(page: &mut Page<'_>, book: &Book<'_>) -> Done {
    page.widths(&WIDTHS)?;
    let mut row = head(page, book)?;
    row = limits(page, book, row)?;
    row = answer(page, book, row)?;
    row = key(page, book, row)?;
    contents(page, book, row)?;
    page.print(book.title(), &book.made_line(), None, 0)?;
    page.status_colours((0, 1), (row, 1))
}

fn heading(page: &mut Page<'_>, book: &Book<'_>, row: u32, text: &str) -> Done {
    page.band(row, 2, text, &book.styles.heading)
}

fn wide(page: &mut Page<'_>, book: &Book<'_>, row: u32, text: &str) -> Done {
    page.wide(row, (0, 2), text, WIDE, &book.styles.text)
}

fn head(page: &mut Page<'_>, book: &Book<'_>) -> Result<u32, String> {
    let (model, styles) = (&book.results.appraisal.model, &book.styles);
    page.text(0, 0, &model.title, &styles.title)?;
    page.height(0, 2)?;
    wide(page, book, 1, &model.what)?;
    page.text(2, 0, &format!("All money: {}.", book.money_line()), &styles.note)?;
    page.text(3, 0, &format!("Made by {}.", book.made_line()), &styles.note)?;
    page.text(4, 0, "Do the sheets add up? (all checks)", &styles.strong)?;
    page.formula_text(4, 1, ALL_CHECKS, checks::all_read(book), &styles.status)?;
    page.text(4, 2, "OK: every check on the sheet “Checks” holds. CHECK: do not use a figure before you have looked there.", &styles.text)?;
    page.text(5, 0, "Scenario that is shown", &styles.strong)?;
    page.formula_text(5, 1, &scenarios::chosen(book), scenarios::chosen_now(book), &styles.status)?;
    let bias = book.layout.name(book.results.appraisal.switches.optimism_bias);
    let raised = "Costs are raised by optimism bias";
    let bare = "Costs are not raised by optimism bias";
    let now = if book.one(book.results.appraisal.switches.optimism_bias) == 1.0 { raised } else { bare };
    let formula = format!("IF({bias}=1,\"{raised}\",\"{bare}\")");
    page.formula_text(5, 2, &formula, now, &styles.text)?;
    let longest: Vec<(&str, usize)> =
        scenarios::names(book).into_iter().map(|name| (name, WIDTHS[1] as usize)).collect();
    page.fit(5, &longest)?;
    Ok(7)
}

fn limits(page: &mut Page<'_>, book: &Book<'_>, row: u32) -> Result<u32, String> {
    let appraisal = &book.results.appraisal;
    heading(page, book, row, "Read first: the limits of this model")?;
    let sunset = format!("Review this model before using it after {}.", appraisal.model.sunset);
    let mut next = row + 1;
    for sentence in &appraisal.substituted {
        page.wide(next, (0, 2), sentence, WIDE, &book.styles.warning)?;
        next += 1;
    }
    for sentence in appraisal.model.limits.iter().chain([&sunset]) {
        wide(page, book, next, &format!("• {sentence}"))?;
        next += 1;
    }
    Ok(next + 1)
}

fn answer(page: &mut Page<'_>, book: &Book<'_>, row: u32) -> Result<u32, String> {
    let styles = &book.styles;
    let baseline = &book.baseline().label;
    heading(page, book, row, &format!("The answer: each option against “{baseline}”"))?;
    page.heads(row + 1, 0, &["Result"], &styles.head)?;
    page.heads(row + 1, 1, &[&book.results.appraisal.model.currency], &styles.head_right)?;
    page.heads(row + 1, 2, &["What it says"], &styles.head)?;
    let mut row = row + 2;
    page.text(row, 0, &format!("{baseline}: cost over all years"), &styles.strong)?;
    book.show(page, row, 1, book.baseline().whole_life_cost, false)?;
    page.text(row, 2, "What everything else is compared with. Undiscounted.", &styles.text)?;
    row += 1;
    let options: Vec<&OptionNodes> = book.others().collect();
    for option in options {
        row = one_option(page, book, row + 1, option)?;
    }
    Ok(row + 1)
}

fn one_option(page: &mut Page<'_>, book: &Book<'_>, row: u32, option: &OptionNodes) -> Result<u32, String> {
    let styles = &book.styles;
    let stated = book.results.appraisal.model.options.iter().find(|stated| stated.name == option.name);
    let what = stated.map_or(String::new(), |stated| format!("{} ({})", stated.what, stated.kind));
    page.text(row, 0, &option.label, &styles.strong)?;
    page.text(row, 1, "", &styles.text)?;
    page.text(row, 2, &what, &styles.text)?;
    page.fit(row, &[(&option.label, LABEL), (&what, MEANING)])?;
    let mut row = row + 1;
    let years = said::years(book.years());
    let line = |page: &mut Page<'_>, row: u32, label: &str, id: NodeId, result: bool| -> Done {
        page.text(row, 0, label, if result { &styles.strong } else { &styles.text })?;
        book.show(page, row, 1, id, result)
    };
    line(page, row, "Cash: net present value against the baseline", option.npsv_cash, true)?;
    let (cheaper, dearer) = (
        format!("Positive: over {years} this option takes less cash than the baseline."),
        format!("Negative: over {years} this option takes more cash than the baseline."),
    );
    either(
        page,
        book,
        row,
        2,
        (option.npsv_cash, ">0"),
        book.one(option.npsv_cash) > 0.0,
        (&cheaper, &dearer),
    )?;
    row += 1;
    line(page, row, "No cash: staff time and other benefits, present value", option.pv_by_class[1], true)?;
    page.text(
        row,
        2,
        "Time that staff can use for other work. It cuts no budget: never add it to the line above.",
        &styles.text,
    )?;
    row += 1;
    let societal = |o: &OptionNodes| o.benefits.iter().any(|b| b.class == cost_model::BenefitClass::Sb);
    if book.options().iter().any(societal) {
        line(
            page,
            row,
            "To society: benefits to patients and the public, present value",
            option.pv_by_class[2],
            true,
        )?;
        page.text(row, 2, "Falls to others than the buyer. Never add it to the lines above.", &styles.text)?;
        row += 1;
    }
    line(page, row, "Cost over all years", option.whole_life_cost, false)?;
    page.text(row, 2, "Everything the option costs, undiscounted, without VAT. VAT and inflation: sheet “CashFlow nominal”.", &styles.text)?;
    row += 1;
    line(page, row, "Years until the cash is paid back, discounted", option.payback_years, false)?;
    let (no, yes) =
        (format!("Not paid back within {years}."), "Paid back within the years appraised.".to_owned());
    let (limit, paid) =
        (format!(">={}", book.years()), book.one(option.payback_years) >= book.years() as f64);
    either(page, book, row, 2, (option.payback_years, &limit), paid, (&no, &yes))?;
    row += 1;
    let drawn = book.results.monte_carlo.options.iter();
    let Some(drawn) = drawn.clone().find(|drawn| book.option_label(drawn.option) == option.label) else {
        return Ok(row);
    };
    range(page, book, row, drawn)
}

/// One of two sentences, live.
fn either(
    page: &mut Page<'_>,
    book: &Book<'_>,
    row: u32,
    column: u16,
    (id, condition): (NodeId, &str),
    holds: bool,
    (yes, no): (&str, &str),
) -> Done {
    let formula = format!("IF({}{condition},\"{yes}\",\"{no}\")", book.layout.link(id, 0));
    page.formula_text(row, column, &formula, if holds { yes } else { no }, &book.styles.text)
}

/// How uncertain the cash result is, as drawn.
fn range(page: &mut Page<'_>, book: &Book<'_>, row: u32, drawn: &DrawnOption) -> Result<u32, String> {
    let (styles, spread) = (&book.styles, &drawn.npsv_cash);
    let draws = said::number(book.results.monte_carlo.draws as f64);
    page.text(row, 0, "Cash, lower end of what is likely (P10, static)", &styles.text)?;
    page.number(row, 1, spread.p10, &styles.fixed(MONEY))?;
    let words = format!(
        "In {draws} draws of all uncertain assumptions 1 in 10 lay below. Without optimism bias; does not follow changed cells."
    );
    page.text(row, 2, &words, &styles.text)?;
    page.fit(row, &[(&words, MEANING)])?;
    page.text(row + 1, 0, "Cash, upper end of what is likely (P90, static)", &styles.text)?;
    page.number(row + 1, 1, spread.p90, &styles.fixed(MONEY))?;
    let above = crate::units::percent(spread.above_zero, 0);
    let words =
        format!("1 in 10 lay above. In {above} of the draws the option took less cash than the baseline.");
    page.text(row + 1, 2, &words, &styles.text)?;
    Ok(row + 2)
}

fn key(page: &mut Page<'_>, book: &Book<'_>, row: u32) -> Result<u32, String> {
    let styles = &book.styles;
    heading(page, book, row, "How to use it")?;
    let lines = [
        (
            "Blue on yellow: an input",
            styles.input(GENERAL),
            "Change it, on “Assumptions” and “Scenarios” above all: every live figure follows.",
        ),
        (
            "Black on white: a formula",
            styles.figure(GENERAL),
            "Follows from the inputs. Its words stand beside it. Do not type over it.",
        ),
        (
            "Slanted on grey: static",
            styles.fixed(GENERAL),
            "Computed by the program when the workbook was written. Does not follow.",
        ),
    ];
    let mut row = row + 1;
    for (words, format, meaning) in lines {
        page.text(row, 0, words, &styles.text)?;
        page.text(row, 1, "1,234", &format)?;
        page.text(row, 2, meaning, &styles.text)?;
        row += 1;
    }
    Ok(row + 1)
}

fn contents(page: &mut Page<'_>, book: &Book<'_>, row: u32) -> Done {
    heading(page, book, row, "Sheets")?;
    for (row, part) in (row + 1..).zip(&PARTS) {
        page.go_to(row, 0, part.name, &book.styles)?;
        page.text(row, 1, "", &book.styles.text)?;
        page.text(row, 2, part.what, &book.styles.text)?;
    }
    Ok(())
}
