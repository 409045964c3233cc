//! The workbook: an appraisal as a spreadsheet with live formulas. Called by the command line and by the tests. Every
//! computed cell on a live sheet is a formula with the model's own result beside it; what is static says so.

mod assumptions;
mod checks;
mod cover;
mod figures;
mod layout;
mod lines;
mod mapping;
mod names;
mod page;
mod records;
mod said;
mod scenarios;
mod style;
mod summary;
mod uncertainty;

use std::collections::HashSet;

use cost_model::NodeId;
use cost_model::appraisal::Sheet;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};

use super::CostResults;
use layout::Layout;
use page::{Done, Page, told};
use style::Styles;

/// One sheet: its name, what it is for, who writes it.
struct Part {
    name: &'static str,
    what: &'static str,
    write: fn(&mut Page<'_>, &Book<'_>) -> Done,
}

/// All sheets in order; a new one is a row here.
const PARTS: [Part; 17] = [
    Part { name: "Cover", what: "This sheet", write: cover::write },
    Part { name: "Summary", what: "Every option beside the others, result by result", write: summary::write },
    Part {
        name: layout::ASSUMPTIONS,
        what: "Every input with its source, its range and its grade of evidence; change the yellow cells",
        write: |page, book| titled(page, book, Sheet::Assumptions, assumptions::write),
    },
    Part {
        name: "Capacity",
        what: "Traffic, sizes and nodes that follow from the assumptions",
        write: |page, book| figures_of(page, book, Sheet::Capacity),
    },
    Part {
        name: "Costs",
        what: "Each cost line by year",
        write: |page, book| figures_of(page, book, Sheet::Costs),
    },
    Part {
        name: "Benefits",
        what: "Staff hours and the value of each benefit by year",
        write: |page, book| figures_of(page, book, Sheet::Benefits),
    },
    Part {
        name: layout::CASH_REAL,
        what: "Totals by year in the prices of one year",
        write: |page, book| figures_of(page, book, Sheet::CashFlowReal),
    },
    Part {
        name: "CashFlow nominal",
        what: "Totals by year as they will be paid, with VAT",
        write: |page, book| figures_of(page, book, Sheet::CashFlowNominal),
    },
    Part {
        name: "NPSV",
        what: "Discount factors, present values and what follows from them",
        write: |page, book| figures_of(page, book, Sheet::Npsv),
    },
    Part {
        name: layout::SCENARIOS,
        what: "Choose a scenario; all scenarios side by side",
        write: scenarios::write,
    },
    Part {
        name: "Sensitivity",
        what: "How far each assumption alone moves the result, and where an option stops paying (static)",
        write: uncertainty::sensitivity,
    },
    Part {
        name: "Monte Carlo",
        what: "All uncertain assumptions drawn together (static)",
        write: uncertainty::draws,
    },
    Part {
        name: layout::CHECKS,
        what: "Proofs that the sheets add up; each must read OK",
        write: |page, book| titled(page, book, Sheet::Checks, checks::write),
    },
    Part { name: "CIA mapping", what: "Benefits by class: CRB, nCRB, SB, UB", write: mapping::write },
    Part { name: "QA log", what: "What was checked, by whom, with what outcome", write: records::qa_log },
    Part { name: "Sources", what: "Every source with what rests on it", write: records::sources },
    Part {
        name: "Manifest",
        what: "The files, the run and the program that this was made from",
        write: records::manifest,
    },
];

/// What all sheets are written from.
struct Book<'a> {
    results: &'a CostResults,
    layout: Layout<'a>,
    styles: Styles,
    /// Figures that are shares by their unit.
    shares: HashSet<NodeId>,
    /// Inputs by which a scenario multiplies an assumption.
    factors: HashSet<NodeId>,
}

/// The appraisal as the bytes of an XLSX file. The same results give the same bytes. The error is a sentence: a formula that
/// no spreadsheet could read, or a date that is none.
pub fn workbook(results: &CostResults) -> Result<Vec<u8>, String> {
    let [shares, factors] = assumptions::shares_and_factors(&results.appraisal);
    let layout = Layout::of(&results.appraisal);
    let book = Book { results, layout, styles: Styles::default(), shares, factors };
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(results)?);
    for part in &PARTS {
        let sheet = workbook.add_worksheet();
        sheet.set_name(part.name).map_err(told)?;
        (part.write)(&mut Page { sheet }, &book)?;
    }
    for (name, cell) in book.layout.defined() {
        workbook.define_name(name, &format!("={cell}")).map_err(told)?;
    }
    for (name, spot) in [(layout::ALL_CHECKS, checks::ALL), (layout::TOLERANCE, checks::TOLERANCE)] {
        workbook.define_name(name, &format!("={}", layout::absolute(spot))).map_err(told)?;
    }
    workbook.save_to_buffer().map_err(told)
}

/// Title, author and date of the file. The date is the one that the results state, so that no clock is read here.
fn properties(results: &CostResults) -> Result<DocProperties, String> {
    let made = ExcelDateTime::parse_from_str(&results.made)
        .map_err(|_| format!("made: not a date, got {:?}, allowed: RFC 3339 in UTC", results.made))?;
    let title: String = results.appraisal.model.title.chars().filter(|c| !c.is_control()).collect();
    Ok(DocProperties::new()
        .set_title(title)
        .set_author(format!("spinebench {}", results.tool_version))
        .set_creation_datetime(&made))
}

fn figures_of(page: &mut Page<'_>, book: &Book<'_>, sheet: Sheet) -> Done {
    titled(page, book, sheet, |page, book| {
        figures::write(page, book, sheet)?;
        lines::write(page, book, sheet)
    })
}

/// Title and explanation, then the rest of the sheet.
fn titled(
    page: &mut Page<'_>,
    book: &Book<'_>,
    sheet: Sheet,
    write: impl Fn(&mut Page<'_>, &Book<'_>) -> Done,
) -> Done {
    book.title_of(page, layout::sheet_name(sheet), figures::what(sheet))?;
    write(page, book)
}

impl Book<'_> {
    fn title(&self) -> &str {
        &self.results.appraisal.model.title
    }

    /// Writes what a sheet is at its top.
    fn title_of(&self, page: &mut Page<'_>, title: &str, what: &str) -> Done {
        page.text(0, 0, title, &self.styles.title)?;
        page.sheet.set_row_height(0, 24).map_err(told)?;
        page.text(1, 0, what, &self.styles.note)
    }

    /// Who made the workbook and when.
    fn made_line(&self) -> String {
        format!("spinebench {}, {}", self.results.tool_version, self.results.made)
    }

    fn years(&self) -> usize {
        self.results.appraisal.graph.years()
    }

    fn year(&self, number: usize) -> String {
        said::year(self.results.appraisal.model.start, number)
    }

    /// The value of a single figure.
    fn one(&self, id: NodeId) -> f64 {
        self.results.appraisal.values.one(id)
    }

    /// Shows a single figure again, as a formula that points at it.
    fn show(&self, page: &mut Page<'_>, row: u32, column: u16, id: NodeId, result: bool) -> Done {
        let value = self.one(id);
        let number = style::number_format(self.kind(id), &[value]);
        let format = if result { self.styles.result(number) } else { self.styles.figure(number) };
        page.formula(row, column, &self.layout.link(id, 0), value, &format)
    }

    /// What the money of this workbook is in.
    fn money_line(&self) -> String {
        let model = &self.results.appraisal.model;
        let (first, last) = (self.year(0), self.year(self.years().saturating_sub(1)));
        format!(
            "{}, prices of {}, {} from {first} to {last}",
            model.currency,
            model.price_base,
            said::years(self.years())
        )
    }

    fn options(&self) -> &[cost_model::appraisal::OptionNodes] {
        &self.results.appraisal.options
    }

    /// Options that are compared with the baseline.
    fn others(&self) -> impl Iterator<Item = &cost_model::appraisal::OptionNodes> {
        let baseline = self.results.appraisal.baseline;
        self.options().iter().enumerate().filter(move |(at, _)| *at != baseline).map(|(_, option)| option)
    }

    fn baseline(&self) -> &cost_model::appraisal::OptionNodes {
        &self.results.appraisal.options[self.results.appraisal.baseline]
    }

    fn option_label(&self, at: usize) -> &str {
        self.options().get(at).map_or("", |option| &option.label)
    }
}
