//! One request that is waited for: the hub's status before and after a run, rules of injected faults, look-ups when it is over.
//! Never used while requests are measured.

use super::connection::{Connection, READ_BYTES, Received};
use super::connector::{Connector, left, wait};
use crate::clock::Clock;
use rustix::event::PollFlags;
use scenarios::AnswerView;
use std::io;
use std::time::Duration;

impl Connector {
    /// Gets `path`; the status and the body.
    ///
    /// # Errors
    /// Those of [`Connector::ask`].
    pub fn get(&self, path: &str, patience: Duration) -> io::Result<(u16, Vec<u8>)> {
        let host = self.target();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        self.ask(request.as_bytes(), patience)
    }

    /// Sends a whole request over a connection of its own; the status and the body.
    ///
    /// # Errors
    /// `TimedOut` when it takes longer than `patience`; whatever the kernel says, or one sentence when what came is no answer.
    pub fn ask(&self, request: &[u8], patience: Duration) -> io::Result<(u16, Vec<u8>)> {
        let clock = Clock::start();
        let mut connection = self.open(0)?;
        connection.request().extend_from_slice(request);
        let answer = |answer: &AnswerView<'_>| (answer.status, answer.body.to_owned());
        let may_wait = || left(&clock, patience);
        let (answer, _) = exchange(&mut connection, &mut vec![0; READ_BYTES], false, may_wait, answer)?;
        Ok(answer)
    }
}

/// Sends what is pending and hands the answer on; true when the connection can be used again. `may_wait` says before each
/// wait how long it may last.
///
/// # Errors
/// `TimedOut` when it lasted longer; whatever the kernel says, or one sentence when the connection broke or what came is no
/// answer.
pub(crate) fn exchange<T>(
    connection: &mut Connection,
    scratch: &mut [u8],
    head: bool,
    may_wait: impl Fn() -> io::Result<Duration>,
    then: impl Fn(&AnswerView<'_>) -> T,
) -> io::Result<(T, bool)> {
    loop {
        let written =
            connection.write_some().map_err(|e| io::Error::other(format!("writing: {}", e.kind())))?;
        let answered = connection.read_some(scratch, head, |p| {
            let answer = AnswerView { status: p.status, headers: &p.headers, body: &p.body };
            (then(&answer), p.keep_alive)
        });
        match answered.map_err(io::Error::other)? {
            Received::Answer(answer) => return Ok(answer),
            Received::Closed => return Err(io::Error::other("closed before the answer")),
            Received::Partial => {}
        }
        let what = if written { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT };
        wait(connection, what, may_wait()?)?;
    }
}
