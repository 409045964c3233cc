//! Where the files of a scenario are found: beside the scenario first, then among those built into the program. Called while
//! a scenario is loaded; it also adds up the hash of everything that was used.

use crate::built_in;
use crate::document::Log;
use crate::fault::Fault;
use crate::interaction::Interaction;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Largest file that is read: above every body that a published interface takes in one request but MESH's largest chunks.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A file that was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// As the user can open it; `built-in` and a path for those in the program.
    pub file: String,
    /// Its text.
    pub text: Cow<'static, str>,
}

/// A file that is read as it comes.
pub(crate) type Opened<'a> = std::io::Result<Box<dyn Read + 'a>>;

/// The files that a scenario can use.
#[derive(Debug, Default)]
pub(crate) struct Library {
    folder: PathBuf,
    /// Files in memory instead of those on disk, for tests that read millions of them.
    memory: Option<Memory>,
    used: RefCell<BTreeMap<String, [u8; 32]>>,
}

/// Files in memory, and the interactions that were compiled from them.
#[derive(Debug, Default)]
struct Memory {
    files: BTreeMap<String, Vec<u8>>,
    compiled: RefCell<BTreeMap<String, Interaction>>,
}

impl Library {
    /// The library of a scenario in this folder.
    pub(crate) fn new(folder: &Path) -> Self {
        Library { folder: folder.to_owned(), ..Library::default() }
    }

    /// A library without a disk.
    pub(crate) fn in_memory() -> Self {
        Library { memory: Some(Memory::default()), ..Library::default() }
    }

    /// Puts a file into a library without a disk. An interaction that was read once stays as it was.
    pub(crate) fn put(&mut self, path: &str, bytes: &[u8]) {
        self.used.get_mut().clear();
        let memory = self.memory.get_or_insert_default();
        memory.files.insert(path.to_owned(), bytes.to_vec());
    }

    /// An interaction that was compiled before; always `None` for a library with a disk.
    pub(crate) fn compiled(&self, name: &str) -> Option<Interaction> {
        self.memory.as_ref()?.compiled.borrow().get(name).cloned()
    }

    /// Keeps an interaction for later; a library with a disk keeps none.
    pub(crate) fn keep(&self, interaction: &Interaction) {
        if let Some(memory) = &self.memory {
            memory.compiled.borrow_mut().insert(interaction.name.clone(), interaction.clone());
        }
    }

    /// Reads a file on disk; the fault says why it cannot be read.
    pub(crate) fn read(path: &Path) -> Result<Found, Box<Fault>> {
        let file = path.display().to_string();
        let fault = |why: String| Box::new(Fault::new(&file, 1, "", why));
        let open = std::fs::File::open(path).map_err(|e| fault(format!("cannot be opened: {e}")))?;
        let mut bytes = Vec::new();
        open.take(FILE_BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| fault(format!("cannot be read: {e}")))?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(fault("is larger than 64 MiB".into()));
        }
        Self::text(file, bytes)
    }

    /// A file as text; the fault says where it is none.
    pub(crate) fn text(file: String, bytes: Vec<u8>) -> Result<Found, Box<Fault>> {
        let text = String::from_utf8(bytes).map_err(|e| {
            let line =
                1 + e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
            Box::new(Fault::new(&file, line, "", "is not UTF-8 text"))
        })?;
        Ok(Found { file, text: text.into() })
    }

    /// Opens a file that is too large to be held, with its size in bytes and its path; `None` when it is not there.
    pub(crate) fn open(&self, path: &str) -> Option<(Opened<'_>, u64, PathBuf)> {
        let key = normal(path).unwrap_or_else(|| path.to_owned());
        if let Some(memory) = &self.memory {
            let bytes = memory.files.get(&key)?;
            return Some((Ok(Box::new(bytes.as_slice())), bytes.len() as u64, PathBuf::from(key)));
        }
        let on_disk = self.folder.join(key);
        if !on_disk.is_file() {
            return None;
        }
        let bytes = std::fs::metadata(&on_disk).map_or(0, |m| m.len());
        let opened = std::fs::File::open(&on_disk).map(|file| Box::new(file) as Box<dyn Read>);
        Some((opened, bytes, on_disk))
    }

    /// Adds a file that was read elsewhere to the hash of everything that was used.
    pub(crate) fn add_used(&self, path: &str, digest: [u8; 32]) {
        self.used.borrow_mut().insert(normal(path).unwrap_or_else(|| path.to_owned()), digest);
    }

    /// The text of a file that is looked into without being used; `None` when it cannot be read.
    pub(crate) fn peek(&self, path: &str) -> Option<Found> {
        let used = self.used.borrow().clone();
        let found = self.find(path, &Log::default());
        self.used.replace(used);
        found
    }

    /// Finds a file by its path from the scenario's folder; `None` when it is neither there nor built in.
    pub(crate) fn find(&self, path: &str, log: &Log) -> Option<Found> {
        let key = normal(path);
        let on_disk = self.folder.join(key.as_deref().unwrap_or(path));
        let in_memory = self.memory.as_ref().map(|m| m.files.get(key.as_deref().unwrap_or(path)));
        let found = if let Some(Some(bytes)) = in_memory {
            Self::text(path.to_owned(), bytes.clone()).map_err(|fault| log.push(*fault)).ok()?
        } else if in_memory.is_none() && on_disk.is_file() {
            Self::read(&on_disk).map_err(|fault| log.push(*fault)).ok()?
        } else {
            let key = key.as_deref()?;
            Found { file: format!("built-in {key}"), text: built_in::find(key)?.into() }
        };
        self.used.borrow_mut().insert(key.unwrap_or_else(|| path.to_owned()), sha256(&found.text));
        Some(found)
    }

    /// Names of all interactions, sorted.
    pub(crate) fn interactions(&self) -> Vec<String> {
        let mut names: BTreeSet<String> =
            built_in::names("interactions", ".toml").map(str::to_owned).collect();
        if let Some(memory) = &self.memory {
            let own =
                memory.files.keys().filter_map(|p| p.strip_prefix("interactions/")?.strip_suffix(".toml"));
            names.extend(own.map(str::to_owned));
        } else if let Ok(entries) = std::fs::read_dir(self.folder.join("interactions")) {
            for path in entries.flatten().map(|e| e.path()) {
                if path.extension().is_some_and(|e| e == "toml") {
                    names.extend(path.file_stem().and_then(|s| s.to_str()).map(str::to_owned));
                }
            }
        }
        names.into_iter().collect()
    }

    /// SHA-256 of the scenario's text and of every file found so far, in lower-case hexadecimal.
    pub(crate) fn sha256(&self, scenario: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(sha256(scenario));
        for (path, digest) in self.used.borrow().iter() {
            hash.update(sha256(path));
            hash.update(digest);
        }
        hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }
}

fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// `interactions/../bodies/x.json` as `bodies/x.json`; `None` when the path leads out of the scenario's folder.
fn normal(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" if parts.is_empty() => return None, // absolute
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shortened_and_never_lead_out() {
        assert_eq!(normal("interactions/../bodies/./x.json").as_deref(), Some("bodies/x.json"));
        assert_eq!(normal("../x"), None);
        assert_eq!(normal("/etc/x"), None);
    }

    #[test]
    fn what_lies_beside_the_scenario_wins_over_what_is_built_in() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::new(folder.path());
        let log = Log::default();
        let built_in = library.find("interactions/pds-retrieve.toml", &log).unwrap();
        assert!(built_in.file.starts_with("built-in"));
        let before = library.sha256("s");
        std::fs::create_dir(folder.path().join("interactions")).unwrap();
        std::fs::write(folder.path().join("interactions/pds-retrieve.toml"), "mine").unwrap();
        assert_eq!(library.find("interactions/pds-retrieve.toml", &log).unwrap().text, "mine");
        assert_ne!(library.sha256("s"), before);
        assert!(library.find("interactions/nobody.toml", &log).is_none());
        assert!(log.take().is_empty());
    }

    #[test]
    fn a_file_that_is_not_text_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        std::fs::write(&path, b"a\nb\xff").unwrap();
        let fault = Library::read(&path).unwrap_err();
        assert_eq!((fault.line, fault.problem.as_str()), (2, "is not UTF-8 text"));
    }
}
