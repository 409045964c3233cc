//! Other people's programs: found where they are, else installed by the machine's ordinary package managers. Called by the
//! comparisons when they look for their contestants.
//!
//! Everything but Debian's packages goes into the tools folder and stays there for the next run; a smoke run installs
//! nothing. What cannot be had is an error of one sentence, which the comparison tells in its table.

use crate::bench::Bench;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program: on the search path, or else from this Debian package (needs root).
///
/// # Errors
/// A sentence: it is not there and cannot be installed.
pub fn debian(bench: &Bench, program: &str, package: &str) -> Result<PathBuf, String> {
    if let Some(path) = on_path(program) {
        return Ok(path);
    }
    may_install(bench, program)?;
    if !rustix::process::geteuid().is_root() {
        return Err(format!("{program} is not installed; as root: apt-get install {package}"));
    }
    bench.say(&format!("installing the Debian package {package}"));
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-q", "--no-install-recommends", package]);
    if quiet(&mut install).is_err() {
        // The list of packages may be old or missing.
        quiet(Command::new("apt-get").args(["update", "-q"]))?;
        quiet(&mut install)?;
    }
    on_path(program).ok_or_else(|| format!("the Debian package {package} brings no {program}"))
}

/// A folder of Python's own with these packages (exact versions); gives its `bin`.
///
/// # Errors
/// A sentence: no environment, or a package cannot be had.
pub fn python(bench: &Bench, packages: &[&str]) -> Result<PathBuf, String> {
    let folder = bench.tools.join("python").join(packages.join("_").replace(['=', '.'], "-"));
    once(bench, &folder, &packages.join(" "), || {
        quiet(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))
            .map_err(|e| format!("{e}; needs the Debian packages python3 and python3-venv"))?;
        let mut pip = Command::new(folder.join("bin/python"));
        quiet(pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages))
    })?;
    Ok(folder.join("bin"))
}

/// A folder with this npm package (`name@version`); gives its `node_modules/.bin`.
///
/// # Errors
/// A sentence: no npm, or the package cannot be had.
pub fn node(bench: &Bench, package: &str) -> Result<PathBuf, String> {
    let folder = bench.tools.join("node").join(package.replace(['@', '/', '.'], "-"));
    once(bench, &folder, package, || {
        debian(bench, "npm", "npm")?;
        std::fs::write(folder.join("package.json"), r#"{"private":true}"#)
            .map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--save-exact", package]);
        quiet(npm.current_dir(&folder))
    })?;
    Ok(folder.join("node_modules/.bin"))
}

/// A program from the crate registry, built once (minutes).
///
/// # Errors
/// A sentence: it does not build or cannot be had.
pub fn cargo(bench: &Bench, program: &str, version: &str) -> Result<PathBuf, String> {
    if let Some(path) = on_path(program) {
        return Ok(path);
    }
    let folder = bench.tools.join("cargo").join(format!("{program}-{}", version.replace('.', "-")));
    once(bench, &folder, &format!("{program} {version}"), || {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["install", "--quiet", "--locked", program, "--version", version, "--root"]).arg(&folder);
        quiet(&mut cargo)
    })?;
    Ok(folder.join("bin").join(program))
}

/// Where a program lies on the search path.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|p| p.is_file())
}

/// The first line with a digit of what a program says when asked for its version; `unknown` when it says none.
pub fn version_of(program: &Path, flag: &str) -> String {
    let said = Command::new(program).arg(flag).stdin(Stdio::null()).output();
    let text = said.map(|o| [o.stdout, o.stderr].concat()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().find(|l| l.contains(|c: char| c.is_ascii_digit()));
    line.map_or("unknown".to_owned(), |l| l.trim().to_owned())
}

/// Makes a folder's contents once; the file `ready` in it says that they are whole.
fn once(
    bench: &Bench,
    folder: &Path,
    what: &str,
    make: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let ready = folder.join("ready");
    if ready.is_file() {
        return Ok(());
    }
    may_install(bench, what)?;
    bench.say(&format!("installing {what}"));
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    make().map_err(|e| format!("{what} cannot be installed: {e}"))?;
    std::fs::write(&ready, "").map_err(|e| format!("{}: {e}", ready.display()))
}

fn may_install(bench: &Bench, what: &str) -> Result<(), String> {
    if bench.smoke {
        Err(format!("{what} is not installed, and a smoke run installs nothing"))
    } else {
        Ok(())
    }
}

/// Runs a command to its end; its complaint is the error.
fn quiet(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("{name}: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("no word why");
    Err(format!("{name} failed: {last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_there_is_found_and_tells_its_version() {
        let cargo = on_path("cargo").expect("tests run under cargo");
        assert!(version_of(&cargo, "--version").starts_with("cargo 1."));
        assert_eq!(on_path("no-such-program-at-all"), None);
    }

    #[test]
    fn a_command_that_fails_gives_its_last_complaint() {
        let error = quiet(Command::new("sh").args(["-c", "echo first >&2; echo last >&2; exit 3"]));
        assert_eq!(error, Err("sh failed: last".to_owned()));
    }
}
