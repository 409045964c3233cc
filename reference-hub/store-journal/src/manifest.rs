//! The manifest: which runs hold rows, and where the log that is not yet in them begins. Lines of text with a checksum.
//!
//! Written anew and renamed whenever a run comes or goes; read when the folder is opened. Files it does not name are left
//! over from a crash.

use crate::layers::Layers;
use hub_store::StoreError;
use hub_store::mark::sync_folder;
use hub_store::recover::Refusal;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// First line of the file; another layout gets another word.
const FORMAT: &str = "spinebench-journal-1";

/// Level of loaded and restored runs: they are large, and merging them would copy the whole population.
pub(crate) const LOADED: u8 = u8::MAX;

/// What the manifest says of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunLine {
    pub(crate) id: u64,
    pub(crate) level: u8,
    pub(crate) bytes: u64,
    pub(crate) sum: u64,
}

/// The file's contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Drawn once for the folder: salts every checksum.
    pub(crate) salt: u64,
    /// Above every number ever given to a file.
    pub(crate) next_id: u64,
    /// The oldest segment whose rows are in no run.
    pub(crate) segment: u64,
    /// Its first frame.
    pub(crate) frame: u64,
    /// Newest first.
    pub(crate) runs: Vec<RunLine>,
}

impl Manifest {
    /// What describes `layers`.
    pub(crate) fn of(layers: &Layers, salt: u64, next_id: u64) -> Manifest {
        let oldest = layers.mems.last();
        let line = |run: &std::sync::Arc<crate::run::Run>| RunLine {
            id: run.file.id,
            level: run.level,
            bytes: run.bytes,
            sum: run.sum,
        };
        Manifest {
            salt,
            next_id,
            segment: oldest.map_or(next_id, |mem| mem.file.id),
            frame: oldest.map_or(1, |mem| mem.first_frame),
            runs: layers.runs.iter().map(line).collect(),
        }
    }

    fn encode(&self) -> String {
        let Manifest { salt, next_id, segment, frame, runs } = self;
        let mut out = format!("{FORMAT}\nsalt {salt:016x}\nnext {next_id}\nlog {segment} {frame}\n");
        for RunLine { id, level, bytes, sum } in runs {
            let _ = writeln!(out, "run {id} {level} {bytes} {sum:016x}");
        }
        let _ = writeln!(out, "checksum {:016x}", xxh3_64(out.as_bytes()));
        out
    }

    fn decode(text: &str) -> Option<Manifest> {
        let at = text.rfind("checksum ")?;
        let (body, end) = text.split_at(at);
        if end != format!("checksum {:016x}\n", xxh3_64(body.as_bytes())) {
            return None;
        }
        let mut lines = body.lines();
        let mut words = |name: &str| lines.next()?.strip_prefix(name).map(str::trim);
        words(FORMAT)?;
        let salt = u64::from_str_radix(words("salt ")?, 16).ok()?;
        let next_id = words("next ")?.parse().ok()?;
        let (segment, frame) = words("log ")?.split_once(' ')?;
        let mut manifest = Manifest {
            salt,
            next_id,
            segment: segment.parse().ok()?,
            frame: frame.parse().ok()?,
            runs: Vec::new(),
        };
        for line in lines {
            let mut words = line.strip_prefix("run ")?.split(' ');
            manifest.runs.push(RunLine {
                id: words.next()?.parse().ok()?,
                level: words.next()?.parse().ok()?,
                bytes: words.next()?.parse().ok()?,
                sum: u64::from_str_radix(words.next()?, 16).ok()?,
            });
        }
        Some(manifest)
    }

    /// Puts the manifest into `store` in place of the one there, durably.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be written.
    pub(crate) fn write(&self, store: &Path) -> Result<(), StoreError> {
        let (path, temporary) = (path(store), store.join("manifest.new"));
        let written = || -> std::io::Result<()> {
            let mut file = std::fs::File::create(&temporary)?;
            file.write_all(self.encode().as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&temporary, &path)?;
            sync_folder(store)
        };
        written().map_err(|e| StoreError::io(path.display(), "cannot write the manifest", &e))
    }

    /// Reads the manifest of `store`.
    ///
    /// # Errors
    /// [`Refusal`] when it is missing or damaged.
    pub(crate) fn read(store: &Path) -> Result<Manifest, Refusal> {
        let path = path(store);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(Refusal::because(format!("{}: missing", path.display())));
            }
            Err(e) => return Err(StoreError::io(path.display(), "cannot read the manifest", &e).into()),
        };
        Manifest::decode(&String::from_utf8_lossy(&bytes))
            .ok_or_else(|| Refusal::because(format!("{}: damaged", path.display())))
    }
}

/// Where the manifest of `store` lies.
fn path(store: &Path) -> PathBuf {
    store.join("manifest")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_comes_back_and_every_damaged_byte_is_noticed() {
        let runs = vec![
            RunLine { id: 9, level: 1, bytes: 4_000, sum: 77 },
            RunLine { id: 2, level: LOADED, bytes: 1, sum: 0 },
        ];
        let manifest = Manifest { salt: 5, next_id: 12, segment: 10, frame: 99, runs };
        let text = manifest.encode();
        assert_eq!(Manifest::decode(&text), Some(manifest));
        for i in 0..text.len() {
            let mut bad = text.clone().into_bytes();
            bad[i] ^= 1;
            assert_eq!(Manifest::decode(&String::from_utf8_lossy(&bad)), None, "byte {i}");
            assert_eq!(Manifest::decode(&text[..i]), None, "cut to {i}");
        }
    }
}
