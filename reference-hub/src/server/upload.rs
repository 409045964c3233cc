//! Reads request bodies: small ones into memory, larger ones of streaming operations into a durable blob, which up to a
//! size is also kept in memory until the request is answered.
//!
//! Called by the service. Never holds more of a large blob in memory than one piece, never takes more bytes than allowed,
//! never waits long for a client that drips.

use crate::clock::Stopwatch;
use crate::limits::{BLOB_PIECE_BYTES, BODY_PROGRESS_BYTES, HELD_BYTES_MAX, INLINE_BYTES_MAX};
use crate::message::Body;
use crate::server::reply::blocking;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hub_store::blobs::{BlobWriter, Blobs};
use hyper::body::{Body as _, Incoming};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// How much body is taken, and where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes taken at most.
    pub bytes_max: u64,
    /// What is over [`INLINE_BYTES_MAX`] goes to a blob.
    pub streams: bool,
    /// Length of the periods that must each bring [`BODY_PROGRESS_BYTES`].
    pub progress_time: Duration,
}

/// A body as it comes in, held to a least pace.
struct Paced {
    incoming: Incoming,
    progress_time: Duration,
    /// The period that runs now.
    period: Stopwatch,
    /// What it has brought so far.
    bytes: u64,
}

impl Paced {
    /// The next piece; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, UploadError> {
        loop {
            let left = self.progress_time.saturating_sub(self.period.elapsed());
            match tokio::time::timeout(left, next(&mut self.incoming)).await {
                Ok(piece) => {
                    let piece = piece?;
                    self.bytes += piece.as_ref().map_or(0, |p| p.len() as u64);
                    return Ok(piece);
                }
                Err(_) if self.bytes < BODY_PROGRESS_BYTES => return Err(UploadError::TooSlow),
                Err(_) => (self.period, self.bytes) = (Stopwatch::start(), 0),
            }
        }
    }
}

/// What one body holds of the memory for bodies that are not whole yet; given back when dropped.
#[derive(Debug)]
pub struct Share<'a> {
    /// What all hold, in bytes.
    pub all: &'a AtomicU64,
    /// What all may hold, in bytes.
    pub all_max: u64,
    /// What this one holds, in bytes.
    pub held: u64,
}

impl Share<'_> {
    /// Holds as much as `buffer` takes.
    fn hold(&mut self, buffer: &BytesMut) -> Result<(), UploadError> {
        let bytes = buffer.capacity() as u64;
        let more = bytes.saturating_sub(self.held);
        if more > 0 && self.all.fetch_add(more, Relaxed) + more > self.all_max {
            self.all.fetch_sub(more, Relaxed);
            return Err(UploadError::NoMemory);
        }
        self.all.fetch_sub(self.held.saturating_sub(bytes), Relaxed);
        self.held = bytes;
        Ok(())
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.all.fetch_sub(self.held, Relaxed);
    }
}

/// Why a body was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadError {
    /// More bytes than allowed.
    TooLarge,
    /// Too many bodies are under way.
    NoMemory,
    /// The client took too long.
    TooSlow,
    /// The client went away or its framing is wrong.
    Broken,
    /// The blob could not be stored, and why.
    Disk(String),
}

/// Where large bodies go.
#[derive(Debug, Clone)]
pub struct BlobRoom {
    /// The data folder's blobs.
    pub blobs: Arc<Blobs>,
    /// Their folder.
    pub folder: PathBuf,
}

impl BlobRoom {
    /// The file of blob `id`.
    pub fn path(&self, id: &str) -> PathBuf {
        Path::new(&self.folder).join(id)
    }
}

/// Reads the body to its end. `blob_id` names the blob, should it become one.
///
/// # Errors
/// [`UploadError`]; nothing is left on disk then.
pub async fn read(
    incoming: Incoming,
    declared: Option<u64>,
    (room, mut share): (Room, Share<'_>),
    blob_room: &BlobRoom,
    blob_id: impl FnOnce() -> String,
) -> Result<Body, UploadError> {
    let mut incoming =
        Paced { incoming, progress_time: room.progress_time, period: Stopwatch::start(), bytes: 0 };
    let held = room.bytes_max.min(HELD_BYTES_MAX);
    match declared {
        Some(n) if room.streams && (INLINE_BYTES_MAX + 1..=held).contains(&n) => {
            return hold(incoming, n, share, blob_room, blob_id()).await;
        }
        Some(n) if room.streams && n > INLINE_BYTES_MAX => {
            return stream(incoming, BytesMut::new(), (room, share), blob_room, blob_id()).await;
        }
        _ => {}
    }
    let Some(first) = incoming.next().await? else { return Ok(Body::EMPTY) };
    if first.len() as u64 > room.bytes_max {
        return Err(UploadError::TooLarge);
    }
    if incoming.incoming.is_end_stream() {
        return Ok(Body::Inline(first)); // the usual case: one piece, nothing copied
    }
    let expected = declared.unwrap_or(0).min(INLINE_BYTES_MAX);
    let mut gathered = BytesMut::with_capacity(usize::try_from(expected).unwrap_or(0).max(first.len()));
    gathered.extend_from_slice(&first);
    share.hold(&gathered)?;
    while let Some(piece) = incoming.next().await? {
        gathered.extend_from_slice(&piece);
        share.hold(&gathered)?;
        let bytes = gathered.len() as u64;
        if bytes > room.bytes_max {
            return Err(UploadError::TooLarge);
        }
        if room.streams && bytes > INLINE_BYTES_MAX {
            return stream(incoming, gathered, (room, share), blob_room, blob_id()).await;
        }
    }
    Ok(Body::Inline(gathered.freeze()))
}

async fn next(incoming: &mut Incoming) -> Result<Option<Bytes>, UploadError> {
    while let Some(frame) = incoming.frame().await {
        // A trailer frame carries no data and nothing we use.
        if let Ok(data) = frame.map_err(|_| UploadError::Broken)?.into_data()
            && !data.is_empty()
        {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// Gathers a body of `len` bytes in memory and writes it to its blob at once.
async fn hold(
    mut incoming: Paced,
    len: u64,
    mut share: Share<'_>,
    blob_room: &BlobRoom,
    id: String,
) -> Result<Body, UploadError> {
    let mut gathered = BytesMut::with_capacity(usize::try_from(len).unwrap_or(0));
    share.hold(&gathered)?;
    while let Some(piece) = incoming.next().await? {
        gathered.extend_from_slice(&piece);
    }
    let held = gathered.freeze();
    let (blobs, name, bytes) = (Arc::clone(&blob_room.blobs), id.clone(), held.clone());
    let write = move || {
        let mut writer = blobs.create(&name)?;
        writer.write(&bytes)?;
        writer.finish()
    };
    let written = blocking(move || write().map_err(std::io::Error::other)).await;
    written.map_err(|error| UploadError::Disk(error.to_string()))?;
    let path = blob_room.path(&id);
    Ok(Body::Blob { id, len: held.len() as u64, path, held })
}

async fn stream(
    mut incoming: Paced,
    mut gathered: BytesMut,
    (room, mut share): (Room, Share<'_>),
    blob_room: &BlobRoom,
    id: String,
) -> Result<Body, UploadError> {
    let disk = |error: std::io::Error| UploadError::Disk(error.to_string());
    let (blobs, name) = (Arc::clone(&blob_room.blobs), id.clone());
    let mut writer: BlobWriter =
        blocking(move || blobs.create(&name).map_err(std::io::Error::other)).await.map_err(disk)?;
    let mut len = 0;
    loop {
        gathered.reserve(BLOB_PIECE_BYTES.saturating_sub(gathered.len()));
        let piece = incoming.next().await?;
        let last = piece.is_none();
        if let Some(piece) = piece {
            gathered.extend_from_slice(&piece);
            share.hold(&gathered)?;
        }
        if len + gathered.len() as u64 > room.bytes_max {
            return Err(UploadError::TooLarge);
        }
        if last || gathered.len() >= BLOB_PIECE_BYTES {
            len += gathered.len() as u64;
            let full = gathered.split().freeze();
            writer = blocking(move || {
                writer.write(&full).map_err(std::io::Error::other)?;
                Ok(writer)
            })
            .await
            .map_err(disk)?;
        }
        if last {
            break;
        }
    }
    blocking(move || writer.finish().map_err(std::io::Error::other)).await.map_err(disk)?;
    let path = blob_room.path(&id);
    Ok(Body::Blob { id, len, path, held: Bytes::new() })
}
