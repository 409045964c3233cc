//! The I/O threads: each accepts on its own socket and serves its connections on its own single-threaded runtime.
//!
//! Called by `run`. Never runs anything that waits for a disk: commits and blobs have threads of their own.

use crate::domain::Peer;
use crate::limits::{BLOB_THREADS_MAX, HEADER_BYTES_MAX, HEADERS_MAX};
use crate::server::service::{Caller, Hub, Service};
use crate::server::stream::Guarded;
use crate::tls;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::{IpAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Pause after a failed accept (no file descriptor is free): long enough not to spin, short enough not to be felt.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// How often a stopping thread looks whether its last connection has closed.
pub const DRAIN_POLL: Duration = Duration::from_millis(5);

/// What a client over the connection limit is told before it is closed.
const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Runs one I/O thread until `stop` turns true and its connections are done, or the drain time is over.
///
/// # Errors
/// The system's error when the runtime or the socket cannot be set up.
pub fn run(
    hub: &Arc<Hub>,
    index: usize,
    listener: TcpListener,
    stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOB_THREADS_MAX)
        .build()?;
    let service = Service::new(Arc::clone(hub), index);
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        accept(&service, &listener, stop.clone()).await;
        drop(listener); // the port is free for a successor while the last requests finish
        drain(&service).await;
        Ok(())
    })
}

async fn accept(service: &Service, listener: &tokio::net::TcpListener, mut stop: watch::Receiver<bool>) {
    let hub = &service.hub;
    let mut stopped = pin!(async move { stop.wait_for(|s| *s).await.map(|_| ()) });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .keep_alive(true)
        .header_read_timeout(hub.limits.header_read_time)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEADER_BYTES_MAX);
    loop {
        let accepted = tokio::select! {
            biased;
            _ = &mut stopped => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((mut stream, from)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Some(open) = OpenConnection::new(service, from.ip().to_canonical()) else {
            hub.refused.connections.fetch_add(1, Relaxed);
            if hub.tls.is_none() {
                tokio::spawn(async move {
                    let _ = stream.write_all(TOO_MANY).await;
                });
            }
            continue;
        };
        let _ = stream.set_nodelay(true); // a refusal only costs delay
        tokio::spawn(connection(open, stream, builder.clone()));
    }
}

/// One connection, from its first byte to its last.
async fn connection(open: OpenConnection, stream: TcpStream, builder: http1::Builder) {
    let hub = Arc::clone(&open.service.hub);
    let Some(acceptor) = &hub.tls else {
        return serve(&open, stream, None, &builder).await;
    };
    let shaken = tokio::select! {
        biased;
        shaken = tokio::time::timeout(hub.limits.handshake_time, acceptor.accept(stream)) => shaken,
        () = open.service.drain.notified() => return,
    };
    // Nobody is told more than the TLS alert that rustls sent.
    match shaken {
        Ok(Ok(stream)) => match tls::peer(stream.get_ref().1) {
            Ok(peer) => return serve(&open, stream, peer, &builder).await,
            Err(tls::Nameless) => hub.refused.handshakes.fetch_add(1, Relaxed),
        },
        _ => hub.refused.handshakes.fetch_add(1, Relaxed),
    };
}

/// Answers the requests of one connection until either side ends it or the hub drains.
async fn serve<IO>(open: &OpenConnection, io: IO, peer: Option<Peer>, builder: &http1::Builder)
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let handler = open.service.of(Caller { address: open.address, peer });
    let draining = Arc::clone(&handler.drain);
    let io = Guarded::new(io, handler.hub.limits.answer_stall_time);
    let answer = service_fn(move |request| {
        let handler = handler.clone();
        async move { handler.handle(request).await }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(io), answer));
    // An error is the client's: it went away, sent no HTTP, or was too slow. Its connection ends here.
    tokio::select! {
        biased;
        _ = connection.as_mut() => return,
        () = draining.notified() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Tells the connections to finish the request in flight and waits for them.
async fn drain(service: &Service) {
    let watch = crate::clock::Stopwatch::start();
    while service.open.load(Relaxed) > 0 && watch.elapsed() < service.hub.limits.drain_time {
        service.drain.notify_waiters(); // again each time: a connection accepted last may not have waited yet
        tokio::time::sleep(DRAIN_POLL).await;
    }
}

/// Counts a connection for as long as it lives.
struct OpenConnection {
    service: Service,
    address: IpAddr,
}

impl OpenConnection {
    /// `None` when there are too many, in all or of this address.
    fn new(service: &Service, address: IpAddr) -> Option<Self> {
        let hub = &service.hub;
        if hub.connections.fetch_add(1, Relaxed) >= hub.limits.connections_max
            || !hub.addresses.enter(address, hub.limits.connections_per_address_max)
        {
            hub.connections.fetch_sub(1, Relaxed);
            return None;
        }
        service.open.fetch_add(1, Relaxed);
        Some(OpenConnection { service: service.clone(), address })
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.service.open.fetch_sub(1, Relaxed);
        self.service.hub.addresses.leave(self.address);
        self.service.hub.connections.fetch_sub(1, Relaxed);
    }
}
