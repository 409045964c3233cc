//! Where every figure lies: its sheet, its cell, its name. Decided once before anything is written, so that a formula can
//! point at any figure. Never writes a cell.

use std::collections::HashSet;

use cost_model::appraisal::{Appraisal, Sheet};
use cost_model::expr::excel::{Places, excel};
use cost_model::{NodeId, Source};
use rust_xlsxwriter::utility::{column_number_to_name, quote_sheet_name};

use super::names::Names;

/// Row of the column headings; above them stand title and explanation.
pub(super) const HEAD_ROW: u32 = 3;
/// Row of the numbers of the years, from 0; formulas that speak of the year point at it.
pub(super) const YEAR_ROW: u32 = 4;
/// First row of figures.
pub(super) const FIRST_ROW: u32 = 5;
/// Column of a single figure.
pub(super) const VALUE: u16 = 4;
/// Column of the live figure of an assumption that has an input of its own.
pub(super) const LIVE: u16 = 5;
/// First of the scenarios' columns on the sheet of assumptions.
pub(super) const SCENARIO: u16 = 6;
/// First of the years' columns; on the sheet of checks one to the right, after what they read.
const YEARS: u16 = 5;
/// Row of the scenario that is chosen, on the sheet of scenarios; the other switch stands under it.
pub(super) const SWITCH_ROW: u32 = FIRST_ROW;
/// Longest formula that a spreadsheet reads, characters.
const FORMULA_CHARS_MAX: usize = 8_192;

/// Names of the cells that are no figure of the model.
pub(super) const ALL_CHECKS: &str = "all_checks";
pub(super) const TOLERANCE: &str = "check_tolerance";

pub(super) const ASSUMPTIONS: &str = "Assumptions";
pub(super) const CASH_REAL: &str = "CashFlow real";
pub(super) const CHECKS: &str = "Checks";
pub(super) const SCENARIOS: &str = "Scenarios";

/// The first cell of a figure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) sheet: &'static str,
    pub(super) row: u32,
    pub(super) column: u16,
}

/// Figures under one heading.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    pub(super) heading: String,
    /// Row of the heading.
    pub(super) row: u32,
    /// Figures, one a row under the heading.
    pub(super) figures: Vec<NodeId>,
}

/// Where everything lies.
pub(super) struct Layout<'a> {
    appraisal: &'a Appraisal,
    spots: Vec<Spot>,
    names: Vec<String>,
    blocks: Vec<(Sheet, Vec<Block>)>,
}

/// The sheet's name in the workbook.
pub(super) fn sheet_name(sheet: Sheet) -> &'static str {
    match sheet {
        Sheet::Assumptions => ASSUMPTIONS,
        Sheet::Capacity => "Capacity",
        Sheet::Costs => "Costs",
        Sheet::Benefits => "Benefits",
        Sheet::CashFlowReal => CASH_REAL,
        Sheet::CashFlowNominal => "CashFlow nominal",
        Sheet::Npsv => "NPSV",
        Sheet::Checks => CHECKS,
    }
}

const LIVE_SHEETS: [Sheet; 8] = [
    Sheet::Assumptions,
    Sheet::Capacity,
    Sheet::Costs,
    Sheet::Benefits,
    Sheet::CashFlowReal,
    Sheet::CashFlowNominal,
    Sheet::Npsv,
    Sheet::Checks,
];

/// First column of the years on a sheet.
pub(super) fn first_year_column(sheet: &str) -> u16 {
    YEARS + u16::from(sheet == CHECKS)
}

impl<'a> Layout<'a> {
    /// Gives every figure of the appraisal its cell and its name.
    pub(super) fn of(appraisal: &'a Appraisal) -> Layout<'a> {
        let mut names = Names::default();
        names.give(ALL_CHECKS);
        names.give(TOLERANCE);
        let nodes = appraisal.graph.nodes();
        // Yearly figures have no name of their own in formulas; the model's name stands beside them.
        let of =
            |node: &cost_model::Node| if node.yearly { node.name.clone() } else { names.give(&node.name) };
        let names = nodes.iter().map(of).collect();
        let spots = vec![Spot::default(); nodes.len()];
        let mut layout = Layout { appraisal, spots, names, blocks: Vec::new() };
        let placed = layout.place_inputs();
        for sheet in LIVE_SHEETS {
            let blocks = layout.place_blocks(sheet, &placed);
            layout.blocks.push((sheet, blocks));
        }
        layout
    }

    /// Switches and assumptions have sheets in a shape of their own; returns what has been placed.
    fn place_inputs(&mut self) -> HashSet<NodeId> {
        let mut placed = HashSet::new();
        let mut put = |layout: &mut Self, id: NodeId, sheet: &'static str, row: u32, column: u16| {
            if placed.insert(id) {
                layout.spots[id.index()] = Spot { sheet, row, column };
            }
        };
        let appraisal = self.appraisal;
        let switches = [appraisal.switches.scenario, appraisal.switches.optimism_bias];
        for (row, id) in (SWITCH_ROW..).zip(switches) {
            put(self, id, SCENARIOS, row, VALUE);
        }
        let mut row = FIRST_ROW;
        for nodes in &appraisal.assumptions {
            let own = std::iter::once((nodes.given, nodes.live));
            for (given, live) in own.chain(nodes.by_option.iter().map(|(_, given, live)| (*given, *live))) {
                put(self, given, ASSUMPTIONS, row, VALUE);
                put(self, live, ASSUMPTIONS, row, LIVE);
                row += 1;
            }
            let first = row - 1 - nodes.by_option.len() as u32;
            for (number, input) in &nodes.by_scenario {
                put(self, *input, ASSUMPTIONS, first, SCENARIO + *number as u16 - 1);
            }
        }
        placed
    }

    fn place_blocks(&mut self, sheet: Sheet, placed: &HashSet<NodeId>) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let here = |id: &NodeId| self.appraisal.places[id.index()].sheet == sheet && !placed.contains(id);
        for id in self.appraisal.graph.ids().filter(here) {
            let heading = &self.appraisal.places[id.index()].heading;
            match blocks.iter_mut().find(|block| block.heading == *heading) {
                Some(block) => block.figures.push(id),
                None => blocks.push(Block { heading: heading.clone(), row: 0, figures: vec![id] }),
            }
        }
        let name = sheet_name(sheet);
        let mut row =
            if sheet == Sheet::Assumptions { self.assumption_rows() + FIRST_ROW + 1 } else { FIRST_ROW };
        for block in &mut blocks {
            block.row = row;
            for id in &block.figures {
                row += 1;
                let yearly = self.appraisal.graph.node(*id).yearly;
                let column = if yearly { first_year_column(name) } else { VALUE };
                self.spots[id.index()] = Spot { sheet: name, row, column };
            }
            row += 2;
        }
        blocks
    }

    /// Rows of the table of assumptions.
    fn assumption_rows(&self) -> u32 {
        self.appraisal.assumptions.iter().map(|nodes| 1 + nodes.by_option.len() as u32).sum()
    }

    pub(super) fn blocks(&self, sheet: Sheet) -> &[Block] {
        self.blocks.iter().find(|(of, _)| *of == sheet).map_or(&[], |(_, blocks)| blocks)
    }

    pub(super) fn spot(&self, id: NodeId) -> Spot {
        self.spots[id.index()]
    }

    /// What the figure is called in formulas; a yearly one is never called by it.
    pub(super) fn name(&self, id: NodeId) -> &str {
        &self.names[id.index()]
    }

    /// Every defined name with the cell that it means, in the order of the model.
    pub(super) fn defined(&self) -> impl Iterator<Item = (&str, String)> {
        let single = self.appraisal.graph.ids().filter(|id| !self.appraisal.graph.node(*id).yearly);
        single.map(|id| (self.name(id), absolute(self.spot(id))))
    }

    /// The formula of a figure as the cell of this year has it, or a sentence on why no spreadsheet could read it.
    pub(super) fn formula(&self, id: NodeId, year: usize) -> Result<Option<String>, String> {
        let node = self.appraisal.graph.node(id);
        let Source::Formula(tree) = &node.source else { return Ok(None) };
        let text = excel(tree, &Here { layout: self, sheet: self.spot(id).sheet, year });
        match text.chars().count() < FORMULA_CHARS_MAX {
            true => Ok(Some(text)),
            false => Err(format!(
                "{}: the formula has {} characters, allowed in a spreadsheet: up to {FORMULA_CHARS_MAX}; split it into derived figures",
                node.name,
                text.chars().count()
            )),
        }
    }

    /// A reference to the figure from any sheet, for tables that show it again.
    pub(super) fn link(&self, id: NodeId, year: usize) -> String {
        match self.appraisal.graph.node(id).yearly {
            true => cell(Spot { column: self.spot(id).column + year as u16, ..self.spot(id) }, ""),
            false => self.name(id).to_owned(),
        }
    }
}

/// `'CashFlow real'!F7`, without the sheet where it is `here`.
pub(super) fn cell(spot: Spot, here: &str) -> String {
    format!("{}{}{}", of_sheet(spot.sheet, here), column_number_to_name(spot.column), spot.row + 1)
}

/// `Assumptions!$E$7`.
pub(super) fn absolute(spot: Spot) -> String {
    format!("{}${}${}", of_sheet(spot.sheet, ""), column_number_to_name(spot.column), spot.row + 1)
}

fn of_sheet(sheet: &str, here: &str) -> String {
    if sheet == here { String::new() } else { format!("{}!", quote_sheet_name(sheet)) }
}

/// Figures as seen from one cell.
struct Here<'a> {
    layout: &'a Layout<'a>,
    sheet: &'static str,
    year: usize,
}

impl Here<'_> {
    /// The years of a figure from the first to the one at `last`, whose column stays put or moves along.
    fn range(&self, of: &NodeId, last: usize, fixed: &str) -> String {
        let spot = self.layout.spot(*of);
        let (first, row) = (column_number_to_name(spot.column), spot.row + 1);
        let last = column_number_to_name(spot.column + last as u16);
        format!("{}${first}${row}:{fixed}{last}${row}", of_sheet(spot.sheet, self.sheet))
    }
}

impl Places<NodeId> for Here<'_> {
    fn figure(&self, of: &NodeId) -> String {
        match self.layout.appraisal.graph.node(*of).yearly {
            true => {
                let spot = self.layout.spot(*of);
                cell(Spot { column: spot.column + self.year as u16, ..spot }, self.sheet)
            }
            false => self.layout.name(*of).to_owned(),
        }
    }

    fn all_years(&self, of: &NodeId) -> String {
        self.range(of, self.layout.appraisal.graph.years() - 1, "$")
    }

    fn years_so_far(&self, of: &NodeId) -> String {
        self.range(of, self.year, "")
    }

    fn year(&self) -> String {
        // The sheet of assumptions has other columns where the years stand elsewhere.
        let sheet = if self.sheet == ASSUMPTIONS { CASH_REAL } else { self.sheet };
        let column = column_number_to_name(first_year_column(sheet) + self.year as u16);
        format!("{}{column}${}", of_sheet(sheet, self.sheet), YEAR_ROW + 1)
    }
}
