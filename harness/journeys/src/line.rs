//! A user's own keep-alive connection: the engine's client, awaited by tokio instead of polled by the engine.

use harness::client::connection::{Connection, READ_BYTES, Received};
use harness::client::connector::Connector;
use harness::client::response::Parsed;
use std::io::{self, ErrorKind};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// The connection, opened when first needed and again after it closed.
pub(crate) struct Line {
    number: usize,
    /// The connection, and tokio's handle of its socket, which only says when there is news.
    connection: Option<(Connection, TcpStream)>,
    scratch: Vec<u8>,
}

impl Line {
    /// The line of this number, not yet open.
    pub(crate) fn new(number: usize) -> Self {
        Line { number, connection: None, scratch: Vec::new() }
    }

    /// Its number.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Gives the connection up; the next question opens another.
    pub(crate) fn close(&mut self) {
        self.connection = None;
    }

    /// Opens the connection if it is not there; true when it had to be.
    ///
    /// # Errors
    /// One sentence: it cannot be had.
    pub(crate) fn ready(&mut self, connector: &Connector) -> Result<bool, String> {
        if self.connection.is_some() {
            return Ok(false);
        }
        let begin = || {
            let connection = connector.begin(self.number)?;
            let news = TcpStream::from_std(connection.second_handle()?)?;
            Ok::<_, io::Error>((connection, news))
        };
        self.connection = Some(begin().map_err(|e| format!("connecting: {}", e.kind()))?);
        self.scratch.resize(READ_BYTES, 0);
        Ok(true)
    }

    /// Sends what `render` writes and reads until the answer is whole, which `look` then sees; `sent` is called when the
    /// request is handed to the kernel for the first time.
    ///
    /// # Errors
    /// One sentence: the connection broke.
    pub(crate) async fn ask<T>(
        &mut self,
        head: bool,
        render: impl FnOnce(&mut Vec<u8>),
        sent: impl FnOnce(),
        look: impl FnOnce(&Parsed<'_>) -> T,
    ) -> Result<T, String> {
        let asked = self.try_ask(head, render, sent, look).await;
        match asked {
            Ok((seen, keep_alive)) => {
                if !keep_alive {
                    self.close();
                }
                Ok(seen)
            }
            Err(sentence) => {
                self.close();
                Err(sentence)
            }
        }
    }

    async fn try_ask<T>(
        &mut self,
        head: bool,
        render: impl FnOnce(&mut Vec<u8>),
        sent: impl FnOnce(),
        look: impl FnOnce(&Parsed<'_>) -> T,
    ) -> Result<(T, bool), String> {
        let Some((connection, news)) = &mut self.connection else { return Err("no connection".into()) };
        render(connection.request());
        sent();
        let mut look = Some(look);
        loop {
            connection.write_some().map_err(|e| format!("writing: {}", e.kind()))?;
            let answered = connection.read_some(&mut self.scratch, head, |parsed| {
                (look.take().map(|look| look(parsed)), parsed.keep_alive)
            });
            match answered? {
                Received::Answer((Some(seen), keep_alive)) => return Ok((seen, keep_alive)),
                // An answer is shown once, so this one has been seen.
                Received::Answer((None, _)) => return Err("a second answer".into()),
                Received::Closed => return Err("closed before the answer".into()),
                Received::Partial => {}
            }
            // Both directions were tried until they would block, so only news counts; what came meanwhile is news, because
            // both are tried again after what tokio knew of was cleared.
            let both = Interest::READABLE | Interest::WRITABLE;
            news.ready(both).await.map_err(|e| format!("waiting: {}", e.kind()))?;
            for interest in [Interest::READABLE, Interest::WRITABLE] {
                let _ = news.try_io(interest, || Err::<(), _>(ErrorKind::WouldBlock.into()));
            }
        }
    }
}
