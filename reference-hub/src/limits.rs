//! Every limit of the hub, by name and with its reason. Read by all of the hub; nothing here may change at run time
//! except through [`Limits`], which tests use to make queues small.

use std::time::Duration;

/// A request body up to this many bytes stays in memory; above it a streaming operation writes it to a blob file.
/// 256 KiB: larger than every FHIR body seen nationally (52 KB summaries), small enough that 1,024 connections
/// in flight cost 256 MiB at most.
pub const INLINE_BYTES_MAX: u64 = 256 * 1024;

/// Connections one hub serves at a time; more are accepted and closed at once.
/// 32,768: above the 28,000 end points of the national directory with a connection each. The process raises its limit of
/// open files as far as the system allows at start.
pub const CONNECTIONS_MAX: usize = 32_768;

/// Connections one address may have open at a time. The same as all together: a load generator and a proxy each bring
/// everybody's connections from one address. An operator lowers it with `--connections-per-address`.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = CONNECTIONS_MAX;

/// A client must finish its TLS handshake within this time. 10 s: a handshake is two round trips and a signature, and
/// until it is done nothing is known of whom the connection serves.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// Bytes of request line and headers. 32 KiB: four times nginx's 8 KiB, as signed JWTs travel in Authorization.
pub const HEADER_BYTES_MAX: usize = 32 * 1024;

/// Headers in one request. 100 is hyper's own parser default and no published client sends more than 30.
pub const HEADERS_MAX: usize = 100;

/// A client must send its whole header within this time, and an idle keep-alive connection is closed after it.
/// 60 s: longer than the think times of attended sessions on pooled connections, short enough to shed slow-header clients.
pub const HEADER_READ_TIME: Duration = Duration::from_secs(60);

/// A client must send its whole body within this time. 120 s: 100 MB at 7 Mbit/s, the slowest N3 site link.
pub const BODY_READ_TIME: Duration = Duration::from_secs(120);

/// Within each period of this length a body that is not finished must bring [`BODY_PROGRESS_BYTES`], or its connection
/// is cut off with 408. 10 s: longer than any loss of a packet that TCP makes good.
pub const BODY_PROGRESS_TIME: Duration = Duration::from_secs(10);

/// Bytes that all bodies which are not whole yet may hold in memory; above it they are answered 503. 512 MiB: 2,000
/// clients that each drip the largest one, where without it the connections allowed could come to 32 GiB.
pub const GATHERED_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Bytes that a period of [`BODY_PROGRESS_TIME`] must bring. 4 KiB: 0.4 KB/s, below the slowest modem; a client that
/// drips single bytes is cut off.
pub const BODY_PROGRESS_BYTES: u64 = 4 * 1024;

/// A client that takes no byte of its answer for this time is cut off. 60 s: as patient as with a header. The kernel
/// takes more only when about a third of the socket's buffer is free, so reading single bytes does not help.
pub const ANSWER_STALL_TIME: Duration = Duration::from_secs(60);

/// Clients whose rate is known at a time. 65,536: above the 28,000 end points and 20,000 organisations of the national
/// directory together; the least used are forgotten first. About 8 MiB.
pub const RATE_CLIENTS_MAX: usize = 65_536;

/// Transactions waiting for the committer before writes are answered 503.
/// 4,096: at the measured 23,000 durable writes a second that is under 0.2 s of waiting.
pub const COMMIT_QUEUE_MAX: usize = 4_096;

/// Read-audit events waiting for the committer before reads are answered 503.
/// 16,384: reads are an order cheaper than writes, so the burst they can make while one fsync runs is larger.
pub const READ_AUDIT_QUEUE_MAX: usize = 16_384;

/// Transactions in one commit. 1,024: beyond it the fsync is no longer the cost (a 256 KiB flush costs 1.4 times a 4 KiB one).
pub const BATCH_TXNS_MAX: usize = 1_024;

/// Bytes in one commit. 4 MiB: keeps one batch of large summaries from holding up the rest for more than a few milliseconds.
pub const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Read-audit events folded into one audit-only transaction. 256: cuts the chain's cost per read to a fraction.
pub const READ_AUDITS_PER_TXN_MAX: usize = 256;

/// How long read-audit events alone wait for company before they are committed. 5 ms: reads do not wait for their
/// event, so this only saves fsyncs; a write that comes meanwhile takes them along at once.
pub const READ_AUDIT_GATHER_TIME: Duration = Duration::from_millis(5);

/// Times a decision is made again after a version conflict before the client is told 503.
/// 8: with more than eight writers racing on one record waiting is better than spinning.
pub const CONFLICT_RETRIES_MAX: u32 = 8;

/// How long a clean stop waits for requests in flight. 20 s: a supervisor's usual patience is 30 s.
pub const DRAIN_TIME: Duration = Duration::from_secs(20);

/// How often the store's housekeeping is called, off the committer's thread; it writes the high-water mark at most once
/// a second. 250 ms keeps the mark within a quarter of that second.
pub const TICK_PERIOD: Duration = Duration::from_millis(250);

/// How often interfaces are asked what time has brought about. 5 s: life cycles are counted in days.
pub const TEND_PERIOD: Duration = Duration::from_secs(5);

/// How often in a row one interface is asked. 64: with some hundred transactions each, housekeeping leaves the committer
/// to the clients for the rest of the period.
pub const TEND_BATCHES_MAX: u64 = 64;

/// Seconds a refused client is asked to wait. 1 s: several hundred commits pass in it.
pub const RETRY_AFTER_S: u32 = 1;

/// Decoded rows kept in memory in front of the store, in bytes of value. 384 MiB holds the ~6 KB records of 60,000 people.
pub const READ_CACHE_BYTES_MAX: u64 = 384 * 1024 * 1024;

/// Piece size in which a blob is read and written. 256 KiB: a tenth of a millisecond of disk time, so that the hand-over
/// to a blocking thread (some 20 µs) is a small part of it.
pub const BLOB_PIECE_BYTES: usize = 256 * 1024;

/// A blob up to this size is gathered in memory and written at once, so that its handler need not read it back. 1 MiB:
/// above a record transfer's usual fragment (600 KB); all that are under way share [`GATHERED_BYTES_MAX`].
pub const HELD_BYTES_MAX: u64 = 1024 * 1024;

/// Threads per I/O thread that read and write blobs. 16: pieces are short, and a slow client holds none of them.
pub const BLOB_THREADS_MAX: usize = 16;

/// Connections the kernel keeps ready for `accept`. 4,096: the usual `somaxconn`; a generator opens its all at once.
pub const ACCEPT_BACKLOG: i32 = 4_096;

/// A request body up to this many bytes is read before the operation is known; all operations take that much.
pub const BODY_BYTES_ANY_OPERATION: u64 = 64 * 1024;

/// Largest body read for a request whose operation only its body tells (EPS messages). 1 MiB, the largest such limit.
pub const BODY_BYTES_UNROUTED_MAX: u64 = 1024 * 1024;

/// The limits a test may make small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// See [`CONNECTIONS_MAX`].
    pub connections_max: usize,
    /// See [`CONNECTIONS_PER_ADDRESS_MAX`].
    pub connections_per_address_max: usize,
    /// Requests a second that one client may make, and as many at once after a pause; 0 means no limit.
    pub rate_per_s: u32,
    /// See [`RATE_CLIENTS_MAX`].
    pub rate_clients_max: usize,
    /// See [`HANDSHAKE_TIME`].
    pub handshake_time: Duration,
    /// See [`HEADER_READ_TIME`].
    pub header_read_time: Duration,
    /// See [`BODY_READ_TIME`].
    pub body_read_time: Duration,
    /// See [`BODY_PROGRESS_TIME`].
    pub body_progress_time: Duration,
    /// See [`GATHERED_BYTES_MAX`].
    pub gathered_bytes_max: u64,
    /// See [`ANSWER_STALL_TIME`].
    pub answer_stall_time: Duration,
    /// See [`COMMIT_QUEUE_MAX`].
    pub commit_queue_max: usize,
    /// See [`READ_AUDIT_QUEUE_MAX`].
    pub read_audit_queue_max: usize,
    /// See [`DRAIN_TIME`].
    pub drain_time: Duration,
    /// See [`READ_CACHE_BYTES_MAX`].
    pub read_cache_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections_max: CONNECTIONS_MAX,
            connections_per_address_max: CONNECTIONS_PER_ADDRESS_MAX,
            rate_per_s: 0, // a benchmark asks as fast as it can from one address
            rate_clients_max: RATE_CLIENTS_MAX,
            handshake_time: HANDSHAKE_TIME,
            header_read_time: HEADER_READ_TIME,
            body_read_time: BODY_READ_TIME,
            body_progress_time: BODY_PROGRESS_TIME,
            gathered_bytes_max: GATHERED_BYTES_MAX,
            answer_stall_time: ANSWER_STALL_TIME,
            commit_queue_max: COMMIT_QUEUE_MAX,
            read_audit_queue_max: READ_AUDIT_QUEUE_MAX,
            drain_time: DRAIN_TIME,
            read_cache_bytes_max: READ_CACHE_BYTES_MAX,
        }
    }
}
