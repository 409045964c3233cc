//! The high-water mark: how far the log was known durable, kept in a file OUTSIDE the engine's folder, because an
//! engine that loses its tail cannot tell that it did.
//!
//! Written by an engine's `tick` and `close`, read when the folder is opened. Time comes from the caller. The mark lags
//! by up to [`MARK_INTERVAL_MS`]: it bounds the window of an unseen loss, it does not close it.

use crate::{Head, StoreError};
use sha2::{Digest, Sha256};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// At most one mark a second: two fsyncs a second cost nothing, and a second is what an operator can be told.
pub const MARK_INTERVAL_MS: u64 = 1_000;

/// First word of the file; another layout gets another word.
const MARK_FORMAT: &str = "spinebench-mark-1";

/// The mark's file and what it says.
#[derive(Debug)]
pub struct MarkFile {
    path: PathBuf,
    written: Head,
    written_at_ms: Option<u64>,
}

impl MarkFile {
    /// A mark at `path` that was never written; nothing is read or written yet.
    pub fn unwritten(path: &Path) -> MarkFile {
        MarkFile { path: path.to_path_buf(), written: Head::default(), written_at_ms: None }
    }

    /// Takes over the mark at `path`, which says `written` (or writes the first one).
    ///
    /// # Errors
    /// [`StoreError`] when the first mark cannot be written.
    pub fn take(path: &Path, written: Option<Head>, head: Head) -> Result<MarkFile, StoreError> {
        let mut mark = MarkFile { written: written.unwrap_or_default(), ..MarkFile::unwritten(path) };
        if written != Some(head) {
            mark.write(head)?;
        }
        Ok(mark)
    }

    /// What the file says.
    pub fn written(&self) -> Head {
        self.written
    }

    /// Writes `head` when it is news and the last mark is [`MARK_INTERVAL_MS`] old; tells whether it wrote.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be written; the old mark stands then.
    pub fn note(&mut self, head: Head, now_ms: u64) -> Result<bool, StoreError> {
        let due = self.written_at_ms.is_none_or(|at| now_ms >= at.saturating_add(MARK_INTERVAL_MS));
        if head == self.written || !due {
            return Ok(false);
        }
        self.write(head)?;
        self.written_at_ms = Some(now_ms);
        Ok(true)
    }

    /// Writes `head` now, for the orderly end.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be written; the old mark stands then.
    pub fn write(&mut self, head: Head) -> Result<(), StoreError> {
        write_mark(&self.path, head)
            .map_err(|e| StoreError::io(self.path.display(), "cannot write the mark", &e))?;
        self.written = head;
        Ok(())
    }
}

/// Reads the mark at `path`; `None` when there is no file.
///
/// # Errors
/// [`StoreError`] when the file cannot be read or is damaged: a damaged mark is never taken for no mark.
pub fn read_mark(path: &Path) -> Result<Option<Head>, StoreError> {
    let text = match std::fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(StoreError::io(path.display(), "cannot read the mark", &e)),
    };
    decode(&text).map(Some).ok_or_else(|| {
        StoreError(format!(
            "{}: the high-water mark is damaged: got {:?}, allowed: `{MARK_FORMAT} SEQUENCE HASH CHECKSUM`",
            path.display(),
            text.chars().take(120).collect::<String>()
        ))
    })
}

fn write_mark(path: &Path, head: Head) -> std::io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = std::fs::File::create(&temporary)?;
    file.write_all(encode(head).as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Makes created, renamed and removed names in `folder` durable.
///
/// # Errors
/// The system's error when the folder cannot be opened or synced.
pub fn sync_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

fn encode(head: Head) -> String {
    let body = format!("{MARK_FORMAT} {} {}", head.seq, hex(&head.hash));
    let checksum = checksum(&body);
    format!("{body} {checksum}\n")
}

fn decode(text: &str) -> Option<Head> {
    let (body, sum) = text.strip_suffix('\n')?.rsplit_once(' ')?;
    let mut words = body.split(' ');
    let format = words.next()?;
    let seq = words.next()?.parse().ok()?;
    let hash = unhex(words.next()?)?;
    let whole = format == MARK_FORMAT && words.next().is_none() && sum == checksum(body);
    whole.then_some(Head { seq, hash })
}

fn checksum(body: &str) -> String {
    let full: [u8; 32] = Sha256::digest(body.as_bytes()).into();
    hex(&full)[..16].to_owned()
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(seq: u64) -> Head {
        Head { seq, hash: [seq as u8; 32] }
    }

    #[test]
    fn a_mark_is_read_back_and_written_at_most_once_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mark");
        assert_eq!(read_mark(&path).unwrap(), None);
        let mut mark = MarkFile::take(&path, None, head(0)).unwrap();
        assert_eq!(read_mark(&path).unwrap(), Some(head(0)), "an empty store has a mark too");
        assert!(mark.note(head(1), 5_000).unwrap());
        assert!(!mark.note(head(2), 5_999).unwrap());
        assert_eq!(read_mark(&path).unwrap(), Some(head(1)));
        assert!(mark.note(head(2), 6_000).unwrap());
        assert!(!mark.note(head(2), 9_000).unwrap(), "nothing new");
        mark.write(head(3)).unwrap();
        assert_eq!(read_mark(&path).unwrap(), Some(head(3)));
    }

    #[test]
    fn every_damaged_byte_of_a_mark_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mark");
        let good = encode(head(77)).into_bytes();
        for i in 0..good.len() {
            let mut bad = good.clone();
            bad[i] ^= 1;
            std::fs::write(&path, &bad).unwrap();
            let error = read_mark(&path).unwrap_err();
            assert!(error.0.contains("damaged"), "{error}");
            std::fs::write(&path, &good[..i]).unwrap();
            assert!(read_mark(&path).is_err(), "cut to {i} bytes");
        }
    }
}
