//! What the output formats of a gate promise: they are as they were, they keep to the limits of those who read them, and no text or
//! figure breaks them. That others read them is judged from outside, in the end-to-end tests.

#[path = "support/gates.rs"]
mod gates;

use std::path::Path;

use reports::gate::*;

/// Set to rewrite the golden files from what is written now.
const BLESS: &str = "SPINEBENCH_BLESS";
/// Results too large to be kept.
const NOT_KEPT: &str = "many";

#[test]
fn every_format_of_every_verdict_is_as_it_was() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/gate");
    let mut differ = Vec::new();
    for (name, result) in gates::gates().into_iter().filter(|(name, _)| *name != NOT_KEPT) {
        for format in GATE_FORMATS {
            let text = (format.render)(&result);
            let golden = folder.join(name).join(format.file);
            if std::env::var_os(BLESS).is_some() {
                std::fs::create_dir_all(folder.join(name)).unwrap();
                std::fs::write(&golden, &text).unwrap();
            }
            if std::fs::read_to_string(&golden).unwrap_or_default() != text {
                differ.push(format!("{name}/{}", format.file));
            }
        }
    }
    assert!(
        differ.is_empty(),
        "differ from tests/golden/gate; if that is meant, run again with {BLESS}=1: {differ:?}"
    );
}

#[test]
fn a_result_reads_back_as_it_was_written() {
    for (name, result) in gates::gates() {
        let text = gate_json(&result);
        let back = read_gate_json(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(back.verdict, result.verdict, "{name}");
        assert_eq!(gate_json(&back), text, "{name}: written twice it is the same, byte for byte");
    }
}

#[test]
fn what_is_no_result_is_refused_in_one_sentence() {
    let text = gate_json(&gates::pass());
    for (wrong, words) in [
        (String::new(), "cut short"),
        (text[..text.len() / 2].to_owned(), "cut short"),
        (text.replace("gate-result/v1", "gate-result/v9"), "got \"spinebench.gate-result/v9\", allowed"),
        ("{}".to_owned(), "schema: missing"),
        (text.replace("\"attempt\"", "\"attempts\""), "unknown field `attempts`"),
    ] {
        let fault = read_gate_json(&wrong).expect_err(words);
        assert!(fault.contains(words) && fault.lines().count() == 1, "{fault}");
    }
}

#[test]
fn a_step_gets_at_most_ten_annotations_of_a_type_and_the_rest_is_told() {
    for (name, result) in gates::gates() {
        let text = gate_github(&result);
        for level in ["error", "warning", "notice"] {
            let count = text.lines().filter(|line| line.starts_with(&format!("::{level} "))).count();
            assert!(count <= 10, "{name}: {count} of {level}");
        }
        assert!(text.lines().all(|line| line.starts_with("::")), "{name}: a line is no command");
        assert!(text.len() < 64 * 1024, "{name}: {} bytes", text.len());
    }
    let many = gate_github(&gates::gates().pop().unwrap().1);
    assert!(many.contains("title=11994 more::Also: "), "{many}");
    let first = many.lines().next().unwrap();
    assert!(first.contains("interaction-11999"), "the gravest comes first: {first}");
}

#[test]
fn a_step_summary_stays_under_what_github_uploads() {
    for (name, result) in gates::gates() {
        let text = gate_github_summary(&result);
        assert!(text.len() < 901_000, "{name}: {} bytes", text.len());
    }
    let many = gates::gates().pop().unwrap().1;
    assert!(gate_markdown(&many).len() > 901_000, "the case is large enough to be cut");
    assert!(gate_github_summary(&many).contains("more lines are left out here"));
}

#[test]
fn inconclusive_is_neither_passed_nor_failed_in_junit() {
    let xml = gate_junit(&gates::gates()[3].1);
    assert!(xml.contains("failures=\"0\" errors=\"0\" skipped=\"3\""), "{xml}");
    assert!(xml.matches("<skipped message=").count() == 3);
}

#[test]
fn a_gate_that_could_not_be_judged_is_an_error_in_junit_and_never_empty() {
    for index in [4, 5] {
        let xml = gate_junit(&gates::gates()[index].1);
        assert!(xml.contains("tests=\"1\" failures=\"0\" errors=\"1\""), "{xml}");
    }
}
