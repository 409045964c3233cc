//! Faults of the files a user writes: where, what is wrong, what was found, what is allowed. Every reader in this crate
//! collects them; the command line prints them. A fault never stops the reading of what does not depend on it.

use std::fmt;

/// One thing that is wrong in one place. Prints as `file:line: key: problem, got "x", allowed: a, b, c`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, as the user can open it; `built-in` and a path for what is in the program itself.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Dotted key, e.g. `load.connections`; empty when the file as a whole is meant.
    pub what: String,
    /// What is wrong, in a few words.
    pub problem: String,
    /// What was found.
    pub got: Option<String>,
    /// What would have been right.
    pub allowed: Option<String>,
}

impl Fault {
    /// A fault without `got` and `allowed`.
    pub(crate) fn new(
        file: impl Into<String>,
        line: usize,
        what: impl Into<String>,
        problem: impl Into<String>,
    ) -> Self {
        Fault {
            file: file.into(),
            line,
            what: what.into(),
            problem: problem.into(),
            got: None,
            allowed: None,
        }
    }

    /// Says what was found.
    pub(crate) fn got(mut self, got: impl fmt::Display) -> Self {
        self.got = Some(got.to_string());
        self
    }

    /// Says what would have been right.
    pub(crate) fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.what.is_empty() {
            write!(f, "{}: ", self.what)?;
        }
        f.write_str(&self.problem)?;
        if let Some(got) = &self.got {
            write!(f, ", got \"{got}\"")?;
        }
        if let Some(allowed) = &self.allowed {
            write!(f, ", allowed: {allowed}")?;
        }
        Ok(())
    }
}

/// All faults of a scenario and of the files it uses, in the order of the files, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl std::ops::Deref for Faults {
    type Target = [Fault];
    fn deref(&self) -> &[Fault] {
        &self.0
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// A list for `allowed`, sorted as given.
pub(crate) fn list<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> String {
    let mut text = String::new();
    for item in items {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(item.as_ref());
    }
    text
}
