//! What a command says on stdout, or puts into a file instead. A reader that has seen enough (`| head`) ends the telling, not the program.

use crate::exit::{Exit, Failure};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Writes a text to stdout as it stands.
///
/// # Errors
/// Stdout cannot be written, e.g. the disk is full; a reader that went away is none.
pub fn tell(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Unreachable, format!("stdout: cannot be written: {e}")))
        }
        _ => Ok(()),
    }
}

/// Writes a text to a file as it stands, or to stdout with a line end when there is no file.
///
/// # Errors
/// The file or stdout cannot be written.
pub fn put(text: &str, file: Option<&Path>) -> Result<(), Failure> {
    match file {
        None if text.ends_with('\n') => tell(text),
        None => tell(&format!("{text}\n")),
        Some(file) => std::fs::write(file, text).map_err(|e| {
            Failure::new(Exit::Unreachable, format!("{}: cannot be written: {e}", file.display()))
        }),
    }
}
