//! The summary: results by option, side by side, each a formula that points at the figure; then published claims to compare
//! with.

use cost_model::NodeId;
use cost_model::appraisal::OptionNodes;

use super::page::{Done, Page};
use super::style::{GENERAL, Kind, number_format};
use super::{Book, said};

/// First row of the table's headings.
const HEAD_ROW: u32 = 3;
/// First column of the options.
const OPTIONS: u16 = 3;

/// A row of the table: label, what to know of it, where it is.
type Line = (&'static str, &'static str, fn(&OptionNodes) -> Option<NodeId>);

/// Costs and cash.
const CASH: [Line; 6] = [
    (
        "Whole-life cost, undiscounted",
        "All costs over the years, real, with optimism bias as switched, without VAT",
        |o| Some(o.whole_life_cost),
    ),
    ("Present value of costs (NPSC)", "The same, discounted", |o| Some(o.npsc)),
    ("NPSV on cash alone", "Costs saved against the baseline and cash-releasing benefits, discounted", |o| {
        Some(o.npsv_cash)
    }),
    ("NPSV on cash alone at 3.0 %", "The same at the lower rate", |o| Some(o.npsv_cash_low_rate)),
    ("Equivalent annual net cost", "NPSC spread evenly over the years", |o| Some(o.eanc)),
    (
        "Discounted payback, years",
        "Years that end with cash still behind; the whole span means not paid back",
        |o| Some(o.payback_years),
    ),
];

/// Benefits by class, each on its own.
const CLASSES: [Line; 3] = [
    ("Cash-releasing benefits, present value", "In the NPSV on cash alone", |o| Some(o.pv_by_class[0])),
    ("Benefits that release no cash, present value", "Not money in a budget; in no line above", |o| {
        Some(o.pv_by_class[1])
    }),
    ("Benefits to society, present value", "Not money in a budget; in no line above", |o| {
        Some(o.pv_by_class[2])
    }),
];

/// Ratios that mix classes; for the economic case, never headlines.
const MIXED: [Line; 3] = [
    (
        "NPSV with what releases no cash and what falls to society",
        "For the economic case only; never a headline",
        |o| Some(o.npsv_all),
    ),
    ("The same at 3.0 %", "The same at the lower rate", |o| Some(o.npsv_all_low_rate)),
    (
        "Benefit-cost ratio",
        "Present value of all benefits over that of the extra cost; 0 where the option costs no more than the baseline",
        |o| Some(o.bcr),
    ),
];

/// Staff hours.
const HOURS: [Line; 3] = [
    (
        "Staff hours a year, every second alike",
        "Before realisation: hours of waiting spared, not hours of work gained",
        |o| o.hours.map(|h| h[0]),
    ),
    ("Staff hours a year, only above one second", "The same waits, counted only above 1 s", |o| {
        o.hours.map(|h| h[1])
    }),
    ("Staff hours a year, tapered from 0.1 s to 10 s", "The same waits, weighted by their length", |o| {
        o.hours.map(|h| h[2])
    }),
];

const GROUPS: [(&str, &[Line]); 4] = [
    ("Costs and cash", &CASH),
    ("Benefits by class, never summed into one headline", &CLASSES),
    ("Results that mix classes, for the economic case", &MIXED),
    ("Staff time", &HOURS),
];

/// Writes the sheet.
pub(super) fn write(page: &mut Page<'_>, book: &Book<'_>) -> Done {
    let styles = &book.styles;
    let what = format!("Live. {}. Every figure points at the sheet that computes it.", book.money_line());
    book.title_of(page, "Summary", &what)?;
    page.heads(HEAD_ROW, 0, &["Result", "What it is", "Unit"], &styles.head)?;
    let labels: Vec<&str> = book.options().iter().map(|option| option.label.as_str()).collect();
    page.heads(HEAD_ROW, OPTIONS, &labels, &styles.head_right)?;
    let longest = labels.iter().map(|label| label.chars().count() / 18 + 1).max().unwrap_or(1);
    page.height(HEAD_ROW, longest + 1)?;
    let mut widths = vec![46.0, 60.0, 18.0];
    widths.extend(labels.iter().map(|_| 20.0));
    page.widths(&widths)?;
    let mut row = HEAD_ROW + 1;
    for (heading, lines) in GROUPS {
        row = group(page, book, row, heading, lines)?;
    }
    row = metrics(page, book, row)?;
    claims(page, book, row)?;
    page.print(book.title(), &book.made_line(), Some((HEAD_ROW, HEAD_ROW)), 1)
}

/// Last column of the table.
fn last(book: &Book<'_>) -> u16 {
    OPTIONS + book.options().len() as u16 - 1
}

fn group(
    page: &mut Page<'_>,
    book: &Book<'_>,
    row: u32,
    heading: &str,
    lines: &[Line],
) -> Result<u32, String> {
    let mut next = row + 1;
    for (label, what, of) in lines {
        let figures: Vec<Option<NodeId>> = book.options().iter().map(of).collect();
        next += u32::from(line(page, book, next, (label, what), &figures)?);
    }
    if next == row + 1 {
        return Ok(row);
    }
    page.band(row, last(book), heading, &book.styles.heading)?;
    Ok(next + 1)
}

/// Writes one row; false when no option has the figure.
fn line(
    page: &mut Page<'_>,
    book: &Book<'_>,
    row: u32,
    (label, what): (&str, &str),
    figures: &[Option<NodeId>],
) -> Result<bool, String> {
    let styles = &book.styles;
    let Some(first) = figures.iter().flatten().next() else { return Ok(false) };
    page.text(row, 0, label, &styles.strong)?;
    page.text(row, 1, what, &styles.quiet)?;
    page.text(row, 2, &said::unit(&book.results.appraisal.graph.node(*first).unit), &styles.quiet)?;
    page.fit(row, &[(label, 44), (what, 62)])?;
    for (column, figure) in (OPTIONS..).zip(figures) {
        match figure {
            // A yearly metric is shown for its first year, which its row says.
            Some(id) => book.show(page, row, column, *id, false)?,
            None => page.text(row, column, "–", &styles.absent)?,
        }
    }
    Ok(true)
}

/// The model's own further figures.
fn metrics(page: &mut Page<'_>, book: &Book<'_>, row: u32) -> Result<u32, String> {
    let appraisal = &book.results.appraisal;
    let mut next = row + 1;
    for (at, metric) in appraisal.model.metrics.iter().enumerate() {
        let of = |option: &OptionNodes| option.metrics.iter().find(|(m, _)| *m == at).map(|(_, id)| *id);
        let figures: Vec<Option<NodeId>> = book.options().iter().map(of).collect();
        let yearly = figures.iter().flatten().any(|id| appraisal.graph.node(*id).yearly);
        let what = match yearly {
            true => format!("In {}. {}", book.year(0), metric.comment),
            false => metric.comment.clone(),
        };
        next += u32::from(line(page, book, next, (&metric.label, &what), &figures)?);
    }
    if next == row + 1 {
        return Ok(row);
    }
    page.band(row, last(book), "Further figures", &book.styles.heading)?;
    Ok(next + 1)
}

/// What others have published; it enters no result.
fn claims(page: &mut Page<'_>, book: &Book<'_>, row: u32) -> Done {
    let styles = &book.styles;
    let claims = &book.results.appraisal.model.claims;
    if claims.is_empty() {
        return Ok(());
    }
    page.band(
        row,
        last(book),
        "Published claims, to compare with; none of them enters a result",
        &styles.heading,
    )?;
    for (row, (name, claim)) in (row + 1..).zip(claims) {
        let range = match (claim.low, claim.high) {
            (Some(low), Some(high)) => format!(" ({} to {})", said::number(low), said::number(high)),
            _ => String::new(),
        };
        let source = format!("{}{range}; prices: {}", claim.provenance.source, claim.provenance.price_base);
        page.text(row, 0, &name.replace('_', " "), &styles.text)?;
        page.text(row, 1, &source, &styles.quiet)?;
        page.text(row, 2, &claim.unit, &styles.quiet)?;
        page.fit(row, &[(&source, 62), (&claim.unit, 18)])?;
        let number = match claim.value.abs() >= 1e3 {
            true => number_format(Kind::Number, &[claim.value]),
            false => GENERAL,
        };
        page.number(row, OPTIONS, claim.value, &styles.fixed(number))?;
    }
    Ok(())
}
