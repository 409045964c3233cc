//! Reads a trace while it is replayed: row after row, in constant memory, nothing allocated for a row. Called by the
//! harness. The trace was found good when the scenario was loaded; a file that has changed since ends the reading with a
//! sentence.

use super::input::{Input, SinceRow};
use super::row::{Bad, Columns};
use crate::inputs::Given;
use crate::scenario::{InteractionId, Scenario};
use csv::ByteRecord;
use population::Population;
use std::collections::HashMap;
use std::fs::File;
use std::io;

/// A request as it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceRow {
    /// When, from the start of the plan, nanoseconds: as recorded, divided by the speed.
    pub offset_ns: u64,
    /// What.
    pub interaction: InteractionId,
    /// By whom and about whom, as far as the trace says.
    pub given: Given,
}

/// The rows of a scenario's trace, in order.
pub struct TraceReader {
    rows: csv::Reader<Input<'static, File>>,
    since: SinceRow,
    record: ByteRecord,
    columns: Columns,
    names: HashMap<Box<[u8]>, InteractionId>,
    population: Population,
    file: String,
    speed: f64,
    last_ns: u64,
    read: u64,
    expected: u64,
    bad: Vec<Bad>,
    fault: Option<String>,
}

impl TraceReader {
    /// Opens the trace of a scenario; `population` is that of the scenario.
    ///
    /// # Errors
    /// Those of opening and reading; [`io::ErrorKind::InvalidInput`] for a scenario without a trace,
    /// [`io::ErrorKind::InvalidData`] when the header is not what it was.
    pub fn open(scenario: &Scenario, population: &Population) -> io::Result<TraceReader> {
        let trace = scenario.load.trace.as_ref();
        let none = || io::Error::new(io::ErrorKind::InvalidInput, "the scenario has no trace");
        let trace = trace.ok_or_else(none)?;
        let file = trace.path.display().to_string();
        let wrong = |e: &dyn std::fmt::Display| {
            let text = format!("{file}: the trace has changed since it was checked: {e}");
            io::Error::new(io::ErrorKind::InvalidData, text)
        };
        let open = File::open(&trace.path).map_err(|e| io::Error::new(e.kind(), format!("{file}: {e}")))?;
        let input = Input::new(open);
        let since = input.since_row();
        let mut rows = input.rows();
        let mut record = ByteRecord::new();
        rows.read_byte_record(&mut record).map_err(|e| wrong(&e))?;
        let columns = Columns::of(&record).map_err(|_| wrong(&"its header is another"))?;
        Ok(TraceReader {
            rows,
            since,
            record,
            columns,
            names: trace.names.iter().map(|(name, id)| (name.as_bytes().into(), *id)).collect(),
            population: *population,
            file,
            speed: trace.speed,
            last_ns: 0,
            read: 0,
            expected: trace.rows,
            bad: Vec::new(),
            fault: None,
        })
    }

    /// Why the reading ended early, in a sentence; `None` while all is well.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    fn end(&mut self, why: &str) -> Option<TraceRow> {
        let line = self.record.position().map_or(1, csv::Position::line);
        self.fault = Some(format!("{}:{line}: the trace has changed since it was checked: {why}", self.file));
        None
    }

    /// Nanoseconds of the plan for those of the recording.
    fn planned_ns(&self, recorded_ns: u64) -> u64 {
        // As recorded stays as recorded, to the nanosecond; else 53 bits are 13 days to the 0.1 µs.
        if self.speed == 1.0 { recorded_ns } else { (recorded_ns as f64 / self.speed).round() as u64 }
    }
}

impl Iterator for TraceReader {
    type Item = TraceRow;

    fn next(&mut self) -> Option<TraceRow> {
        if self.fault.is_some() {
            return None;
        }
        match self.rows.read_byte_record(&mut self.record) {
            Ok(true) => self.since.reset(),
            Ok(false) if self.read == self.expected => return None,
            Ok(false) => {
                let why = format!("it had {} rows and has {}", self.expected, self.read);
                return self.end(&why);
            }
            Err(e) => return self.end(&e.to_string()),
        }
        if self.read == self.expected {
            let why = format!("it had {} rows and has more", self.expected);
            return self.end(&why);
        }
        let row = self.columns.row(&self.record, self.last_ns, &self.population, &mut self.bad);
        let Some(row) = row else {
            let bad = self.bad.drain(..).next();
            let why = bad.map(|bad| format!("{}: {}, got \"{}\"", bad.what, bad.problem, bad.got));
            return self.end(&why.unwrap_or_default());
        };
        let Some(interaction) = self.names.get(row.name).copied() else {
            return self.end("it asks for another interaction");
        };
        let (offset_ns, given) = (row.offset_ns, row.given);
        self.last_ns = offset_ns;
        self.read += 1;
        Some(TraceRow { offset_ns: self.planned_ns(offset_ns), interaction, given })
    }
}
