//! The sheets that hold the model's figures as they come: a block for each heading, a row for each figure, the years in
//! columns. Every computed cell is a formula.

use std::collections::HashSet;

use cost_model::appraisal::Sheet;
use cost_model::{NodeId, Source};

use super::layout::{Block, CHECKS, FIRST_ROW, HEAD_ROW, VALUE, YEAR_ROW, first_year_column, sheet_name};
use super::page::{Done, Page};
use super::style::{DIFFERENCE, Kind, number_format};
use super::{Book, said};

/// Widths of label, name, unit, formula in words, value.
pub(super) const WIDTHS: [f64; 5] = [44.0, 28.0, 14.0, 48.0, 16.0];
/// Width of a year: a sum of ten thousand million with sign and separators.
const YEAR_WIDTH: f64 = 14.5;

/// What each sheet says of itself under its title.
pub(super) fn what(sheet: Sheet) -> &'static str {
    match sheet {
        Sheet::Assumptions => {
            "Every figure that everything else rests on. Change a yellow cell and the whole workbook follows."
        }
        Sheet::Capacity => "What follows from the assumptions before any money: traffic, sizes, nodes.",
        Sheet::Costs => {
            "Each cost line: quantity × unit price in the years in which it falls, raised by optimism bias. Prices of one year (real), without VAT."
        }
        Sheet::Benefits => {
            "Each benefit: staff hours by three rules of counting, and money a year. Real, before discounting."
        }
        Sheet::CashFlowReal => "Totals by year in the prices of one year, without VAT.",
        Sheet::CashFlowNominal => "Totals by year as they will be paid: prices of each year, with VAT.",
        Sheet::Npsv => {
            "Present values and what follows from them. Cash and what releases no cash stay on lines of their own."
        }
        Sheet::Checks => "Figures that must be 0 whatever the inputs are.",
    }
}

/// Writes a sheet of figures.
pub(super) fn write(page: &mut Page<'_>, book: &Book<'_>, sheet: Sheet) -> Done {
    let styles = &book.styles;
    let name = sheet_name(sheet);
    page.widths(&WIDTHS)?;
    page.heads(HEAD_ROW, 0, &["Figure", "Name in formulas", "Unit", "How it is computed"], &styles.head)?;
    page.heads(HEAD_ROW, VALUE, &["Value"], &styles.head_right)?;
    page.heads(YEAR_ROW, 0, &["", "", "", "Number of the year", ""], &styles.head)?;
    let blocks = book.layout.blocks(sheet);
    if blocks.is_empty() {
        page.text(FIRST_ROW, 0, "This model has no figures here.", &styles.note)?;
    }
    let yearly = |id: &NodeId| book.results.appraisal.graph.node(*id).yearly;
    if sheet == Sheet::CashFlowReal || blocks.iter().any(|block| block.figures.iter().any(yearly)) {
        years(page, book, first_year_column(name))?;
    }
    let wanted = wanted(book);
    blocks.iter().try_for_each(|block| write_block(page, book, block, &wanted))?;
    page.print(book.title(), &book.made_line(), Some((HEAD_ROW, YEAR_ROW)), 1)
}

/// Names and numbers of the years over their columns.
fn years(page: &mut Page<'_>, book: &Book<'_>, first: u16) -> Done {
    let styles = &book.styles;
    for year in 0..book.years() {
        let column = first + year as u16;
        page.sheet.set_column_width(column, YEAR_WIDTH).map_err(super::page::told)?;
        page.text(HEAD_ROW, column, &book.year(year), &styles.head_right)?;
        page.number(YEAR_ROW, column, year as f64, &styles.head_right)?;
    }
    Ok(())
}

/// Figures that a reader looks for; they stand out.
pub(super) fn wanted(book: &Book<'_>) -> HashSet<NodeId> {
    let mut wanted = HashSet::new();
    for option in &book.results.appraisal.options {
        wanted.extend([option.cost, option.cost_nominal, option.net_cash, option.net_cash_running]);
        wanted.extend([
            option.whole_life_cost,
            option.npsc,
            option.npsv_cash,
            option.eanc,
            option.payback_years,
        ]);
        wanted.extend(option.pv_by_class);
        wanted.extend(option.costs.iter().map(|line| line.cost));
        wanted.extend(option.benefits.iter().map(|benefit| benefit.value));
    }
    wanted
}

/// Writes one heading with its figures.
pub(super) fn write_block(
    page: &mut Page<'_>,
    book: &Book<'_>,
    block: &Block,
    wanted: &HashSet<NodeId>,
) -> Done {
    page.band(block.row, VALUE, &block.heading, &book.styles.heading)?;
    block.figures.iter().try_for_each(|id| write_figure(page, book, *id, &block.heading, wanted.contains(id)))
}

fn write_figure(page: &mut Page<'_>, book: &Book<'_>, id: NodeId, heading: &str, wanted: bool) -> Done {
    let (appraisal, styles) = (&book.results.appraisal, &book.styles);
    let (node, row) = (appraisal.graph.node(id), book.layout.spot(id).row);
    let (label, how) = (said::label(&node.label, heading), said::how(appraisal, id, heading));
    page.text(row, 0, &label, if wanted { &styles.strong } else { &styles.text })?;
    page.text(row, 1, book.layout.name(id), &styles.quiet)?;
    page.text(row, 2, &said::unit(&node.unit), &styles.quiet)?;
    page.text(row, 3, &how, &styles.quiet)?;
    page.text(row, VALUE, "", &styles.text)?;
    let width = |column: usize| WIDTHS[column] as usize;
    page.fit(row, &[(&label, width(0)), (&how, width(3)), (book.layout.name(id), width(1) * 3 / 2)])?;
    write_values(page, book, id, wanted)
}

/// Writes the cells of a figure: inputs as numbers, everything else as formulas with their results.
pub(super) fn write_values(page: &mut Page<'_>, book: &Book<'_>, id: NodeId, wanted: bool) -> Done {
    let (node, spot) = (book.results.appraisal.graph.node(id), book.layout.spot(id));
    let values = book.results.appraisal.values.years(id);
    let number = match spot.sheet {
        CHECKS => DIFFERENCE,
        _ => number_format(book.kind(id), &values),
    };
    let format = match (&node.source, wanted) {
        (Source::Input(_), _) => book.styles.input(number),
        (_, true) => book.styles.result(number),
        (_, false) => book.styles.figure(number),
    };
    for (year, value) in values.into_iter().enumerate() {
        let column = spot.column + year as u16;
        match book.layout.formula(id, year)? {
            Some(formula) => page.formula(spot.row, column, &formula, value, &format)?,
            None => page.number(spot.row, column, value, &format)?,
        }
    }
    Ok(())
}

impl Book<'_> {
    /// What kind of number a figure is, by its unit and by what the model calls it.
    pub(super) fn kind(&self, id: NodeId) -> Kind {
        let appraisal = &self.results.appraisal;
        let node = appraisal.graph.node(id);
        let share = self.shares.contains(&id)
            || (node.unit.is_one()
                && (SHARE_ENDS.iter().any(|end| node.name.ends_with(end))
                    || SHARE_PARTS.iter().any(|part| node.name.contains(part))));
        match &node.source {
            _ if share => Kind::Share,
            _ if node.unit == cost_model::Unit::symbol(&appraisal.model.currency) => Kind::Money,
            Source::Input(_) => Kind::Given,
            Source::Formula(_) => Kind::Number,
        }
    }
}

/// Ends and parts of names that `cost_model` gives to shares and rates.
const SHARE_ENDS: [&str; 6] = ["_rate", ".vat", ".uplift", ".mitigated", ".ramp", ".share"];
const SHARE_PARTS: [&str; 3] = ["discount_rate_", "discount_low_rate_", "optimism_bias."];
