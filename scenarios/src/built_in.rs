//! The files that are part of the program: `build.rs` makes the table from the folders beside this crate. Called by
//! `library`, which looks beside the scenario first.

/// Path from the scenarios folder, with forward slashes, and text; by path.
pub(crate) const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// The text of a built-in file.
pub(crate) fn find(path: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(p, _)| *p == path).map(|(_, text)| *text)
}

/// Names of the built-in files of a folder, without their ending.
pub(crate) fn names(folder: &'static str, ending: &'static str) -> impl Iterator<Item = &'static str> {
    BUILT_IN
        .iter()
        .filter_map(move |(path, _)| path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(ending))
}
