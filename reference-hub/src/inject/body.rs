//! What injection does to an answer on its way out: nothing of it arrives, or it comes slowly.
//!
//! Called by the service for answers that a rule met. The I/O thread does not wait: a task of its own does.

use crate::server::reply::HubBody;
use bytes::Bytes;
use hyper::Response;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;

/// How often a piece of a slow body is sent: ten times a second looks like a slow line, not like a stall.
const PIECE_PERIOD: Duration = Duration::from_millis(100);

/// No answer: the connection ends as it is, before a byte of one was sent. The listener's connections take it as an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is closed without an answer, as injected")
    }
}

impl std::error::Error for Cut {}

/// The answer with its body at `bytes_per_s`.
pub fn slowed(response: Response<HubBody>, bytes_per_s: u64) -> Response<HubBody> {
    let piece = usize::try_from(bytes_per_s / 10).unwrap_or(usize::MAX).max(1);
    response.map(|body| match body {
        HubBody::Inline(Some(bytes)) if !bytes.is_empty() => {
            let len = bytes.len() as u64;
            let (sender, pieces) = mpsc::channel(1);
            tokio::spawn(async move {
                let _ = trickle(bytes, piece, &sender).await;
            });
            HubBody::File(pieces, len)
        }
        HubBody::File(mut from, len) => {
            let (sender, pieces) = mpsc::channel(1);
            tokio::spawn(async move {
                while let Some(read) = from.recv().await {
                    let sent = match read {
                        Ok(bytes) => trickle(bytes, piece, &sender).await,
                        Err(error) => sender.send(Err(error)).await.map_err(|_| ()),
                    };
                    if sent.is_err() {
                        return; // the client has gone
                    }
                }
            });
            HubBody::File(pieces, len)
        }
        empty => empty,
    })
}

/// Sends `bytes` piece by piece; an error means that nobody reads any more.
async fn trickle(mut bytes: Bytes, piece: usize, to: &mpsc::Sender<io::Result<Bytes>>) -> Result<(), ()> {
    while !bytes.is_empty() {
        tokio::time::sleep(PIECE_PERIOD).await;
        let next = bytes.split_to(piece.min(bytes.len()));
        to.send(Ok(next)).await.map_err(|_| ())?;
    }
    Ok(())
}
