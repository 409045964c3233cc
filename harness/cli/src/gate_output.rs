//! Where a gate's result goes: files in every format, text on stdout, and GitHub where it runs this. Called by `ab` and `gate`;
//! judges nothing.

use crate::exit::{Exit, Failure};
use crate::out::tell as print;
use reports::gate::{
    GATE_FORMATS, GatePolicy, GateResult, gate_github, gate_github_output, gate_github_summary,
};
use run_record::Tool;
use scenarios::Policy;
use std::io::Write;
use std::path::Path;

/// A budget file's word in the words of the gate.
pub fn policy(policy: Policy) -> GatePolicy {
    match policy {
        Policy::Pass => GatePolicy::Pass,
        Policy::Warn => GatePolicy::Warn,
        Policy::Fail => GatePolicy::Fail,
    }
}

/// The program that judges: this one.
pub fn tool() -> Tool {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    Tool { version: env!("CARGO_PKG_VERSION").to_owned(), profile: profile.to_owned() }
}

/// The names of the formats, for the command line.
pub fn format_names() -> clap::builder::PossibleValuesParser {
    let value = |f: &reports::gate::GateFormat| clap::builder::PossibleValue::new(f.name).help(f.help);
    clap::builder::PossibleValuesParser::new(GATE_FORMATS.iter().map(value))
}

/// Writes the result in every format into a folder, which is made if it is missing.
///
/// # Errors
/// One sentence when it cannot be written.
pub fn write(result: &GateResult, folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|e| unwritable(folder, &e))?;
    for format in GATE_FORMATS {
        let file = folder.join(format.file);
        std::fs::write(&file, (format.render)(result)).map_err(|e| unwritable(&file, &e))?;
    }
    Ok(())
}

/// Tells the result: on stdout in the format that is asked for, and to GitHub where it runs this. The text for people says where
/// the files are, and carries GitHub's annotations, which would spoil what a program reads.
///
/// # Errors
/// Stdout or a file that GitHub names cannot be written.
pub fn tell(result: &GateResult, format: &str, folder: Option<&Path>) -> Result<(), Failure> {
    for (variable, text) in
        [("GITHUB_STEP_SUMMARY", gate_github_summary(result)), ("GITHUB_OUTPUT", gate_github_output(result))]
    {
        if let Some(file) = std::env::var_os(variable).filter(|file| !file.is_empty()) {
            let open = std::fs::OpenOptions::new().create(true).append(true).open(&file);
            open.and_then(|mut open| open.write_all(text.as_bytes())).map_err(|e| {
                let message = format!("${variable}: {}: cannot be written: {e}", Path::new(&file).display());
                Failure::new(Exit::Unreachable, message)
            })?;
        }
    }
    // The names of the formats are the only values that the command line takes.
    let chosen = GATE_FORMATS.iter().find(|f| f.name == format).unwrap_or(&GATE_FORMATS[0]);
    let text = (chosen.render)(result);
    if chosen.name != GATE_FORMATS[0].name {
        return print(&text);
    }
    let place = folder.map_or(String::new(), |folder| format!("\nResult: {}", folder.display()));
    print(&format!("{}{place}\n", text.trim_end()))?;
    match std::env::var_os("GITHUB_ACTIONS").is_some() {
        true => print(&gate_github(result)),
        false => Ok(()),
    }
}

/// A file or folder that cannot be written.
pub fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Unreachable, format!("{}: cannot be written: {error}", path.display()))
}
