//! Answers as HTTP responses: headers, mirrored ids, and bodies from memory or streamed from a blob file.
//!
//! Called by the service for every answer. Never copies an inline body.

use crate::limits::BLOB_PIECE_BYTES;
use crate::message::{Answer, Body};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Pieces read ahead of a slow client: enough to keep the disk and the socket busy at once.
const PIECES_AHEAD: usize = 2;

/// A response body.
#[derive(Debug)]
pub enum HubBody {
    /// Bytes in memory; `None` once sent.
    Inline(Option<Bytes>),
    /// Pieces of a file, and the bytes still to come.
    File(mpsc::Receiver<io::Result<Bytes>>, u64),
}

impl hyper::body::Body for HubBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            HubBody::Inline(bytes) => Poll::Ready(bytes.take().map(|b| Ok(Frame::data(b)))),
            HubBody::File(pieces, left) => pieces.poll_recv(cx).map(|piece| match piece {
                Some(Ok(piece)) => {
                    *left = left.saturating_sub(piece.len() as u64);
                    Some(Ok(Frame::data(piece)))
                }
                Some(Err(error)) => Some(Err(error)),
                None if *left > 0 => Some(Err(io::ErrorKind::UnexpectedEof.into())),
                None => None,
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            HubBody::Inline(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            HubBody::File(_, left) => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            HubBody::Inline(bytes) => bytes.as_ref().map_or(0, |b| b.len() as u64),
            HubBody::File(_, left) => *left,
        })
    }
}

/// The ids that every answer mirrors, kept while the request is consumed.
#[derive(Debug, Default)]
pub struct Mirrored {
    request_id: Option<HeaderValue>,
    correlation_id: Option<HeaderValue>,
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

impl Mirrored {
    /// The ids in a request's headers.
    pub fn of(headers: &HeaderMap) -> Self {
        Mirrored {
            request_id: headers.get(&X_REQUEST_ID).cloned(),
            correlation_id: headers.get(&X_CORRELATION_ID).cloned(),
        }
    }
}

/// The response of an answer whose body is in memory, or whose blob was opened as `pieces`.
pub fn response(
    answer: Answer,
    pieces: Option<mpsc::Receiver<io::Result<Bytes>>>,
    mirrored: Mirrored,
) -> Response<HubBody> {
    let body = match (answer.body, pieces) {
        (Body::Inline(bytes), _) => HubBody::Inline(Some(bytes)),
        (Body::Blob { len, .. }, Some(pieces)) => HubBody::File(pieces, len),
        (Body::Blob { .. }, None) => HubBody::Inline(None),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.reserve(answer.headers.len() + 3);
    for (name, value) in answer.headers {
        // A value with a control character cannot be sent; the answer goes without that header.
        let value = match value {
            Cow::Borrowed(fixed) => HeaderValue::from_str(fixed),
            Cow::Owned(text) => HeaderValue::try_from(text),
        };
        if let Ok(value) = value {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    if let Some(id) = mirrored.request_id {
        headers.insert(X_REQUEST_ID, id);
    }
    if let Some(id) = mirrored.correlation_id {
        headers.insert(X_CORRELATION_ID, id);
    }
    response
}

/// Makes the response the last on its connection.
pub fn closing(mut response: Response<HubBody>) -> Response<HubBody> {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Opens a blob's file and starts to read it in pieces, on the blocking threads.
///
/// # Errors
/// The system's error when the file is not there or not as long as the answer says.
pub async fn open_blob(path: PathBuf, len: u64) -> io::Result<mpsc::Receiver<io::Result<Bytes>>> {
    let mut file = blocking(move || {
        let file = File::open(&path)?;
        let found = file.metadata()?.len();
        if found != len {
            return Err(io::Error::other(format!("{}: {found} bytes long, wanted {len}", path.display())));
        }
        Ok(file)
    })
    .await?;
    let (sender, pieces) = mpsc::channel(PIECES_AHEAD);
    tokio::spawn(async move {
        loop {
            let read = blocking(move || {
                let mut piece = Vec::with_capacity(BLOB_PIECE_BYTES);
                (&mut file).take(BLOB_PIECE_BYTES as u64).read_to_end(&mut piece)?;
                Ok((file, Bytes::from(piece)))
            })
            .await;
            match read {
                Ok((_, piece)) if piece.is_empty() => return,
                Ok((back, piece)) => {
                    file = back;
                    if sender.send(Ok(piece)).await.is_err() {
                        return; // the client has gone
                    }
                }
                Err(error) => {
                    let _ = sender.send(Err(error)).await;
                    return;
                }
            }
        }
    });
    Ok(pieces)
}

/// Runs file work on a blocking thread.
///
/// # Errors
/// The work's own, or that the thread failed.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(_) => Err(io::Error::other("a blocking thread failed")),
    }
}
