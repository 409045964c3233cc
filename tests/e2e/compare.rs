//! Claim: two runs are set side by side and many are followed over time; what cannot be read or compared is refused with one clear
//! sentence, and exit code 2 says that nothing was computed.

use crate::support::{assert_exit, root, run_record, said, scenario, spinebench};
use ::run_record::{Measured, read, write};
use std::path::{Path, PathBuf};

/// The record that the project publishes.
fn published() -> Measured {
    let folder = root().join("reports/published");
    let mut records: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("listed").map(|e| e.expect("an entry").path()).collect();
    records.retain(|path| path.join("record.json").exists());
    records.sort();
    read(&records.pop().expect("a record is published")).expect("it reads")
}

/// The published record written anew, changed.
fn written(folder: &Path, name: &str, change: impl FnOnce(&mut Measured)) -> PathBuf {
    let mut run = published();
    change(&mut run);
    write(folder, name, &run, &[]).expect("written")
}

fn compare(a: &Path, b: &Path, more: &[&str]) -> std::process::Output {
    let mut args = vec!["compare", a.to_str().expect("utf-8"), b.to_str().expect("utf-8")];
    args.extend(more);
    spinebench(&args)
}

#[test]
fn two_real_runs_are_compared_in_every_format() {
    let _alone = crate::support::alone();
    let (_folder, file) = scenario(
        r#"
        title = "Small enough to run twice"
        mix = { pds-retrieve = 3, mesh-inbox = 1 }
        [target]
        hub = "embedded"
        [population]
        patients = 2000
        organisations = 2000
        endpoints = 2800
        [[phase]]
        name = "steady"
        duration = "2s"
        rate = "300/s"
        "#,
    );
    run_record(&file, &[]);
    run_record(&file, &[]);
    let runs = file.with_file_name("runs");
    let mut names: Vec<PathBuf> = std::fs::read_dir(&runs)
        .expect("listed")
        .map(|e| e.expect("an entry").path())
        .filter(|path| path.is_dir() && !path.is_symlink())
        .collect();
    names.sort();
    let (a, b) = (&names[0], &names[1]);
    let text = compare(a, b, &[]);
    assert_exit(&text, 0);
    for words in
        ["COMPARED: Small enough to run twice", "pds-retrieve", "cpu-per-transaction", "run-to-run variance"]
    {
        assert!(said(&text).contains(words), "{words}: {}", said(&text));
    }
    let markdown = compare(a, b, &["--format", "markdown"]);
    assert_exit(&markdown, 0);
    assert!(said(&markdown).contains("| mesh-inbox | service-p50 |"), "{}", said(&markdown));
    let page = runs.join("compare.html");
    let html = compare(a, b, &["--format", "html", "--out", page.to_str().expect("utf-8")]);
    assert_exit(&html, 0);
    let page = std::fs::read_to_string(page).expect("a page");
    assert!(page.matches("<svg").count() == 4 && page.contains("A response"), "{} bytes", page.len());
    let trend = spinebench(&["trend", runs.to_str().expect("utf-8")]);
    assert_exit(&trend, 0);
    assert!(
        said(&trend).contains("2 runs, 10 needed") || said(&trend).contains("Left out"),
        "{}",
        said(&trend)
    );
}

#[test]
fn what_is_not_comparable_is_named_with_both_values_and_nothing_is_computed() {
    let folder = tempfile::tempdir().expect("a folder");
    let a = written(folder.path(), "a", |_| {});
    let b = written(folder.path(), "b", |run| {
        run.record.scenario.sha256 = "4e".repeat(32);
        run.record.host.cores = 64;
    });
    let output = compare(&a, &b, &[]);
    assert_exit(&output, 2);
    assert!(output.stdout.is_empty(), "{}", said(&output));
    let text = said(&output);
    assert!(text.contains("are not comparable") && text.contains(&"4e".repeat(32)), "{text}");
    assert!(text.contains("machine class: got") && text.contains("64 cores"), "{text}");
}

#[test]
fn a_record_that_cannot_be_read_gets_one_clear_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = written(folder.path(), "good", |_| {});
    let spoilt = |name: &str, file: &str, spoil: &dyn Fn(String) -> String| {
        let record = written(folder.path(), name, |_| {});
        let path = record.join(file);
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("read")).into_owned();
        std::fs::write(path, spoil(text)).expect("written");
        record
    };
    let half = |text: String| text[..text.len() / 2].to_owned();
    let nothing = folder.path().join("nothing");
    std::fs::create_dir(&nothing).expect("made");
    for (record, words) in [
        (nothing, "record.json: missing, so this is no whole run record"),
        (folder.path().join("nowhere"), "nowhere: no such run record"),
        (spoilt("empty", "record.json", &|_| String::new()), "record.json: truncated"),
        (spoilt("cut", "record.json", &half), "record.json: truncated"),
        (spoilt("cut-series", "series.csv", &half), "series.csv: truncated, got"),
        (
            spoilt("newer", "record.json", &|t| {
                t.replacen("\"format_version\": 1", "\"format_version\": 99", 1)
            }),
            "format version 99 is newer than this program understands, allowed up to 1",
        ),
        (
            spoilt("edited", "record.json", &|t| t.replacen("\"seed\": ", "\"seed\": 1", 1)),
            "record.json: edited since the run",
        ),
        (
            spoilt("edited-rows", "interactions.csv", &|t| t.replacen("response", "Response", 1)),
            "interactions.csv: edited since the run",
        ),
        (spoilt("other", "record.json", &|_| "[1, 2]".to_owned()), "record.json: not a run record"),
    ] {
        for (a, b) in [(&record, &good), (&good, &record)] {
            let output = compare(a, b, &[]);
            assert_exit(&output, 2);
            assert!(output.stdout.is_empty(), "{}", said(&output));
            let text = said(&output);
            assert!(text.contains(words) && text.trim_end().lines().count() == 1, "{words}: {text}");
        }
    }
    let both = compare(&folder.path().join("cut"), &folder.path().join("newer"), &[]);
    assert_exit(&both, 2);
    assert_eq!(said(&both).trim_end().lines().count(), 2, "both faults at once: {}", said(&both));
}

#[test]
fn a_trend_finds_the_run_that_moved_and_names_what_it_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    for day in 1..=14u32 {
        written(folder.path(), &format!("night-{day:02}"), |run| {
            run.record.started = format!("2026-01-{day:02}T02:00:00Z");
            let level = if day < 8 { 1.0 } else { 1.3 } + f64::from(day * 7 % 5) / 500.0;
            run.interactions.iter_mut().for_each(|row| row.p50_ns = (row.p50_ns as f64 * level) as u64);
        });
    }
    let broken = folder.path().join("night-15");
    std::fs::create_dir(&broken).expect("made");
    std::fs::write(broken.join("record.json"), "{").expect("written");
    let dir = folder.path().to_str().expect("utf-8");
    let text = spinebench(&["trend", dir]);
    assert_exit(&text, 0);
    let text = said(&text);
    assert!(text.contains("14 runs") && text.contains("night-15: left out"), "{text}");
    assert!(text.lines().any(|l| l.contains("all response-p50") && l.contains("night-08")), "{text}");
    let json = spinebench(&["trend", dir, "--format", "json"]);
    assert_exit(&json, 0);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json["schema"], "spinebench.trend/v1");
    assert_eq!(json["groups"][0]["series"][0]["changes"][0]["run"], "night-08");
    let page = folder.path().join("trend.html");
    let html = spinebench(&["trend", dir, "--format", "html", "--out", page.to_str().expect("utf-8")]);
    assert_exit(&html, 0);
    assert!(std::fs::read_to_string(page).expect("a page").matches("<svg").count() >= 7);
    let nowhere = spinebench(&["trend", "no/such/folder"]);
    assert_exit(&nowhere, 5);
    assert!(said(&nowhere).contains("no/such/folder: cannot be read"), "{}", said(&nowhere));
}
