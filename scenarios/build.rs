//! Puts the built-in interactions, bodies, mixes and profiles into the binary, so that they are found wherever it runs. Whoever adds
//! a file to one of these folders changes nothing here.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folders and the endings of what is taken from them.
const FOLDERS: [(&str, &[&str]); 4] = [
    ("bodies", &["json", "xml", "txt"]),
    ("interactions", &["toml"]),
    ("mixes", &["csv"]),
    ("profiles", &["csv"]),
];

fn main() -> io::Result<()> {
    let Some(root) = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else {
        return Err(io::Error::other("CARGO_MANIFEST_DIR is not set"));
    };
    let Some(out) = env::var_os("OUT_DIR").map(PathBuf::from) else {
        return Err(io::Error::other("OUT_DIR is not set"));
    };
    let mut table = String::from("&[\n");
    for (folder, endings) in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
        for file in files(&root.join(folder), endings)? {
            let Some(name) = file.file_name().and_then(|n| n.to_str()) else { continue };
            let _ = writeln!(table, "    ({:?}, include_str!({:?})),", format!("{folder}/{name}"), file);
        }
    }
    table.push(']');
    fs::write(out.join("built_in.rs"), table)
}

/// Files of a folder with one of the endings, by name; none when there is no such folder.
fn files(folder: &Path, endings: &[&str]) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().and_then(|e| e.to_str()).is_some_and(|e| endings.contains(&e)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
