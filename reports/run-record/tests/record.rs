//! What the record promises: a round trip without loss, files of a fixed shape, and one clear sentence for each record
//! that cannot be trusted.

mod support;

use std::fs;
use std::path::Path;

use run_record::*;

/// Set to rewrite the golden files from what is written now.
const BLESS: &str = "SPINEBENCH_BLESS";

fn written() -> (tempfile::TempDir, std::path::PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let folder = write(parent.path(), "small", &support::run(), &[("report.html", b"<html>")]).unwrap();
    (parent, folder)
}

fn refusal(folder: &Path) -> String {
    let sentence = read(folder).expect_err("this record must be refused").to_string();
    assert_eq!(sentence.lines().count(), 1, "one sentence: {sentence}");
    sentence
}

fn edit(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} holds {from:?}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn what_is_written_is_read_back_without_loss() {
    let (_parent, folder) = written();
    let mut back = read(&folder).unwrap();
    assert_eq!(back.record.files.len(), 6);
    back.record.files.clear();
    back.record.seal.clear();
    assert_eq!(back, support::run());
}

#[test]
fn latest_leads_to_the_newest_record() {
    let (parent, first) = written();
    let second = write(parent.path(), "small", &support::run(), &[]).unwrap();
    assert_eq!(first.file_name().unwrap(), "small");
    assert_eq!(second.file_name().unwrap(), "small-2", "an existing record is never overwritten");
    assert_eq!(fs::read_link(parent.path().join("latest")).unwrap(), Path::new("small-2"));
    assert!(read(&parent.path().join("latest")).is_ok());
    let mut names: Vec<_> = fs::read_dir(parent.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["latest", "small", "small-2"], "no temporary name is left");
}

#[test]
fn a_newer_record_is_refused_with_both_versions() {
    let (_parent, folder) = written();
    edit(&folder, "record.json", "\"format_version\": 1", "\"format_version\": 7");
    let sentence = refusal(&folder);
    assert!(sentence.contains("format version 7 is newer"), "{sentence}");
    assert!(sentence.contains("allowed up to 1"), "{sentence}");
    assert!(sentence.contains("spinebench 0.1.0"), "{sentence}");
}

#[test]
fn a_truncated_file_is_named_with_both_lengths() {
    for file in
        ["interactions.csv", "latency.hlog", "series.csv", "resources.csv", "errors.csv", "heatmap.csv"]
    {
        let (_parent, folder) = written();
        let bytes = fs::read(folder.join(file)).unwrap();
        fs::write(folder.join(file), &bytes[..bytes.len() - 9]).unwrap();
        let sentence = refusal(&folder);
        let wanted = format!("{file}: truncated, got {} bytes, recorded {}", bytes.len() - 9, bytes.len());
        assert!(sentence.contains(&wanted), "{sentence}");
    }
}

#[test]
fn a_truncated_record_json_is_called_truncated() {
    let (_parent, folder) = written();
    let bytes = fs::read(folder.join("record.json")).unwrap();
    for length in [0, 1, bytes.len() / 2, bytes.len() - 3] {
        fs::write(folder.join("record.json"), &bytes[..length]).unwrap();
        let sentence = refusal(&folder);
        assert!(sentence.contains("record.json: truncated"), "{length}: {sentence}");
    }
}

#[test]
fn an_edited_file_is_named_with_both_hashes() {
    let (_parent, folder) = written();
    edit(&folder, "interactions.csv", "all,response,3000", "all,response,9000");
    let sentence = refusal(&folder);
    assert!(sentence.contains("interactions.csv: edited since the run, got SHA-256 "), "{sentence}");
}

#[test]
fn an_edited_verdict_is_found_out() {
    let (_parent, folder) = written();
    edit(&folder, "record.json", "\"verdict\": \"pass\"", "\"verdict\": \"over-budget\"");
    let sentence = refusal(&folder);
    assert!(sentence.contains("record.json: edited since the run"), "{sentence}");
}

#[test]
fn a_missing_file_and_an_empty_folder_are_no_record() {
    let (_parent, folder) = written();
    fs::remove_file(folder.join("series.csv")).unwrap();
    assert!(refusal(&folder).contains("series.csv: missing"));
    let empty = tempfile::tempdir().unwrap();
    assert!(refusal(empty.path()).contains("record.json: missing"));
    assert!(refusal(&empty.path().join("nowhere")).contains("record.json: missing"));
}

#[test]
fn any_other_json_is_no_record() {
    let folder = tempfile::tempdir().unwrap();
    for text in ["[]", "{}", "{\"format_version\": \"one\"}", "not json", "{\"format_version\": 1}\n"] {
        fs::write(folder.path().join("record.json"), text).unwrap();
        let sentence = refusal(folder.path());
        assert!(sentence.contains("record.json: "), "{text}: {sentence}");
    }
}

#[test]
fn the_report_may_be_drawn_again_without_breaking_the_seal() {
    let (_parent, folder) = written();
    fs::write(folder.join("report.html"), "<html>drawn again").unwrap();
    assert!(read(&folder).is_ok());
}

#[test]
fn a_run_without_samples_is_still_a_record() {
    let parent = tempfile::tempdir().unwrap();
    let mut run = support::run();
    run.interactions.clear();
    run.series.clear();
    run.resources.clear();
    run.errors.clear();
    run.histograms.clear();
    run.heat_map = HeatMap::new();
    let folder = write(parent.path(), "empty", &run, &[]).unwrap();
    let back = read(&folder).unwrap();
    assert!(back.interactions.is_empty() && back.histograms.is_empty());
    assert_eq!(back.heat_map, HeatMap::new());
}

#[test]
fn a_failed_write_leaves_nothing_behind() {
    let parent = tempfile::tempdir().unwrap();
    let error = write(parent.path(), "small", &support::run(), &[("no/such/folder.html", b"")]).unwrap_err();
    assert!(error.to_string().contains("no/such/folder.html: cannot create it"), "{error}");
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[test]
fn a_parent_that_is_a_file_is_one_sentence() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = write(file.path(), "small", &support::run(), &[]).unwrap_err();
    assert!(error.to_string().contains("cannot create it"), "{error}");
}

#[test]
fn an_interaction_that_cannot_be_a_tag_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    let mut run = support::run();
    run.histograms[3].interaction = "a b".into();
    let error = write(parent.path(), "small", &run, &[]).unwrap_err();
    assert!(error.to_string().contains("interaction name \"a b\" cannot be a tag"), "{error}");
}

#[test]
fn the_columns_of_interactions_csv_are_the_published_ones() {
    let (_parent, folder) = written();
    let text = fs::read_to_string(folder.join("interactions.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next().unwrap(),
        "interaction,kind,count,failed,mean_ns,p50_ns,p90_ns,p99_ns,p99_9_ns,p99_99_ns,max_ns"
    );
    let starts: Vec<&str> = lines.by_ref().take(3).collect();
    assert!(starts[0].starts_with("all,response,3000,1,"), "{starts:?}");
    assert!(starts[1].starts_with("all,service,3000,1,"), "{starts:?}");
    assert!(starts[2].starts_with("all,send_lag,3000,1,"), "{starts:?}");
}

#[test]
fn what_leaves_the_house_is_as_it_was() {
    let (_parent, folder) = written();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for file in
        ["record.json", "interactions.csv", "series.csv", "resources.csv", "errors.csv", "heatmap.csv"]
    {
        let got = without_packing(&fs::read_to_string(folder.join(file)).unwrap());
        if std::env::var_os(BLESS).is_some() {
            fs::write(golden.join(file), &got).unwrap();
        }
        let wanted = fs::read_to_string(golden.join(file)).unwrap_or_default();
        assert!(
            got == wanted,
            "{file} differs from tests/golden/{file}; if that is meant, run again with {BLESS}=1"
        );
    }
}

/// The packed bytes of `latency.hlog` may differ from one deflate library to the next while they mean the same, so
/// their length and hash, and the seal over them, are no part of the golden text.
fn without_packing(text: &str) -> String {
    let mut in_hlog = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        in_hlog = line.contains("latency.hlog") || (in_hlog && !line.contains('}'));
        let field = line.trim_start().split(':').next().unwrap_or_default();
        match (in_hlog, field) {
            (true, "\"bytes\"" | "\"sha256\"") | (_, "\"seal\"") => {
                lines.push(format!("      {field}: not compared"))
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn histograms_of_an_earlier_build_are_still_read() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/latency.hlog");
    let found = read_hlog(&fs::read(golden).unwrap()).unwrap();
    assert_eq!(found, support::run().histograms);
}

#[test]
fn a_damaged_histogram_log_is_one_sentence() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/latency.hlog");
    let text = fs::read_to_string(golden).unwrap();
    for (from, to) in
        [("HISTFAAA", "HISTF AA"), ("HISTFAAA", "HISTAAAA"), ("Tag=all.response", "Tag=all.respond")]
    {
        let problem = read_hlog(text.replacen(from, to, 1).as_bytes()).expect_err("damaged");
        assert!(problem.starts_with("interval 1"), "{problem}");
    }
}

#[test]
fn heat_map_buckets_catch_everything() {
    let edges = HeatMap::standard_edges_ns();
    assert_eq!(edges.len(), HeatMap::BUCKETS + 1);
    assert_eq!((edges[0], edges[HeatMap::BUCKETS]), (10_000, 100_000_000_000));
    for (time_ns, bucket) in [(0, 0), (10_000, 0), (13_334, 0), (13_335, 1), (u64::MAX, HeatMap::BUCKETS - 1)]
    {
        assert_eq!(HeatMap::bucket_of(&edges, time_ns), bucket, "{time_ns} ns");
    }
}
