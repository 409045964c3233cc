//! The same as `recalculated`, by an office program where one is installed: inputs are changed in the file, the program
//! computes everything anew, and its results are read back.

use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::process::Command;

use cost_model::{Appraisal, NodeId};
use reports::cost::workbook;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::made::{self, EVERY_FEATURE};
use crate::opened::Opened;
use crate::recalculated::{Dice, changes};

const PROGRAM: &str = "soffice";
/// Settings by which the program computes every formula anew when it opens a file (0 is "always").
const SETTINGS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"#;

/// The file with these inputs changed and nothing else: results stored beside formulas become stale.
fn changed(bytes: &[u8], opened: &Opened, changes: &[(NodeId, f64)]) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        for (id, value) in changes {
            for (sheet, row, column) in &opened.cells[id.index()] {
                if name == format!("xl/worksheets/sheet{}.xml", sheet + 1) {
                    set(&mut text, &format!("{}{row}", letters(*column)), *value);
                }
            }
        }
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn set(sheet: &mut String, reference: &str, value: f64) {
    let cell = sheet.find(&format!("<c r=\"{reference}\"")).expect("the cell of an input");
    let from = cell + sheet[cell..].find("<v>").expect("a number") + "<v>".len();
    let to = from + sheet[from..].find("</v>").expect("a number");
    sheet.replace_range(from..to, &value.to_string());
}

fn letters(column: i32) -> String {
    let (mut column, mut letters) = (column, String::new());
    while column > 0 {
        letters.insert(0, char::from(b'A' + ((column - 1) % 26) as u8));
        column = (column - 1) / 26;
    }
    letters
}

/// Has the program open the file, compute it anew and write it out again.
fn recomputed(folder: &Path, name: &str, bytes: &[u8]) -> Vec<u8> {
    let profile = folder.join("profile");
    let out = folder.join("out");
    std::fs::create_dir_all(profile.join("user")).unwrap();
    std::fs::write(profile.join("user/registrymodifications.xcu"), SETTINGS).unwrap();
    std::fs::write(folder.join(name), bytes).unwrap();
    let ran = Command::new(PROGRAM)
        .arg(format!("-env:UserInstallation=file://{}", profile.display()))
        .args(["--headless", "--convert-to", "xlsx", "--outdir"])
        .args([&out, &folder.join(name)])
        .output()
        .unwrap();
    std::fs::read(out.join(name)).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&ran.stderr)))
}

fn holds(appraisal: &Appraisal, bytes: &[u8], seeds: &[u64]) {
    let written = Opened::of(bytes, appraisal);
    let folder = tempfile::tempdir().unwrap();
    for seed in seeds {
        let changes = changes(appraisal, &mut Dice(*seed));
        let bytes = changed(bytes, &written, &changes);
        let bytes = recomputed(folder.path(), &format!("{seed}.xlsx"), &bytes);
        // Cells lie where they lay; what is read are the results that the program stored.
        let opened = Opened { model: crate::opened::load(&bytes), cells: written.cells.clone() };
        opened.compare(appraisal, &appraisal.graph.evaluate(&changes), &format!("{PROGRAM}, seed {seed}"));
        assert_eq!(opened.text("Cover!B5"), "OK", "seed {seed}: all checks");
    }
}

#[test]
fn an_office_program_gives_what_the_engine_gives() {
    if Command::new(PROGRAM).arg("--version").output().is_err() {
        println!("skipped: {PROGRAM} is not installed, so no office program has recomputed the workbook");
        return;
    }
    let results = made::results(EVERY_FEATURE, Some(&made::measured()));
    holds(&results.appraisal, &workbook(&results).unwrap(), &[11, 12, 13]);
    let results = made::results("cases/hub-today.toml", None);
    holds(&results.appraisal, &workbook(&results).unwrap(), &[14]);
}
