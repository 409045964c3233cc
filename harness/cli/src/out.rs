//! What a command says on stdout. A reader that has seen enough (`| head`) ends the telling, not the program.

use crate::exit::{Exit, Failure};
use std::io::{ErrorKind, Write};

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
