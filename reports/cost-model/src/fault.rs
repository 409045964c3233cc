//! Faults in data files: where, what, got, allowed. All faults of a file are reported at once; never a panic.

use std::fmt;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, as it was named.
    pub file: String,
    /// Line, from 1; 0 when the fault is the whole file's.
    pub line: usize,
    /// Dotted key or column.
    pub what: String,
    /// What is wrong, what was got, what is allowed.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = if self.line == 0 { String::new() } else { format!(":{}", self.line) };
        let told = format!("{}{line}: {}: {}", self.file, self.what, self.problem);
        // Names out of a file must not move the reader's cursor or begin a line.
        f.write_str(&told.replace(char::is_control, "\u{fffd}"))
    }
}

/// All faults of what was loaded, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Most faults that are told: a person mends a few at a time, and a mistaken file may have one on every line.
const FAULTS_MAX: usize = 1_000;

/// Collects faults of one file.
pub(crate) struct Collector<'a> {
    pub(crate) file: &'a str,
    pub(crate) faults: Vec<Fault>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(file: &'a str) -> Collector<'a> {
        Collector { file, faults: Vec::new() }
    }

    pub(crate) fn add(&mut self, line: usize, what: impl Into<String>, problem: impl Into<String>) {
        let (line, what, problem) = match self.faults.len() {
            told if told < FAULTS_MAX => (line, what.into(), problem.into()),
            FAULTS_MAX => {
                (0, "file".to_owned(), format!("more than {FAULTS_MAX} faults, the rest is not told"))
            }
            _ => return,
        };
        self.faults.push(Fault { file: self.file.to_owned(), line, what, problem });
    }

    pub(crate) fn end<T>(self, value: T) -> Result<T, Faults> {
        match self.faults.is_empty() {
            true => Ok(value),
            false => Err(Faults(self.faults)),
        }
    }
}
