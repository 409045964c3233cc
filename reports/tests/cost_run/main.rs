//! What `spinebench cost`, `cost diff` and `seed-table` promise beside the files of the report: a run gives a model what was
//! measured and nothing else, a difference is explained line by line, and no published figure is claimed that is only assumed.

mod diff;
mod measure;
mod seed;
mod summary;
#[path = "../support/mod.rs"]
mod support;

use cost_model::{Model, load_model};
use std::path::Path;

/// A built-in model.
fn built_in(path: &str) -> Model {
    load_model(None, Path::new(path)).unwrap_or_else(|faults| panic!("{faults}"))
}
