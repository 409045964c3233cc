//! The files of a cost report: what each is called and for, made and put in place. Each appears whole or not at all,
//! `cost.json` last; files of an earlier report are replaced.

use crate::exit::{Exit, Failure};
use reports::cost::CostResults;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// The files in the order in which they are written, each with what it is for.
const FILES: [(&str, &str); 7] = [
    ("workbook.xlsx", "the appraisal with live formulas; start at its first sheet"),
    ("report.html", "the same to read and print"),
    ("costs.csv", "every cost line by option and year, for programs"),
    ("results.csv", "every result by option, for programs"),
    ("assumptions.csv", "every assumption with its source"),
    ("focus.csv", "costs in the columns of FOCUS, for billing tools"),
    ("cost.json", "everything, for programs"),
];

/// A file's name and what it holds.
pub type Named = (&'static str, Vec<u8>);

/// All files of a report, in the order of [`FILES`].
pub fn files(results: &CostResults) -> Result<Vec<Named>, Failure> {
    let workbook = reports::cost::workbook(results)
        .map_err(|sentence| Failure::new(Exit::Bug, format!("workbook.xlsx: {sentence}")))?;
    let bytes = [
        workbook,
        reports::cost::page(results).into_bytes(),
        reports::cost::costs_csv(results).into_bytes(),
        reports::cost::results_csv(results).into_bytes(),
        reports::cost::assumptions_csv(results).into_bytes(),
        reports::cost::focus_csv(results).into_bytes(),
        reports::cost::json(results).into_bytes(),
    ];
    Ok(FILES.iter().map(|(name, _)| *name).zip(bytes).collect())
}

/// Writes the files into a folder, which is made when it is not there.
pub fn write(folder: &Path, files: &[Named]) -> Result<(), Failure> {
    let failed = |path: &Path, e: std::io::Error| {
        Failure::new(Exit::Unreachable, format!("{}: cannot be written: {e}", path.display()))
    };
    fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
    let partial = |name: &str| folder.join(format!(".{name}.partial-{}", std::process::id()));
    let written: Result<(), Failure> = files.iter().try_for_each(|(name, bytes)| {
        let path = partial(name);
        let whole =
            File::create(&path).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
        whole.map_err(|e| failed(&folder.join(name), e))
    });
    let placed = written.and_then(|()| {
        files.iter().try_for_each(|(name, _)| {
            let path = folder.join(name);
            fs::rename(partial(name), &path).map_err(|e| failed(&path, e))
        })
    });
    if placed.is_err() {
        // The error at hand is what the user must see; what is left of the attempt is only in the way.
        files.iter().for_each(|(name, _)| drop(fs::remove_file(partial(name))));
        return placed;
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| failed(folder, e))
}

/// The list of files for people.
pub fn listed(folder: &Path) -> String {
    let width = FILES.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let rows = FILES.iter().map(|(name, what)| format!("  {name:<width$}  {what}\n"));
    format!("Files in {}\n{}", folder.display(), rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_appear_whole_and_replace_those_of_before_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a/b");
        write(&out, &[("one.csv", b"old".to_vec())]).unwrap_or_else(|f| panic!("{}", f.message));
        write(&out, &[("one.csv", b"new".to_vec()), ("two.csv", b"2".to_vec())])
            .unwrap_or_else(|f| panic!("{}", f.message));
        assert_eq!(fs::read(out.join("one.csv")).unwrap(), b"new");
        assert_eq!(fs::read_dir(&out).unwrap().count(), 2);
    }

    #[test]
    fn a_folder_that_cannot_be_had_is_told_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let failure = write(&file.join("below"), &[]).expect_err("a file is no folder");
        assert_eq!(failure.exit, Exit::Unreachable);
        assert!(failure.message.contains("below"), "{}", failure.message);
    }
}
