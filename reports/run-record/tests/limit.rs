//! `limit.json` is what the capacity is taken from, so its form is kept by a golden file.

use std::path::{Path, PathBuf};

use run_record::{LIMIT_FILE, PROBES_FILE, RecordError, read_limit, write_limit};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[test]
fn the_file_of_a_limit_is_written_and_read_as_the_golden_one() {
    let record = read_limit(&golden()).expect("the golden file is read");
    assert_eq!(record.capacity_per_s, Some(1414.25));
    let folder = tempfile::tempdir().expect("a folder");
    write_limit(folder.path(), &record, &[("limit.html", b"<p>page</p>")]).expect("written");
    let text = |folder: &Path| std::fs::read_to_string(folder.join(LIMIT_FILE)).expect("there");
    assert_eq!(text(folder.path()), text(&golden()));
    assert_eq!(read_limit(folder.path()).expect("read again"), record);
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .expect("listed")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["limit.html", LIMIT_FILE, PROBES_FILE], "nothing partial is left");
}

#[test]
fn the_table_of_probes_has_a_named_column_for_every_figure_and_a_row_for_every_probe() {
    let record = read_limit(&golden()).expect("the golden file is read");
    let folder = tempfile::tempdir().expect("a folder");
    write_limit(folder.path(), &record, &[]).expect("written");
    let text = std::fs::read_to_string(folder.path().join(PROBES_FILE)).expect("there");
    let mut lines = text.lines();
    let header = lines.next().expect("a header");
    for column in ["rate_per_s", "verdict", "response_p99_ns", "send_lag_p99_9_ns", "hub_cores", "folder"] {
        assert!(header.split(',').any(|c| c == column), "{column}: {header}");
    }
    assert_eq!(lines.count(), record.probes.len());
}

#[test]
fn a_newer_file_and_one_that_is_no_limit_are_refused_in_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(LIMIT_FILE);
    assert!(matches!(read_limit(folder.path()), Err(RecordError::Io { .. })));
    std::fs::write(&file, r#"{"format_version": 2, "tool": {"version": "9.9"}}"#).expect("written");
    let newer = read_limit(folder.path()).expect_err("a newer file").to_string();
    assert!(newer.contains("9.9"), "{newer}");
    for text in ["{}", "[]", "not json"] {
        std::fs::write(&file, text).expect("written");
        assert!(matches!(read_limit(folder.path()), Err(RecordError::Broken { .. })), "{text}");
    }
}
