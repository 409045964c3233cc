//! The access log: one JSON line for every answer, or for one in so many, on stderr.
//!
//! Called by the listener, which only hands over what it has at hand and never waits: a full queue drops the line and
//! counts it. A thread of its own makes the text. No personal data: the subject is the audit event's salted hash, an
//! organisation or a request id that does not look like one is left out, and targets and bodies are never seen here.

use super::timestamp;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

/// Lines that wait for the writer. 8,192: four seconds of the national peak, 2 MB.
const QUEUE_LINES_MAX: usize = 8_192;

/// Longest organisation code or mailbox id (`X26ABC1`, `YEA80-OL`) that is shown.
const ORGANISATION_BYTES_MAX: usize = 16;

/// How long a stopping hub waits for the last lines; a reader that does not read them then loses them.
const FINISH_TIME: Duration = Duration::from_secs(1);

/// What the listener knows of an answer.
#[derive(Debug)]
pub struct Access {
    /// When it was ready, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Operation name.
    pub operation: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Time from header to answer, in nanoseconds.
    pub service_ns: u64,
    /// Bytes of the request's body.
    pub request_bytes: u64,
    /// Bytes of the answer's body.
    pub answer_bytes: u64,
    /// The audit event, when there is one.
    pub told: Option<Bytes>,
}

/// The log: off, or with a writer.
pub struct AccessLog {
    /// One answer in this many is written; 0 when the log is off.
    every: u64,
    seen: AtomicU64,
    written: Arc<AtomicU64>,
    dropped: AtomicU64,
    writer: Mutex<Option<JoinHandle<()>>>,
    queue: RwLock<Option<SyncSender<Access>>>,
}

impl AccessLog {
    /// A log that takes nothing.
    pub fn off() -> Self {
        AccessLog {
            every: 0,
            seen: AtomicU64::new(0),
            written: Arc::default(),
            dropped: AtomicU64::new(0),
            writer: Mutex::new(None),
            queue: RwLock::new(None),
        }
    }

    /// A log that writes one answer in `every` to `out`; off when `every` is 0.
    ///
    /// # Errors
    /// The system's error when no thread can be made.
    pub fn start(every: u64, out: impl Write + Send + 'static) -> std::io::Result<Self> {
        let log = AccessLog { every, ..AccessLog::off() };
        if every > 0 {
            let (sender, lines) = sync_channel(QUEUE_LINES_MAX);
            let written = Arc::clone(&log.written);
            let thread = std::thread::Builder::new().name("access-log".to_owned());
            let writer = thread.spawn(move || write_all(&lines, out, &written))?;
            *lock(&log.writer) = Some(writer);
            *log.queue.write().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        }
        Ok(log)
    }

    /// True when this answer is to be written; then [`AccessLog::put`] it.
    pub fn wants(&self) -> bool {
        self.every > 0 && self.seen.fetch_add(1, Relaxed).is_multiple_of(self.every)
    }

    /// Hands a line over, or drops it when the writer is behind. Never waits for the writer.
    pub fn put(&self, access: Access) {
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        let taken = queue.as_ref().is_some_and(|queue| queue.try_send(access).is_ok());
        if !taken {
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Lines written and lines dropped.
    pub fn totals(&self) -> (u64, u64) {
        (self.written.load(Relaxed), self.dropped.load(Relaxed))
    }

    /// Writes what was handed over and ends; gives up on a reader that takes longer than a second.
    pub fn finish(&self) {
        drop(self.queue.write().unwrap_or_else(PoisonError::into_inner).take());
        let Some(writer) = lock(&self.writer).take() else { return };
        let watch = crate::clock::Stopwatch::start();
        while !writer.is_finished() && watch.elapsed() < FINISH_TIME {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write_all(lines: &Receiver<Access>, mut out: impl Write, written: &AtomicU64) {
    for access in lines {
        // Nobody can be told that stderr is gone; the queue is emptied all the same.
        if writeln!(out, "{}", line(&access)).is_ok() {
            written.fetch_add(1, Relaxed);
        }
    }
    let _ = out.flush();
}

/// The part of an audit event that is shown.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Told<'a> {
    #[serde(borrow)]
    organisation: Cow<'a, str>,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    #[serde(borrow)]
    request: Cow<'a, str>,
    injected: bool,
}

fn line(access: &Access) -> Value {
    let told: Told<'_> =
        access.told.as_ref().and_then(|line| serde_json::from_slice(line).ok()).unwrap_or_default();
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("at", timestamp(access.at_ms).into());
    put("level", "info".into());
    put("event", "access".into());
    put("operation", access.operation.into());
    put("status", access.status.into());
    put("service_us", (access.service_ns / 1_000).into());
    put("request_bytes", access.request_bytes.into());
    put("answer_bytes", access.answer_bytes.into());
    if is_organisation(&told.organisation) {
        put("organisation", json!(told.organisation));
    }
    if !told.subject.is_empty() {
        put("subject", json!(told.subject));
    }
    if is_uuid(&told.request) {
        put("request", json!(told.request));
    }
    if told.injected {
        put("injected", true.into());
    }
    Value::Object(out)
}

/// A header names the organisation, so it may hold anything: ten digits could be a person's number.
fn is_organisation(text: &str) -> bool {
    text.len() <= ORGANISATION_BYTES_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && text.bytes().filter(u8::is_ascii_digit).count() < 10
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// 8-4-4-4-12 hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let dashes = [8, 13, 18, 23];
    text.len() == 36
        && text.bytes().enumerate().all(
            |(i, b)| {
                if dashes.contains(&i) { b == b'-' } else { b.is_ascii_hexdigit() }
            },
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(told: &str) -> Access {
        Access {
            at_ms: 0,
            operation: "pds-retrieve",
            status: 200,
            service_ns: 35_400,
            request_bytes: 0,
            answer_bytes: 5_000,
            told: Some(Bytes::from(told.to_owned())),
        }
    }

    #[test]
    fn a_line_shows_the_answer_and_the_hashed_subject() {
        let told =
            r#"{"organisation":"A20047","subject":"00ff","request":"9f0a3b1c-0000-4000-8000-0123456789ab"}"#;
        let line = line(&access(told));
        assert_eq!(line["operation"], "pds-retrieve");
        assert_eq!((line["service_us"].as_u64(), line["answer_bytes"].as_u64()), (Some(35), Some(5_000)));
        assert_eq!((line["organisation"].as_str(), line["subject"].as_str()), (Some("A20047"), Some("00ff")));
        assert_eq!(line["request"], "9f0a3b1c-0000-4000-8000-0123456789ab");
    }

    #[test]
    fn what_a_client_writes_into_its_headers_is_shown_only_when_it_cannot_be_personal() {
        for header in ["9000000009", "Jane Smith", "jane.smith@example", "A9000000009", "?"] {
            let line = line(&access(&format!(r#"{{"organisation":"{header}","request":"{header}"}}"#)));
            assert!(!line.to_string().contains(header), "{line}");
        }
    }

    #[test]
    fn a_writer_that_stands_still_drops_lines_and_holds_up_nobody() {
        /// Takes no byte until the test lets it.
        struct Stuck(std::sync::mpsc::Receiver<()>);
        impl Write for Stuck {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                let _ = self.0.recv();
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let (release, stuck) = std::sync::mpsc::channel();
        let log = AccessLog::start(2, Stuck(stuck)).unwrap();
        for _ in 0..2 * (QUEUE_LINES_MAX + 100) {
            if log.wants() {
                log.put(access("{}"));
            }
        }
        let (_, dropped) = log.totals();
        assert!((98..=100).contains(&dropped), "one in two is written, the queue is bounded: {dropped}");
        drop(release);
        log.finish();
        assert!(log.totals().0 > 0);
        assert!(!AccessLog::off().wants());
    }
}
