//! A written workbook opened by an independent engine: where each figure of the model lies in it, and what its cells hold.
//! Knows the workbook as a reader does: by defined names, by the names beside the figures, by the numbered years.

use std::collections::HashMap;

use cost_model::{Appraisal, NodeId, Values};
use ironcalc::base::Model;
use ironcalc::base::cell::CellValue;
use ironcalc::import::load_from_xlsx_bytes;

/// Sheets that hold figures of the model under the numbered years.
const LIVE: [&str; 7] =
    ["Capacity", "Costs", "Benefits", "CashFlow real", "CashFlow nominal", "NPSV", "Checks"];
/// Row of the numbered years, from 1 as spreadsheets count.
const YEARS_ROW: i32 = 5;
/// What an engine may differ by, as a share of the figure.
const RELATIVE: f64 = 1e-9;
/// What it may differ by as a share of the largest figure in the same unit: differences of large sums come out near 0.
const OF_LARGEST: f64 = 1e-13;

/// A cell: sheet from 0, row and column from 1.
pub type Cell = (u32, i32, i32);

/// A workbook in the engine.
pub struct Opened {
    pub model: Model<'static>,
    /// Cells of each figure, one or one for each year.
    pub cells: Vec<Vec<Cell>>,
}

/// The workbook as it was written: nothing is computed yet.
pub fn load(bytes: &[u8]) -> Model<'static> {
    let workbook = load_from_xlsx_bytes(bytes, "test", "en", "UTC").expect("the workbook is read");
    Model::from_workbook(workbook, "en").expect("the workbook is understood")
}

impl Opened {
    /// Opens a workbook and finds every figure of the appraisal.
    pub fn of(bytes: &[u8], appraisal: &Appraisal) -> Opened {
        let model = load(bytes);
        let sheets: HashMap<String, u32> = model
            .get_worksheets_properties()
            .into_iter()
            .zip(0..)
            .map(|(sheet, at)| (sheet.name, at))
            .collect();
        let names: HashMap<String, Cell> = model
            .get_defined_name_list()
            .into_iter()
            .filter_map(|(name, _, formula)| Some((name, absolute(&formula, &sheets)?)))
            .collect();
        let rows = rows(&model, &sheets);
        let years = appraisal.graph.years() as i32;
        let find = |id: NodeId| {
            let node = appraisal.graph.node(id);
            if node.yearly {
                let (sheet, row, first) =
                    rows.get(&node.name).unwrap_or_else(|| panic!("no row {}", node.name));
                return (*first..first + years).map(|column| (*sheet, *row, column)).collect();
            }
            let found = names.get(&node.name).or_else(|| names.get(&format!("n_{}", node.name)));
            vec![*found.unwrap_or_else(|| panic!("no defined name for {}", node.name))]
        };
        let cells = appraisal.graph.ids().map(find).collect();
        Opened { model, cells }
    }

    /// Types a number into every cell of an input.
    pub fn set(&mut self, id: NodeId, value: f64) {
        for (sheet, row, column) in &self.cells[id.index()] {
            self.model
                .update_cell_with_number(*sheet, *row, *column, value)
                .expect("a cell that takes a number");
        }
    }

    pub fn formula(&self, cell: Cell) -> Option<String> {
        self.model.get_cell_formula(cell.0, cell.1, cell.2).expect("a cell")
    }

    pub fn value(&self, cell: Cell) -> CellValue {
        self.model.get_cell_value_by_index(cell.0, cell.1, cell.2).expect("a cell")
    }

    /// Compares the cells of every figure with the engine's values; returns how many cells were compared.
    pub fn compare(&self, appraisal: &Appraisal, values: &Values, when: &str) -> usize {
        let mut largest: HashMap<String, f64> = HashMap::new();
        for id in appraisal.graph.ids() {
            let most = largest.entry(appraisal.graph.node(id).unit.to_string()).or_default();
            *most = values.years(id).into_iter().fold(*most, |most, value| most.max(value.abs()));
        }
        let mut faults = Vec::new();
        let mut compared = 0;
        for id in appraisal.graph.ids() {
            let node = appraisal.graph.node(id);
            let floor = OF_LARGEST * largest[&node.unit.to_string()];
            for (cell, wanted) in self.cells[id.index()].iter().zip(values.years(id)) {
                compared += 1;
                let close = |got: f64| (got - wanted).abs() <= RELATIVE * wanted.abs() + floor;
                match self.value(*cell) {
                    CellValue::Number(got) if close(got) => {}
                    got => {
                        faults.push(format!("{} at {cell:?}: {got:?}, the engine has {wanted:?}", node.name))
                    }
                }
            }
        }
        assert!(
            faults.is_empty(),
            "{when}: {} cells differ:\n{}",
            faults.len(),
            faults[..faults.len().min(10)].join("\n")
        );
        compared
    }

    /// The text of a cell by sheet name, for cells that are no figure.
    pub fn text(&self, reference: &str) -> String {
        match self.model.get_cell_value_by_ref(reference).expect("a cell") {
            CellValue::String(text) => text,
            other => panic!("{reference} holds no text but {other:?}"),
        }
    }
}

/// `'CashFlow real'!$E$7` as a cell.
fn absolute(formula: &str, sheets: &HashMap<String, u32>) -> Option<Cell> {
    let (sheet, cell) = formula.trim_start_matches('=').rsplit_once('!')?;
    let (column, row) = cell.trim_start_matches('$').split_once('$')?;
    if !column.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return None; // rows that are repeated in print
    }
    let column = column.bytes().fold(0, |so_far, letter| so_far * 26 + i32::from(letter - b'A' + 1));
    Some((*sheets.get(sheet.trim_matches('\''))?, row.parse().ok()?, column))
}

/// Rows of yearly figures by the name beside them: sheet, row, column of the first year.
fn rows(model: &Model<'_>, sheets: &HashMap<String, u32>) -> HashMap<String, Cell> {
    let mut rows = HashMap::new();
    for sheet in LIVE.map(|name| sheets[name]) {
        let value = |row, column| model.get_cell_value_by_index(sheet, row, column).expect("a cell");
        let numbered = |column: &i32| value(YEARS_ROW, *column) == CellValue::Number(0.0);
        let Some(first) = (5..9).find(numbered) else { continue };
        for row in YEARS_ROW + 1..2_000 {
            if let CellValue::String(name) = value(row, 2) {
                rows.insert(name, (sheet, row, first));
            }
        }
    }
    rows
}
