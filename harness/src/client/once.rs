//! One request over a connection of its own, waited for: the hub's status before and after a run, look-ups when it is over.
//! Never used while requests are measured.

use super::connection::{READ_BYTES, Received};
use super::connector::{Connector, left, wait};
use crate::clock::Clock;
use rustix::event::PollFlags;
use std::io;
use std::time::Duration;

impl Connector {
    /// Gets `path`; the status and the body.
    ///
    /// # Errors
    /// Whatever the kernel says, or one sentence when what came is no answer; also when it takes longer than `patience`.
    pub fn get(&self, path: &str, patience: Duration) -> io::Result<(u16, Vec<u8>)> {
        let clock = Clock::start();
        let mut connection = self.open(0)?;
        let host = self.target();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        connection.request().extend_from_slice(request.as_bytes());
        let mut scratch = vec![0; READ_BYTES];
        loop {
            let written = connection.write_some()?;
            match connection.read_some(&mut scratch, false).map_err(io::Error::other)? {
                Received::Answer(answer) => return Ok((answer.status, answer.body.into_owned())),
                Received::Closed => return Err(io::ErrorKind::UnexpectedEof.into()),
                Received::Partial => {}
            }
            let what = if written { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT };
            wait(&connection, what, left(&clock, patience)?)?;
        }
    }
}
