//! Reads a whole trace once, row by row, and reports what is wrong with it. Called when a scenario is loaded; what it has
//! found good the reader trusts. Memory does not grow with the file.

use super::input::{Input, Progress};
use super::row::{Bad, Columns, shown};
use crate::document::Log;
use crate::fault::Fault;
use csv::ByteRecord;
use population::Population;
use std::collections::HashMap;
use std::io::Read;

/// Faults of a trace that are shown one by one: more say nothing new, and a wrong column makes one of every row.
const FAULTS_MAX: u64 = 50;
/// Different names in a trace: far above the interactions there are, few enough to be kept.
const NAMES_MAX: usize = 1_000;
/// Longest name that is kept, bytes: what a file's name can have.
const NAME_BYTES_MAX: usize = 255;

/// What a good trace holds.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub rows: u64,
    pub last_ns: u64,
    /// Each name of the file, what it stands for, and its rows.
    pub names: Vec<(String, usize, u64)>,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
}

/// Finds the interaction of a name of the file; the fault, without its place, says why there is none.
pub(crate) type Resolve<'r> = &'r mut dyn FnMut(&str) -> Result<usize, Box<Fault>>;

/// Where faults go, until there are too many.
struct Faults<'l> {
    file: &'l str,
    log: &'l Log,
    count: u64,
    /// Line of the first that was not shown.
    more_from: usize,
}

impl Faults<'_> {
    fn push(&mut self, mut fault: Fault, line: usize) {
        self.count += 1;
        if self.count > FAULTS_MAX {
            if self.count == FAULTS_MAX + 1 {
                self.more_from = line;
            }
            return;
        }
        fault.file = self.file.to_owned();
        fault.line = line;
        self.log.push(fault);
    }

    fn bad(&mut self, bad: Bad, line: usize) {
        let mut fault = Fault::new("", line, bad.what, bad.problem).allowed(bad.allowed);
        if !bad.got.is_empty() {
            fault = fault.got(bad.got);
        }
        self.push(fault, line);
    }

    fn end(&self) {
        if self.count > FAULTS_MAX {
            let problem = format!("and {} more, from this line on", self.count - FAULTS_MAX);
            self.log.push(Fault::new(self.file, self.more_from, "", problem));
        }
    }
}

/// Checks the trace in `input`, which has `bytes` bytes; `None` when something is wrong, which the log then says.
pub(crate) fn check(
    file: &str,
    (input, bytes): (impl Read, u64),
    population: &Population,
    resolve: Resolve<'_>,
    progress: Option<Progress<'_>>,
    log: &Log,
) -> Option<Checked> {
    let input = Input::new(input).watched(progress, bytes);
    let since = input.since_row();
    let mut reader = input.rows();
    let mut faults = Faults { file, log, count: 0, more_from: 1 };
    let mut record = ByteRecord::new();
    let mut checked = Checked::default();
    let mut ids: HashMap<Box<[u8]>, Option<usize>> = HashMap::new();
    let mut bad: Vec<Bad> = Vec::new();
    let mut columns: Option<Columns> = None;
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => since.reset(),
            Ok(false) => break,
            Err(e) => {
                let line = reader.position().line() as usize;
                faults.push(Fault::new("", 1, "", format!("cannot be read: {e}")), line);
                break;
            }
        }
        let line = record.position().map_or(1, |p| p.line() as usize);
        let Some(columns) = &columns else {
            match Columns::of(&record) {
                Ok(found) => columns = Some(found),
                Err(wrong) => {
                    wrong.into_iter().for_each(|bad| faults.bad(bad, line));
                    break;
                }
            }
            continue;
        };
        checked.rows += 1;
        let row = columns.row(&record, checked.last_ns, population, &mut bad);
        bad.drain(..).for_each(|bad| faults.bad(bad, line));
        let Some(row) = row else { continue };
        checked.last_ns = row.offset_ns;
        let id = match ids.get(row.name) {
            Some(id) => *id,
            None => {
                let id =
                    name_of(row.name, ids.len(), resolve, &mut checked).map_err(|f| faults.push(*f, line));
                if ids.len() < NAMES_MAX && row.name.len() <= NAME_BYTES_MAX {
                    ids.insert(row.name.into(), id.ok());
                }
                id.ok()
            }
        };
        if let Some(id) = id {
            checked.names[id].2 += 1;
        }
    }
    if faults.count == 0 && checked.rows == 0 {
        faults.push(Fault::new("", 1, "", "no rows").allowed("a header and at least one row"), 1);
    }
    faults.end();
    checked.digest = reader.into_inner().digest();
    (faults.count == 0).then_some(checked)
}

/// Place of a new name among the names.
fn name_of(
    name: &[u8],
    known: usize,
    resolve: Resolve<'_>,
    checked: &mut Checked,
) -> Result<usize, Box<Fault>> {
    if known >= NAMES_MAX {
        let fault = Fault::new("", 1, "interaction", "too many different names").got(shown(name));
        return Err(fault.into());
    }
    let text = std::str::from_utf8(name);
    let fault = || Box::new(Fault::new("", 1, "interaction", "is no text").got(shown(name)));
    let text = text.map_err(|_| fault())?;
    let id = resolve(text)?;
    checked.names.push((text.to_owned(), id, 0));
    Ok(checked.names.len() - 1)
}
