//! Thirty tables of block differences that an independent reference judged: every verdict and every number of blocks is the
//! same here.

use flate2::read::GzDecoder;
use gate::replay::{Settings, judge_table, parse};
use std::io::Read;
use std::path::Path;

fn golden(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The text of the golden tables.
pub fn golden_text() -> String {
    let mut text = String::new();
    GzDecoder::new(&golden("gate-golden.csv.gz")[..]).read_to_string(&mut text).expect("gzip of text");
    text
}

#[test]
fn all_thirty_golden_verdicts_and_block_counts_match() {
    let tables = parse("gate-golden.csv", &golden_text()).expect("tables");
    assert_eq!(tables.len(), 30);
    let settings = Settings::default();
    let judged: Vec<String> =
        tables.iter().map(|table| judge_table(table, &settings).expect("judged").to_string()).collect();
    let expected = String::from_utf8(golden("gate-golden-expected.txt")).expect("text");
    assert_eq!(judged, expected.lines().collect::<Vec<_>>());
}
