//! What is wrong with an input: every fault of it at once, each a sentence with what was got and what is allowed.

use std::fmt;

/// All faults of one input, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<String>);

impl Faults {
    /// One fault.
    pub(crate) fn one(sentence: impl Into<String>) -> Faults {
        Faults(vec![sentence.into()])
    }

    /// `value`, unless there are faults.
    ///
    /// # Errors
    /// The faults, when there are any.
    pub(crate) fn end<T>(faults: Vec<String>, value: T) -> Result<T, Faults> {
        match faults.is_empty() {
            true => Ok(value),
            false => Err(Faults(faults)),
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Faults {}
