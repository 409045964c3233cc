//! One side of an A/B gate: a build of the hub, or a server that already runs. Checked before the first trial.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Where a side's trials go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// A hub of its own for every trial: this program, called as `PROGRAM hub …`, with these arguments more.
    Program {
        /// The program.
        program: PathBuf,
        /// Arguments more.
        args: Vec<String>,
    },
    /// A server that already runs.
    Url(String),
}

/// Where a folder's program is looked for, in order.
const IN_FOLDER: [&str; 3] = ["spinebench", "target/release/spinebench", "release/spinebench"];

impl Side {
    /// What `text` means: a URL, a program, or a folder that holds one.
    ///
    /// # Errors
    /// One sentence with what was got and what is allowed.
    pub fn parse(flag: &str, text: &str, args: &[String]) -> Result<Side, String> {
        if text.starts_with("http://") || text.starts_with("https://") {
            return match args.is_empty() {
                true => Ok(Side::Url(text.to_owned())),
                false => Err(format!(
                    "--{flag}-hub-arg: a running server takes no arguments, got {text:?}, allowed with a program"
                )),
            };
        }
        let path = Path::new(text);
        let program = match path.is_dir() {
            true => IN_FOLDER.iter().map(|name| path.join(name)).find(|p| p.is_file()),
            false => path.is_file().then(|| path.to_owned()),
        };
        let program = program.and_then(|p| p.canonicalize().ok()).ok_or_else(|| {
            format!(
                "--{flag}: no such build, got {text:?}, allowed: a spinebench program, a folder with {}, or a URL",
                IN_FOLDER.join(" or ")
            )
        })?;
        Ok(Side::Program { program, args: args.to_vec() })
    }

    /// The arguments of `spinebench run` that send a trial there.
    pub fn run_args(&self) -> Vec<String> {
        match self {
            Side::Url(url) => vec!["--target".to_owned(), url.clone()],
            Side::Program { program, args } => {
                let own = ["--hub".to_owned(), program.display().to_string()];
                own.into_iter().chain(args.iter().map(|arg| format!("--hub-arg={arg}"))).collect()
            }
        }
    }

    /// What it is, for people.
    pub fn name(&self) -> String {
        match self {
            Side::Url(url) => url.clone(),
            Side::Program { program, args } if args.is_empty() => program.display().to_string(),
            Side::Program { program, args } => format!("{} {}", program.display(), args.join(" ")),
        }
    }

    /// SHA-256 of the program and its arguments, lower-case hex; `None` of a server that already runs.
    ///
    /// # Errors
    /// One sentence when the program cannot be read.
    pub fn sha256(&self) -> Result<Option<String>, String> {
        let Side::Program { program, args } = self else { return Ok(None) };
        let bytes =
            std::fs::read(program).map_err(|e| format!("{}: cannot be read: {e}", program.display()))?;
        let mut hash = Sha256::new();
        hash.update(&bytes);
        args.iter().for_each(|arg| hash.update(arg.as_bytes()));
        Ok(Some(hash.finalize().iter().map(|b| format!("{b:02x}")).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_a_url_a_program_or_a_folder_with_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("spinebench");
        std::fs::write(&program, "x").expect("written");
        let text = |p: &Path| p.to_str().expect("utf-8").to_owned();
        let by_folder = Side::parse("baseline", &text(folder.path()), &[]).expect("found");
        let by_file = Side::parse("baseline", &text(&program), &[]).expect("found");
        assert_eq!(by_folder, by_file);
        let slower = Side::parse("candidate", &text(&program), &["--inject".into(), "work 25us".into()])
            .expect("found");
        assert_ne!(slower.sha256(), by_file.sha256());
        assert_eq!(slower.run_args()[2..], ["--hub-arg=--inject", "--hub-arg=work 25us"]);
        let url = Side::parse("baseline", "http://127.0.0.1:8700", &[]).expect("a URL");
        assert_eq!(url.run_args(), ["--target", "http://127.0.0.1:8700"]);
        assert!(Side::parse("baseline", "http://127.0.0.1:8700", &["x".into()]).is_err());
        let nothing = Side::parse("baseline", "/nowhere", &[]).expect_err("nothing there");
        assert!(nothing.contains("--baseline") && nothing.contains("allowed"), "{nothing}");
    }
}
