//! A user's own keep-alive connection: our answer parser over a tokio socket.

use harness::client::response::{self, Parsed, Progress};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How a question ended on the wire.
pub(crate) enum Ask {
    /// A whole answer lies in the line's buffer.
    Answered,
    /// The connection could not be had or broke, in one sentence.
    Broken(String),
}

/// The connection, opened when first needed and again after it closed.
#[derive(Default)]
pub(crate) struct Line {
    stream: Option<TcpStream>,
    input: Vec<u8>,
    closed: bool,
}

impl Line {
    /// Gives the connection up; the next question opens another.
    pub(crate) fn close(&mut self) {
        self.stream = None;
    }

    /// Sends a request and reads until its answer is whole.
    pub(crate) async fn ask(&mut self, target: SocketAddr, request: &[u8], head: bool) -> Ask {
        match self.try_ask(target, request, head).await {
            Ok(keep_alive) => {
                if !keep_alive {
                    self.close();
                }
                Ask::Answered
            }
            Err(sentence) => {
                self.close();
                Ask::Broken(sentence)
            }
        }
    }

    async fn try_ask(&mut self, target: SocketAddr, request: &[u8], head: bool) -> Result<bool, String> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(target).await.map_err(|e| format!("connecting: {}", e.kind()))?;
            stream.set_nodelay(true).map_err(|e| format!("connecting: {}", e.kind()))?;
            self.stream = Some(stream);
        }
        let Some(stream) = &mut self.stream else { return Err("no connection".into()) };
        self.input.clear();
        self.closed = false;
        stream.write_all(request).await.map_err(|e| format!("writing: {}", e.kind()))?;
        let mut need = 1;
        loop {
            let n = stream.read_buf(&mut self.input).await.map_err(|e| format!("reading: {}", e.kind()))?;
            self.closed = n == 0;
            if self.closed && self.input.is_empty() {
                return Err("closed before the answer".into());
            }
            if self.input.len() < need && !self.closed {
                continue;
            }
            match response::parse(&self.input, head, self.closed)? {
                Progress::Complete(parsed) => return Ok(parsed.keep_alive),
                Progress::NeedAtLeast(n) => need = n,
            }
        }
    }

    /// Looks at the answer that [`Line::ask`] found whole.
    pub(crate) fn with_answer<T>(&self, head: bool, look: impl FnOnce(&Parsed<'_>) -> T) -> T {
        match response::parse(&self.input, head, self.closed) {
            Ok(Progress::Complete(parsed)) => look(&parsed),
            _ => unreachable!("the same bytes were a whole answer a moment ago"),
        }
    }
}
