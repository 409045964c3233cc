//! The shipped data, compiled in, and the rule by which a named file is found. Reads files and nothing else.

use std::path::{Path, PathBuf};

use crate::{Fault, Faults};

/// Shipped data by its last two path parts. A new baseline, price list or case that should work from any folder is a row
/// here.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("cases/hub-today.toml", include_str!("../../cases/hub-today.toml")),
    ("cases/spine-2015.toml", include_str!("../../cases/spine-2015.toml")),
    ("baselines/legacy-2015.csv", include_str!("../../baselines/legacy-2015.csv")),
    ("prices/discount-rates.csv", include_str!("../../prices/discount-rates.csv")),
    ("prices/gdp-deflators.csv", include_str!("../../prices/gdp-deflators.csv")),
    ("prices/optimism-bias.csv", include_str!("../../prices/optimism-bias.csv")),
    ("prices/hosting.csv", include_str!("../../prices/hosting.csv")),
    ("prices/spine-claims.csv", include_str!("../../prices/spine-claims.csv")),
    ("prices/staff.csv", include_str!("../../prices/staff.csv")),
];

/// Largest data file read, bytes: the shipped ones are some 20 KB, and a mistaken path must not fill the memory.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// A data file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What to call it in messages: the path, or `built-in cases/spine-2015.toml`.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The folder that paths inside it start from; `None` for built-in files, which name built-in files.
    pub folder: Option<PathBuf>,
}

/// Finds `path` in `folder` (an absolute `path` stands for itself), else among the built-in files by its last two parts.
pub fn find(folder: Option<&Path>, path: &Path) -> Result<Found, Faults> {
    let fault = |problem: String| {
        let file = path.display().to_string();
        Faults(vec![Fault { file, line: 0, what: "file".to_owned(), problem }])
    };
    if let Some(full) = folder.map(|folder| folder.join(path)).filter(|full| full.exists()) {
        let name = full.display().to_string();
        let found = std::fs::metadata(&full).map_err(|e| fault(e.to_string()))?;
        if !found.is_file() {
            return Err(fault(format!("{name} is not a file, allowed: a plain file")));
        }
        let bytes = found.len();
        if bytes > FILE_BYTES_MAX {
            return Err(fault(format!("too large, got {bytes} bytes, allowed up to {FILE_BYTES_MAX}")));
        }
        let text = std::fs::read_to_string(&full).map_err(|e| fault(format!("cannot read {name}: {e}")))?;
        return Ok(Found { name, text, folder: full.parent().map(Path::to_owned) });
    }
    let parts: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
    let tail: Vec<&str> = parts.iter().rev().map(|part| part.as_ref()).collect();
    let tail = tail.join("/");
    match BUILT_IN.iter().find(|(name, _)| *name == tail) {
        Some((name, text)) => {
            Ok(Found { name: format!("built-in {name}"), text: (*text).to_owned(), folder: None })
        }
        None => {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            let place = folder.map_or("no folder".to_owned(), |folder| folder.display().to_string());
            Err(fault(format!(
                "not found in {place} and not built in, allowed: an existing file, or {}",
                names.join(", ")
            )))
        }
    }
}
