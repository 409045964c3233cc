//! Tables of block differences, judged apart from all measuring, so that anyone can check the statistics.

use crate::exit::{Exit, Failure};
use flate2::read::MultiGzDecoder;
use gate::replay::{Settings, judge_table, parse};
use std::io::Read;
use std::path::Path;

/// Most bytes of text that are read: some 20,000 tables. A small compressed file must not fill the memory.
const BYTES_MAX: u64 = 256 << 20;
/// How a gzip file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A line `name verdict blocks` for each table of a file.
///
/// # Errors
/// The file cannot be read, or all its faults.
pub fn judged(file: &Path) -> Result<String, Failure> {
    let name = file.display().to_string();
    let usage = |e: &dyn std::fmt::Display| Failure::new(Exit::Usage, e);
    let unread = |e: std::io::Error| usage(&format!("{name}: cannot be read: {e}"));
    let bytes = std::fs::read(file).map_err(unread)?;
    let mut text = Vec::new();
    match bytes.starts_with(&GZIP) {
        true => MultiGzDecoder::new(&bytes[..]).take(BYTES_MAX + 1).read_to_end(&mut text).map_err(unread)?,
        false => bytes[..].take(BYTES_MAX + 1).read_to_end(&mut text).map_err(unread)?,
    };
    if text.len() as u64 > BYTES_MAX {
        return Err(usage(&format!("{name}: too long, allowed {} MiB of text", BYTES_MAX >> 20)));
    }
    let text = String::from_utf8(text).map_err(|_| usage(&format!("{name}: not a text, allowed UTF-8")))?;
    let settings = Settings::default();
    let tables = parse(&name, &text).map_err(|faults| usage(&faults))?;
    let judged: Result<Vec<String>, Failure> = tables
        .iter()
        .map(|table| Ok(judge_table(table, &settings).map_err(|faults| usage(&faults))?.to_string() + "\n"))
        .collect();
    Ok(judged?.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_golden_tables_are_judged_as_the_reference_judged_them() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/gate/tests/golden");
        let judged = judged(&folder.join("gate-golden.csv.gz")).unwrap_or_else(|e| panic!("{}", e.message));
        assert_eq!(judged, std::fs::read_to_string(folder.join("gate-golden-expected.txt")).expect("there"));
    }

    #[test]
    fn what_is_no_table_is_refused_in_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("t.csv");
        for (bytes, words) in [
            (&b""[..], "got no table"),
            (&b"one\n0.1,x\n"[..], "t.csv:2: row: got"),
            (&b"\x1f\x8b\x08"[..], "cannot be read"),
            (&b"\xff\xfe"[..], "not a text"),
        ] {
            std::fs::write(&file, bytes).expect("written");
            let failure = judged(&file).expect_err(words);
            assert!(failure.message.contains(words) && failure.gate_code() == 2, "{}", failure.message);
        }
        std::fs::write(&file, "one\n0.1\n-0.1\n").expect("written");
        assert_eq!(judged(&file).unwrap_or_else(|e| panic!("{}", e.message)), "one inconclusive 2\n");
    }
}
